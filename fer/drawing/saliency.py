"""Saliency by occlusion: which regions of a face its expression depends on.

Each region is covered in turn, and the drop in log-odds is measured: Zeiler and Fergus (2014),
https://arxiv.org/abs/1311.2901. Preprocessing is included, so this works for any network.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from fer.array_types import Float32Array, UInt8Array

MAP_SIDE = 96
"""Side in pixels to which faces are resized first."""

OCCLUDER_SIDE, OCCLUDER_STEP = 32, 12
"""Side of the square that covers a region, and its stride, in pixels of `MAP_SIDE`."""

MIN_DROP = 0.25
"""Least drop in log-odds for which regions are highlighted."""

HIGHLIGHT_COLOR = np.array([255, 120, 0], np.float32)
"""RGB."""

_OPACITY = 0.7
_MIN_PROBABILITY = 1e-4  # a probability may be 0 or 1, where log-odds are infinite


def occlusion_map(
    crop: UInt8Array, classify: Callable[[Sequence[UInt8Array]], Float32Array], expression: int
) -> Float32Array:
    """Return how much the log-odds of an expression drop when each place is covered.

    Log-odds instead of the probability itself, because that saturates near 1.

    Args:
        crop: A face, RGB uint8 (h, w, 3).
        classify: Gives float32 (n, 7) probabilities for n crops.
        expression: Its class index.

    Returns:
        float32 (MAP_SIDE, MAP_SIDE), the mean drop over the squares that cover a pixel, smoothed;
        below 0 where covering it raises the log-odds.
    """
    face = _resize(crop)
    places = [(top, left) for top in _OFFSETS for left in _OFFSETS]
    predicted = classify([face, *(_occlude(face, top, left) for top, left in places)])
    clipped = np.clip(predicted[:, expression], _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    log_odds = np.log(clipped / (1 - clipped))
    drops = log_odds[0] - log_odds[1:]
    total, coverage = np.zeros((2, MAP_SIDE, MAP_SIDE), np.float32)
    for (top, left), drop in zip(places, drops, strict=True):
        window = np.s_[max(top, 0) : top + OCCLUDER_SIDE, max(left, 0) : left + OCCLUDER_SIDE]
        total[window] += drop
        coverage[window] += 1
    return np.asarray(cv2.GaussianBlur(total / coverage, (0, 0), OCCLUDER_STEP / 2), np.float32)


_OFFSETS = range(-OCCLUDER_SIDE // 2, MAP_SIDE - OCCLUDER_SIDE // 2 + 1, OCCLUDER_STEP)
"""Top and left edges of the squares; the outer ones are half outside the face."""


def highlight(crop: UInt8Array, drop_map: Float32Array) -> UInt8Array | None:
    """Return a grey face on which the salient regions glow.

    Args:
        crop: The face, RGB uint8 (h, w, 3).
        drop_map: What `occlusion_map` returns.

    Returns:
        RGB uint8 (MAP_SIDE, MAP_SIDE, 3), or None where no single region matters much.
    """
    if drop_map.max() < MIN_DROP:
        return None
    share = np.clip(drop_map / drop_map.max(), 0, 1)[..., None] ** 1.5 * _OPACITY
    grey = cv2.cvtColor(_resize(crop), cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
    glowing: Float32Array = (1 - share) * grey + share * HIGHLIGHT_COLOR
    return glowing.astype(np.uint8)


def _resize(crop: UInt8Array) -> UInt8Array:
    kind = cv2.INTER_AREA if max(crop.shape[:2]) > MAP_SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (MAP_SIDE, MAP_SIDE), interpolation=kind), np.uint8)


def _occlude(face: UInt8Array, top: int, left: int) -> UInt8Array:
    """Return the face with a square of its mean colour over it."""
    covered = face.copy()
    covered[max(top, 0) : top + OCCLUDER_SIDE, max(left, 0) : left + OCCLUDER_SIDE] = face.mean(
        axis=(0, 1)
    )
    return covered
