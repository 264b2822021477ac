"""Counts of faces in integers, and the statistics computed from them.

A row of counts, a *tally*, is int64 (15,) with the columns `COUNT_COLUMNS`. Probabilities are
counted in millionths, so that every sum is an integer: sums of integers are exact and
don't depend on their order, which is what makes merging, saving and reading back exact.

The **positive-negative index** of a face is P(happy) - P(angry) - P(disgust) - P(fear) - P(sad):
from -1, all on the negative expressions, to 1, all on happy. Surprise and neutral count for
neither. Like the probabilities it is about how faces look, not about what anybody feels.
"""

import numpy as np
from supervision import Detections

from fer.array_types import Float32Array, Float64Array, Int64Array
from fer.labels import EXPRESSIONS
from fer.vision.detections import areas, expressions, probabilities, turned_away

COUNT_COLUMNS = (
    "frames",
    "faces",
    "small",
    "counted",
    "judged",
    "uncertain",
    *EXPRESSIONS,
    "squares",
    "turned",
)
"""What a tally counts.

Frames; faces in all frames; faces too small to judge among them. Then, of the frames with enough
faces to judge alone: these frames; their faces that can be judged; the uncertain ones among
these; sums of the seven probabilities in millionths; sum of the squared indexes. Last, faces in all
frames that are large enough but turned away.
"""

Tallies = Int64Array | Float64Array
"""Counts, or means of them as `weight_bins_equally` returns."""

Figures = dict[str, Int64Array | Float64Array]
"""Columns of equal length by name, as `figures` returns."""

PROBABILITY_SCALE = 1_000_000
"""A probability of 1 as a whole number."""

INDEX_SIGNS = np.array(
    [{"happy": 1, "surprise": 0, "neutral": 0}.get(name, -1) for name in EXPRESSIONS], np.int64
)
"""How each expression counts in the positive-negative index."""

STACK_ORDER = ("angry", "disgust", "fear", "sad", "neutral", "surprise", "happy")
"""How shares are drawn, from the ground up: the negative ones together, happy on top."""

ERROR_BAND = 2
"""Standard errors that the index's band reaches to both sides, wherever it is drawn."""

_FRAMES, _SMALL, _COUNTED, _JUDGED, _UNCERTAIN, _SQUARES, _TURNED = (
    COUNT_COLUMNS.index(name)
    for name in ("frames", "small", "counted", "judged", "uncertain", "squares", "turned")
)
_SUMS = slice(COUNT_COLUMNS.index(EXPRESSIONS[0]), COUNT_COLUMNS.index(EXPRESSIONS[-1]) + 1)
_WITHHELD = slice(_COUNTED, _TURNED)


def count_faces(faces: Detections, small: float, uncertain_below: float) -> Int64Array:
    """Return a tally a face, int64 (n, 15), as if it were alone in its frame.

    Args:
        faces: With `data["probabilities"]` (n, 7), and `data["expression"]` (n,) where something
            else than the most probable expression may be its label, and `data["turned_away"]` (n,)
            where the yaw is known; n may be 0.
        small: A face whose box has a side, the square root of its area, under so many pixels is
            too small to judge.
        uncertain_below: Least probability at which an expression is named.

    Raises:
        ValueError: The probabilities are missing, of another shape, or not within 0 to 1.
    """
    rows, predicted = _probabilities(faces), expressions(faces)
    large = np.sqrt(np.maximum(areas(faces), 0)) >= small
    judged = large & ~turned_away(faces)
    millionths = (
        np.rint(rows.astype(np.float64) * PROBABILITY_SCALE).astype(np.int64) * judged[:, None]
    )
    counts = np.empty((len(rows), len(COUNT_COLUMNS)), np.int64)
    counts[:, :_COUNTED] = 1
    counts[:, _SMALL] = ~large
    counts[:, _COUNTED : _SUMS.start] = judged[:, None]
    counts[:, _UNCERTAIN] &= rows[np.arange(len(rows)), predicted] < uncertain_below
    counts[:, _SUMS] = millionths
    counts[:, _SQUARES] = (millionths @ INDEX_SIGNS) ** 2
    counts[:, _TURNED] = large & ~judged
    return counts


def _probabilities(faces: Detections) -> Float32Array:
    """Return the faces' probabilities (n, 7) after a look at them."""
    rows = probabilities(faces)
    if not ((rows >= 0) & (rows <= 1 + 1e-4)).all():  # also refuses NaN
        raise ValueError('data["probabilities"] must lie within 0 to 1.')
    return rows


def count_frame(rows: Int64Array, min_faces: int) -> Int64Array:
    """Return the tally int64 (15,) of a frame from those of its faces (n, 15).

    Without its expressions if fewer than `min_faces` faces can be judged.
    """
    counts: Int64Array = rows.sum(axis=0)
    counts[_FRAMES] = 1
    counts[_COUNTED] = counts[_JUDGED] >= min_faces
    return withhold_expressions(counts)


def withhold_expressions(counts: Int64Array) -> Int64Array:
    """Return a tally int64 (15,) without its expressions if not all of its frames count."""
    if counts[_COUNTED] < counts[_FRAMES]:
        counts = counts.copy()
        counts[_WITHHELD] = 0
    return counts


