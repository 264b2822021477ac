"""WebVTT: the moments as subtitles for the annotated video."""

import html

from fer.timeline.annotation_tiers import Interval, IntervalTable

POINT_SECONDS = 2.0
"""Seconds for which a point in time is displayed."""


def to_vtt(table: IntervalTable) -> str:
    """Return the rows of a table that have a text, as cues; without one it has no cue."""
    noted = (row for row in table.rows if row.text)
    return "\n".join(["WEBVTT\n", *(_cue(i, row) for i, row in enumerate(noted, start=1))])


def _cue(number: int, row: Interval) -> str:
    end = row.end if row.end > row.start else row.start + POINT_SECONDS
    times = f"{_time(row.start)} --> {_time(end)}"
    return f"{number}\n{times}\n{html.escape(row.text, quote=False)}\n"


def _time(seconds: float) -> str:
    minutes, milliseconds = divmod(round(1000 * seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds / 1000:06.3f}"
