"""Counts of faces in integers, and the positive-negative index.

A *row of counts* is int64 (15,) with the columns `COUNT_COLUMNS`. Probabilities are
counted in millionths, so that every sum is an integer: sums of integers are exact and
don't depend on their order, which is what makes saving and reading back exact.

The **positive-negative index** of a face is P(happy) - P(angry) - P(disgust) - P(fear) - P(sad):
from -1, all on the negative expressions, to 1, all on happy. Surprise and neutral count for
neither. Like the probabilities it is about how faces look, not about what anybody feels.
"""

import numpy as np
from supervision import Detections

from fer.array_types import Float32Array, Float64Array, Int64Array
from fer.labels import EXPRESSIONS
from fer.vision.boxes import box_sizes
from fer.vision.detections import boxes, expressions, probabilities, turned_away

COUNT_COLUMNS = (
    "frames",
    "faces",
    "small",
    "counted",
    "classified",
    "uncertain",
    *EXPRESSIONS,
    "squares",
    "turned",
)
"""Columns of a row of counts.

Frames; faces in all frames; faces too small to classify among them. Then, of the frames with enough
faces to classify alone: these frames; their faces that can be classified; the uncertain ones among
these; sums of the seven probabilities in millionths; sum of the squared indexes. Last, faces in all
frames that are large enough but turned away.
"""

Counts = Int64Array | Float64Array
"""Counts, or means of them as `weight_bins_equally` returns."""

PROBABILITY_SCALE = 1_000_000
"""A probability of 1 as a whole number."""

INDEX_SIGNS = np.array(
    [{"happy": 1, "surprise": 0, "neutral": 0}.get(name, -1) for name in EXPRESSIONS], np.int64
)
"""How each expression counts in the positive-negative index."""

FRAMES, FACES, SMALL_FACES, COUNTED, CLASSIFIED, UNCERTAIN_FACES, SQUARES, TURNED = (
    COUNT_COLUMNS.index(name)
    for name in (
        "frames",
        "faces",
        "small",
        "counted",
        "classified",
        "uncertain",
        "squares",
        "turned",
    )
)
PROBABILITIES = slice(UNCERTAIN_FACES + 1, SQUARES)
"""Indices of columns."""


def counts_per_face(faces: Detections, small: float, uncertain_below: float) -> Int64Array:
    """Return one row of counts per face, int64 (n, 15), as if it were alone in its frame.

    Args:
        faces: n faces with `data["probabilities"]` (n, 7), `data["expression"]` (n,) where
            something else than the most probable expression may be its label, and
            `data["turned_away"]` (n,) where the yaw is known; n may be 0.
        small: A face whose box has a side, the square root of its area, under so many pixels is
            too small to classify.
        uncertain_below: Least probability at which an expression is named.

    Raises:
        ValueError: The probabilities are missing, of another shape, or not within 0 to 1.
    """
    rows, predicted = _probabilities(faces), expressions(faces)
    large = box_sizes(boxes(faces)) >= small
    classified = large & ~turned_away(faces)
    millionths = (
        np.rint(rows.astype(np.float64) * PROBABILITY_SCALE).astype(np.int64) * classified[:, None]
    )
    counts = np.empty((len(rows), len(COUNT_COLUMNS)), np.int64)
    counts[:, :COUNTED] = 1
    counts[:, SMALL_FACES] = ~large
    counts[:, COUNTED : PROBABILITIES.start] = classified[:, None]
    counts[:, UNCERTAIN_FACES] &= rows[np.arange(len(rows)), predicted] < uncertain_below
    counts[:, PROBABILITIES] = millionths
    counts[:, SQUARES] = (millionths @ INDEX_SIGNS) ** 2
    counts[:, TURNED] = large & ~classified
    return counts


def _probabilities(faces: Detections) -> Float32Array:
    """Return the faces' probabilities (n, 7), after checking their range."""
    rows = probabilities(faces)
    if not ((rows >= 0) & (rows <= 1 + 1e-4)).all():  # also refuses NaN
        raise ValueError('data["probabilities"] must lie within 0 to 1.')
    return rows
