"""Comparison of recordings, or of marked stretches: means, and differences with an interval.

Means are those of `fer.timeline.summary`: each face weighs alike, once in each second. A
difference's 95 % interval comes from the seconds' own ups and downs, by `block_bootstrap`. In the
class view seconds with fewer than five faces to classify have no part in it, as anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from scipy.special import stdtrit

from fer.array_types import BoolArray, Float64Array
from fer.i18n import gettext as _
from fer.timeline.block_bootstrap import MeanError, mean_error
from fer.timeline.expression_statistics import MEASURES, compute_statistics, weight_bins_equally
from fer.timeline.face_counts import (
    CLASSIFIED,
    INDEX_SIGNS,
    PROBABILITIES,
    PROBABILITY_SCALE,
)
from fer.timeline.marks import BASELINE, STRETCH, bins_within, letters
from fer.timeline.timeline import Timeline, TimelineError

CONFIDENCE = 0.95

MAX_SAMPLES = 12
"""Samples in one comparison; more would not fit a table."""


@dataclass(frozen=True)
class Sample:
    """Seconds that are compared with others.

    Attributes:
        name: Name for display.
        sums: Sums of each of `MEASURES` over the faces of each second with statistics, (n, 8).
        classified: Mean number of classified faces of each second, (n,).
        adjacent: Whether each second but the first directly follows the one before, (n - 1,).
        seconds: Their length in seconds.
        watched: Length of all seconds, those without statistics included.
    """

    name: str
    sums: Float64Array
    classified: Float64Array
    adjacent: BoolArray
    seconds: float
    watched: float
    means: dict[str, float] = field(init=False)
    errors: dict[str, MeanError] = field(init=False)

    def __post_init__(self) -> None:
        """Compute mean and error of each measure."""
        total = self.classified.sum()
        means = self.sums.sum(axis=0) / total if total else np.full(len(MEASURES), np.nan)
        # How much each second moves the ratio of sums.
        moves = (self.sums - means * self.classified[:, None]) / (
            total / max(len(self.classified), 1)
        )
        errors = [mean_error(column, self.adjacent) for column in moves.T]
        object.__setattr__(self, "means", dict(zip(MEASURES, means.tolist(), strict=True)))
        object.__setattr__(self, "errors", dict(zip(MEASURES, errors, strict=True)))


@dataclass(frozen=True)
class Difference:
    """A statistic of one sample less that of another, with its interval; NaN where unknown."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return bool(self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Comparison:
    """Samples and how they differ.

    Attributes:
        samples: Two or more; the first is the one that the others are compared with.
        differences: Differences of each other sample, less the first, by figure.
    """

    samples: tuple[Sample, ...]
    differences: tuple[dict[str, Difference], ...]

    @property
    def intervals(self) -> int:
        """How many intervals there are."""
        return sum(
            np.isfinite(difference.low)
            for difference in chain.from_iterable(each.values() for each in self.differences)
        )


def sample_of(timeline: Timeline, name: str) -> Sample:
    """Return the seconds of a timeline that its marks don't leave out, as a sample of this name."""
    return _sample(timeline.included(), name)


def _sample(counted: Timeline, name: str, ranges: Sequence[tuple[float, float]] = ()) -> Sample:
    if ranges:
        whole = counted.counts()[0]
        inside = bins_within(whole, counted.bin_seconds, ranges)
        counted = counted.select_bins(set(whole[inside].tolist()))
    numbers, counts = counted.counts()
    known = compute_statistics(counts)["classified"] > 0
    weighted = weight_bins_equally(counts[known])
    shares = weighted[:, PROBABILITIES] / PROBABILITY_SCALE
    return Sample(
        name,
        np.column_stack([shares, shares @ INDEX_SIGNS]),
        weighted[:, CLASSIFIED],
        np.diff(numbers[known]) == 1,
        float(known.sum() * counted.bin_seconds),
        counted.seconds,
    )


