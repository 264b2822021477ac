"""Praat's TextGrid, in its long form: a tier of intervals, or of points, each."""

from collections.abc import Iterator

from fer.timeline.annotation_tiers import DECIMALS, Interval, IntervalTable


def to_textgrid(table: IntervalTable) -> str:
    """Return a table as a TextGrid. An interval with an empty text fills each gap."""
    end = _seconds(table.duration)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0"]
    tiers = table.tiers()
    lines += [f"xmax = {end}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, rows) in enumerate(tiers.items(), start=1):
        points = all(row.start == row.end for row in rows)
        lines += [f"    item [{number}]:", f'        class = "{_CLASSES[points]}"']
        lines += [f"        name = {_quoted(name)}", "        xmin = 0", f"        xmax = {end}"]
        lines += _points(rows) if points else _intervals(rows, table.duration)
    return "\n".join(lines) + "\n"


_CLASSES = {True: "TextTier", False: "IntervalTier"}


def _points(rows: list[Interval]) -> Iterator[str]:
    yield f"        points: size = {len(rows)}"
    for number, row in enumerate(rows, start=1):
        yield f"        points [{number}]:"
        yield f"            number = {_seconds(row.start)}"
        yield f"            mark = {_quoted(row.text or row.label)}"


def _intervals(rows: list[Interval], duration: float) -> Iterator[str]:
    spans = list(_filled(rows, duration))
    yield f"        intervals: size = {len(spans)}"
    for number, (start, end, text) in enumerate(spans, start=1):
        yield f"        intervals [{number}]:"
        yield f"            xmin = {_seconds(start)}"
        yield f"            xmax = {_seconds(end)}"
        yield f"            text = {_quoted(text)}"


def _filled(rows: list[Interval], duration: float) -> Iterator[tuple[float, float, str]]:
    """Yield start, end and text of each interval, and of each gap from 0 to the end."""
    place = 0.0
    for row in rows:
        if row.start > place:
            yield place, row.start, ""
        yield row.start, row.end, row.text or row.label
        place = row.end
    if place < duration:
        yield place, duration, ""


def _seconds(time: float) -> str:
    return f"{time:.{DECIMALS}f}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
