"""Tables and figures as Markdown, for the model card."""

import re
from collections.abc import Sequence
from urllib.parse import quote


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; "" without rows."""
    if not rows:
        return ""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    """Return a value that can't break out of its cell."""
    return text(value).replace("|", "\\|")


def text(value: object) -> str:
    """Return a value on one line, its HTML as text.

    >>> text("<b>a</b>")
    '&lt;b>a&lt;/b>'
    """
    return " ".join(str(value).split()).replace("&", "&amp;").replace("<", "&lt;")


def code(value: str) -> str:
    """Return a value as inline code, whatever it holds.

    >>> code("a"), code("a`b")
    ('`a`', '`` a`b ``')
    """
    line = " ".join(value.split())
    if "`" not in line:
        return f"`{line}`"
    fence = "`" * (1 + max(map(len, re.findall("`+", line))))
    return f"{fence} {line} {fence}"


def image(name: str) -> str:
    """Return a picture in the page's folder, by its file's name."""
    stem = name.rpartition(".")[0].replace("_", " ")
    described = re.sub(r"([\[\]\\`*])", r"\\\1", text(stem))
    return f"![{described}]({quote(name)})"


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
