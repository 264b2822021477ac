"""API endpoints for programs, apart from the visible components."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component


def add_endpoint(
    function: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
    name: str,
    description: str,
) -> None:
    """Add an endpoint, `name` without a slash.

    Args:
        function: Gets what `inputs` send, unprocessed; its parameters' names are the endpoint's.
        inputs: Their types, defaults and labels are the endpoint's.
        outputs: Of the results; their labels are the results' names.
        name: Of the endpoint.
        description: What it does, for the page's API documentation.
    """
    _add(function, inputs, outputs, name, description)


def add_tool(
    function: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
    name: str,
    description: str,
) -> None:
    """Add an endpoint that the page's MCP server runs within its own request; see `add_endpoint`.

    The tool's name is the function's, and its inputs' descriptions are those of the docstring.
    """
    _add(function, inputs, outputs, name, description, queue=False)


def _add(
    function: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
    name: str,
    description: str,
    queue: bool = True,
) -> None:
    gr.Button(visible=False).click(
        function,
        list(inputs),
        list(outputs),
        api_name=name,
        api_description=description,
        concurrency_limit=None,
        preprocess=False,
        queue=queue,
    )
