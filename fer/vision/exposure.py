"""Brightening of dark pictures before detection, as the detector learned well-lit faces only.

`benchmarks/robustness.py` measures what it finds at a quarter and at a sixteenth of the light. What
is classified and drawn are the picture's own pixels.
"""

import cv2
import numpy as np

from fer.array_types import UInt8Array

DARK_BELOW, BRIGHT_SHARE = 100, 0.01
"""A picture is dark if fewer pixels than this share have a channel of so much, 0 to 255. A lamp in
a dark room is no more."""

TARGET, MAX_GAIN = 160.0, 8.0
"""What the brightest pixels but that share are brought to, and by how much at most, as noise grows
with it. Higher values find no more faces."""

SAMPLING_STEP, GLANCE_STEP, GLANCE_SHARE = 16, 64, 0.1
"""Every how many pixels one is sampled, across and down; fewer in small pictures. Before that, for
speed, a coarser sample is taken, of whose values this share is bright in all but dark pictures."""


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
