"""Detection of dissolves, in which one scene of a recording fades into another.

Each frame of one resembles the frame before, so that it is no cut, and a track would go on from
somebody in the first scene to somebody in the second. But a frame of it is a weighted mean of two
other scenes, one before and one after it: what moves, and a camera that moves, make no such mean,
and where only the light changes, in strength, colour or place, both show the same details.

Cameras make none: only recordings are searched for them, and `web/pipeline` has no such module.
"""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from fer.array_types import Float32Array, UInt8Array
from fer.vision.scene_change import (
    MIN_CHANGE,
    MIN_CONTRAST,
    MIN_CORRELATION,
    contrast,
    is_same_scene,
    subsample,
)

INTERVAL = 0.09
"""Seconds from one frame that is compared to the next, at least."""

SPANS = (0.5, 1.0, 2.0)
"""Seconds over which frames are compared."""

MAX_RESIDUAL = 0.25
"""Largest part of a frame that no mean explains, relative to the difference of the two scenes."""

MIDDLE = 0.25, 0.75
"""Share that the second scene has halfway."""

REPLACED = 0.5
"""Change of a face's place, relative to that of the whole picture, from which on it is another
face: beside slides that fade into each other a presenter stays."""

CHANGED = 0.5
"""Change of a pixel, relative to that of the whole picture, from which its details are compared."""

ILLUMINATION_SIGMA = 2.5
"""Standard deviation of a blur, in pixels of the small copies, that leaves only the light."""


@dataclass(frozen=True)
class Dissolve:
    """A dissolve that just ended.

    Attributes:
        change: How much each pixel of a small copy changed, float32 (h, w).
        scale: Pixels of the copy for each of the picture.
    """

    change: Float32Array
    scale: float

    def is_replaced(self, xyxy: Float32Array) -> bool:
        """Return whether a box (4,) shows something else than before."""
        height, width = self.change.shape
        x1, y1, x2, y2 = (int(edge) for edge in (xyxy * self.scale).round())
        left, top = min(max(0, x1), width - 1), min(max(0, y1), height - 1)
        face = self.change[top : max(top + 1, y2), left : max(left + 1, x2)]
        return float(face.mean()) > REPLACED * float(self.change.mean())


class DissolveDetector:
    """Compares each frame of a recording with those of two seconds before."""

    def __init__(self) -> None:
        self._copies: deque[tuple[float, UInt8Array]] = deque()

    def update(self, image: UInt8Array, time: float) -> Dissolve | None:
        """Return the dissolve that ends at this frame, RGB uint8 (h, w, 3), if one does."""
        copies = self._copies
        if copies and time - copies[-1][0] < INTERVAL:
            return None
        now = subsample(image)
        if copies and copies[-1][1].shape != now.shape:  # turned upright since
            copies.clear()
        copies.append((time, now))
        while time - copies[0][0] > SPANS[-1] + 2 * INTERVAL:
            copies.popleft()
        for span in SPANS:
            frames = [copy for when, copy in copies if when >= time - span - INTERVAL]
            if copies[0][0] <= time - span and is_dissolve(frames):
                change = np.abs(now.astype(np.float32) - frames[0]).mean(axis=2)
                copies.clear()
                copies.append((time, now))
                return Dissolve(change, now.shape[1] / image.shape[1])
        return None

    def clear(self) -> None:
        """Forget the frames before a cut."""
        self._copies.clear()


def is_dissolve(frames: list[UInt8Array]) -> bool:
    """Return whether frames, uint8 (h, w, 3), lead from a scene to another one by their means."""
    first, last = frames[0].astype(np.float32), frames[-1].astype(np.float32)
    change = last - first
    size = float(cv2.norm(change))
    if size < MIN_CHANGE * change.size**0.5:
        return False
    for quarter in (2, 1, 3):
        part = frames[(len(frames) - 1) * quarter // 4] - first
        weight = float(np.vdot(part, change)) / size**2
        if quarter == 2 and not MIDDLE[0] <= weight <= MIDDLE[1]:
            return False
        if cv2.norm(part - weight * change) > MAX_RESIDUAL * size:
            return False
    if min(contrast(frames[0]), contrast(frames[-1])) < MIN_CONTRAST:
        return False  # it fades from or to black
    return not (is_same_scene(frames[0], frames[-1]) or is_lit_otherwise(frames[0], frames[-1]))


def is_lit_otherwise(first: UInt8Array, last: UInt8Array) -> bool:
    """Return whether what changed between two frames, (h, w, 3), is the light, in some colour.

    Details of one scene correlate by 0.7 to 1, whatever the light, those of two by up to 0.2.
    """
    change = np.abs(last.astype(np.float32) - first).mean(axis=2)
    changed = change > CHANGED * change.mean()
    before, after = _details(first)[changed], _details(last)[changed]  # (n, 3)
    before, after = before - before.mean(axis=0), after - after.mean(axis=0)
    sizes = np.sqrt((before**2).sum(axis=0) * (after**2).sum(axis=0))
    correlations = (before * after).sum(axis=0) / np.maximum(sizes, 1e-6)
    return bool(correlations.max() >= MIN_CORRELATION)


def _details(image: UInt8Array) -> Float32Array:
    """Return how much lighter each pixel is than those around it, by the logarithm."""
    light = np.log(image.astype(np.float32) + 4)
    return np.asarray(light - cv2.GaussianBlur(light, (0, 0), ILLUMINATION_SIGMA), np.float32)
