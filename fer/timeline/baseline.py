"""Change against a baseline: a marked stretch in which a person is neutral.

Faces differ in how neutral they look, to people and to the network. What is compared is each face
with itself: its means elsewhere with its means in the baseline, beside the spread of its seconds
there. Only the person view has single faces.
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
"""Fewest seconds of a face in the baseline that have a spread."""

SPREADS = 2
"""Standard deviations of the baseline's seconds that a change has to exceed to stand out."""


@dataclass(frozen=True)
class Baseline:
    """A face in its baseline, and elsewhere.

    Attributes:
        mean: Mean of each of `MEASURES` over its seconds in the baseline.
        spread: Standard deviation over these seconds.
        change: Mean over all its other seconds, less `mean`; NaN where there are none.
    """

    mean: dict[str, float]
    spread: dict[str, float]
    change: dict[str, float]


class ChangeRow(NamedTuple):
    """A face's row of the table: its number, texts of `MEASURES`, and which of them stand out."""

    track: int
    texts: tuple[str, ...]
    clear: tuple[bool, ...]


def baselines(timeline: Timeline, chosen: Sequence[int]) -> dict[int, Baseline]:
    """Return the baselines of chosen tracks that were seen in it for `MIN_SECONDS` or longer.

    None in the class view, and without a mark of that kind. What is left out doesn't count.
    """
    ranges = [(mark.start, mark.end) for mark in timeline.marks if mark.kind == BASELINE]
    if timeline.view != "person" or not ranges:
        return {}
    numbers, tracks, counts = timeline.included().track_counts()
    statistics = compute_statistics(counts)
    values = np.column_stack([statistics[name] for name in MEASURES])
    step = timeline.bin_seconds
    known, within = statistics["classified"] > 0, bins_within(numbers, step, ranges)
    found = {}
    for track in chosen:
        own = (tracks == track) & known
        there = values[own & within]
        if len(there) >= 2 and len(there) * step >= MIN_SECONDS:
            found[track] = _baseline(there, values[own & ~within])
    return found


def change_rows(timeline: Timeline, tracks: Sequence[int]) -> list[ChangeRow]:
    """Return the rows of some tracks, as far as they have a baseline."""
    known = baselines(timeline, tracks)
    return [_row(track, known[track]) for track in tracks if track in known]


def _baseline(inside: Float64Array, outside: Float64Array) -> Baseline:
    mean = inside.mean(axis=0)
    spread = inside.std(axis=0, ddof=1)
    rest = outside.mean(axis=0) if len(outside) else np.full(len(MEASURES), np.nan)
    columns = (
        dict(zip(MEASURES, each.tolist(), strict=True)) for each in (mean, spread, rest - mean)
    )
    return Baseline(*columns)


def _row(track: int, baseline: Baseline) -> ChangeRow:
    cells = [_cell(name, baseline.change[name], baseline.spread[name]) for name in MEASURES]
    return ChangeRow(track, tuple(text for text, _ in cells), tuple(clear for _, clear in cells))


def _cell(name: str, change: float, spread: float) -> tuple[str, bool]:
    """Return a change beside its spread, and whether it stands out; "+0" never does."""
    if not isfinite(change):
        return NO_VALUE, False
    scale, digits = (1, 2) if name == "index" else (100, 0)
    value = format_signed(scale * change, digits)
    text = f"{value} \N{PLUS-MINUS SIGN} {format_decimal(scale * spread, digits)}"
    clear = round(scale * change, digits) != 0 and abs(change) > SPREADS * spread
    return text.replace(" ", "\N{NO-BREAK SPACE}"), clear
