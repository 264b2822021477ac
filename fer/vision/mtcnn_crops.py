"""Crops of a picture, upright or tilted, at the input sizes of MTCNN's networks."""

import cv2
import numpy as np

from fer.array_types import BoolArray, Float32Array, UInt8Array
from fer.vision.rotation import cut_rotated_square

MAX_TILTED_SCALE = 2
"""Largest side of a tilted square before it is averaged to a network's input, over that input's."""


def resize(picture: UInt8Array, size_wh: tuple[int, int]) -> UInt8Array:
    """Return a copy at another size: halved as often as possible, then interpolated.

    Halving averages over four pixels at a time, which OpenCV does ten times faster than averaging
    over areas of any other size.
    """
    width, height = size_wh
    while picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height:
        half = picture.shape[1] // 2, picture.shape[0] // 2
        even = picture[: 2 * half[1], : 2 * half[0]]
        picture = np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)


def crop_boxes(image: UInt8Array, xyxy: Float32Array, side: int) -> tuple[BoolArray, UInt8Array]:
    """Cut boxes out, at the picture's edge what is left of them, and bring them to one size.

    Returns:
        Bool (n,), of which boxes something is left, and of these uint8 (m, side, side, 3).
    """
    height, width = image.shape[:2]
    whole = np.trunc(xyxy).astype(int)
    x1, y1 = np.maximum(whole[:, 0] - 1, 0), np.maximum(whole[:, 1] - 1, 0)
    x2, y2 = np.minimum(whole[:, 2], width), np.minimum(whole[:, 3], height)
    inside = (x2 > x1) & (y2 > y1)
    boxes = np.column_stack([x1, y1, x2, y2])[inside].tolist()
    crops = np.empty((len(boxes), side, side, 3), np.uint8)
    for crop, (left, top, right, bottom) in zip(crops, boxes, strict=True):
        crop[:] = resize(image[top:bottom, left:right], (side, side))
    return inside, crops


def crop_tilted(
    crops: UInt8Array, image: UInt8Array, xyxy: Float32Array, rolls: Float32Array
) -> None:
    """Replace the crops of tilted faces by those of squares tilted with them.

    Args:
        crops: uint8 (n, side, side, 3).
        image: RGB uint8 (h, w, 3).
        xyxy: Squares (n, 4).
        rolls: Degrees (n,); the crop stays where they are 0.
    """
    side = crops.shape[1]
    for index in np.flatnonzero(rolls):
        left, top, right, bottom = xyxy[index].tolist()
        middle, length = ((left + right) / 2, (top + bottom) / 2), max(right - left, 1.0)
        fine = min(max(round(length), side), MAX_TILTED_SCALE * side)
        square = cut_rotated_square(image, middle, length, float(rolls[index]), fine)
        crops[index] = resize(square, (side, side))
