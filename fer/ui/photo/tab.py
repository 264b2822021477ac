"""Photo tab: upload, options and the result with the probabilities of every face."""

from pathlib import Path

import gradio as gr
from gradio.data_classes import ImageData

from fer.paths import IMAGE_SUFFIXES
from fer.pipeline import Pipeline
from fer.ui import html
from fer.ui.photo.events import PhotoEvents
from fer.ui.photo.handlers import INSTRUCTIONS, MIN_FACE_RANGE, PhotoHandlers
from fer.ui.save_buttons import download_buttons
from fer.ui.sessions import Sessions
from fer.ui.sliders import lenient_slider, strict_slider

EXAMPLES = sorted(Path(__file__).resolve().with_name("examples").glob("*.jpg"))
"""Freely licensed pictures; see the README in their folder."""


def build_photo(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> None:
    """Build the Photo tab and connect its events."""
    events = PhotoEvents(PhotoHandlers(pipeline), sessions)
    with gr.Row(elem_classes="fer-columns"):
        with gr.Column(scale=2, min_width=280):
            photo, min_face, whole_picture, explained = _inputs()
        with gr.Column(scale=3, min_width=300, elem_classes="fer-answer"):
            steps = {
                "picture": events.save_picture,
                "CSV": events.save_csv,
                "JSON": events.save_json,
            }
            download_buttons(sessions, steps)
            result = gr.HTML(
                INSTRUCTIONS,
                elem_id="photo-result",
                js_on_load=html.script("photo.js"),
                suffixes=list(IMAGE_SUFFIXES),
            )
    gr.on(
        [photo.change, min_face.change, whole_picture.change, explained.change],
        events.read,
        [photo, min_face, whole_picture, explained, token],
        result,
        trigger_mode="always_last",
        show_progress="minimal",
        show_progress_on=result,
        concurrency_limit=None,
        api_visibility="private",
    )
    _add_endpoint(events, photo, whole_picture)


def _inputs() -> tuple[gr.Image, gr.Slider, gr.Checkbox, gr.Checkbox]:
    photo = gr.Image(
        type="filepath",
        sources=["upload", "clipboard"],
        label="Photo",
        show_label=False,
        height=280,
        buttons=[],
        elem_id="photo-input",
        placeholder="# Drop a photo here\nor press to choose one, or paste one below",
    )
    # Gradio would open the file first and fail with a technical error for a broken one. A subclass
    # would have it write a .pyi file beside this one.
    photo.preprocess = _uploaded_file  # type: ignore[method-assign]
    gr.set_static_paths(EXAMPLES)  # else Gradio copies them among the visitors' files
    gr.Examples(
        [str(path) for path in EXAMPLES],
        photo,
        label="Examples",
        cache_examples=False,
        api_visibility="private",
        elem_id="photo-examples",
    )
    return photo, *_options()


def _options() -> tuple[gr.Slider, gr.Checkbox, gr.Checkbox]:
    with gr.Accordion("Options", open=False, elem_id="photo-options"):
        min_face = lenient_slider(
            *MIN_FACE_RANGE,
            label="Minimum face size",
            info="In pixels. A lower value finds smaller faces and takes longer.",
            elem_id="photo-min-face",
        )
        whole_picture = gr.Checkbox(
            label="The picture is a single face",
            info="Classifies the whole picture without detecting faces.",
            elem_id="photo-whole",
        )
        explained = gr.Checkbox(
            label="Highlight what each expression depends on",
            info="Covers one region of a face after the other, so it takes longer.",
            elem_id="photo-explained",
        )
    return min_face, whole_picture, explained


def _uploaded_file(payload: ImageData | None) -> str | None:
    """Return the path of the uploaded file, which replaces Gradio's preprocessing."""
    return None if payload is None else payload.path


def _add_endpoint(events: PhotoEvents, photo: gr.Image, whole_picture: gr.Checkbox) -> None:
    """Add the API endpoint /predict; no visible component uses it."""
    gr.Button(visible=False).click(
        events.predict,
        [photo, strict_slider(*MIN_FACE_RANGE), whole_picture],
        gr.JSON(visible=False),
        api_name="predict",
        concurrency_limit=None,
    )
