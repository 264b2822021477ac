"""Marks that people set on a timeline: events, and ranges that are left out or compared.

A second that a left-out range touches doesn't count in any figure; it stays in the timeline, so
that a mark can be taken back.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fer.array_types import BoolArray, Int64Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.timeline.formatting import shortened

EVENT, LEFT_OUT, STRETCH, BASELINE = N_("event"), N_("left out"), N_("stretch"), N_("baseline")

KINDS = {
    EVENT: N_("something happened"),
    LEFT_OUT: N_("these seconds don't count"),
    STRETCH: N_("a stretch to compare with others"),
    BASELINE: N_("a neutral stretch that others are compared with"),
}
"""Kinds of marks and what they mean. An event has no length, the others have one."""

MAX_TEXT, MAX_MARKS, MAX_SECONDS = 200, 500, 1e6
"""Letters of a text, marks of a timeline, and seconds of a time, at most."""

DECIMALS = 3
"""Decimal places of a mark's seconds."""

_TOLERANCE = 1e-6
"""Seconds by which a multiple of a bin's length may miss the end of a range."""

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Letters of Hindi and Persian, and of emoji, though nothing is printed for them."""

COLUMNS = ("kind", "start", "end", "text")
"""Columns of marks as CSV."""


class MarkError(ValueError):
    """A mark is not possible; the message is one sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(shortened(sentence))  # it may quote a file


@dataclass(frozen=True, order=True)
class Mark:
    """A point or range of a timeline.

    Args:
        start: Seconds, rounded to milliseconds.
        end: Seconds, rounded to milliseconds; the start of an event.
        kind: One of `KINDS`.
        text: A note, on one line; "" for none.
    """

    start: float
    end: float
    kind: str
    text: str = ""

    def __post_init__(self) -> None:
        """Round the times and put the text on one line.

        Raises:
            MarkError: The kind is unknown, a time is out of range, or a range has no length.
        """
        if self.kind not in KINDS:
            raise MarkError(
                _(
                    "A mark is one of %(kinds)s, not %(kind)r.",
                    kinds=", ".join(KINDS),
                    kind=self.kind,
                )
            )
        end = self.start if self.kind == EVENT else self.end
        times = tuple(round(float(time), DECIMALS) + 0.0 for time in (self.start, end))
        if not all(math.isfinite(time) and 0 <= time <= MAX_SECONDS for time in times):
            raise MarkError(
                _(
                    "A mark's time is 0 or more seconds, not %(start)s to %(end)s.",
                    start=self.start,
                    end=self.end,
                )
            )
        if self.kind != EVENT and times[1] <= times[0]:
            raise MarkError(
                _("A mark of the kind “%(kind)s” needs an end after its start.", kind=_(self.kind))
            )
        text = "".join(c if c.isprintable() or c in _JOINERS else " " for c in str(self.text))
        text = " ".join(text.split())[:MAX_TEXT].strip()
        text = text if text.strip(_JOINERS + " ") else ""
        for name, value in (("start", times[0]), ("end", times[1]), ("text", text)):
            object.__setattr__(self, name, value)

    @property
    def label(self) -> str:
        """The text, or the kind where there is none."""
        return self.text or self.kind


