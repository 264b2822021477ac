"""File names as text."""

import os
from pathlib import Path


def printable(path: str | Path) -> str:
    """Return a path, or a file's name, as text of UTF-8 that stays on one line."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
