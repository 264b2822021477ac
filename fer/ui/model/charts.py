"""Charts of an evaluation as SVG: reliability, and accuracy over coverage.

They are drawn in units of a `viewBox`, so that they fit any width, and take their colours from the
page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from markupsafe import Markup

from fer.i18n import gettext as _
from fer.model.evaluation_results import ReliabilityBin, SelectiveMetrics
from fer.templates import render
from fer.timeline.formatting import format_decimal

WIDTH, LEFT, RIGHT = 340.0, 38.0, 8.0
"""Width of a chart, and its left and right margins, in units of about a pixel on a telephone."""

TOP, BOTTOM = 8.0, 190.0
"""Top and bottom of the plot."""

STRIP = (206.0, 234.0)
"""Top and bottom of the strip that counts faces."""

Points = Sequence[tuple[float, float]]
"""Pairs of an x and a y, each a share from 0 to 1."""


@dataclass(frozen=True)
class Series:
    """A line of a chart.

    Args:
        name: What it is, for the legend.
        kind: Its colour and its dashes: "first", "second" or "ideal".
        points: Points from left to right.
        chosen: A point of it to be marked; None for none.
    """

    name: str
    kind: str
    points: Points
    chosen: tuple[float, float] | None = None


def reliability_chart(bins: Sequence[ReliabilityBin], error: float | None) -> Markup:
    """Return accuracy over confidence, with the number of faces below.

    Args:
        bins: One or more, with faces.
        error: The expected calibration error; None where unknown.
    """
    points = [(each.confidence, each.accuracy) for each in bins]
    most = max(each.faces for each in bins)
    width = (WIDTH - LEFT - RIGHT) / 24
    counts = [
        {
            "x": f"{_x(each.confidence) - width / 2:.1f}",
            "width": f"{width:.1f}",
            "y": f"{_between(STRIP[1], STRIP[0], each.faces / most):.1f}",
            "height": f"{(STRIP[1] - STRIP[0]) * each.faces / most:.1f}",
        }
        for each in bins
    ]
    pairs = [
        _(
            "%(accuracy)s right at %(confidence)s",
            accuracy=f"{each.accuracy:.0%}",
            confidence=f"{each.confidence:.0%}",
        )
        for each in bins
    ]
    description = _("Accuracy over confidence: %(pairs)s", pairs=", ".join(pairs))
    if error is not None:
        description += "; " + _("calibration error %(error)s", error=format_decimal(error, 3))
    lines = [
        Series(_("as confident as right"), "ideal", [(0, 0), (1, 1)]),
        Series(_("the network"), "first", points),
    ]
    return _chart(lines, (0, 1), _("its probability"), description, dots=points, counts=counts)


def coverage_chart(points: Sequence[SelectiveMetrics], chosen: SelectiveMetrics | None) -> Markup:
    """Return the accuracy of the faces that are named, over their share.

    Args:
        points: Metrics over thresholds; `ferplus_agreement` where there are votes.
        chosen: Metrics at the threshold in use; None where unknown.
    """
    lines = []
    for name, kind, accuracy in (
        (_("by FER2013's labels"), "first", attrgetter("accuracy")),
        (_("by FER+'s majority"), "second", attrgetter("ferplus_accuracy")),
    ):
        known = [(each.coverage, right) for each in points if (right := accuracy(each)) is not None]
        if known:
            mark = accuracy(chosen) if chosen else None
            marked = (chosen.coverage, mark) if chosen and mark is not None else None
            lines.append(Series(name, kind, sorted(known), marked))
    lowest = min((point[1] for line in lines for point in line.points), default=0.0)
    described = (
        _(
            "%(name)s %(last_right)s of %(last_named)s of the faces, %(first_right)s of "
            "%(first_named)s",
            name=line.name,
            last_right=f"{line.points[-1][1]:.0%}",
            last_named=f"{line.points[-1][0]:.0%}",
            first_right=f"{line.points[0][1]:.0%}",
            first_named=f"{line.points[0][0]:.0%}",
        )
        for line in lines
    )
    description = _(
        "Accuracy of the faces named most confidently: %(described)s",
        described="; ".join(described),
    )
    axis = min(0.9, int(10 * lowest) / 10), 1.0
    return _chart(lines, axis, _("share of the faces that is named"), description)


def _chart(
    lines: Sequence[Series],
    range_: tuple[float, float],
    x_label: str,
    description: str,
    dots: Points = (),
    counts: Sequence[Mapping[str, str]] = (),
) -> Markup:
    """Return a chart of shares, percent on both axes."""
    floor, ceiling = range_
    steps = 5 if ceiling - floor > 0.5 else round(10 * (ceiling - floor))
    ticks = [floor + (ceiling - floor) * i / steps for i in range(steps + 1)]

    def place(point: tuple[float, float]) -> tuple[str, str]:
        x, y = point
        return f"{_x(x):.1f}", f"{_y(y, floor, ceiling):.1f}"

    return render(
        "share_chart.html",
        description=description,
        x_label=x_label,
        box={"width": WIDTH, "left": LEFT, "right": WIDTH - RIGHT, "bottom": BOTTOM},
        height=f"{(STRIP[1] if counts else BOTTOM) + 34:g}",
        base=STRIP[1] if counts else BOTTOM,
        x_ticks=[(f"{_x(i / 4):.1f}", f"{25 * i}%") for i in range(5)],
        y_ticks=[(f"{_y(tick, floor, ceiling):.1f}", f"{tick:.0%}") for tick in ticks],
        lines=[
            {
                "name": line.name,
                "kind": line.kind,
                "points": " ".join(",".join(place(point)) for point in line.points),
                "chosen": place(line.chosen) if line.chosen else None,
                "text": f"{line.chosen[1]:.0%}" if line.chosen else "",
            }
            for line in lines
        ],
        dots=[place(dot) for dot in dots],
        counts=counts,
    )


def _x(share: float) -> float:
    return _between(LEFT, WIDTH - RIGHT, share)


def _y(share: float, floor: float, ceiling: float) -> float:
    return _between(BOTTOM, TOP, (share - floor) / (ceiling - floor))


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share
