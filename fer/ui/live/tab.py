"""Live tab: the camera, its annotated picture, the panel and the timeline."""

import gradio as gr

from fer.pipeline import Pipeline
from fer.templates import render
from fer.timeline.methods import NetworkIdentity
from fer.ui import html
from fer.ui.event_options import PAGE_EVENT
from fer.ui.live.handlers import LiveHandlers, TimelineHandlers
from fer.ui.live.timeline_recorder import IDLE_HTML
from fer.ui.live.views import INSTRUCTIONS
from fer.ui.mark_editor import build_marks
from fer.ui.save_buttons import download_buttons
from fer.ui.sessions import Sessions

STREAM_INTERVAL = 0.1
"""Seconds from one requested frame to the next; a slow machine gets fewer, the latest ones."""

CAMERA = {"video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "facingMode": "user"}}
"""Constraints for the browser's camera; small, as every frame crosses the network."""

VIEW_CHOICES = (("One person", "person"), ("A class", "class"))
"""The choice of view: its text on the page and its value for the handlers."""


def build_live(
    pipeline: Pipeline, sessions: Sessions, token: gr.HTML, device_page: bool = False
) -> gr.HTML:
    """Build the Live tab and connect its events; return the timeline's chart.

    Args:
        pipeline: Reads the frames.
        sessions: Of the visitors.
        token: The component with the visitor's token.
        device_page: Whether the visitor may choose `fer.ui.device_page`'s page instead.
    """
    if device_page:
        gr.HTML(render("live_place.html"), elem_id="live-place", js_on_load=html.script("place.js"))
    with gr.Column(elem_id="live-server"):
        return _build_server(pipeline, sessions, token)


def _build_server(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> gr.HTML:
    """Build what reads on the server."""
    handlers = LiveHandlers(pipeline, sessions)
    with gr.Row(elem_classes="fer-columns"):
        with gr.Column(scale=3, min_width=300):
            camera, picture = _camera()
        with gr.Column(scale=2, min_width=260):
            gr.HTML(elem_id="live-trouble", js_on_load=html.script("live.js"))
            panel = gr.HTML(INSTRUCTIONS, elem_id="live-panel")
    view, chart = _timeline(pipeline, sessions, token)
    # No limit on streams at a time, as idle ones would use it up: the handler's scheduler limits
    # single frames. `preprocess=False`: see `fer.ui.live.camera_frames`.
    camera.stream(
        handlers.look,
        [camera, token, view],
        [picture, panel, chart],
        stream_every=STREAM_INTERVAL,
        time_limit=None,
        concurrency_limit=None,
        preprocess=False,
        show_progress="hidden",
        api_visibility="private",
    )
    return chart


def _camera() -> tuple[gr.Image, gr.HTML]:
    """Build the camera and, on top of it, the annotated picture."""
    with gr.Column(elem_id="live-stage"):
        camera = gr.Image(
            sources=["webcam"],
            streaming=True,
            label="Camera",
            show_label=False,
            elem_id="live-camera",
            webcam_options=gr.WebcamOptions(mirror=True, constraints=CAMERA),
        )
        picture = gr.HTML(elem_id="live-view")
    return camera, picture


def _timeline(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> tuple[gr.Radio, gr.HTML]:
    """Build the timeline; the stylesheet displays the buttons that fit its state."""
    classifier = pipeline.classifier
    network = NetworkIdentity.of(classifier)
    handlers = TimelineHandlers(sessions, classifier.uncertain_below, network)
    with gr.Column(elem_id="live-timeline", elem_classes="fer-card"):
        with gr.Row(elem_classes="fer-tools"):
            gr.HTML('<h3 class="fer-title">Timeline</h3>')
            view = gr.Radio(
                VIEW_CHOICES,
                value="person",
                show_label=False,
                label="View",
                container=False,
                elem_id="live-view-choice",
                elem_classes="fer-choice",
            )
            start = gr.Button("Start timeline", variant="primary", size="md", elem_id="live-start")
            stop = gr.Button("Stop timeline", variant="secondary", size="md", elem_id="live-stop")
        marked = build_marks("live-timeline", live=True)
        chart = gr.HTML(IDLE_HTML, elem_id="live-chart", js_on_load=html.script("timeline.js"))
        steps = {
            "CSV": handlers.save_csv,
            "JSON": handlers.save_json,
            "plot": handlers.save_plot,
            "report": handlers.save_report,
            "exports": handlers.save_exports,
        }
        download_buttons(sessions, steps, "live-save")
    start.click(handlers.start, [token, view], chart, **PAGE_EVENT)
    marked.input(handlers.mark, [marked, token], chart, trigger_mode="multiple", **PAGE_EVENT)
    stop.click(handlers.stop, token, chart, **PAGE_EVENT)
    return view, chart
