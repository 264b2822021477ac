"""Timeline chart as inline SVG: no file, no request, sharp at any width.

Areas are drawn in an SVG that stretches with the page; text and ticks are HTML around it, so that
they don't stretch. Colours other than the expressions' own come from the stylesheet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from markupsafe import Markup

from fer.array_types import Float64Array
from fer.colors import COLORS, outcome_colors
from fer.i18n import gettext as _
from fer.templates import render
from fer.timeline.baseline import MIN_CHANGE_IN_STDS, compare_with_baseline
from fer.timeline.chart_curves import VIEWBOX_SIDE, Curves, chart_curves, chart_series
from fer.timeline.chart_notes import chart_description, chart_note, index_heading
from fer.timeline.drawn_marks import mark_places, marked_seconds
from fer.timeline.expression_statistics import (
    ERROR_BAND,
    STACK_ORDER,
    outcome_shares,
)
from fer.timeline.face_counts import FRAMES
from fer.timeline.formatting import format_time, tick_step
from fer.timeline.moments import Moment
from fer.timeline.timeline import Timeline

MAX_COLUMNS = 240
"""Maximum number of bins drawn; longer timelines are merged into wider bins, exactly.

A wider bin is withheld if half of it or more is."""

MIN_LIVE_SPAN, MIN_SPAN = 60, 1
"""Minimum length of the time axis in seconds: a growing timeline fills it from the left."""

MAX_TRACKS = 3
"""Single faces drawn in the person view: those seen longest."""

_INDEX_SCALE = "+1", "0", "\N{MINUS SIGN}1"


@dataclass(frozen=True)
class Plot:
    """One of the plots that share a time axis, as the template draws it.

    Args:
        heading: What it shows.
        scale: Marks of the vertical axis: top, middle, bottom.
        kind: CSS class.
        paths: Attributes of each SVG path, in the order of painting.
        strips: Left edge and width of each hatched stretch, in percent.
        moments: Place, in percent, and number of each moment that is marked.
        legend: Its colours, by what they mean.
    """

    heading: str
    scale: tuple[str, str, str]
    kind: str
    paths: Sequence[dict[str, str]]
    strips: Sequence[tuple[str, str]] = ()
    moments: Sequence[tuple[str, int]] = ()
    legend: Mapping[str, str] = field(default_factory=dict)


def timeline_html(
    timeline: Timeline,
    moments: Sequence[Moment] = (),
    duration: float = 0.0,
    growing: bool = False,
    started: str = "",
    level: int = 4,
) -> Markup:
    """Return the chart of a timeline: all faces and, in the person view, single ones below.

    Args:
        timeline: May still be empty.
        moments: These are marked by their number, from 1.
        duration: Seconds up to which marks are drawn, also after the last frame.
        growing: Whether it is drawn anew each second: its time axis has room for a minute, and it
            lacks what `chart.js` needs to display values and to zoom.
        started: When a live timeline began, in ISO 8601 with its time zone; "" where unknown.
        level: Level of its headings, 3 or 4.
    """
    counted = timeline.included()
    tracks = longest_tracks(counted)
    marked = marked_seconds(timeline.marks, duration)
    min_span = max(MIN_LIVE_SPAN if growing else MIN_SPAN, marked)
    whole, *single = chart_curves(timeline, counted, tracks, MAX_COLUMNS, min_span)
    headings = [_("Face %(number)s", number=track) for track in tracks]
    faces, several = list(zip(headings, single, strict=True)), len(tracks) > 1
    rows = [(_("All faces"), whole), *faces] if several else [(_("Expressions"), whole)]
    withheld = any(each.withheld.any() for _heading, each in rows)
    changes = _changes(counted, dict(zip(tracks, faces, strict=True)))
    return render(
        "chart.html",
        description=chart_description(counted),
        span=f"{whole.span:g}",
        series="" if growing else chart_series(timeline, counted, tracks if several else ()),
        started=started,
        level=level,
        plots=[
            *_areas(rows, moments),
            *_index_and_faces(whole),
            _outcomes(whole, timeline.view),
            *changes,
        ],
        marks=mark_places(timeline.marks, whole.span),
        times=_time_axis(whole.span),
        side=VIEWBOX_SIDE,
        note=chart_note(counted, withheld, len(tracks), len(changes)),
    )


def longest_tracks(timeline: Timeline) -> list[int]:
    """Return the up to `MAX_TRACKS` track ids seen longest, ascending.

    By the share of each bin's frames that they are in: not all bins have as many frames.
    """
    numbers, counts = timeline.counts()
    bins, tracks, rows = timeline.track_counts()
    shares = rows[:, FRAMES] / counts[np.searchsorted(numbers, bins), FRAMES]
    found, places = np.unique(tracks, return_inverse=True)
    longest = np.argsort(-np.bincount(places, shares), kind="stable")[:MAX_TRACKS]
    return sorted(found[longest].tolist())


def _areas(rows: Sequence[tuple[str, Curves]], moments: Sequence[Moment]) -> list[Plot]:
    """Return a plot of the expressions' shares for each row.

    Args:
        rows: A heading and the curves, all with the same time axis.
        moments: These are marked in the first plot, which has the legend, too.
    """
    colors = {name: COLORS[name] for name in STACK_ORDER}
    plots = [
        Plot(
            heading,
            ("100%", "50%", "0"),
            "fer-areas",
            _stack(curves, curves.shares, list(colors.values())),
            _withheld_strips(curves),
        )
        for heading, curves in rows
    ]
    span = rows[0][1].span
    marks = [(f"{moment.start / span:.1%}", i) for i, moment in enumerate(moments, start=1)]
    return [replace(plots[0], moments=marks, legend=colors), *plots[1:]]


def _index_and_faces(whole: Curves) -> list[Plot]:
    """Return the plots of the index, a line in its band, and of the number of all faces."""
    names = "index", "index_error", "faces"
    index, error, faces = (np.asarray(whole.statistics[name], np.float64) for name in names)
    heading = index_heading(bool(np.isfinite(error).any()))
    reach = ERROR_BAND * np.nan_to_num(error)
    line = whole.line_with_band(index, index - reach, index + reach)
    most = int(np.nanmax(faces, initial=0.0)) + 1
    area = [{"class": "fer-band", "d": whole.area(faces / most, 0 * faces)}]  # never withheld
    return [
        Plot(heading, _INDEX_SCALE, "", line, _withheld_strips(whole)),
        Plot(_("Faces"), (str(most), "", "0"), "fer-count", area),
    ]


def _outcomes(whole: Curves, view: str) -> Plot:
    """Return the plot of how many of the faces were named, and why others were not."""
    colors = outcome_colors(view)
    return Plot(
        _("Faces classified, and why others were not"),
        ("100%", "", "0"),
        "fer-outcomes",
        _stack(whole, outcome_shares(whole.statistics, view), list(colors.values())),
        _withheld_strips(whole),
        legend=colors,
    )


def _changes(timeline: Timeline, faces: Mapping[int, tuple[str, Curves]]) -> list[Plot]:
    """Return a plot of each face's index against its own in the marked baseline, if there is one.

    Args:
        timeline: Timeline with a baseline among its marks, in the person view.
        faces: Heading and curves by track.
    """
    plots = []
    for track, comparison in compare_with_baseline(timeline, list(faces)).items():
        heading, curves = faces[track]
        title = _(
            "%(face)s: change of the index from the baseline, whose band is ± %(spreads)s SD",
            face=heading,
            spreads=MIN_CHANGE_IN_STDS,
        )
        change = np.asarray(curves.statistics["index"], np.float64) - comparison.mean["index"]
        middle = np.where(np.isfinite(change), 0.0, np.nan)
        reach = MIN_CHANGE_IN_STDS * comparison.std["index"]
        paths = curves.line_with_band(change, middle - reach, middle + reach)
        plots.append(Plot(title, _INDEX_SCALE, "", paths))
    return plots


def _stack(curves: Curves, shares: Float64Array, colors: Sequence[str]) -> list[dict[str, str]]:
    """Return shares, (n, k), in k colours: the sum of all is painted first, the others over it."""
    tops = np.minimum(np.cumsum(shares, axis=1), 1)
    return [
        {"fill": color, "d": curves.area(tops[:, i], 0 * tops[:, i])}
        for i, color in reversed(list(enumerate(colors)))
    ]


def _withheld_strips(curves: Curves) -> list[tuple[str, str]]:
    """Return left edge and width, in percent, of the stretches that are withheld."""
    hidden = np.where(curves.withheld, 1.0, np.nan)
    return [
        (f"{places[0] / VIEWBOX_SIDE:.1%}", f"{(places[-1] - places[0]) / VIEWBOX_SIDE:.1%}")
        for places, _bins in curves.runs(hidden)
    ]


def _time_axis(span: float) -> list[tuple[str, str]]:
    """Return place and text of the labels of the time axis, at most five."""
    step = tick_step(span, 5)
    return [(f"{t / span:.1%}", format_time(t)) for t in np.arange(0, span * 0.97, step).tolist()]
