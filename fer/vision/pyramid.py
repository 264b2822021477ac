"""Image pyramids: the scales and regions in which faces are searched for."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from fer.array_types import FloatArray
from fer.vision.boxes import clip_boxes, square_boxes

PNET_WINDOW = 12
"""Side of the first network's window in pixels: smaller faces can't be found."""

PYRAMID_FACTOR = 0.709
"""Each copy in the pyramid has half the area of the one before."""

NEARBY_SCALES = (0.7, 1.0, 1.4)
"""Sizes, relative to a face's last one, at which its surroundings are searched."""


@dataclass(frozen=True)
class Tile:
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


def pyramid_scales(resolution_wh: tuple[int, int], min_face: float) -> tuple[float, ...]:
    """Return the scales at which a picture is searched, the finest first.

    Args:
        resolution_wh: Its width and height in pixels.
        min_face: Smallest face to detect, in pixels, 12 or more.
    """
    scales, scale = [], PNET_WINDOW / min_face
    while min(resolution_wh) * scale >= PNET_WINDOW:
        scales.append(scale)
        scale *= PYRAMID_FACTOR
    return tuple(scales)


@lru_cache
def split_into_tiles(
    resolution_wh: tuple[int, int], scales: tuple[float, ...], tile_pixels: float
) -> tuple[Tile, ...]:
    """Split a picture at each scale into bands of about `tile_pixels` each.

    Bands overlap by one window, so that no face is lost between two of them.
    """
    width, height = resolution_wh
    tiles = []
    for scale in scales:
        bands = round(width * height * scale**2 / tile_pixels)
        count = max(1, min(bands, int(height * scale / (2 * PNET_WINDOW))))
        edges = np.linspace(0, height, count + 1).round().astype(int)
        overlap = round(PNET_WINDOW / scale)
        tiles += [
            Tile(scale, 0, int(top), width, min(height, int(bottom) + overlap))
            for top, bottom in pairwise(edges)
        ]
    return tuple(tiles)


def tiles_around(
    resolution_wh: tuple[int, int], xyxy: FloatArray, extent: float = 0.5
) -> list[Tile]:
    """Return tiles around faces whose positions are known roughly.

    Args:
        resolution_wh: The picture's width and height in pixels.
        xyxy: (n, 4) boxes; each is searched at sizes about its own.
        extent: How much around each is searched, in its sizes.
    """
    regions = clip_boxes(square_boxes(xyxy, 1 + 2 * extent), resolution_wh).astype(int)
    sides = (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1, initial=1.0)
    return [
        Tile(PNET_WINDOW / (side * size), *region)
        for region, side in zip(regions.tolist(), sides.tolist(), strict=True)
        for size in NEARBY_SCALES
        if region[0] < region[2] and region[1] < region[3]
    ]
