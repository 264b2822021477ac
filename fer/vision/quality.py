"""Quality measures of a face: size, pose, sharpness and exposure."""

from collections.abc import Sequence

import cv2
import numpy as np
from supervision import Detections

from fer.array_types import BoolArray, Float32Array, UInt8Array
from fer.vision import pose
from fer.vision.boxes import box_sizes
from fer.vision.detections import boxes

QUALITY_COLUMNS = ("size", "roll", "yaw", "sharpness", "brightness", "clipped")
"""What `measure_quality` measures of each face."""

TURNED_AWAY_FROM = 45.0
"""Degrees of yaw, to either side, from which on a face is turned away.

`python -m benchmarks.yaw` turns photographed faces in three dimensions: beyond it are nine of ten
that are turned by 65 degrees or more and found, half of those turned by 55, and none of those
turned by 35 or less; of profiles that are named otherwise than the same face frontally most
are no longer named. Of FER2013's validation pictures 2% are beyond it, and the accuracy
of those that are named is the same without them.
"""

MEASURED_SIDE = 48
"""Side in pixels to which a crop is scaled before it is measured: that of FER2013's pictures."""

DARKEST, BRIGHTEST = 5, 250
"""Luminance, 0 to 255, up to and from which a pixel is clipped."""


def measure_quality(faces: Detections, crops: Sequence[UInt8Array]) -> dict[str, Float32Array]:
    """Measure each face.

    Args:
        faces: n faces, with `data["landmarks"]` (n, 5, 2) where they were detected, and in a stream
            `data["roll"]` (n,), smoothed over time.
        crops: Their squares, RGB uint8 (s, s, 3) each.

    Returns:
        `QUALITY_COLUMNS`, float32 (n,) each: `size`, the square root of the box's area in pixels;
        `roll` and `yaw` in degrees (see `fer.vision.pose`), NaN without landmarks; `sharpness`,
        the variance of the Laplacian; `brightness`, the mean luminance from 0 to 1; and `clipped`,
        the share of pixels that are black or white. The last three are of the crop at
        `MEASURED_SIDE`, so that they compare faces of different sizes.
    """
    landmarks, roll = faces.data.get("landmarks"), faces.data.get("roll")
    if roll is None and landmarks is not None:
        roll = pose.roll(np.asarray(landmarks))
    unknown = np.full(len(faces), np.nan, np.float32)
    pixels = np.array([_measure_crop(crop) for crop in crops], np.float32).reshape(-1, 3)
    return {
        "size": np.asarray(box_sizes(boxes(faces)), np.float32),
        "roll": unknown if roll is None else np.asarray(roll, np.float32),
        "yaw": unknown if landmarks is None else pose.yaw(np.asarray(landmarks)),
        **dict(zip(QUALITY_COLUMNS[3:], pixels.T, strict=True)),
    }


def quality_table(faces: Detections) -> Float32Array:
    """Return what was measured of each face, (n, 6), columns as in `QUALITY_COLUMNS`, or NaN."""
    unknown = np.full(len(faces), np.nan)
    columns = [faces.data.get(name, unknown) for name in QUALITY_COLUMNS]
    return np.column_stack(columns).astype(np.float32)


def is_turned_away(yaw: Float32Array) -> BoolArray:
    """Return which yaws, in degrees, (n,), are of faces that are turned away; NaN is of none."""
    return np.asarray(np.abs(yaw) >= TURNED_AWAY_FROM)


def _measure_crop(crop: UInt8Array) -> tuple[float, float, float]:
    """Return a crop's sharpness, brightness and share of clipped pixels."""
    shrinks = crop.shape[0] > MEASURED_SIDE
    kind = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR  # enlarged blocks would look sharp
    small = cv2.resize(crop, (MEASURED_SIDE, MEASURED_SIDE), interpolation=kind)
    luminance = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    clipped = np.count_nonzero((luminance <= DARKEST) | (luminance >= BRIGHTEST))
    sharpness = float(cv2.Laplacian(luminance, cv2.CV_32F).var())
    return sharpness, float(luminance.mean()) / 255, clipped / luminance.size
