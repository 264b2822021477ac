"""A timeline as text: CSV for spreadsheets, JSON to keep, which reads back exactly.

A file holds what the timeline's view keeps, so a file of the class view has neither tracks
nor any expression of a frame with too few faces.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fer.array_types import Float64Array, Int64Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.timeline.face_counts import (
    CLASSIFIED,
    COUNT_COLUMNS,
    FACES,
    FRAMES,
    PROBABILITIES,
    PROBABILITY_SCALE,
    SMALL_FACES,
    UNCERTAIN_FACES,
)
from fer.timeline.marks import describe_marks, from_records, left_out_ranges, to_records
from fer.timeline.timeline import TIME_TOLERANCE, Timeline, TimelineError
from fer.timeline.track_counts import TRACK_SUMS
from fer.timeline.withholding import MIN_FACES

if TYPE_CHECKING:
    from pandas import DataFrame

Key = TypeVar("Key")

FORMAT, VERSION = "fer-timeline", 2

_BIN_COUNTS, _TRACK_COUNTS = len(COUNT_COLUMNS), len(TRACK_SUMS)

_VERSIONS = {1: (_BIN_COUNTS - 1, _BIN_COUNTS - 1), VERSION: (_BIN_COUNTS, _TRACK_COUNTS)}
"""Counts of a bin and of a track in each version that can be read.

