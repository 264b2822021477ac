"""A face in a photo as a head in three dimensions, turned: faces of known yaw to measure with.

The photo is laid over the surface of a mean head: an ellipsoid with eye sockets, mouth and nose,
and behind it a flat ground. Turned, it is drawn triangle by triangle, the nearest last, as a camera
60 cm away sees it. It is the photo's own light and expression; what it hides it can't know, so the
far side of a head that wasn't frontal is wrong, and hair is flat.
"""

import cv2
import numpy as np

HEAD = np.array(
    [
        [-3.15, -2.63, 4.0],
        [3.15, -2.63, 4.0],
        [0, 0.8, 7.5],
        [-2.46, 4.34, 4.28],
        [2.46, 4.34, 4.28],
    ]
)
"""Eyes, tip of the nose and corners of the mouth of a mean head: cm to the right, down, forward."""

CAMERA_DISTANCE, PICTURE_WIDTH = 60.0, 40.0
"""Centimetres from the camera to the head's middle, and of the head's plane in the picture."""


def turn_head(
    image: np.ndarray, landmarks: np.ndarray, yaw: float, pitch: float = 0.0, side: int = 256
) -> np.ndarray:
    """Return the head in the middle of a square picture, turned by so many degrees.

    Args:
        image: RGB uint8 (h, w, 3) in which the face looks at the camera.
        landmarks: Its eyes, nose and corners of the mouth, (5, 2) in pixels.
        yaw: To the right as seen.
        pitch: Down.
        side: Of the picture, in pixels.

    Returns:
        RGB uint8 (side, side, 3).
    """
    head = _surface()
    sources = _place_in_photo(head[..., :2], landmarks)
    turned = (head + np.array([0, 0, 1])) @ _rotation(yaw, pitch).T
    scale = CAMERA_DISTANCE / (CAMERA_DISTANCE - turned[..., 2:]) * side / PICTURE_WIDTH
    targets = (turned[..., :2] * scale + side / 2).astype(np.float32)
    triangles = _triangles(head.shape[0], head.shape[1])
    nearness = turned[..., 2].reshape(-1)[triangles].mean(axis=1)
    picture = np.zeros((side, side, 3), np.uint8)
    for corners in triangles[np.argsort(nearness)]:
        _paint(picture, image, sources.reshape(-1, 2)[corners], targets.reshape(-1, 2)[corners])
    return picture


def _surface() -> np.ndarray:
    """Return points of the head and of the ground around it, (rows, columns, 3) in cm."""
    far = np.array([10, 12, 16, 24, 40], float)
    across = np.concatenate([-far[::-1], np.arange(-8, 8.1, 0.5), far])
    down = np.concatenate([-far[::-1] - 6, np.arange(-15, 15.1, 0.6), far + 6])
    x, y = np.meshgrid(across, down)
    return np.stack([x, y, _depth(x, y)], axis=-1)


def _depth(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how far forward the surface is, in cm."""
    radius = np.hypot(x / 7.75, y / 14)
    skull = -2.5 + 7.9 * np.sqrt(np.maximum(0, 1 - radius**2))
    depth = np.where(radius > 1, np.maximum(-2.5 - 14 * (radius - 1), -9), skull)
    for sign in (-1, 1):
        depth = depth - 0.56 * np.exp(-((x - sign * 3.15) ** 2 + (y + 2.63) ** 2) / 2.88)
        depth = depth - 0.3 * np.exp(-((x - sign * 2.46) ** 2 + (y - 4.34) ** 2) / 2.88)
    height = np.interp(y, (-3.2, 0.8, 1.5, 2.2), (0, 2.1, 1.6, 0))
    width = np.interp(y, (-3.0, 0.8, 2.2), (0.7, 1.0, 1.3))
    return depth + height * np.exp(-((x / width) ** 2) / 2)


def _place_in_photo(points: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return where points of the head's plane, in cm, are in the photo: the closest similarity."""
    known = HEAD[:, 0] + 1j * HEAD[:, 1]
    seen = landmarks[:, 0] + 1j * landmarks[:, 1]
    spread = known - known.mean()
    scale = (spread.conj() * (seen - seen.mean())).sum() / (np.abs(spread) ** 2).sum()
    placed = (points[..., 0] + 1j * points[..., 1] - known.mean()) * scale + seen.mean()
    return np.stack([placed.real, placed.imag], axis=-1).astype(np.float32)


def _rotation(yaw: float, pitch: float) -> np.ndarray:
    """Return the matrix that turns a head about its own axis, then bows it."""
    a, b = np.radians([yaw, pitch])
    aside = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    bow = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return bow @ aside


def _triangles(rows: int, columns: int) -> np.ndarray:
    """Return the corners of two triangles for each mesh of a grid, as indices (n, 3)."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return np.concatenate(
        [np.stack(corners, -1).reshape(-1, 3) for corners in ((a, b, c), (a, c, d))]
    )


def _paint(picture: np.ndarray, image: np.ndarray, source: np.ndarray, target: np.ndarray) -> None:
    """Paint one triangle of the photo over the picture, which changes."""
    low = np.maximum(np.floor(target.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(target.max(axis=0)) + 1, picture.shape[1::-1]).astype(int)
    if (low >= high).any():
        return
    corners = (target - low).astype(np.float32)
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    matrix = cv2.getAffineTransform(source, corners)
    patch = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners * 16).astype(np.int32), 255, cv2.LINE_8, 4)
    region = picture[low[1] : high[1], low[0] : high[0]]
    region[mask > 0] = patch[mask > 0]
