"""Drawing of marks in the chart and in the plot."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from fer.i18n import gettext as _
from fer.timeline.formatting import format_exact_time
from fer.timeline.marks import EVENT, Mark, left_out_ranges, letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK = "#1c1917"


class Hatching(TypedDict):
    """What matplotlib draws hatched areas with."""

    facecolor: str
    edgecolor: str
    hatch: str
    linewidth: float


LEFT_OUT_STYLE: Hatching = {
    "facecolor": "none",
    "edgecolor": "#a8a29e",
    "hatch": r"\\\\",  # as in the chart; what is withheld is hatched the other way
    "linewidth": 0,
}


_LATE = 0.9
"""Share of the time axis from which on there may be no room for letters to the right; a zoomed
chart, whose axis is shorter, finds them again in chart.js."""


class MarkPlace(NamedTuple):
    """A mark in the chart: its letters, CSS classes, left edge and width in percent, and words."""

    letters: str
    classes: str
    left: str
    width: str
    title: str


def marked_seconds(marks: Iterable[Mark], duration: float) -> int:
    """Return the seconds up to the end of the last mark; 0 without marks.

    That may be after the last frame, where the camera was lost or the sound goes on.

    Args:
        marks: Marks; those that begin a second or more after the duration don't count.
        duration: Seconds of the recording with its sound, or of a live timeline, which a mark may
            exceed.
    """
    found = [mark for mark in marks if mark.start < duration + 1]
    ends = [math.ceil(min(mark.end, duration)) for mark in found]
    return max(ends + [math.floor(mark.start) + 1 for mark in found], default=0)


def mark_places(marks: Sequence[Mark], span: float) -> list[MarkPlace]:
    """Return where the chart shows marks that begin within its time axis.

    Args:
        marks: Marks by time; each is named by its letters.
        span: Length of the time axis in seconds.
    """
    return [
        MarkPlace(
            letters(i),
            f"fer-mark-{mark.kind.replace(' ', '-')}"
            + (" fer-mark-late" if mark.start > _LATE * span else ""),
            f"{mark.start / span:.2%}",
            f"{(min(mark.end, span) - mark.start) / span:.2%}",
            f"{format_exact_time(mark.start)} {mark.text or _(mark.kind)}",
        )
        for i, mark in enumerate(marks)
        if mark.start < span
    ]


def draw_marks(axes: "Axes", marks: Sequence[Mark], start: float, end: float, named: bool) -> None:
    """Draw marks into a plot over seconds: a line for an event, a bar at the foot for a range.

    Args:
        axes: The plot.
        marks: Marks by time.
        start: Start of the time axis in seconds; marks before it are not drawn.
        end: End of the time axis in seconds.
        named: Whether the marks' letters are drawn, too.
    """
    foot = axes.get_xaxis_transform()
    for first, last in left_out_ranges(marks):
        axes.axvspan(first, last, **LEFT_OUT_STYLE)
    for number, mark in enumerate(marks):
        if mark.start >= end or mark.end < start or mark.start < mark.end == start:
            continue
        if mark.kind == EVENT:
            axes.axvline(mark.start, color=_INK, linewidth=1, linestyle=(0, (1, 1.5)))
        else:
            axes.plot([mark.start, mark.end], [0, 0], color=_INK, linewidth=3, transform=foot)
        if named:
            axes.annotate(
                letters(number),
                (max(mark.start, start), 0),
                (1, 3),
                xycoords=foot,
                textcoords="offset points",
                color="#ffffff",
                fontsize=7,
                bbox={"boxstyle": "square,pad=0.15", "facecolor": _INK, "edgecolor": "none"},
            )
