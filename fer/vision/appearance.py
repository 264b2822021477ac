"""Coarse appearance of a tracked face, by which it is matched from frame to frame.

This recognizes nobody. A face and what surrounds it, hair and collar, become 63 numbers of colour
and brightness, about those of a picture of four by four pixels. They are kept as long as the track
that they belong to: while the face is in view and for a second afterwards, or for up to five where
frames are few. They are compared with tracks of the same stream only, and never stored, shown or
exported.
"""

import cv2
import numpy as np

from fer.array_types import Float32Array, FloatArray, Int64Array, UInt8Array
from fer.vision.boxes import box_sizes

SURROUNDINGS = 1.8
"""Side of the square that is described, relative to the face's size."""

SAMPLED_SIDE, LAYOUT_SIDE = 16, 4
"""Pixels along the side of the square's copy, and cells along that of its layout."""

QUANTILES = (25, 76, 127, 179, 230)
"""Ranks, of `SAMPLED_SIDE` squared, whose values describe the distribution of each channel."""

DISTRIBUTION_WEIGHT = 0.5
"""Weight of the distribution; the layout's is 1 / `LAYOUT_SIDE`."""

CONTRAST, CONTRAST_OFFSET = 20, 8
"""Standard deviation to which brightness is scaled, and what is added to its own for that, so that
the noise of an even surface stays small."""

DISTANCE_UNIT = 15.0
"""Distance that 95 % of pairs of one face within a second stay below, of 42 people and three films,
and of pairs of two faces 10 to 15 %."""

REUSED_FOR, MOVED = 0.09, 0.2
"""Seconds for which a face's description holds, and sizes of the face by which the edges of its box
may have moved since the frame before. So faces of fast streams are described about as often as
those of ten frames per second; with 0.15 seconds, light that changes costs faces their tracks."""

NEARBY = 1.5
"""Sizes of a face within which another one makes it doubtful who is who."""


def compute_descriptors(image: UInt8Array, xyxy: FloatArray) -> Float32Array:
    """Describe faces.

    Args:
        image: RGB uint8 (h, w, 3).
        xyxy: Their boxes, (n, 4).

    Returns:
        float32 (n, 63). Brightness is relative to its mean and contrast, as lamps and exposures
        change faster than faces.
    """
    rows = [_describe(image, box) for box in xyxy]
    return np.array(rows, np.float32).reshape(-1, 3 * (LAYOUT_SIDE**2 + len(QUANTILES)))


class AppearanceMemory:
    """Describes the faces of one stream, each once in a while; one per visitor or video."""

    def __init__(self) -> None:
        self._xyxy = np.empty((0, 4), np.float32)
        self._rows = compute_descriptors(np.zeros((1, 1, 3), np.uint8), self._xyxy)
        self._times = np.empty(0)

    def compute_descriptors(
        self, image: UInt8Array, xyxy: Float32Array, time: float, changed: bool
    ) -> Float32Array:
        """Describe the faces of the next frame, as `compute_descriptors` does.

        Args:
            image: RGB uint8 (h, w, 3).
            xyxy: Boxes (n, 4).
            time: Seconds on any clock that doesn't go back.
            changed: Whether the frame shows another scene than the one before.

        Returns:
            float32 (n, 63): of a face that hardly moved, alone at its place, that of up to
            `REUSED_FOR` before.
        """
        before = np.full(len(xyxy), -1)
        if len(self._xyxy) and not changed:
            before = self._find(xyxy, time)
        due, times = before < 0, np.full(len(xyxy), time, float)
        rows = np.empty((len(xyxy), self._rows.shape[1]), np.float32)
        rows[due] = compute_descriptors(image, xyxy[due])
        rows[~due], times[~due] = self._rows[before[~due]], self._times[before[~due]]
        self._xyxy, self._rows, self._times = xyxy, rows, times
        return rows

    def _find(self, xyxy: Float32Array, time: float) -> Int64Array:
        """Return the index of each face's earlier, still valid description, (n,); -1 for none."""
        offsets = np.abs(xyxy[:, None] - self._xyxy[None]).max(axis=2)  # (n, m)
        sizes = box_sizes(xyxy)
        alone = (offsets < NEARBY * sizes[:, None]).sum(axis=1) == 1
        nearest = offsets.argmin(axis=1)
        moved = offsets[np.arange(len(xyxy)), nearest] > MOVED * sizes
        holds = alone & ~moved & (time - self._times[nearest] <= REUSED_FOR)
        return np.where(holds, nearest, -1)


def appearance_cost(descriptors1: FloatArray, descriptors2: FloatArray) -> FloatArray:
    """Return how unlike each of n faces is each of m others, (n, m); from 1 on they differ."""
    apart: FloatArray = np.linalg.norm(descriptors1[:, None] - descriptors2[None], axis=2)
    return apart / DISTANCE_UNIT


def _describe(image: UInt8Array, box: FloatArray) -> FloatArray:
    region = _surroundings(image, box)
    small = cv2.resize(region, (SAMPLED_SIDE, SAMPLED_SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    mean, deviation = (values[0, 0] for values in cv2.meanStdDev(lab))
    scale = CONTRAST / (deviation + CONTRAST_OFFSET)
    lab = lab * np.array([scale, 1, 1], np.float32) - np.array([scale * mean, 0, 0], np.float32)
    layout = cv2.resize(lab, (LAYOUT_SIDE, LAYOUT_SIDE), interpolation=cv2.INTER_AREA)
    distribution = np.sort(lab.reshape(-1, 3), axis=0)[list(QUANTILES)]
    layout = np.divide(layout, LAYOUT_SIDE)
    return np.concatenate([layout.ravel(), DISTRIBUTION_WEIGHT * distribution.ravel()])


def _surroundings(image: UInt8Array, box: FloatArray) -> UInt8Array:
    """Return the part of the picture about a face; at least a pixel of it."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box.tolist()
    half = SURROUNDINGS / 2 * max((x2 - x1) * (y2 - y1), 1.0) ** 0.5
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    step = max(1, int(half / SAMPLED_SIDE))  # two or more pixels are averaged into one
    left, top = min(max(0, int(x - half)), width - 1), min(max(0, int(y - half)), height - 1)
    right, bottom = max(left + 1, int(x + half)), max(top + 1, int(y + half))
    return np.ascontiguousarray(image[top:bottom:step, left:right:step])
