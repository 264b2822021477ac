"""Summary of a timeline as HTML: the mean of all faces, and a table with a row for each."""

from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple

from markupsafe import Markup

from fer.i18n import ngettext
from fer.labels import EXPRESSIONS
from fer.templates import render
from fer.timeline.baseline import ChangeRow, change_rows
from fer.timeline.formatting import NO_VALUE, format_duration, format_percent, format_signed
from fer.timeline.summary import Summary, TrackSummary
from fer.timeline.timeline import Timeline

MAX_ROWS = 30
"""Rows of the table; of more faces, those seen longest."""


class TrackRow(NamedTuple):
    """A face's row: its number, mean shares, the largest of these, and texts of other columns."""

    track: int
    mean: Mapping[str, float]
    top: str
    texts: tuple[str, ...]


def summary_html(summary: Summary, timeline: Timeline) -> Markup:
    """Return the mean shares as bars and, in the person view, the table of single faces.

    Empty where all is withheld.

    Args:
        summary: The timeline's summary.
        timeline: The timeline; if a baseline is marked, a table of the changes against it follows.
    """
    if not summary.shown_seconds:
        return Markup()
    return render(
        "summary.html",
        mean=[summary.mean[name] for name in EXPRESSIONS],
        top=top_expression(summary.mean),
        rows=track_rows(summary),
        omitted=omitted_note(summary),
        changes=listed_changes(summary, timeline),
    )


def listed_changes(summary: Summary, timeline: Timeline) -> list[ChangeRow]:
    """Return how the listed faces changed against their baseline; none without one."""
    return change_rows(timeline, [track.track for track in summary.longest_tracks(MAX_ROWS)])


def top_expression(mean: Mapping[str, float]) -> str:
    """Return the expression with the largest share."""
    return max(EXPRESSIONS, key=mean.__getitem__)


def track_rows(summary: Summary) -> list[TrackRow]:
    """Return the rows of the faces seen longest; none of a class, which has no single faces."""
    return [_row(track) for track in summary.longest_tracks(MAX_ROWS)]


def omitted_note(summary: Summary) -> str:
    """Return how many faces have no row, in a sentence; "" if all have one."""
    rest = len(summary.tracks) - MAX_ROWS
    if rest <= 0:
        return ""
    return ngettext(
        "%(num)s more face, seen no longer than these, is not listed.",
        "%(num)s more faces, seen no longer than these, are not listed.",
        rest,
    )


def _row(track: TrackSummary) -> TrackRow:
    index = format_signed(track.index) if isfinite(track.index) else NO_VALUE
    uncertain = format_percent(track.uncertain) if isfinite(track.uncertain) else NO_VALUE
    texts = index, uncertain, format_percent(track.turned), format_duration(track.seconds)
    # No share stands out where none did in most readings.
    top = "" if track.uncertain > 0.5 else top_expression(track.mean)
    return TrackRow(track.track, track.mean, top, texts)
