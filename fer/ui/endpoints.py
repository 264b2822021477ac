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
    gr.Button(visible=False).click(
        function,
        list(inputs),
        list(outputs),
        api_name=name,
        api_description=description,
        concurrency_limit=None,
        preprocess=False,
    )
