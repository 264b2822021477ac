"""The minimum group size: where the class view withholds its statistics of expressions.

A bin with a frame that has fewer than `MIN_FACES` faces to classify keeps its numbers of frames and
faces alone. A wider bin, for a plot, is withheld if half of it or more is.
"""

import numpy as np

from fer.array_types import Int64Array
from fer.timeline.face_counts import CLASSIFIED, COUNT_COLUMNS, COUNTED, FRAMES, TURNED

MIN_FACES = 5
"""In the class view, bins with fewer faces to classify in any frame are withheld."""

_WITHHELD = slice(COUNTED, TURNED)
"""Columns that are 0 in a row of counts without its expressions."""


def aggregate_frame(rows: Int64Array, min_faces: int) -> Int64Array:
    """Sum the rows of counts of a frame's faces (n, 15) to its own, int64 (15,).

    Without its expressions if fewer than `min_faces` faces can be classified.
    """
    counts: Int64Array = rows.sum(axis=0)
    counts[FRAMES] = 1
    counts[COUNTED] = counts[CLASSIFIED] >= min_faces
    return withhold_expressions(counts)


def withhold_expressions(counts: Int64Array) -> Int64Array:
    """Return a row of counts int64 (15,) without its expressions if not all of its frames count."""
    if counts[COUNTED] < counts[FRAMES]:
        counts = counts.copy()
        counts[_WITHHELD] = 0
    return counts


def merge_bins(
    bin_indices: Int64Array, counts: Int64Array, bins: int, withhold: bool
) -> Int64Array:
    """Return the sums of rows of counts that belong to the same wider bin, int64 (bins, 15).

    Args:
        bin_indices: Which wider bin each belongs to, (b,), from 0 to below `bins`.
        counts: int64 (b, 15).
        bins: Number of wider bins.
        withhold: Leave out the expressions of a wider bin in which no more than half of the frames
            count, so that a few seconds don't pass for all of it.
    """
    sums = np.zeros((bins, len(COUNT_COLUMNS)), np.int64)
    np.add.at(sums, bin_indices, counts)
    if withhold:
        sums[2 * sums[:, COUNTED] <= sums[:, FRAMES], _WITHHELD] = 0
    return sums
