"""WebVTT: the moments as subtitles for the annotated video."""

import html

from fer.timeline.intervals import IntervalTable

_POINT_SECONDS = 2.0
"""Seconds for which a point in time is displayed."""


def to_vtt(table: IntervalTable) -> str:
    """Return the rows of a table that have a text, as cues; without one it has no cue."""
    cues = [
        f"{number}\n{_time(row.start)} --> {_time(max(row.end, row.start + 0.001))}\n"
        f"{html.escape(row.text, quote=False)}\n"
        for number, row in enumerate((row for row in table.rows if row.text), start=1)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _time(seconds: float) -> str:
    minutes, milliseconds = divmod(round(1000 * seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds / 1000:06.3f}"
