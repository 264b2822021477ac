"""Photo tab: upload, options and the result with the probabilities of every face."""

from pathlib import Path
from typing import Any

import gradio as gr

from fer.paths import IMAGE_SUFFIXES
from fer.pipeline import Pipeline
from fer.ui import html
from fer.ui.event_listeners import add_endpoint
from fer.ui.localization import localized
from fer.ui.photo.events import PhotoEvents
from fer.ui.photo.handlers import MIN_FACE_RANGE, PhotoHandlers
from fer.ui.photo.views import instructions
from fer.ui.save_buttons import download_buttons
from fer.ui.serving.mcp_route import TOOL, mcp_is_wanted
from fer.ui.sessions import Sessions

EXAMPLES = sorted(Path(__file__).resolve().with_name("examples").glob("*.jpg"))
"""Freely licensed pictures; see the README in their folder."""

PHOTO_DESCRIPTION = (
    "Detect the faces in a picture and classify the expression of each as one of seven. `picture` "
    "is the file; `min_face` is the size of the smallest face in pixels; `whole_picture` is true "
    "if the picture is a single face, so that none has to be detected. Returns an object with "
    "picture, width, height, rotation, model, notices and faces, the largest one first; each face "
    "has its number, expression, probabilities, box (left, top, right, bottom in pixels), "
    "detector_confidence and quality."
)
"""Description of the endpoint, in the page's API documentation."""

TOOL_DESCRIPTION = (
    "Find the faces in a photo and classify the expression of each as angry, disgust, fear, happy, "
    "sad, surprise or neutral: what is seen on a face, not what somebody feels. Returns JSON with "
    "picture, width, height, rotation, model, notices and faces, the largest one first; each face "
    "has its number, expression (uncertain if none stands out, turned away if the face is), "
    "probabilities, box (left, top, right, bottom in pixels), detector_confidence and quality."
)
"""Description of the tool for programs that speak the Model Context Protocol."""

PHOTO_PROMPT = ("Drop a photo here", "or press to choose one, or paste one below")
"""On the field for the photo, and its name; the first is in bold."""


def build_photo(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> PhotoHandlers:
    """Build the Photo tab and connect its events; return what reads photos."""
    handlers = PhotoHandlers(pipeline)
    events = PhotoEvents(handlers, sessions)
    with gr.Row(elem_classes="fer-columns"):
        with gr.Column(scale=2, min_width=280):
            photo, min_face, whole_picture, explained = _inputs()
        with gr.Column(scale=3, min_width=300, elem_classes="fer-answer"):
            steps = {
                "picture": lambda session: handlers.save_picture(session.photo),
                "CSV": lambda session: handlers.save_csv(session.photo),
                "JSON": lambda session: handlers.save_json(session.photo),
            }
            download_buttons(sessions, steps)
            result = gr.HTML(
                localized(instructions),
                elem_id="photo-result",
                js_on_load=html.script("photo.js"),
                suffixes=list(IMAGE_SUFFIXES),
            )
    gr.on(
        [photo.change, min_face.change, whole_picture.change, explained.change, result.input],
        events.read,
        [photo, min_face, whole_picture, explained, token],
        result,
        trigger_mode="always_last",
        show_progress="minimal",
        show_progress_on=result,
        concurrency_limit=None,
        api_visibility="private",
        preprocess=False,
    )
    _add_endpoints(events, photo, whole_picture)
    return handlers


def _inputs() -> tuple[gr.Image, gr.Slider, gr.Checkbox, gr.Checkbox]:
    photo = gr.Image(
        type="filepath",
        sources=["upload", "clipboard"],
        label="Photo",
        show_label=False,
        height=280,
        buttons=[],
        elem_id="photo-input",
        placeholder="# " + "\n".join(PHOTO_PROMPT),
    )
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
        min_face = _min_face_slider(
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


def _min_face_slider(**settings: Any) -> gr.Slider:
    lowest, default, highest = MIN_FACE_RANGE
    return gr.Slider(lowest, highest, default, step=1, **settings)


def _add_endpoints(events: PhotoEvents, photo: gr.Image, whole_picture: gr.Checkbox) -> None:
    """Add the endpoint /photo, and /predict, its older name, for one release more."""
    min_face = _min_face_slider(label="Minimum face size in pixels", visible=False)
    inputs = [photo, min_face, whole_picture]
    faces = gr.JSON(label="faces", visible=False)
    add_endpoint(events.photo, inputs, [faces], "photo", PHOTO_DESCRIPTION)
    add_endpoint(events.photo, inputs, [faces], "predict", "An older name of /photo.")
    if mcp_is_wanted():
        data_url = gr.Textbox(label="Picture as a data URL", visible=False)
        found = gr.Textbox(label="faces", visible=False)
        sent = [data_url, *inputs[1:]]
        add_endpoint(events.analyze_photo, sent, [found], TOOL, TOOL_DESCRIPTION, is_tool=True)
