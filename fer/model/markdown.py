"""Tables and figures as Markdown, for the model card."""

from collections.abc import Sequence


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; "" without rows."""
    if not rows:
        return ""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    """Return a value that can't break out of its cell."""
    return str(value).replace("|", "\\|").replace("\n", " ")


def share(value: float | None) -> str:
    """Return a share as a percentage."""
    return "not measured" if value is None else f"{value:.1%}"


def number(value: float | None, none: str = "not recorded") -> str:
    """Return a count; `none` where there is none."""
    return none if value is None else f"{value:,.0f}"


def duration(hours: float | None) -> str:
    """Return hours in words, "" for None."""
    if hours is None:
        return ""
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.1f} minutes"


def threads(count: int) -> str:
    """Return a number of threads in words.

    >>> threads(1), threads(2)
    ('1 thread', '2 threads')
    """
    return f"{count} thread" if count == 1 else f"{count} threads"
