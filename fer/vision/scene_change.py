"""Detection of hard cuts in a stream, from small copies of its frames.

A cut changes nearly the whole picture at once into one that is no shifted copy of the frame before.
That tells it from a flash or a fade, which change brightness; from pans and a shaken camera, which
shift the picture; and from a hand before the lens, which leaves a part of it as it was.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fer.array_types import UInt8Array

SUBSAMPLED_SIDE = 48
"""Pixels along the longer side of the copies that are compared."""

PRESAMPLED = 2
"""Pixels that are averaged along each axis of those: single ones would be noise."""

WHOLE_CHANGE = 30.0
"""Mean difference of two frames, 0 to 255, from which on the whole picture is searched."""

MIN_CHANGE = 6.0
"""Mean difference up to which two frames aren't compared any further."""

MIN_CONTRAST = 5.0
"""Standard deviation of a frame that shows something; black or white ones are skipped over, so that
the frame before a fade or a flash is compared with the one after it."""

SAME_PIXEL = 15.0
"""Largest difference in any colour of a pixel that didn't change, after that of the median."""

MIN_UNCHANGED = 0.35
"""Share of such pixels from which on two frames show the same scene: a cut leaves 0.05 to 0.25."""

MIN_CORRELATION = 0.5
"""Correlation from which on one frame is the other one, shifted or more or less bright."""

SHIFT_MARGIN = 0.2
"""Largest shift that is searched, in sides of the picture."""

MIN_CUT_RATIO = 2.5
"""Difference of the frames of a cut relative to the mean of those before it: fast pans and zooms
change the picture again and again."""

DIFFERENCE_EMA_DECAY = 0.7
"""Share of that mean that is kept from each frame to the next."""


@dataclass(frozen=True)
class Change:
    """How a frame differs from the one before.

    Attributes:
        whole: Most of the picture changed, whatever the cause; also true of the first frame.
        cut: It shows another scene.
    """

    whole: bool
    cut: bool


class SceneChangeDetector:
    """Compares each frame of a stream with the one before; one per visitor or video."""

    def __init__(self) -> None:
        """Start without a frame."""
        self._reference: UInt8Array | None = None
        self._mean_difference = 0.0

    def update(self, image: UInt8Array) -> Change:
        """Compare the next frame, RGB uint8 (h, w, 3), with the last one that showed something."""
        now, before = subsample(image), self._reference
        if before is None or before.shape != now.shape:
            self._reference, self._mean_difference = now, 0.0
            return Change(whole=True, cut=False)
        difference = cv2.norm(now, before, cv2.NORM_L1) / now.size
        if contrast(now) < MIN_CONTRAST:
            return Change(difference > WHOLE_CHANGE, cut=False)
        isolated = difference > MIN_CUT_RATIO * self._mean_difference
        cut = difference > MIN_CHANGE and isolated and not is_same_scene(before, now)
        self._mean_difference = (
            0.0
            if cut
            else DIFFERENCE_EMA_DECAY * self._mean_difference
            + (1 - DIFFERENCE_EMA_DECAY) * difference
        )
        self._reference = now
        return Change(cut or difference > WHOLE_CHANGE, cut)


def subsample(image: UInt8Array) -> UInt8Array:
    """Return a small copy of a picture, RGB uint8 (h, w, 3), 48 pixels along its longer side."""
    height, width = image.shape[:2]
    scale = SUBSAMPLED_SIDE / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    sampled = cv2.resize(
        image, (PRESAMPLED * size[0], PRESAMPLED * size[1]), interpolation=cv2.INTER_NEAREST
    )
    return np.asarray(cv2.resize(sampled, size, interpolation=cv2.INTER_AREA), np.uint8)


def contrast(image: UInt8Array) -> float:
    """Return the mean standard deviation of the channels."""
    return float(cv2.meanStdDev(image)[1].mean())


def is_same_scene(before: UInt8Array, now: UInt8Array) -> bool:
    """Return whether a part of the picture stayed, or the whole of it shifted."""
    change = now.astype(np.float32) - before
    apart = np.abs(change - np.median(change, axis=(0, 1))).max(axis=2)
    if (apart <= SAME_PIXEL).mean() >= MIN_UNCHANGED:
        return True
    return max(_shifted_correlation(before, now), _shifted_correlation(now, before)) >= (
        MIN_CORRELATION
    )


def _shifted_correlation(whole: UInt8Array, other: UInt8Array) -> float:
    """Return the best correlation of the middle of one picture with any place in another."""
    height, width = other.shape[:2]
    top, left = int(SHIFT_MARGIN * height), int(SHIFT_MARGIN * width)
    middle = np.ascontiguousarray(other[top : height - top, left : width - left])
    if contrast(middle) < MIN_CONTRAST:
        return 0.0
    return float(cv2.matchTemplate(whole, middle, cv2.TM_CCOEFF_NORMED).max())
