"""Where to look for faces, and at which sizes: everywhere, in bands, or around a place."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from fer.array_types import FloatArray

WINDOW = 12
"""Side of the first network's window in pixels: smaller faces can't be found."""

PYRAMID_FACTOR = 0.709
"""Each copy in the pyramid has half the area of the one before."""

NEARBY_SIZES = (0.7, 1.0, 1.4)
"""Sizes of a face, relative to its last one, that are looked for around its place."""


@dataclass(frozen=True)
class Part:
    """A rectangle of the picture, in its pixels, at one size of the pyramid.

    Args:
        scale: Size over the picture's, usually at most 1.
        left: First column.
        top: First row.
        right: The column after the last.
        bottom: The row after the last.
    """

    scale: float
    left: int
    top: int
    right: int
    bottom: int


def pyramid(resolution_wh: tuple[int, int], least: float) -> tuple[float, ...]:
    """Return the scales at which to look through a picture, the finest first.

    Args:
        resolution_wh: Its width and height in pixels.
        least: Least face to look for, in pixels, 12 or more.
    """
    scales, scale = [], WINDOW / least
    while min(resolution_wh) * scale >= WINDOW:
        scales.append(scale)
        scale *= PYRAMID_FACTOR
    return tuple(scales)


@lru_cache
def split(
    resolution_wh: tuple[int, int], scales: tuple[float, ...], pixels: float
) -> tuple[Part, ...]:
    """Split the looking through at each scale into bands of about `pixels` each.

    Bands overlap by one window, so that no face is lost between two of them.
    """
    width, height = resolution_wh
    parts = []
    for scale in scales:
        wanted = round(width * height * scale**2 / pixels)
        count = max(1, min(wanted, int(height * scale / (2 * WINDOW))))
        edges = np.linspace(0, height, count + 1).round().astype(int)
        overlap = round(WINDOW / scale)
        parts += [
            Part(scale, 0, int(top), width, min(height, int(bottom) + overlap))
            for top, bottom in pairwise(edges)
        ]
    return tuple(parts)


def around(resolution_wh: tuple[int, int], xyxy: FloatArray) -> list[Part]:
    """Return where to look for faces of which it is known about where they are.

    Args:
        resolution_wh: The picture's width and height in pixels.
        xyxy: (n, 4) boxes; each is searched with half its size around it, at sizes about its own.
    """
    limits = np.tile(resolution_wh, 2)
    places = squared(xyxy, 2.0).clip(0, limits).astype(int)
    sides = (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1, initial=1.0)
    return [
        Part(WINDOW / (side * size), *place)
        for place, side in zip(places.tolist(), sides.tolist(), strict=True)
        for size in NEARBY_SIZES
        if place[0] < place[2] and place[1] < place[3]
    ]


def squared(xyxy: FloatArray, scale: float = 1.0) -> FloatArray:
    """Return for each box (n, 4) the square about its centre with `scale` times its longer side."""
    centres = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    halves = scale * (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1, keepdims=True) / 2
    return np.column_stack([centres - halves, centres + halves])
