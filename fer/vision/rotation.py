"""Rotation of pictures, faces, boxes and points; degrees are clockwise as seen.

Coordinates are those of boxes: pixel i covers [i, i + 1), so that a picture's centre is at half its
size and a turn by 90 degrees moves pixels onto pixels. OpenCV instead puts pixel centres at
integers.
"""

from dataclasses import replace

import cv2
import numpy as np
from supervision import Detections

from fer.array_types import Float32Array, FloatArray, UInt8Array
from fer.vision.boxes import box_centers, clip_boxes
from fer.vision.detections import boxes


def rotate_points(points: FloatArray, centers: FloatArray, degrees: FloatArray) -> Float32Array:
    """Turn points about centres.

    Args:
        points: (n, k, 2) as x and y.
        centers: (n, 2).
        degrees: (n,).

    Returns:
        float32 (n, k, 2).
    """
    turns = _rotation_matrices(degrees)  # (n, 2, 2)
    offsets = points - centers[:, None]
    return (offsets @ turns.transpose(0, 2, 1) + centers[:, None]).astype(np.float32)


def rotate_boxes(xyxy: FloatArray, centers: FloatArray, degrees: FloatArray) -> Float32Array:
    """Turn what boxes hold about centres, and return the boxes of that.

    A box is taken for the ellipse in it, as a face is about one: the box of a tilted rectangle
    would be far larger than the face.

    Args:
        xyxy: (n, 4).
        centers: (n, 2).
        degrees: (n,).

    Returns:
        float32 (n, 4).
    """
    middles = rotate_points(box_centers(xyxy)[:, None], centers, degrees)[:, 0]
    sizes = xyxy[:, 2:] - xyxy[:, :2]
    halves = np.sqrt(_rotation_matrices(degrees) ** 2 @ (sizes[..., None] / 2) ** 2)[..., 0]
    return np.column_stack([middles - halves, middles + halves]).astype(np.float32)


def rotate_faces(
    faces: Detections, degrees: float, from_wh: tuple[int, int], to_wh: tuple[int, int]
) -> Detections:
    """Turn faces with their picture about its middle, on a canvas of another width and height.

    Boxes are clipped to the canvas; faces may have no landmarks.
    """
    size, shift = np.array(from_wh), (np.array(to_wh) - from_wh) / 2
    centers, turns = np.tile(size / 2, (len(faces), 1)), np.full(len(faces), degrees)
    xyxy = rotate_boxes(boxes(faces), centers, turns) + np.tile(shift, 2)
    data = dict(faces.data)
    if "landmarks" in data:
        points = rotate_points(np.asarray(data["landmarks"], np.float32), centers, turns) + shift
        data["landmarks"] = points.astype(np.float32)
    return replace(faces, xyxy=clip_boxes(xyxy, to_wh).astype(np.float32), data=data)


def rotate_image(image: UInt8Array, degrees: float) -> UInt8Array:
    """Turn a picture about its middle, on a canvas that holds all of it.

    Args:
        image: RGB uint8 (h, w, 3).
        degrees: The angle; multiples of 90 move pixels only.

    Returns:
        RGB uint8; what lies outside of the picture is grey.
    """
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(image, -round(degrees / 90)))
    height, width = image.shape[:2]
    cosine, sine = np.abs(_rotation_matrices(np.array([degrees]))[0, 0])
    size = round(width * cosine + height * sine), round(width * sine + height * cosine)
    turn = _warp_matrix((width / 2, height / 2), (size[0] / 2, size[1] / 2), -degrees)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(image, turn, size, flags=flags, borderValue=(128, 128, 128))
    return np.asarray(turned, np.uint8)


def cut_rotated_square(
    image: UInt8Array,
    center: tuple[float, float],
    side: float,
    degrees: float,
    output_side: int,
) -> UInt8Array:
    """Cut a tilted square out and turn it upright.

    Where the square leaves the picture, edge pixels are replicated.

    Args:
        image: RGB uint8 (h, w, 3).
        center: The square's middle in the picture.
        side: Its side in pixels of the picture.
        degrees: Its tilt.
        output_side: Side of what is returned, in pixels.

    Returns:
        RGB uint8 (output_side, output_side, 3).
    """
    region, (left, top) = _cut_region(image, center, side, degrees)
    middle = output_side / 2
    turn = _warp_matrix(
        (center[0] - left, center[1] - top), (middle, middle), degrees, side / output_side
    )
    # Four channels are warped in half the time; a region that is far larger takes as long to widen.
    widened = region.shape[0] * region.shape[1] <= 9 * output_side**2
    source = cv2.cvtColor(region, cv2.COLOR_RGB2RGBA) if widened else region
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = output_side, output_side
    square = cv2.warpAffine(source, turn, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(square, cv2.COLOR_RGBA2RGB) if widened else square, np.uint8)


def _cut_region(
    image: UInt8Array, center: tuple[float, float], side: float, degrees: float
) -> tuple[UInt8Array, tuple[int, int]]:
    """Return the part of the picture in which a tilted square lies, and its left and top.

    OpenCV turns no picture of more than 32,767 pixels per side; a face is smaller.
    """
    height, width = image.shape[:2]
    turn = np.radians(degrees)
    reach = side / 2 * (abs(np.cos(turn)) + abs(np.sin(turn))) + 2
    left, right = np.clip([center[0] - reach, center[0] + reach + 1], 0, width).astype(int)
    top, bottom = np.clip([center[1] - reach, center[1] + reach + 1], 0, height).astype(int)
    left, top = min(left, width - 1), min(top, height - 1)
    return image[top : max(bottom, top + 1), left : max(right, left + 1)], (int(left), int(top))


def _rotation_matrices(degrees: FloatArray) -> FloatArray:
    """Return (n, 2, 2) that turn column vectors by degrees (n,)."""
    angles = np.radians(degrees)
    cosine, sine = np.cos(angles), np.sin(angles)
    matrices: FloatArray = np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1)
    return matrices


def _warp_matrix(
    source: tuple[float, float], target: tuple[float, float], degrees: float, scale: float = 1.0
) -> FloatArray:
    """Return OpenCV's (2, 3) from target to source, in its coordinates: centres at integers."""
    turn = scale * _rotation_matrices(np.array([degrees]))[0]
    shift = np.array(source) - 0.5 - turn @ (np.array(target) - 0.5)
    return np.column_stack([turn, shift])
