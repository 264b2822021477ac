"""Change against a baseline: a marked stretch in which a person is neutral.

Faces differ in how neutral they look, to people and to the network. What is compared is each face
with itself: its means outside the baseline with those inside, whose seconds' standard deviation is
given. Only the person view has single faces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np

from fer.array_types import Float64Array
from fer.timeline.expression_statistics import MEASURES, compute_statistics
from fer.timeline.formatting import NO_VALUE, format_decimal, format_signed
from fer.timeline.marks import BASELINE, bins_within
from fer.timeline.timeline import Timeline

MIN_SECONDS = 5
"""Fewest seconds of a face in the baseline for which a standard deviation is computed."""

MIN_CHANGE_IN_STDS = 2
"""Standard deviations of the baseline's seconds that a change has to exceed to be highlighted."""


@dataclass(frozen=True)
class BaselineComparison:
    """A face inside and outside the baseline.

    Attributes:
        mean: Mean of each of `MEASURES` over its seconds in the baseline.
        std: Standard deviation over these seconds.
        change: Mean over all its other seconds, less `mean`; NaN where there are none.
    """

    mean: dict[str, float]
    std: dict[str, float]
    change: dict[str, float]


class ChangeRow(NamedTuple):
    """A face's row of the table: its number, texts of `MEASURES`, and which are highlighted."""

    track: int
    texts: tuple[str, ...]
    highlighted: tuple[bool, ...]


def compare_with_baseline(
    timeline: Timeline, chosen: Sequence[int]
) -> dict[int, BaselineComparison]:
    """Compare chosen tracks that were seen in the baseline for `MIN_SECONDS` or longer.

    None in the class view, and without a mark of that kind. What is left out doesn't count.
    """
    ranges = [(mark.start, mark.end) for mark in timeline.marks if mark.kind == BASELINE]
    if timeline.view != "person" or not ranges:
        return {}
    numbers, tracks, counts = timeline.included().track_counts()
    statistics = compute_statistics(counts)
    values = np.column_stack([statistics[name] for name in MEASURES])
    step = timeline.bin_seconds
    known, is_inside = statistics["classified"] > 0, bins_within(numbers, step, ranges)
    found = {}
    for track in chosen:
        own = (tracks == track) & known
        inside = values[own & is_inside]
        if len(inside) >= 2 and len(inside) * step >= MIN_SECONDS:
            found[track] = _compare(inside, values[own & ~is_inside])
    return found


def change_rows(timeline: Timeline, tracks: Sequence[int]) -> list[ChangeRow]:
    """Return the rows of some tracks, as far as they have a baseline."""
    known = compare_with_baseline(timeline, tracks)
    return [_row(track, known[track]) for track in tracks if track in known]


def _compare(inside: Float64Array, outside: Float64Array) -> BaselineComparison:
    mean = inside.mean(axis=0)
    std = inside.std(axis=0, ddof=1)
    rest = outside.mean(axis=0) if len(outside) else np.full(len(MEASURES), np.nan)
    columns = (dict(zip(MEASURES, each.tolist(), strict=True)) for each in (mean, std, rest - mean))
    return BaselineComparison(*columns)


def _row(track: int, comparison: BaselineComparison) -> ChangeRow:
    cells = [_cell(name, comparison.change[name], comparison.std[name]) for name in MEASURES]
    return ChangeRow(track, tuple(text for text, _ in cells), tuple(bold for _, bold in cells))


def _cell(name: str, change: float, std: float) -> tuple[str, bool]:
    """Return a change with its standard deviation, and whether it is highlighted; "+0" isn't."""
    if not isfinite(change):
        return NO_VALUE, False
    scale, digits = (1, 2) if name == "index" else (100, 0)
    value = format_signed(scale * change, digits)
    text = f"{value} \N{PLUS-MINUS SIGN} {format_decimal(scale * std, digits)}"
    is_large = abs(change) > MIN_CHANGE_IN_STDS * std
    highlighted = round(scale * change, digits) != 0 and is_large
    return text.replace(" ", "\N{NO-BREAK SPACE}"), highlighted
