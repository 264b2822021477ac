"""Recording tab: upload, options, and the annotated video with its timeline and downloads."""

import gradio as gr
from gradio.components import Component
from gradio.data_classes import FileData

from fer.paths import VIDEO_FORMATS, VIDEO_SUFFIXES
from fer.pipeline import Pipeline
from fer.ui import html
from fer.ui.consent import consent_notice
from fer.ui.event_options import PAGE_EVENT
from fer.ui.live.tab import VIEW_CHOICES
from fer.ui.recording.events import RecordingEvents
from fer.ui.recording.handlers import RATE_CHOICES, RecordingHandlers
from fer.ui.recording.views import INSTRUCTIONS
from fer.ui.sessions import Sessions
from fer.ui.sliders import lenient_slider, strict_slider
from fer.ui.uploads import page_store
from fer.video import MAX_BYTES, MAX_SECONDS

DOWNLOAD_KINDS = ("video", "plot", "CSV", "JSON", "report")
"""The downloads, in the order of the handlers' files."""

VIDEO_LIMITS = f"{VIDEO_FORMATS}; up to {MAX_BYTES // 1_000_000} MB, {MAX_SECONDS // 3600} h."


def build_recording(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> list[Component]:
    """Build the Recording tab and connect its events; return the output components."""
    handlers = RecordingHandlers(pipeline)
    page_store().watch(handlers.job_queue.busy)
    events = RecordingEvents(handlers, sessions)
    with gr.Row(elem_id="recording-tab", elem_classes="fer-columns"):
        with gr.Column(scale=2, min_width=280):
            recording, known, view, rate = _inputs()
            gr.HTML(consent_notice("in the recording"))
            start = gr.Button("Start", variant="primary", elem_id="recording-start")
            cancel = gr.Button("Cancel", elem_id="recording-cancel")
        with gr.Column(scale=3, min_width=300):
            state, video, saves, result = _outputs()
    outputs = [state, result, video, *saves]
    recording.change(events.choose, [recording, token], [known, *outputs], **PAGE_EVENT)
    start.click(events.start, [recording, view, rate, token], outputs, **PAGE_EVENT)
    cancel.click(events.cancel, token, None, **PAGE_EVENT)
    _add_endpoint(events, recording, view)
    return outputs


def _inputs() -> tuple[gr.File, gr.HTML, gr.Radio, gr.Slider]:
    recording = gr.File(
        label="Recording",
        show_label=False,
        file_types=list(VIDEO_SUFFIXES),
        height=120,
        elem_id="recording-input",
    )
    # Gradio would leave an empty file each time. A subclass would have it write a .pyi file.
    recording.preprocess = _uploaded_file  # type: ignore[method-assign, assignment]
    gr.HTML(f'<p class="fer-note">{VIDEO_LIMITS}</p>', elem_id="recording-limits")
    known = gr.HTML(elem_id="recording-known")
    view = gr.Radio(
        VIEW_CHOICES,
        value="person",
        label="Who is in it",
        info="One person: a series for every face. A class: aggregates only.",
        elem_id="recording-view",
    )
    rate = lenient_slider(
        *RATE_CHOICES,
        label="Analysed frames a second",
        info="More catch shorter expressions and take longer.",
        elem_id="recording-rate",
    )
    return recording, known, view, rate


def _outputs() -> tuple[gr.HTML, gr.Video, list[gr.DownloadButton], gr.HTML]:
    state = gr.HTML(
        INSTRUCTIONS,
        elem_id="recording-state",
        js_on_load=html.script("recording.js"),
    )
    video = gr.Video(show_label=False, interactive=False, buttons=[], elem_id="recording-video")
    with gr.Row(elem_classes="fer-saves"):
        saves = [
            gr.DownloadButton(
                f"Save {kind}", size="md", min_width=80, elem_id=f"recording-save-{kind.lower()}"
            )
            for kind in DOWNLOAD_KINDS
        ]
    result = gr.HTML(elem_id="recording-result")
    return state, video, saves, result


def _uploaded_file(payload: FileData | None) -> str | None:
    """Return the path of the uploaded file, which replaces Gradio's preprocessing."""
    return None if payload is None else payload.path


def _add_endpoint(events: RecordingEvents, recording: gr.File, view: gr.Radio) -> None:
    """Add the API endpoint /analyse_recording; no visible component uses it."""
    gr.Button(visible=False).click(
        events.analyse_recording,
        [recording, view, strict_slider(*RATE_CHOICES)],
        [gr.JSON(visible=False), gr.Files(visible=False)],
        api_name="analyse_recording",
        concurrency_limit=None,
    )
