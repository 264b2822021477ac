"""What MTCNN's networks get of a picture: brightened if it is dark, cropped, at their input sizes.

The detector learned well-lit faces only; `benchmarks/robustness.py` measures what it finds at a
quarter and at a sixteenth of the light. What is classified and drawn are the picture's own pixels.
"""

import cv2
import numpy as np

from fer.array_types import BoolArray, Float32Array, UInt8Array
from fer.vision.rotation import cut_rotated_square

DARK_BELOW, BRIGHT_SHARE = 100, 0.01
"""A picture is dark if fewer pixels than this share have a channel of so much, 0 to 255. A lamp in
a dark room is no more."""

TARGET, MAX_GAIN = 160.0, 8.0
"""What the brightest pixels but that share are brought to, and by how much at most, as noise grows
with it. Higher values find no more faces."""

SAMPLING_STEP, GLANCE_STEP, GLANCE_SHARE = 16, 64, 0.1
"""Every how many pixels one is sampled, across and down; fewer in small pictures. Before that, for
speed, a coarser sample is taken, of whose values this share is bright in all but dark pictures."""

MAX_TILTED_SCALE = 2
"""Largest side of a tilted square before it is averaged to a network's input, over that input's."""

PIXEL_MEAN, PIXEL_SCALE = 127.5, 1 / 128
"""The networks get pixels, 0 to 255, less the first and times the second."""


def brighten(image: UInt8Array) -> UInt8Array:
    """Return RGB uint8 (h, w, 3) as it is, or a brighter copy of it where it is dark."""
    glance = image[::GLANCE_STEP, ::GLANCE_STEP] >= DARK_BELOW
    if np.count_nonzero(glance) > GLANCE_SHARE * glance.size:
        return image
    step = min(SAMPLING_STEP, 1 + min(image.shape[:2]) // 64)
    brightness = image[::step, ::step].max(axis=2)
    if np.count_nonzero(brightness >= DARK_BELOW) >= BRIGHT_SHARE * brightness.size:
        return image
    highest = max(float(np.quantile(brightness, 1 - BRIGHT_SHARE)), 1.0)
    return np.asarray(cv2.convertScaleAbs(image, alpha=min(TARGET / highest, MAX_GAIN)), np.uint8)


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


def to_pixels(pictures: UInt8Array) -> Float32Array:
    """Return what the networks get of uint8 (n, h, w, 3), float32 (n, 3, h, w)."""
    pixels = pictures.transpose(0, 3, 1, 2).astype(np.float32, order="C")
    pixels -= np.float32(PIXEL_MEAN)
    pixels *= np.float32(PIXEL_SCALE)
    return pixels
