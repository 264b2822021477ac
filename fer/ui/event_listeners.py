"""Event listeners: those of the page itself, endpoints for programs, and what components send.

Gradio's preprocessing would open a photo in the page's own process, leave an empty file for each
recording, and report a number that is being typed as an error. So events with such components are
wired with `preprocess=False`; `fer.ui.serving.input_checks` has checked the values before.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.data_classes import FileData

PAGE_EVENT: Mapping[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": None,
}
"""Options of an event of the page itself, without a spinner. Its runs at a time aren't limited:
`fer.ui.fair_scheduler` and `fer.ui.job_queue` bound the work."""

FILE_EVENT: Mapping[str, Any] = {**PAGE_EVENT, "postprocess": False}
"""Options of such an event that returns files, as `page_file` describes them."""


def add_endpoint(
    function: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
    name: str,
    description: str,
    is_tool: bool = False,
) -> None:
    """Add an API endpoint for programs, apart from the visible components.

    Args:
        function: Gets what `inputs` send, unprocessed; its parameters' names are the endpoint's.
        inputs: Components whose types, defaults and labels are the endpoint's.
        outputs: Components of the results; their labels are the results' names.
        name: Name of the endpoint, without a slash.
        description: What it does, for the page's API documentation.
        is_tool: Whether the page's MCP server runs it, within its own request. The tool's name is
            the function's, and its inputs' descriptions are those of the docstring.
    """
    gr.Button(visible=False).click(
        function,
        list(inputs),
        list(outputs),
        api_name=name,
        api_description=description,
        concurrency_limit=None,
        preprocess=False,
        queue=not is_tool,
    )


def uploaded_path(payload: Mapping[str, Any] | None) -> str | None:
    """Return the path of an uploaded file; None where the field is empty."""
    return None if payload is None else payload.get("path")


def uploaded_paths(payload: object) -> list[str]:
    """Return the paths of the files in a field for several; none where it is empty."""
    files: list[Any] = payload if isinstance(payload, list) else [payload]
    return [path for file in files if (path := uploaded_path(file)) is not None]


def page_file(path: str) -> dict[str, Any]:
    """Return a file for a component of the page, as what Gradio would make of its path.

    Gradio would have ffprobe read a video, and perhaps ffmpeg convert it, outside of any sandbox.
    """
    return FileData(path=path, orig_name=Path(path).name).model_dump()


def clipped_number(typed: float | None, lowest_default_highest: tuple[int, int, int]) -> float:
    """Return a number field's value: its default while it is empty, else within its range.

    While a visitor types 40, the field is first empty and then holds 4; it clips the number itself
    when it loses focus.
    """
    lowest, default, highest = lowest_default_highest
    return default if typed is None else min(max(typed, lowest), highest)
