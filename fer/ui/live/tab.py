"""Live tab: the camera, the panel and the timeline."""

from dataclasses import asdict
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from fer.colors import COLORS, text_color_on
from fer.i18n import gettext as _
from fer.pipeline import Pipeline
from fer.templates import render
from fer.timeline.methods import NetworkIdentity
from fer.ui import html
from fer.ui.event_listeners import PAGE_EVENT
from fer.ui.live.camera_monitor import camera_settings
from fer.ui.live.handlers import LiveHandlers
from fer.ui.live.timeline_handlers import TimelineHandlers
from fer.ui.live.timeline_recorder import idle_html
from fer.ui.live.views import instructions
from fer.ui.localization import in_each_language, localized
from fer.ui.mark_editor import build_marks
from fer.ui.save_buttons import download_buttons
from fer.ui.sessions import Sessions

VIEW_CHOICES = (("One person", "person"), ("A class", "class"))
"""The choice of view: its text on the page and its value for the handlers."""


def build_live(
    pipeline: Pipeline, sessions: Sessions, token: gr.HTML, device_page: bool = False
) -> gr.HTML:
    """Build the Live tab and connect its events; return the timeline's chart.

    Args:
        pipeline: Reads the frames.
        sessions: The visitors' sessions.
        token: The component with the visitor's token.
        device_page: Whether the visitor may choose the device page instead.
    """
    if device_page:
        choice = localized(partial(render, "live_place.html"))
        gr.HTML(choice, elem_id="live-place", js_on_load=html.script("place.js"))
    with gr.Column(elem_id="live-server"):
        return _build_server(pipeline, sessions, token)


def _build_server(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> gr.HTML:
    """Build what reads on the server."""
    with gr.Row(elem_classes="fer-columns"):
        with gr.Column(scale=3, min_width=300):
            camera = _camera(LiveHandlers(pipeline, sessions))
        with gr.Column(scale=2, min_width=260):
            panel = gr.HTML(localized(instructions), elem_id="live-panel")
    chart = _timeline(pipeline, sessions, token)
    # In the browser: what was read comes back to the camera's own component.
    camera.input(
        None,
        [camera, chart],
        [panel, chart],
        js="(reading, chart) => [reading.panel, reading.chart ?? chart]",
        trigger_mode="multiple",
        show_progress="hidden",
        api_visibility="private",
    )
    return chart


def _camera(handlers: LiveHandlers) -> gr.HTML:
    """Build the camera, over whose picture faces are drawn; its value is the last reading.

    Gradio's own camera sends frames in the browser's quality, and an event's result would be kept
    in its session. A server function is one request per frame.
    """

    async def read_frame(query: Any, request: gr.Request) -> dict[str, Any]:
        return asdict(await handlers.read_frame(query, request))

    return gr.HTML(
        elem_id="live-camera",
        html_template=render("live_stage.html"),
        server_functions=[read_frame],
        js_on_load=html.script("live.js"),
        settings={
            "camera": camera_settings(),
            "instructions": in_each_language(instructions),
            "colors": {name: [color, text_color_on(color)] for name, color in COLORS.items()},
        },
    )


def _timeline(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> gr.HTML:
    """Build the timeline; the stylesheet displays the buttons that fit its state."""
    classifier = pipeline.classifier
    network = NetworkIdentity.from_classifier(classifier)
    handlers = TimelineHandlers(sessions, classifier.uncertain_below, network)
    with gr.Column(elem_id="live-timeline", elem_classes="fer-card"):
        with gr.Row(elem_classes="fer-tools"):
            gr.HTML(
                localized(lambda: Markup('<h3 class="fer-title">{}</h3>').format(_("Timeline")))
            )
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
        script = html.script("timeline.js")
        chart = gr.HTML(localized(idle_html), elem_id="live-chart", js_on_load=script)
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
    return chart
