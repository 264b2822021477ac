"""Recording tab: upload, options, and the annotated video with its timeline and downloads."""

from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.paths import VIDEO_FORMATS, VIDEO_SUFFIXES
from fer.pipeline import Pipeline
from fer.ui import html
from fer.ui.event_listeners import FILE_EVENT, PAGE_EVENT, add_endpoint
from fer.ui.live.tab import VIEW_CHOICES
from fer.ui.localization import localized
from fer.ui.mark_editor import build_marks
from fer.ui.recording.comparison import build_comparison
from fer.ui.recording.events import RecordingEvents
from fer.ui.recording.handlers import RATE_CHOICES, RecordingHandlers
from fer.ui.recording.views import instructions
from fer.ui.serving.upload_form import MAX_FILES
from fer.ui.serving.upload_store import page_store
from fer.ui.sessions import Sessions
from fer.video import MAX_BYTES, MAX_SECONDS

DOWNLOAD_KINDS = ("video", "plot", "CSV", "JSON", "report", "exports")
"""The downloads, in the order of the handlers' files."""

RESULT_NAMES = ("annotated_video", "plot", "table", "timeline_file", "report", "exports")
"""The files that /recording returns, in the order of the handlers' files."""

RECORDING_DESCRIPTION = (
    f"Follow the expressions in a video over time. `recording` is the file ({VIDEO_FORMATS}); "
    "`view` is person for a series for every face, or class for aggregates of five "
    "faces or more only; `rate` is the number of analysed frames a second. Returns the timeline, "
    "without `bins`, `table` and `tracks` where it is large, and, as files, the annotated video "
    "(MP4), the plot (PNG), the table (CSV), the timeline (JSON), the report (HTML) and files for "
    "ELAN, Praat, BORIS, BIDS and others (ZIP), which are deleted within an hour of the end of the "
    "analysis."
)
"""Description of the endpoint, in the page's API documentation."""

RECORDING_PROMPT = N_("Drop recordings here\nor press to choose them")
"""On the field for recordings, in place of Gradio's text, and its name."""

VIDEO_LIMITS = N_("%(formats)s; up to %(size)s MB, %(hours)s h.")


def build_recording(pipeline: Pipeline, sessions: Sessions, token: gr.HTML) -> list[Component]:
    """Build the Recording tab and connect its events; return the output components."""
    handlers = RecordingHandlers(pipeline)
    page_store().register_busy_folders(handlers.job_queue.busy)
    page_store().register_kept_folders(handlers.kept_folders)
    events = RecordingEvents(handlers, sessions)
    with gr.Row(elem_id="recording-tab", elem_classes="fer-columns"):
        with gr.Column(scale=2, min_width=280):
            recordings, known, view, rate = _inputs()
            start_at, end_at = _span_inputs()
            gr.HTML(localized(partial(html.consent_notice, "in the recording")))
            start = gr.Button("Start", variant="primary", elem_id="recording-start")
            cancel = gr.Button("Cancel", elem_id="recording-cancel")
        with gr.Column(scale=3, min_width=300):
            progress, queue, shown = _queue_outputs()
            state, video, saves, marked, result = _outputs()
    build_comparison(sessions, token, [queue, result])
    outputs = [progress, queue, state, result, video, *saves]
    chosen = [known, *outputs]
    files: dict[str, Any] = {"inputs": [recordings, token], "outputs": chosen, "preprocess": False}
    recordings.change(events.choose, **files, **FILE_EVENT)
    token.input(events.translate, **files, **FILE_EVENT)
    inputs = [recordings, view, rate, start_at, end_at, token]
    start.click(events.start, inputs, outputs, preprocess=False, **FILE_EVENT)
    shown.input(events.show, [shown, token], outputs, trigger_mode="always_last", **FILE_EVENT)
    # Each counts, also while the files are still written after the one before.
    marked.input(
        events.mark,
        [marked, token],
        [state, result, *saves],
        trigger_mode="multiple",
        **FILE_EVENT,
    )
    cancel.click(events.cancel, token, None, **PAGE_EVENT)
    _add_endpoints(events, view)
    return outputs