def stretch_samples(timelines: Sequence[tuple[str, Timeline]]) -> list[Sample]:
    """Return the first `MAX_SAMPLES` marked stretches of timelines as samples.

    Args:
        timelines: Each with its name, which is displayed where there are several.
    """
    samples: list[Sample] = []
    for name, timeline in timelines:
        stretches = marked_stretches(timeline)[: MAX_SAMPLES - len(samples)]
        counted = timeline.included() if stretches else timeline
        prefix = f"{name}: " if len(timelines) > 1 else ""
        samples += [_sample(counted, prefix + text, ranges) for text, ranges in stretches]
    return samples


def marked_stretches(timeline: Timeline) -> list[tuple[str, list[tuple[float, float]]]]:
    """Return the name and the ranges, in seconds, of each marked stretch, the baseline first.

    Stretches of the same text are one; those without a text are one each, and have the letters that
    they have in the chart.
    """
    groups: dict[tuple[bool, str], list[tuple[float, float]]] = {}
    for i, mark in enumerate(timeline.marks):
        if mark.kind in (BASELINE, STRETCH):
            text = mark.text or f"{_(STRETCH)} {letters(i)}"
            name = text if mark.kind == STRETCH else _(BASELINE)
            groups.setdefault((mark.kind == STRETCH, name), []).append((mark.start, mark.end))
    ordered = sorted(groups.items(), key=lambda item: item[0][0])
    return [(name, ranges) for (_later, name), ranges in ordered]


def compare(samples: Sequence[Sample]) -> Comparison:
    """Compare samples with the first of them.

    Raises:
        TimelineError: There are fewer than two, or too many.
    """
    _check_number(len(samples))
    first, *others = samples
    differences = tuple(
        {name: _welch_difference(first, other, name) for name in MEASURES} for other in others
    )
    return Comparison(tuple(samples), differences)


def _check_number(number: int) -> None:
    if not 2 <= number <= MAX_SAMPLES:
        raise TimelineError(
            _(
                "A comparison takes 2 to %(most)s recordings or marked stretches, not %(number)s.",
                most=MAX_SAMPLES,
                number=number,
            )
        )


def compare_timelines(
    timelines: Sequence[tuple[str, Timeline]], stretches: bool = False
) -> Comparison:
    """Compare whole timelines, or the stretches that are marked in them.

    Args:
        timelines: Each with its name.
        stretches: Whether marked stretches are compared.

    Raises:
        TimelineError: They don't fit each other, or there is nothing to compare.
    """
    _check_comparable([timeline for _name, timeline in timelines])
    if not stretches:
        return compare([sample_of(timeline, name) for name, timeline in timelines])
    number = sum(len(marked_stretches(timeline)) for _name, timeline in timelines)
    if number < 2:
        raise TimelineError(
            _(
                "Two marked stretches are needed, or a stretch and a baseline; mark them, or "
                "compare whole recordings."
            )
        )
    _check_number(number)  # before hours of work
    return compare(stretch_samples(timelines))


def _check_comparable(timelines: Sequence[Timeline]) -> None:
    """Check that statistics of timelines mean the same.

    Raises:
        TimelineError: Their views or bins differ.
    """
    if len({timeline.view for timeline in timelines}) > 1:
        raise TimelineError(
            _(
                "One timeline is of the class view and one of the person view; compare those of "
                "one view."
            )
        )
    if len({timeline.bin_seconds for timeline in timelines}) > 1:
        raise TimelineError(_("The timelines have bins of different lengths."))


def _welch_difference(first: Sample, other: Sample, name: str) -> Difference:
    """Return a difference with its interval: Welch's, of the block bootstrap's standard errors."""
    value = other.means[name] - first.means[name]
    errors = [sample.errors[name] for sample in (first, other)]
    squares = [error.error**2 for error in errors]
    variance = sum(squares)
    if not np.isfinite(variance):
        return Difference(value, np.nan, np.nan)
    reach = 0.0
    if variance:  # Welch and Satterthwaite
        degrees_of_freedom = variance**2 / sum(
            square**2 / error.degrees_of_freedom
            for square, error in zip(squares, errors, strict=True)
        )
        reach = float(stdtrit(degrees_of_freedom, (1 + CONFIDENCE) / 2) * np.sqrt(variance))
    most = 2.0 if name == "index" else 1.0
    return Difference(value, max(value - reach, -most), min(value + reach, most))
