"""Quality measures of single faces by track, summed in whole numbers.

Like `fer.timeline.face_counts` they are whole, so that merging, saving and reading back are exact.
A measure is rounded to a whole pixel, degree or percent: it isn't known any better.
"""

import numpy as np
from supervision import Detections

from fer.array_types import Float64Array, Int64Array
from fer.vision.quality import QUALITY_COLUMNS

QUALITY_SUMS = ("measured", *QUALITY_COLUMNS)
"""What is summed up of a track: its measured readings, and over these each measurement."""

QUALITY_SCALES = np.array(
    [100 if name in ("brightness", "clipped") else 1 for name in QUALITY_COLUMNS]
)
"""What a measurement of 1 counts."""


def sum_quality(faces: Detections) -> Int64Array:
    """Return each face's `QUALITY_SUMS`, int64 (n, 7); zeros where something wasn't measured."""
    unknown = np.full(len(faces), np.nan)
    columns = [np.asarray(faces.data.get(name, unknown), float) for name in QUALITY_COLUMNS]
    measured = np.column_stack(columns) * QUALITY_SCALES
    known = np.isfinite(measured).all(axis=1)
    values = np.rint(np.where(known[:, None], measured, 0)).astype(np.int64)
    return np.column_stack([known.astype(np.int64), values])


def mean_quality(sums: Int64Array) -> dict[str, Float64Array]:
    """Return `QUALITY_COLUMNS`, float64 (r,) each, from sums (r, 7); NaN where nothing is known."""
    readings = sums[:, :1].astype(np.float64)
    means = sums[:, 1:] / QUALITY_SCALES / np.where(readings > 0, readings, np.nan)
    return dict(zip(QUALITY_COLUMNS, means.T, strict=True))