def sorted_marks(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return marks by time, each once.

    Raises:
        MarkError: There are more than `MAX_MARKS`.
    """
    found = tuple(sorted(set(marks)))
    if len(found) > MAX_MARKS:
        raise MarkError(
            _(
                "A timeline holds %(most)s marks at most, not %(number)s.",
                most=MAX_MARKS,
                number=len(found),
            )
        )
    return found


def letters(number: int) -> str:
    """Return the letters that name a mark in the chart: 0 is A, 25 is Z, 26 is AA."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def left_out_ranges(marks: Iterable[Mark]) -> list[tuple[float, float]]:
    """Return start and end of the ranges that don't count, without overlaps, by time."""
    return merged_ranges((mark.start, mark.end) for mark in marks if mark.kind == LEFT_OUT)


def merged_ranges(ranges: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return ranges as few that don't touch each other, by time."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def bins_within(
    numbers: Int64Array, length: float, ranges: Iterable[tuple[float, float]]
) -> BoolArray:
    """Return which bins lie within one of some ranges as a whole, bool (b,).

    Args:
        numbers: The bins' numbers, (b,): bin k starts at `k * length`.
        length: Length of each bin, in seconds.
        ranges: Start and end, in seconds; those that touch each other are one.
    """
    starts, ends = numbers * length, (numbers + 1) * length
    inside = np.zeros(len(numbers), bool)
    for start, end in merged_ranges(ranges):
        inside |= (starts >= start - _TOLERANCE) & (ends <= end + _TOLERANCE)
    return inside


def marks_end(marks: Iterable[Mark], end: float) -> float:
    """Return an end, or where the marks end that begin in the second after it.

    Visitors may set these; of a range only what is in its first second counts.
    """
    late = [mark for mark in marks if end <= mark.start < end + 1]
    return max([end, *(min(mark.end, math.floor(mark.start) + 1) for mark in late)])


def clipped(marks: Iterable[Mark], start: float, end: float, shift: float) -> Iterator[Mark]:
    """Yield marks as far as they lie within a start and an end, later by some seconds.

    Args:
        marks: The marks.
        start: What is before it is cut.
        end: What is after it is cut.
        shift: Seconds by which they are later.
    """
    for mark in marks:
        times = max(mark.start, start), min(mark.end, end)
        # Rounded as a mark rounds them: a range of which less than that is left has no length.
        first, last = (round(time + shift, DECIMALS) for time in times)
        if first < last or (mark.kind == EVENT and first == last):
            yield replace(mark, start=first, end=last)


def describe_marks(marks: Iterable[Mark], start: float, end: float) -> str:
    """Return the marks that have a moment in common with the time from start to below end."""
    found = [mark for mark in marks if mark.start < end and _reaches(mark, start)]
    return "; ".join(f"{mark.kind}: {mark.text}" if mark.text else mark.kind for mark in found)


def _reaches(mark: Mark, start: float) -> bool:
    """Return whether a mark goes on at some seconds, or begins later."""
    return mark.start >= start if mark.kind == EVENT else mark.end > start


def to_records(marks: Iterable[Mark]) -> list[dict[str, str | float]]:
    """Return marks as JSON holds them."""
    return [{name: getattr(mark, name) for name in COLUMNS} for mark in marks]


def from_records(records: Sequence[Mapping[str, object]]) -> tuple[Mark, ...]:
    """Return the marks of `to_records`.

    Raises:
        MarkError: They are no marks.
    """
    try:
        return sorted_marks(
            Mark(_number(row["start"]), _number(row["end"]), str(row["kind"]), str(row["text"]))
            for row in records
        )
    except (LookupError, TypeError) as error:
        raise MarkError(f"These are no marks ({error!r}).") from error


def from_csv(text: str) -> tuple[Mark, ...]:
    """Return marks from CSV with the columns `COLUMNS`, of which `end` and `text` may be missing.

    Times are as `parse_time` reads them. Columns are separated by commas, semicolons or tabs. Rows
    without content are passed over.

    Raises:
        MarkError: It has no such columns, or a row is no mark; the message names the row.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        # Strict, as a quotation mark that is never closed would take the other rows into a text.
        reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        missing = {"kind", "start"} - set(reader.fieldnames)
        if missing:
            raise MarkError(
                f"A file of marks has the columns {', '.join(COLUMNS)}; this one has no "
                f"{sorted(missing)[0]!r}."
            )
        return sorted_marks(_row_mark(reader.line_num, row) for row in reader if any(row.values()))
    except csv.Error as error:
        raise MarkError(f"This is no CSV file ({error}).") from error


def _row_mark(line: int, row: Mapping[str | None, Any]) -> Mark:
    """Return the mark of a row, see `csv.DictReader`."""
    start, end = (parse_time(row.get(name) or "") for name in ("start", "end"))
    kind = (row.get("kind") or "").strip().lower()
    try:
        if start is None:
            raise MarkError("its start is no time, such as 75.5 or 1:15.5.")
        if end is None and (row.get("end") or "").strip():
            raise MarkError("its end is no time, such as 75.5 or 1:15.5; an event needs none.")
        if any(row.get(None) or ()):
            raise MarkError(
                "it has more cells than the first line; put a text with commas in quotation marks."
            )
        return Mark(start, start if end is None else end, kind, row.get("text") or "")
    except MarkError as error:
        raise MarkError(f"Line {line} of the marks can't be used: {error}") from error


def parse_time(text: str) -> float | None:
    """Return the seconds of "75.5", "1:15.5" or "1:02:03", also with a decimal comma; or None."""
    try:
        numbers = [float(part) for part in text.strip().replace(",", ".").split(":")]
    except ValueError:
        return None
    if len(numbers) > 3 or any(number < 0 or not math.isfinite(number) for number in numbers):
        return None
    return sum((60.0**i * number for i, number in enumerate(reversed(numbers))), 0.0)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no time")
    return float(value)