def _inputs() -> tuple[gr.File, gr.HTML, gr.Radio, gr.Slider]:
    recordings = gr.File(
        label="Recordings",
        show_label=False,
        file_count="multiple",
        file_types=list(VIDEO_SUFFIXES),
        height=120,
        elem_id="recording-input",
    )
    # The script's own properties: a component that is updated before its tab is opened loses them.
    gr.HTML(
        localized(_limits_html),
        elem_id="recording-limits",
        js_on_load=html.script("refused_files.js"),
        field="recording-input",
        suffixes=list(VIDEO_SUFFIXES),
        most=MAX_FILES,
    )
    known = gr.HTML(elem_id="recording-known")
    view = gr.Radio(
        VIEW_CHOICES,
        value="person",
        label="Who is in it",
        info="One person: a series for every face. A class: aggregates only.",
        elem_id="recording-view",
    )
    rate = _rate_slider(
        label="Analysed frames a second",
        info="More catch shorter expressions and take longer.",
        elem_id="recording-rate",
    )
    return recordings, known, view, rate


def _limits_html() -> str:
    """Return which recordings are accepted."""
    values = {"size": MAX_BYTES // 1_000_000, "hours": MAX_SECONDS // 3600}
    return html.note(VIDEO_LIMITS, formats=_(VIDEO_FORMATS), **values)


def _span_inputs() -> tuple[gr.Textbox, gr.Textbox]:
    with gr.Accordion("From and to", open=False, elem_id="recording-span"), gr.Row():
        start_at, end_at = (
            gr.Textbox(
                label=label,
                placeholder=placeholder,
                max_length=20,
                min_width=100,
                elem_id=f"recording-{name}-at",
            )
            for label, placeholder, name in (
                ("Start at", "0:00", "start"),
                ("End at", "its end", "end"),
            )
        )
    return start_at, end_at


def _queue_outputs() -> tuple[gr.HTML, gr.HTML, gr.HTML]:
    progress = gr.HTML(
        elem_id="recording-progress", js_on_load=html.script("recording_progress.js")
    )
    queue = gr.HTML(elem_id="recording-queue")
    shown = gr.HTML(
        html_template="",
        elem_id="recording-shown",
        js_on_load=html.script("recording_queue.js"),
    )
    return progress, queue, shown


def _outputs() -> tuple[gr.HTML, gr.Video, list[gr.DownloadButton], gr.HTML, gr.HTML]:
    state = gr.HTML(
        localized(instructions),
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
    marked = build_marks("recording-tab", live=False)
    result = gr.HTML(elem_id="recording-result")
    return state, video, saves, marked, result


def _rate_slider(**settings: Any) -> gr.Slider:
    lowest, default, highest = RATE_CHOICES
    return gr.Slider(lowest, highest, default, step=1, **settings)


def _add_endpoints(events: RecordingEvents, view: gr.Radio) -> None:
    """Add the endpoint /recording, and /analyse_recording, its older form, for a release."""
    recording = gr.File(label="Recording", file_types=list(VIDEO_SUFFIXES), visible=False)
    rate = _rate_slider(label="Analysed frames a second", visible=False)
    inputs = [recording, view, rate]
    timeline = gr.JSON(label="timeline", visible=False)
    files = [gr.File(label=name, visible=False) for name in RESULT_NAMES]
    add_endpoint(events.recording, inputs, [timeline, *files], "recording", RECORDING_DESCRIPTION)
    outputs = [timeline, gr.Files(label="files", visible=False)]
    older = "An older name of /recording, whose files come in one list."
    add_endpoint(events.analyse_recording, inputs, outputs, "analyse_recording", older)
