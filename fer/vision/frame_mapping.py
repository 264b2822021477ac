"""Mapping of coordinates to the next frame when the frame's size changes in mid-stream.

That happens when a phone is turned and when a camera or a call changes its resolution. A stream
then sends frames of another size; a recording keeps its size and gets black bars, because
`fer.video` fits such frames in.
"""

from dataclasses import dataclass

import numpy as np

from fer.array_types import BoolArray, Float32Array, FloatArray, UInt8Array

SAME_FORM = 0.03
"""Difference of two aspect ratios up to which a frame was only scaled."""

BAR_STEP = 4
"""Every how many rows or columns one is checked for black bars."""

Rectangle = tuple[int, int, int, int]
"""Left, top, right and bottom of the part of a frame that isn't black bars, in pixels."""


@dataclass(frozen=True)
class FrameMapping:
    """From x and y in one frame to x and y in the next.

    Attributes:
        scale: Factors of x and y, (2,).
        offset: What is added to them then, (2,), in pixels.
    """

    scale: FloatArray
    offset: FloatArray

    def map_boxes(self, xyxy: Float32Array) -> Float32Array:
        """Return boxes (..., 4) of the first frame in the second."""
        return (xyxy * np.tile(self.scale, 2) + np.tile(self.offset, 2)).astype(np.float32)


def frame_mappings(before: Rectangle, now: Rectangle) -> tuple[FrameMapping, ...]:
    """Return the ways in which one picture may have become another, the most likely first.

    A picture of the same form was scaled. Of a turned phone the middle stays where it was; faces
    are as large as before, or smaller or larger by one side's change, as the camera's software
    chooses. It may also have been stretched.
    """
    start, end = np.array(before, float), np.array(now, float)
    size, new_size = start[2:] - start[:2], end[2:] - end[:2]
    middle, new_middle = (start[:2] + start[2:]) / 2, (end[:2] + end[2:]) / 2
    ratios = new_size / size
    stretched = FrameMapping(ratios, new_middle - ratios * middle)
    if abs(ratios[0] / ratios[1] - 1) < SAME_FORM:
        return (stretched,)
    turned = float(np.sqrt(new_size.prod() / size.prod()))  # of turned pictures, as fitted in
    scales = np.array([turned, ratios.min(), ratios.max()])
    centred = [FrameMapping(np.full(2, s), new_middle - s * middle) for s in scales]
    return (*centred, stretched)


def content_rectangle(image: UInt8Array) -> Rectangle:
    """Return the part of RGB uint8 (h, w, 3) that isn't black bars of equal width on two sides."""
    height, width = image.shape[:2]
    left, right = _bars(np.asarray(image[::BAR_STEP].any(axis=(0, 2))))
    top, bottom = _bars(np.asarray(image[:, ::BAR_STEP].any(axis=(1, 2))))
    return left, top, width - right, height - bottom


def _bars(is_content: BoolArray) -> tuple[int, int]:
    """Return the widths of the bars before and after what isn't black, bool (n,); else 0 and 0."""
    columns = np.flatnonzero(is_content)
    if not len(columns):
        return 0, 0
    before, after = int(columns[0]), int(len(is_content) - 1 - columns[-1])
    return (before, after) if abs(before - after) <= 1 else (0, 0)
