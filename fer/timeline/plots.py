"""The timeline as one picture: expressions as stacked areas, number of faces, and the index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from fer.array_types import BoolArray, Float64Array
from fer.labels import COLOURS
from fer.timeline.moments import Moment
from fer.timeline.tally import BAND, STACK, Tallies, wider_figures
from fer.timeline.timeline import LEAST_FACES, Timeline
from fer.timeline.words import clock

WITHHELD = f"fewer than {LEAST_FACES} faces to judge"
TOO_SMALL = "faces too small to judge"
"""What hatching means, in the class view and in that of single persons."""

_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14400, 28800)
"""Seconds between two ticks, or in a column of the plot."""


@dataclass(frozen=True)
class Look:
    """Colours and sizes of a plot."""

    ground: str
    ink: str
    faint: str
    hatch: str
    line: str
    size: tuple[float, float]
    columns: int
    ticks: int
    legend_columns: int


def timeline_plot(
    timeline: Timeline,
    moments: Sequence[Moment] = (),
    dark: bool = False,
    narrow: bool = False,
) -> Figure:
    """Draw a timeline, in its own view.

    Seconds without frames or faces are left empty. Those without a face to judge, or with too few
    for a class, are hatched. Long timelines are drawn in coarser bins, each the mean over its
    readings, or hatched if half of it or more is withheld.

    Args:
        timeline: What to draw; may be empty.
        moments: These are marked by their number, from 1.
        dark: Light letters on dark ground.
        narrow: For a telephone's width instead of a page's.

    Returns:
        A figure of its own; nothing touches pyplot's global state.
    """
    look = _look(dark, narrow)
    figure = Figure(figsize=look.size, layout="constrained", facecolor=look.ground)
    if not len(timeline):
        figure.text(0.5, 0.5, "Nothing was recorded.", ha="center", va="center", color=look.ink)
        return figure
    columns = _Columns(timeline, look.columns)
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=(3.2, 1, 1.3))
    _draw_expressions(upper, columns, look)
    _plain(upper, "Expressions, share in percent", look, above=18 if moments else 5)
    _mark(upper, moments, look)
    _draw_faces(middle, columns, look)
    _draw_index(lower, columns, look)
    _time_axis(lower, columns, look)
    _legend(figure, columns, look)
    return figure


def _look(dark: bool, narrow: bool) -> Look:
    colours = ("#1f1b18", "#f5f5f4", "#57514c", "#79716b", "#62d9c7")
    light = ("#ffffff", "#1c1917", "#d6d3d1", "#a8a29e", "#0d6861")
    sizes = ((4.0, 5.6), 120, 4, 4) if narrow else ((8.6, 5.4), 240, 10, 8)
    return Look(*(colours if dark else light), *sizes)


class _Columns:
    """The bins of a timeline, as few as can be drawn: their starts, width and figures."""

    def __init__(self, timeline: Timeline, most: int) -> None:
        numbers, tallies = timeline.tallies()
        count = numbers[-1] + 1 - numbers[0]
        each = next((step for step in _STEPS if count / step <= most), -(-count // most))
        self.places, bins = np.unique(numbers // each, return_inverse=True)
        withhold = timeline.view == "class"
        self.width = float(each * timeline.bin_seconds)
        self.figures = wider_figures(bins, tallies, len(self.places), withhold)
        self.shown = self.figures["judged"] > 0
        self.withheld = ~self.shown & (self.figures["faces"] > 0)
        self.reason = WITHHELD if withhold else TOO_SMALL
        self.empty = ~self.shown & ~self.withheld
        self.start = float(self.places[0] * self.width)
        self.end = float((self.places[-1] + 1) * self.width)

    def runs(self, chosen: BoolArray) -> Iterator[tuple[slice, Float64Array]]:
        """Yield the chosen columns that touch, and their edges in seconds, one more than those."""
        ends = np.flatnonzero(np.diff(self.places) > 1) + 1
        breaks = np.union1d(ends, np.flatnonzero(np.diff(chosen)) + 1)
        for part in np.split(np.arange(len(chosen)), breaks.astype(int)):
            if chosen[part[0]]:
                edges = np.arange(self.places[part[0]], self.places[part[-1]] + 2) * self.width
                yield slice(part[0], part[-1] + 1), edges


def _steps(values: Tallies) -> Tallies:
    """Repeat the last value, so that values belong to edges as `step="post"` wants them."""
    return np.concatenate([values, values[-1:]])


def _draw_expressions(axes: Axes, columns: _Columns, look: Look) -> None:
    shares = 100 * np.array([columns.figures[name] for name in STACK])
    tops = np.cumsum(shares, axis=0)
    linewidth = 0.3 if len(columns.places) <= 200 else 0  # lines would hide narrow columns
    for chosen, edges in columns.runs(columns.shown):
        low: Tallies = np.zeros(len(edges))
        for name, top in zip(STACK, tops[:, chosen], strict=True):
            high = _steps(top)
            axes.fill_between(
                edges,
                low,
                high,
                step="post",
                facecolor=COLOURS[name],
                edgecolor=look.ground,
                linewidth=linewidth,
            )
            low = high
    _hatch(axes, columns, look)
    _say(axes, columns, columns.withheld, columns.reason, look)
    _say(axes, columns, columns.empty, "no face", look)
    axes.set(ylim=(0, 100), yticks=(0, 50, 100))


def _hatch(axes: Axes, columns: _Columns, look: Look) -> None:
    """Hatch where figures are withheld."""
    for _, edges in columns.runs(columns.withheld):
        axes.axvspan(edges[0], edges[-1], **_hatching(look))


def _say(axes: Axes, columns: _Columns, chosen: BoolArray, text: str, look: Look) -> None:
    """Write a text into stretches without figures, if its letters fit."""
    whole = columns.end - columns.start
    box = {"facecolor": look.ground, "edgecolor": "none", "pad": 3}
    for _, edges in columns.runs(chosen):
        if (edges[-1] - edges[0]) / whole * look.size[0] > 0.075 * len(text):
            place = (edges[0] + edges[-1]) / 2
            axes.text(
                place, 50, text, ha="center", va="center", fontsize=9, color=look.ink, bbox=box
            )


class _Hatching(TypedDict):
    """What matplotlib draws hatched areas with."""

    facecolor: str
    edgecolor: str
    hatch: str
    linewidth: float


def _hatching(look: Look) -> _Hatching:
    return {"facecolor": "none", "edgecolor": look.hatch, "hatch": "////", "linewidth": 0}


def _mark(axes: Axes, moments: Sequence[Moment], look: Look) -> None:
    """Write each moment's number above its start."""
    for number, moment in enumerate(moments, start=1):
        axes.axvline(moment.start, color=look.ink, linewidth=0.8, linestyle=(0, (3, 2)))
        axes.annotate(
            str(number),
            (moment.start, 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=look.ground,
            fontsize=8,
            fontweight="bold",
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": look.ink, "edgecolor": "none"},
        )


def _draw_faces(axes: Axes, columns: _Columns, look: Look) -> None:
    faces = columns.figures["faces"]
    for chosen, edges in columns.runs(np.ones(len(faces), bool)):
        values = _steps(faces[chosen])
        axes.fill_between(edges, 0, values, step="post", color=look.faint, linewidth=0)
        axes.step(edges, values, where="post", color=look.ink, linewidth=1)
    most = max(1, int(np.ceil(faces.max())))
    axes.set(ylim=(0, 1.15 * most), yticks=(0, most))
    _plain(axes, "Faces", look)


def _draw_index(axes: Axes, columns: _Columns, look: Look) -> None:
    index, error = columns.figures["index"], BAND * columns.figures["index_error"]
    axes.axhline(0, color=look.faint, linewidth=1)
    for chosen, edges in columns.runs(columns.shown):
        low, high = (
            _steps(np.clip(values, -1, 1))
            for values in ((index - error)[chosen], (index + error)[chosen])
        )
        axes.fill_between(edges, low, high, step="post", color=look.line, alpha=0.25, linewidth=0)
        axes.step(edges, _steps(index[chosen]), where="post", color=look.line, linewidth=1.5)
    axes.set(ylim=(-1, 1), yticks=(-1, 0, 1), yticklabels=("\N{MINUS SIGN}1", "0", "+1"))
    _hatch(axes, columns, look)
    band = f", \N{PLUS-MINUS SIGN} {BAND} standard errors" if np.isfinite(error).any() else ""
    _plain(axes, "Positive-negative index" + band, look)


def _time_axis(axes: Axes, columns: _Columns, look: Look) -> None:
    whole = columns.end - columns.start
    step = next((step for step in _STEPS if whole / step <= look.ticks), whole / look.ticks)
    first = np.ceil(columns.start / step) * step
    axes.set_xlim(columns.start, columns.end)
    axes.xaxis.set_major_locator(FixedLocator(np.arange(first, columns.end + 1e-6, step).tolist()))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: clock(seconds)))


def _plain(axes: Axes, title: str, look: Look, above: float = 5) -> None:
    """Set the title, so many points above, and colours; leave out what carries no information."""
    axes.set_title(title, loc="left", fontsize=10, color=look.ink, pad=above)
    axes.set_facecolor(look.ground)
    axes.tick_params(colors=look.ink, labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(look.faint)


def _legend(figure: Figure, columns: _Columns, look: Look) -> None:
    patches = [Patch(facecolor=COLOURS[name], label=name) for name in STACK]
    if columns.withheld.any():
        patches.append(Patch(label=columns.reason, **_hatching(look)))
    figure.legend(
        handles=patches,
        loc="outside upper left",
        ncols=look.legend_columns,
        frameon=False,
        fontsize=9,
        labelcolor=look.ink,
        handlelength=1.1,
        columnspacing=1.2,
    )