The first had neither `turned`, the last of `COUNT_COLUMNS`, nor the quality of tracks.
"""

_NO_TIMELINE = N_(
    "This is no timeline as JSON; name the timeline.json of a recording, or one saved in Live."
)

_ROUNDED_UP = 1.001
"""What a probability of 1 may have become; see `fer.timeline.face_counts`."""

_MAX_NUMBER = 2**40
"""Largest number of a bin or a track; no timeline gets near it."""


def to_csv(timeline: Timeline) -> str:
    """Return `table()` as CSV in the class view, `track_table()` in the person view.

    Numbers are written with a point and with all their digits, NaN as an empty cell. With marks
    it has two columns more: `left_out`, 1 where the bin doesn't count, and `marks`, in words.
    """
    table = timeline.track_table() if timeline.view == "person" else timeline.table()
    if timeline.marks:
        table = table.assign(**mark_columns(timeline, table["time"].to_numpy()))
    return table.to_csv(index=False, lineterminator="\n")


def mark_columns(timeline: Timeline, times: Float64Array) -> dict[str, list[int] | list[str]]:
    """Return which bins are left out, and the marks in them, in words.

    Args:
        timeline: Timeline with its marks.
        times: Seconds of each row, (r,): each belongs to the bin that holds it.
    """
    step = timeline.bin_seconds
    numbers = np.floor(times / step + TIME_TOLERANCE).astype(np.int64)
    out = timeline.bins_touching(left_out_ranges(timeline.marks))
    known = {
        number: (
            int(number in out),
            describe_marks(timeline.marks, number * step, (number + 1) * step),
        )
        for number in set(numbers.tolist())
    }
    rows = [known[number] for number in numbers.tolist()]
    return {"left_out": [out for out, _ in rows], "marks": [text for _, text in rows]}


def to_json(timeline: Timeline, about: Mapping[str, object] | None = None) -> str:
    """Return the whole timeline as JSON.

    `bins` (and `tracks`, under `track_columns`) hold the exact counts, from which `from_json`
    restores the timeline; `table` holds those of the whole picture as means, for reading.

    Args:
        timeline: What was recorded.
        about: Further entries, such as the network's name; None for none.
    """
    bins, rows = timeline.counts()
    document = {
        "format": FORMAT,
        "version": VERSION,
        "about": dict(about or {}),
        "settings": timeline.settings,
        "min_faces": MIN_FACES if timeline.view == "class" else 1,
        "scale": PROBABILITY_SCALE,
        "columns": ["bin", *COUNT_COLUMNS],
        "bins": np.column_stack([bins, rows]).tolist(),
        "table": _records(timeline.table()),
    }
    if timeline.marks:
        document["marks"] = to_records(timeline.marks)
    if timeline.view == "person":
        document["track_columns"] = ["bin", "track", *TRACK_SUMS]
        numbers, tracks, counts = timeline.track_counts()
        rows = np.column_stack([numbers, tracks, counts, timeline.track_quality()])
        document["tracks"] = rows.tolist()
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def from_json(text: str) -> Timeline:
    """Return the timeline that `to_json` wrote, equal to it; of the first version, too.

    Raises:
        TimelineError: The text is no timeline, or of another version.
    """
    return from_document(parse_json(text))


def parse_json(text: str) -> Any:
    """Return the content of JSON, for `from_document` and `about_of`.

    Raises:
        TimelineError: The text is no JSON.
    """
    try:
        return json.loads(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))  # of some editors
    except (ValueError, RecursionError) as error:
        raise TimelineError(_(_NO_TIMELINE)) from error


def from_document(document: Any) -> Timeline:
    """Return the timeline in a parsed JSON file, see `from_json`."""
    try:
        if document["format"] != FORMAT:
            raise ValueError("The JSON of something else.")
        if (version := document["version"]) not in _VERSIONS:
            raise TimelineError(
                _(
                    "This timeline was saved in version %(found)s of its format; versions up to "
                    "%(readable)s can be read.",
                    found=version,
                    readable=VERSION,
                )
            )
        counts, track_counts = _VERSIONS[version]
        timeline = Timeline(**document["settings"])
        timeline.marks = from_records(document.get("marks", ()))
        bins = {_whole(number): row for number, *row in document["bins"]}
        tracks = {
            (_whole(number), _whole(track)): row
            for number, track, *row in document.get("tracks", ())
        }
    except TimelineError:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise TimelineError(_(_NO_TIMELINE)) from error
    timeline.restore(
        _read_counts(bins, counts, _BIN_COUNTS), _read_counts(tracks, track_counts, _TRACK_COUNTS)
    )
    return timeline


def _whole(number: object) -> int:
    """Return the number of a bin or a track as it is.

    Raises:
        ValueError: It is not such a number.
    """
    if type(number) is not int or not 0 <= number <= _MAX_NUMBER:
        raise ValueError(f"{number!r} is no number of a bin or a track")
    return number


def about_of(document: Any) -> Mapping[str, object]:
    """Return the further entries of a parsed JSON file; none where they are missing."""
    about = document.get("about") if isinstance(document, dict) else None
    return about if isinstance(about, dict) else {}


def _read_counts(
    rows: Mapping[Key, Sequence[object]], counts: int, now: int
) -> dict[Key, Int64Array]:
    """Return rows of `counts` counts with zeros for those that their version doesn't have.

    Raises:
        TimelineError: A row has another number of counts, or impossible ones.
    """
    if any(len(row) != counts for row in rows.values()):
        raise TimelineError(
            _("This timeline is damaged: a row has not %(counts)s counts.", counts=counts)
        )
    if not rows:
        return {}
    try:
        table = np.array(list(rows.values()))  # not as int64, which would cut fractions off
    except ValueError:  # lists in a row
        table = np.empty(0)
    if not (table.ndim == 2 and table.dtype == np.int64 and _is_possible(table)):
        raise TimelineError(_("This timeline is damaged: a row has impossible counts."))
    return dict(zip(rows, np.pad(table, ((0, 0), (0, now - counts))), strict=True))


def _is_possible(table: Int64Array) -> bool:
    """Return whether all rows have a frame, and counts that fit each other.

    Only sums of quality may be negative. No face counts for more than one, nor does any of its
    probabilities, but for rounding.
    """
    counts = table[:, :_BIN_COUNTS]
    faces, classified = counts[:, FACES], counts[:, CLASSIFIED]
    most = classified[:, None] * (PROBABILITY_SCALE * _ROUNDED_UP)
    return bool(
        (counts[:, FRAMES] > 0).all()
        and (counts >= 0).all()
        and (classified <= faces).all()
        and (counts[:, UNCERTAIN_FACES] <= classified).all()
        and (counts[:, SMALL_FACES] <= faces).all()
        and (counts[:, PROBABILITIES] <= most).all()
    )


def _records(table: "DataFrame") -> list[dict[str, float | None]]:
    """Return one dictionary per row, with None for NaN."""
    return [
        {str(name): None if math.isnan(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]
