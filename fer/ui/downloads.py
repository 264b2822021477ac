"""Files made in the server's memory and handed to the browser at once: none lies on disk."""

from collections.abc import Callable, Sequence

import gradio as gr
from gradio.components import Component

from fer.ui import html


def parcel(name: str, content: bytes, media_type: str) -> dict:
    """Return a file as `save.js` hands it to the browser."""
    return {"name": name, "uri": html.data_uri(content, media_type)}


def save_buttons(kinds: Sequence[str], prefix: str = "save") -> list[gr.Button]:
    """Put a row of buttons "Save CSV" and so on; their ids are prefix and kind."""
    with gr.Row(elem_classes="fer-saves"):
        return [
            gr.Button(f"Save {kind}", size="md", min_width=90, elem_id=f"{prefix}-{kind.lower()}")
            for kind in kinds
        ]


def wire_saves(
    buttons: Sequence[gr.Button], steps: Sequence[tuple[Callable, Sequence[Component]]]
) -> None:
    """Let each button make its file and hand it over.

    Args:
        buttons: As many as steps.
        steps: Handlers that return a `parcel`, with their inputs.
    """
    made = gr.JSON(visible=False)
    hand_over = html.script("save.js")
    for button, (handler, inputs) in zip(buttons, steps, strict=True):
        button.click(
            handler, list(inputs), made, show_progress="hidden", api_visibility="private"
        ).success(None, made, None, js=hand_over).then(
            lambda: None, None, made, show_progress="hidden", api_visibility="private"
        )  # or Gradio would keep the file in the session
