"""The timeline as one picture: expressions, number of faces, what became of them, and the index."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from fer.array_types import BoolArray, Float64Array
from fer.colors import COLORS, outcome_colors
from fer.i18n import gettext as _
from fer.i18n import use_drawn_language
from fer.timeline.chart_notes import index_heading
from fer.timeline.drawn_marks import LEFT_OUT_STYLE, Hatching, draw_marks, marked_seconds
from fer.timeline.expression_statistics import (
    ERROR_BAND,
    STACK_ORDER,
    merged_statistics,
    outcome_shares,
)
from fer.timeline.face_counts import Counts
from fer.timeline.formatting import format_time, tick_step
from fer.timeline.marks import left_out_ranges
from fer.timeline.moments import Moment
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES

_BACKGROUND, _TEXT, _GRID, _LINE = "#ffffff", "#1c1917", "#d6d3d1", "#0d6861"

_WITHHELD: Hatching = {**LEFT_OUT_STYLE, "hatch": "////"}

_SIZE = 8.6, 6.2
"""Inches."""

_MAX_COLUMNS, _MAX_TICKS = 240, 10
"""Most bins and ticks that are distinguishable at this width."""


def timeline_plot(
    timeline: Timeline, moments: Sequence[Moment] = (), duration: float = 0.0
) -> Figure:
    """Draw a timeline, in its own view.

    Seconds without frames or faces are left empty. Those without a face to classify, or with too
    few for a class, are hatched. Long timelines are drawn in coarser bins, each the mean over its
    readings, or hatched if half of it or more is withheld.

    Args:
        timeline: What to draw; may be empty.
        moments: These are marked by their number, from 1.
        duration: Seconds up to which marks are drawn, also after the last frame.

    Returns:
        A figure of its own; nothing touches pyplot's global state.
    """
    with use_drawn_language():
        return _draw(timeline, moments, duration)


def _draw(timeline: Timeline, moments: Sequence[Moment], duration: float) -> Figure:
    figure = Figure(figsize=_SIZE, layout="constrained", facecolor=_BACKGROUND)
    if not len(timeline):
        figure.text(0.5, 0.5, _("Nothing was recorded."), ha="center", va="center", color=_TEXT)
        return figure
    counted = timeline.included()
    if not len(counted):
        figure.text(0.5, 0.5, _("All seconds are left out."), ha="center", va="center", color=_TEXT)
        return figure
    columns = _Columns(timeline, counted, _MAX_COLUMNS, duration)
    upper, middle, outcomes, lower = figure.subplots(
        4, 1, sharex=True, height_ratios=(3.2, 0.8, 0.8, 1.3)
    )
    above = 18 if moments else 5
    _draw_expressions(upper, columns)
    _style_axes(upper, _("Expressions, share in percent"), above=above)
    _mark_moments(upper, moments)
    _legend_of_hatching(upper, columns, above)
    for axes in (upper, middle, outcomes, lower):
        draw_marks(axes, timeline.marks, columns.start, columns.end, named=axes is upper)
    _draw_faces(middle, columns)
    _draw_outcomes(outcomes, columns)
    _draw_index(lower, columns)
    _time_axis(lower, columns)
    expressions = [Patch(facecolor=COLORS[name], label=_(name)) for name in STACK_ORDER]
    _legend(figure, expressions, loc="outside upper left", fontsize=9)
    return figure


class _Columns:
    """The bins of a timeline, as few as can be drawn: their starts, width and statistics."""

    def __init__(self, timeline: Timeline, counted: Timeline, most: int, duration: float) -> None:
        whole = timeline.counts()[0]
        numbers, counts = counted.counts()
        count = whole[-1] + 1 - whole[0]
        each = tick_step(int(count), most)
        self.places, bins = np.unique(numbers // each, return_inverse=True)
        self.view, withhold = timeline.view, timeline.view == "class"
        self.width = float(each * timeline.bin_seconds)
        self.statistics = merged_statistics(bins, counts, len(self.places), withhold)
        self.shown = self.statistics["classified"] > 0
        self.withheld = ~self.shown & (self.statistics["faces"] > 0)
        self.reason = hatching_reason(withhold)
        self.empty = ~self.shown & ~self.withheld
        self.start = float(whole[0] // each * self.width)
        marked = marked_seconds(timeline.marks, duration)
        self.end = max(float((whole[-1] // each + 1) * self.width), marked)
        self.left_out = any(
            first < self.end and last > self.start
            for first, last in left_out_ranges(timeline.marks)
        )

    def runs(self, chosen: BoolArray) -> Iterator[tuple[slice, Float64Array]]:
        """Yield the chosen columns that touch, and their edges in seconds, one more than those."""
        ends = np.flatnonzero(np.diff(self.places) > 1) + 1
        breaks = np.union1d(ends, np.flatnonzero(np.diff(chosen)) + 1)
        for part in np.split(np.arange(len(chosen)), breaks.astype(int)):
            if chosen[part[0]]:
                edges = np.arange(self.places[part[0]], self.places[part[-1]] + 2) * self.width
                yield slice(part[0], part[-1] + 1), edges


def hatching_reason(is_class: bool) -> str:
    """Return what hatching means, in the class view or in that of single persons."""
    if is_class:
        return _("fewer than %(least)s faces to classify", least=MIN_FACES)
    return _("no face to classify")


def _steps(values: Counts) -> Counts:
    """Repeat the last value, so that values belong to edges as `step="post"` wants them."""
    return np.concatenate([values, values[-1:]])


def _draw_expressions(axes: Axes, columns: _Columns) -> None:
    shares = np.column_stack([columns.statistics[name] for name in STACK_ORDER]).astype(np.float64)
    _draw_stack(axes, columns, columns.shown, shares, [COLORS[name] for name in STACK_ORDER])
    _hatch(axes, columns)
    _label_gaps(axes, columns, columns.withheld, columns.reason)
    _label_gaps(axes, columns, columns.empty, _("no face"))
    axes.set(ylim=(0, 100), yticks=(0, 50, 100))


def _draw_stack(
    axes: Axes, columns: _Columns, chosen: BoolArray, shares: Float64Array, colors: Sequence[str]
) -> None:
    """Stack shares (b, k), 0 to 1, in k colours where the columns are chosen, in percent."""
    tops = 100 * np.cumsum(shares, axis=1)
    linewidth = 0.3 if len(columns.places) <= 200 else 0  # lines would hide narrow columns
    for run, edges in columns.runs(chosen):
        low: Counts = np.zeros(len(edges))
        for color, top in zip(colors, tops[run].T, strict=True):
            high = _steps(top)
            axes.fill_between(
                edges,
                low,
                high,
                step="post",
                facecolor=color,
                edgecolor=_BACKGROUND,
                linewidth=linewidth,
            )
            low = high


def _hatch(axes: Axes, columns: _Columns) -> None:
    """Hatch where statistics are withheld."""
    for _run, edges in columns.runs(columns.withheld):
        axes.axvspan(edges[0], edges[-1], **_WITHHELD)


def _label_gaps(axes: Axes, columns: _Columns, chosen: BoolArray, text: str) -> None:
    """Write a text into stretches without statistics, if its letters fit."""
    whole = columns.end - columns.start
    box = {"facecolor": _BACKGROUND, "edgecolor": "none", "pad": 3}
    for _run, edges in columns.runs(chosen):
        if (edges[-1] - edges[0]) / whole * _SIZE[0] > 0.075 * len(text):
            place = (edges[0] + edges[-1]) / 2
            axes.text(
                place,
                50,
                text,
                ha="center",
                va="center",
                fontsize=9,
                color=_TEXT,
                bbox=box,
            )


def _mark_moments(axes: Axes, moments: Sequence[Moment]) -> None:
    """Write each moment's number above its start."""
    for number, moment in enumerate(moments, start=1):
        axes.axvline(moment.start, color=_TEXT, linewidth=0.8, linestyle=(0, (3, 2)))
        axes.annotate(
            str(number),
            (moment.start, 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=_BACKGROUND,
            fontsize=8,
            fontweight="bold",
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": _TEXT, "edgecolor": "none"},
        )


def _draw_faces(axes: Axes, columns: _Columns) -> None:
    faces = columns.statistics["faces"]
    for chosen, edges in columns.runs(np.ones(len(faces), bool)):
        values = _steps(faces[chosen])
        axes.fill_between(edges, 0, values, step="post", color=_GRID, linewidth=0)
        axes.step(edges, values, where="post", color=_TEXT, linewidth=1)
    most = max(1, int(np.ceil(faces.max())))
    axes.set(ylim=(0, 1.15 * most), yticks=(0, most))
    _style_axes(axes, _("Faces"))


def _draw_outcomes(axes: Axes, columns: _Columns) -> None:
    """Draw what share of the faces was classified, and why the others were not."""
    seen = columns.statistics["faces"] > 0
    colors = outcome_colors(columns.view)
    shares = outcome_shares(columns.statistics, columns.view)
    _draw_stack(axes, columns, seen, shares, list(colors.values()))
    _hatch(axes, columns)
    axes.set(ylim=(0, 100), yticks=(0, 100))
    _style_axes(axes, _("Faces classified, and why others were not"), above=19)
    handles = [Patch(facecolor=color, label=_(name)) for name, color in colors.items()]
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderpad": 0, "borderaxespad": 0.6}
    _legend(axes, handles, fontsize=8, **place)


def _draw_index(axes: Axes, columns: _Columns) -> None:
    index, error = columns.statistics["index"], ERROR_BAND * columns.statistics["index_error"]
    axes.axhline(0, color=_GRID, linewidth=1)
    for chosen, edges in columns.runs(np.isfinite(error)):
        low, high = (
            _steps(np.clip(values, -1, 1))
            for values in ((index - error)[chosen], (index + error)[chosen])
        )
        axes.fill_between(edges, low, high, step="post", color=_LINE, alpha=0.25, linewidth=0)
    for chosen, edges in columns.runs(columns.shown):
        axes.step(edges, _steps(index[chosen]), where="post", color=_LINE, linewidth=1.5)
    axes.set(ylim=(-1, 1), yticks=(-1, 0, 1), yticklabels=("\N{MINUS SIGN}1", "0", "+1"))
    _hatch(axes, columns)
    _style_axes(axes, index_heading(bool(np.isfinite(error).any())))


def _time_axis(axes: Axes, columns: _Columns) -> None:
    whole = columns.end - columns.start
    step = tick_step(whole, _MAX_TICKS)
    first = np.ceil(columns.start / step) * step
    axes.set_xlim(columns.start, columns.end)
    axes.xaxis.set_major_locator(FixedLocator(np.arange(first, columns.end + 1e-6, step).tolist()))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _place: format_time(seconds)))


def _style_axes(axes: Axes, title: str, above: float = 5) -> None:
    """Set the title, so many points above, and colours; leave out what carries no information."""
    axes.set_title(title, loc="left", fontsize=10, color=_TEXT, pad=above)
    axes.set_facecolor(_BACKGROUND)
    axes.tick_params(colors=_TEXT, labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GRID)


def _legend(place: Axes | Figure, patches: Sequence[Patch], **where: Any) -> None:
    """Add a legend in one row."""
    place.legend(
        handles=patches,
        ncols=len(patches),
        frameon=False,
        labelcolor=_TEXT,
        handlelength=1.1,
        columnspacing=1.2,
        **where,
    )


def _legend_of_hatching(axes: Axes, columns: _Columns, above: float) -> None:
    """Add the legend of the hatching, if there is any, `above` points above the axes."""
    patches = []
    if columns.withheld.any():
        patches.append(Patch(label=columns.reason, **_WITHHELD))
    if columns.left_out:
        patches.append(Patch(label=_("left out"), **LEFT_OUT_STYLE))
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderpad": 0}
    if patches:
        _legend(axes, patches, fontsize=9, borderaxespad=(above - 3) / 9, **place)
