"""Reading of components' payloads without Gradio's preprocessing.

Gradio would open a photo in the page's own process, leave an empty file for each recording, and
report a number that is being typed as an error. So events are wired with `preprocess=False`, and
`fer.ui.input_checks` has checked the values before.
"""

from collections.abc import Mapping
from typing import Any


def uploaded_path(payload: Mapping[str, Any] | None) -> str | None:
    """Return the path of an uploaded file; None where the field is empty."""
    return None if payload is None else payload.get("path")


def uploaded_paths(payload: object) -> list[str]:
    """Return the paths of the files in a field for several; none where it is empty."""
    files: list[Any] = payload if isinstance(payload, list) else [payload]
    return [path for file in files if (path := uploaded_path(file)) is not None]


def clipped_number(typed: float | None, lowest_default_highest: tuple[int, int, int]) -> float:
    """Return a number field's value: its default while it is empty, else within its range.

    While a visitor types 40, the field is first empty and then holds 4; it clips the number itself
    when it loses focus.
    """
    lowest, default, highest = lowest_default_highest
    return default if typed is None else min(max(typed, lowest), highest)
