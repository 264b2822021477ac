"""The curves of a chart: statistics over time, as SVG paths and as JSON for its script.

Paths are in whole units of a square, with gaps for NaN.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer.array_types import BoolArray, Float64Array, Int64Array
from fer.i18n import gettext as _
from fer.timeline.expression_statistics import STACK_ORDER, Statistics, merged_statistics
from fer.timeline.formatting import TICK_STEPS
from fer.timeline.timeline import Timeline

VIEWBOX_SIDE = 1000
"""Width and height of the SVG in its own units."""

MAX_SERIES_COLUMNS = 960
"""Values of a series at most; more than the chart draws at first, for zooming."""


@dataclass(frozen=True)
class Curves:
    """Statistics over time, a bin a row, without gaps in the rows.

    Args:
        step: Length of a bin in seconds; the first starts at 0.
        span: Length of the time axis in seconds.
        statistics: Columns of length n, as `compute_statistics` of
            `fer.timeline.expression_statistics` returns them; NaN where there is no value.
    """

    step: float
    span: float
    statistics: Statistics

    @property
    def shares(self) -> Float64Array:
        """Return the mean probabilities, (n, 7), columns as in `STACK_ORDER`."""
        return np.column_stack([self.statistics[name] for name in STACK_ORDER]).astype(np.float64)

    @property
    def withheld(self) -> BoolArray:
        """Return where faces to classify were too few for statistics, bool (n,)."""
        too_few: BoolArray = (self.statistics["faces"] > 0) & (self.statistics["classified"] == 0)
        return too_few

    def area(self, tops: Float64Array, bottoms: Float64Array) -> str:
        """Return the outline between two lines, (n,) each, 0 to 1, broken where there is a gap."""
        outlines = []
        for places, run in self.runs(tops):
            there = [f"{x} {y}" for x, y in zip(places, _heights(tops[run]), strict=True)]
            back = [f"{x} {y}" for x, y in zip(places, _heights(bottoms[run]), strict=True)]
            outlines.append("M" + "L".join(there + back[::-1]) + "Z")
        return "".join(outlines)

    def line_with_band(
        self, values: Float64Array, low: Float64Array, high: Float64Array
    ) -> list[dict[str, str]]:
        """Return the paths of a line above its band and the line of 0, on a scale from -1 to 1.

        Args:
            values: One value per bin, (n,); NaN where there is none.
            low: Lower edge of the band, (n,).
            high: Its upper edge, (n,).
        """
        low, middle, high = (np.clip((each + 1) / 2, 0, 1) for each in (low, values, high))
        return [
            {"class": "fer-zero", "d": f"M0 {VIEWBOX_SIDE // 2}H{VIEWBOX_SIDE}"},
            {"class": "fer-band", "d": self.area(high, low)},
            {"class": "fer-line", "d": self._line(middle)},
        ]

    def _line(self, values: Float64Array) -> str:
        outlines = []
        for places, run in self.runs(values):
            points = zip(places, _heights(values[run]), strict=True)
            outlines.append("M" + "L".join(f"{x} {y}" for x, y in points))
        return "".join(outlines)

    def runs(self, values: Float64Array) -> list[tuple[list[int], slice]]:
        """Return the runs of values, (n,), without NaN: x from edge to edge, and their bins."""
        there = np.concatenate([[False], ~np.isnan(values), [False]])
        starts, ends = np.flatnonzero(there[1:] != there[:-1]).reshape(-1, 2).T
        runs = []
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            middles = np.arange(start, end) + 0.5
            places = np.concatenate([[start], middles, [end]]) * self.step / self.span
            whole = (places * VIEWBOX_SIDE).round().astype(int)
            runs.append((whole.tolist(), slice(start, end)))
        return runs


def _heights(values: Float64Array) -> list[int]:
    """Return values, 0 to 1, as y coordinates, the first and the last twice for the edges."""
    ends = np.concatenate([values[:1], values, values[-1:]])
    return [round(place) for place in (VIEWBOX_SIDE * (1 - ends)).tolist()]


def chart_curves(
    timeline: Timeline,
    counted: Timeline,
    tracks: Sequence[int],
    max_bins: int,
    min_span: float = 0.0,
) -> list[Curves]:
    """Return the curves of all faces, then those of some tracks.

    All have bins up to the timeline's end, also where its last ones are left out.

    Args:
        timeline: What was recorded.
        counted: The same without what is left out, which is drawn.
        tracks: The tracks.
        max_bins: Bins at most; longer timelines are merged into wider ones.
        min_span: Minimum length of the time axis in seconds.
    """
    numbers = timeline.counts()[0]
    bins = int(numbers[-1]) + 1 if len(numbers) else 0
    group = max(1, -(-bins // max_bins))
    slots, step = -(-bins // group), timeline.bin_seconds * group

    def curves(numbers: Int64Array, counts: Int64Array) -> Curves:
        known = numbers // group, counts, slots, timeline.view == "class"
        return Curves(step, max(min_span, step * slots), merged_statistics(*known))

    numbers, found, counts = counted.track_counts()
    single = [curves(numbers[found == track], counts[found == track]) for track in tracks]
    return [curves(*counted.counts()), *single]


def chart_series(timeline: Timeline, counted: Timeline, tracks: Sequence[int]) -> str:
    """Return the values of a chart as JSON, in whole thousandths, null where there is none.

    Args:
        timeline: What was recorded.
        counted: The same without what is left out, which is drawn.
        tracks: The tracks that have areas of their own.

    Returns:
        `step` (seconds of a value), `names` (of the areas, from the ground up), `labels` (their
        names in the page's language), `ticks` (possible steps of the time axis), `areas` (for all
        faces, then for each track: a list of shares for each step), and `index` and `faces` (for
        each step).
    """
    curves = chart_curves(timeline, counted, tracks, MAX_SERIES_COLUMNS)
    series = {
        "step": curves[0].step,
        "names": STACK_ORDER,
        "labels": [_(name) for name in STACK_ORDER],
        "ticks": TICK_STEPS,
        "areas": [_rows(each.shares) for each in curves],
        "index": _thousandths(curves[0].statistics["index"]),
        "faces": _thousandths(curves[0].statistics["faces"]),
    }
    return json.dumps(series, separators=(",", ":"))


def _rows(shares: Float64Array) -> list[list[int] | None]:
    return [
        None if np.isnan(row).any() else np.rint(1000 * row).astype(int).tolist() for row in shares
    ]


def _thousandths(values: Int64Array | Float64Array) -> list[int | None]:
    return [None if np.isnan(value) else round(1000 * value) for value in values.tolist()]
