"""Statistics of counts: mean shares of the expressions, the index and its standard error."""

import numpy as np

from fer.array_types import Float64Array, Int64Array
from fer.labels import EXPRESSIONS
from fer.timeline.face_counts import (
    CLASSIFIED,
    COUNT_COLUMNS,
    COUNTED,
    FRAMES,
    INDEX_SIGNS,
    PROBABILITY_SCALE,
    Counts,
)
from fer.timeline.withholding import merge_bins

Statistics = dict[str, Int64Array | Float64Array]
"""Columns of equal length by name, as `compute_statistics` returns."""

STACK_ORDER = ("angry", "disgust", "fear", "sad", "neutral", "surprise", "happy")
"""How shares are drawn, from the ground up: the negative ones together, happy on top."""

MEASURES = (*EXPRESSIONS, "index")
"""What is compared: mean shares, and the positive-negative index."""

ERROR_BAND = 2
"""Standard errors that the index's band reaches to both sides, wherever it is drawn."""


def weight_bins_equally(counts: Int64Array, frames: Counts | None = None) -> Float64Array:
    """Return counts float64 (b, 15) as if each bin had one frame, with as many faces as its mean.

    So that their sum weighs each second alike, however many frames a busy machine had time for.

    Args:
        counts: int64 (b, 15).
        frames: Frames of each bin, (b,), where the counts don't include them all; those of a single
            face, for one, count those in which it was seen.
    """
    even: Float64Array = counts / (counts[:, FRAMES] if frames is None else frames)[:, None]
    return even


def merged_statistics(
    bin_indices: Int64Array, counts: Int64Array, bins: int, withhold: bool
) -> Statistics:
    """Return the statistics of wider bins, each with the error of `pooled_error`.

    Args:
        bin_indices, counts, bins, withhold: As `merge_bins` takes them.
    """
    wider = compute_statistics(merge_bins(bin_indices, counts, bins, withhold))
    errors = pooled_errors(bin_indices, counts, bins)
    return wider | {"index_error": np.where(wider["classified"] > 0, errors, np.nan)}


def compute_statistics(counts: Counts) -> Statistics:
    """Compute statistics from rows of counts.

    All means are over readings: a face seen in five frames of a bin has five readings there, all
    with the same weight. Faces too small to classify, and those turned away, are counted but have
    no part in the distribution; uncertain faces have, with all their seven probabilities.

    Args:
        counts: int64 (b, 15), or float64 from `weight_bins_equally`.

    Returns:
        Columns of length b: `frames` and `classified` (the readings of the distribution) as they
        are counted, then float64 with NaN where there is nothing to divide by: `faces` (mean number
        in a frame), the seven expressions (mean probability), `uncertain` (share of the classified
        ones), `small` (share of all faces), `index` (mean positive-negative index), `index_error`
        and `turned` (share of all faces that are large enough but turned away).
    """
    columns = dict(zip(COUNT_COLUMNS, np.asarray(counts).T, strict=True))
    classified = columns["classified"]
    return {
        "frames": columns["frames"],
        "faces": _ratio(columns["faces"], columns["frames"]),
        "classified": classified,
        **{name: _ratio(columns[name], classified * PROBABILITY_SCALE) for name in EXPRESSIONS},
        "uncertain": _ratio(columns["uncertain"], classified),
        "small": _ratio(columns["small"], columns["faces"]),
        "index": _ratio(_index_sums(columns), classified * PROBABILITY_SCALE),
        "index_error": _standard_error(
            index_variance(counts), _ratio(classified, columns["counted"])
        ),
        "turned": _ratio(columns["turned"], columns["faces"]),
    }


def outcome_shares(statistics: Statistics, view: str) -> Float64Array:
    """Return which shares of the faces were named, uncertain, turned away and too small.

    Args:
        statistics: Columns of length b, as `compute_statistics` returns.
        view: View of their timeline, "class" or "person".

    Returns:
        float64 (b, k), columns as `fer.colors.outcome_colors` has them for the view; rows sum to 1,
        or are NaN without a face. In the class view one of them has the faces of withheld bins, of
        which it isn't known whether they were named or uncertain.
    """
    classified = 1 - statistics["small"] - statistics["turned"]
    known = classified * (statistics["classified"] > 0)
    uncertain = known * np.nan_to_num(statistics["uncertain"])
    either = [classified - known] if view == "class" else []
    columns = [known - uncertain, uncertain, *either, statistics["turned"], statistics["small"]]
    return np.column_stack(columns)


def index_variance(counts: Counts) -> Float64Array:
    """Return the variance of the index over the readings of each row, float64 (b,); or NaN."""
    columns = dict(zip(COUNT_COLUMNS, np.asarray(counts).T, strict=True))
    mean = _ratio(_index_sums(columns), columns["classified"])
    square = _ratio(columns["squares"], columns["classified"])
    return np.maximum(square - mean**2, 0) / PROBABILITY_SCALE**2


def pooled_error(counts: Counts) -> float:
    """Return the standard error of the mean index over all of several bins; NaN below two faces.

    The variance is taken within each bin, so that the class's own ups and downs don't count as
    differences between faces. The number of faces is still that of a mean frame, however many
    frames there are: the same faces seen again are not new ones.
    """
    return float(pooled_errors(np.zeros(len(counts), int), counts, 1)[0])


def pooled_errors(bin_indices: Int64Array, counts: Counts, bins: int) -> Float64Array:
    """Return `pooled_error` of the bins at each place, 0 to below `bins`, float64 (bins,)."""
    classified, counted = (
        np.bincount(bin_indices, counts[:, column], bins) for column in (CLASSIFIED, COUNTED)
    )
    spread = np.nan_to_num(index_variance(counts)) * counts[:, CLASSIFIED]
    variance = _ratio(np.bincount(bin_indices, spread, bins), classified)
    return _standard_error(variance, _ratio(classified, counted))


def _standard_error(variance: Float64Array, faces: Float64Array) -> Float64Array:
    """Return the standard error of a mean over so many faces, from the variance of readings.

    The faces of a frame are the independent units, not the frames: with n faces the error is
    s / sqrt(n), where s^2 = variance * n / (n - 1). NaN below two faces: one face has no spread
    over faces, and the variance of its own readings is not that of faces.
    """
    return np.sqrt(_ratio(variance, np.where(faces >= 2, faces - 1, 0)))


def _index_sums(columns: Statistics) -> Int64Array | Float64Array:
    sums: Int64Array | Float64Array
    sums = sum(sign * columns[name] for sign, name in zip(INDEX_SIGNS, EXPRESSIONS, strict=True))
    return sums


def _ratio(part: Counts, whole: Counts) -> Float64Array:
    """Divide; NaN where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    ratio: Float64Array = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