def merge_bins(
    bin_indices: Int64Array, counts: Int64Array, bins: int, withhold: bool
) -> Int64Array:
    """Return the sums of tallies that belong to the same wider bin, int64 (count, 15).

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
        sums[2 * sums[:, _COUNTED] <= sums[:, _FRAMES], _WITHHELD] = 0
    return sums


def weight_bins_equally(counts: Int64Array, frames: Tallies | None = None) -> Float64Array:
    """Return tallies float64 (b, 15) as if each bin had one frame, with as many faces as its mean.

    So that their sum weighs each second alike, however many frames a busy machine had time for.

    Args:
        counts: int64 (b, 15).
        frames: Frames of each bin, (b,), where the tallies don't count them all; those of a single
            face, for one, count those in which it was seen.
    """
    even: Float64Array = counts / (counts[:, _FRAMES] if frames is None else frames)[:, None]
    return even


def merged_statistics(
    bin_indices: Int64Array, counts: Int64Array, bins: int, withhold: bool
) -> Figures:
    """Return the figures of wider bins, each with the error of `pooled_error`.

    Args:
        bin_indices: Which wider bin each tally belongs to, (b,), from 0 to below `bins`.
        counts: int64 (b, 15).
        bins: Number of wider bins.
        withhold: Leave out the expressions of a wider bin in which no more than half of the frames
            count, so that a few seconds don't pass for all of it.
    """
    wider = compute_statistics(merge_bins(bin_indices, counts, bins, withhold))
    errors = pooled_errors(bin_indices, counts, bins)
    return wider | {"index_error": np.where(wider["judged"] > 0, errors, np.nan)}


def compute_statistics(counts: Tallies) -> Figures:
    """Compute statistics from tallies.

    All means are over readings: a face seen in five frames of a bin has five readings there, all
    with the same weight. Faces too small to judge, and those turned away, are counted but have no
    part in the distribution; uncertain faces have, with all their seven probabilities.

    Args:
        counts: int64 (b, 15), or float64 from `weight_bins_equally`.

    Returns:
        Columns of length b: `frames` and `judged` (the readings of the distribution) as they
        are counted, then float64 with NaN where there is nothing to divide by: `faces` (mean number
        in a frame), the seven expressions (mean probability), `uncertain` (share of the judged),
        `small` (share of all faces), `index` (mean positive-negative index), `index_error` and
        `turned` (share of all faces that are large enough but turned away).
    """
    columns = dict(zip(COUNT_COLUMNS, np.asarray(counts).T, strict=True))
    judged = columns["judged"]
    return {
        "frames": columns["frames"],
        "faces": _ratio(columns["faces"], columns["frames"]),
        "judged": judged,
        **{name: _ratio(columns[name], judged * PROBABILITY_SCALE) for name in EXPRESSIONS},
        "uncertain": _ratio(columns["uncertain"], judged),
        "small": _ratio(columns["small"], columns["faces"]),
        "index": _ratio(_index_sums(columns), judged * PROBABILITY_SCALE),
        "index_error": _standard_error(index_variance(counts), _ratio(judged, columns["counted"])),
        "turned": _ratio(columns["turned"], columns["faces"]),
    }


def judged_shares(figures: Figures) -> Float64Array:
    """Return which shares of the faces were named, uncertain, turned away and too small.

    Args:
        figures: Columns of length b, as `compute_statistics` returns.

    Returns:
        float64 (b, 4), columns as in `fer.colors.JUDGED_COLORS`; rows sum to 1, or are NaN without
        a face. Where expressions are withheld nobody is uncertain: that isn't kept.
    """
    judged = 1 - figures["small"] - figures["turned"]
    uncertain = judged * np.nan_to_num(figures["uncertain"])
    return np.column_stack([judged - uncertain, uncertain, figures["turned"], figures["small"]])


def index_variance(counts: Tallies) -> Float64Array:
    """Return the variance of the index over the readings of each tally, float64 (b,); or NaN."""
    columns = dict(zip(COUNT_COLUMNS, np.asarray(counts).T, strict=True))
    mean = _ratio(_index_sums(columns), columns["judged"])
    square = _ratio(columns["squares"], columns["judged"])
    return np.maximum(square - mean**2, 0) / PROBABILITY_SCALE**2


def pooled_error(counts: Tallies) -> float:
    """Return the standard error of the mean index over all of several bins; NaN below two faces.

    The variance is taken within each bin, so that the class's own ups and downs don't count as
    differences between faces. The number of faces is still that of a mean frame, however many
    frames there are: the same faces seen again are not new ones.
    """
    return float(pooled_errors(np.zeros(len(counts), int), counts, 1)[0])


def pooled_errors(bin_indices: Int64Array, counts: Tallies, bins: int) -> Float64Array:
    """Return `pooled_error` of the bins at each place, 0 to below `bins`, float64 (count,)."""
    judged, counted = (
        np.bincount(bin_indices, counts[:, column], bins) for column in (_JUDGED, _COUNTED)
    )
    spread = np.nan_to_num(index_variance(counts)) * counts[:, _JUDGED]
    variance = _ratio(np.bincount(bin_indices, spread, bins), judged)
    return _standard_error(variance, _ratio(judged, counted))


def _standard_error(variance: Float64Array, faces: Float64Array) -> Float64Array:
    """Return the standard error of a mean over so many faces, from the variance of readings.

    The faces of a frame are the independent units, not the frames: with n faces the error is
    s / sqrt(n), where s^2 = variance * n / (n - 1). NaN below two faces: one face has no spread
    over faces, and the variance of its own readings is not that of faces.
    """
    return np.sqrt(_ratio(variance, np.where(faces >= 2, faces - 1, 0)))


def _index_sums(columns: Figures) -> Int64Array | Float64Array:
    sums: Int64Array | Float64Array
    sums = sum(sign * columns[name] for sign, name in zip(INDEX_SIGNS, EXPRESSIONS, strict=True))
    return sums


def _ratio(part: Tallies, whole: Tallies) -> Float64Array:
    """Divide; NaN where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    ratio: Float64Array = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
