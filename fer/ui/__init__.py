"""The Gradio page: its tabs, sessions, request guard and theme; the only importer of gradio."""

import os
import resource
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup
from starlette.middleware import Middleware

from fer.i18n import LANGUAGES, use_language
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.model.classifier import ExpressionClassifier
from fer.paths import public_name
from fer.pipeline import Classifier, Pipeline
from fer.sandbox import start_fork_server
from fer.temp_folder import claim_socket_folder
from fer.templates import chart_script, render
from fer.ui import html
from fer.ui.about import about_html
from fer.ui.allocator import limit_fragmentation
from fer.ui.gradio_internals import poll_less_often
from fer.ui.live.tab import build_live
from fer.ui.localization import LocalizedBlocks, RequestLanguage, localized
from fer.ui.model.tab import build_model
from fer.ui.periodic_sweep import cleanup_lifespan
from fer.ui.photo.tab import EXAMPLES, PHOTO_PROMPT, build_photo
from fer.ui.recording.comparison import TIMELINES_PROMPT
from fer.ui.recording.tab import RECORDING_PROMPT, build_recording
from fer.ui.serving.connections import Connections
from fer.ui.serving.request_guard import RequestGuard
from fer.ui.serving.static_cache import StaticCache
from fer.ui.serving.static_folders import device_page_folder, static_folders
from fer.ui.serving.transfer_limits import ResponseFlow
from fer.ui.serving.upload_store import page_store
from fer.ui.session_restore import build_session_restore, build_token
from fer.ui.sessions import Sessions
from fer.ui.theme import STYLESHEETS, build_theme
from fer.video import MAX_BYTES
from fer.vision.detector import FaceDetector

TITLE = N_("Which expression is on your face?")

INTRODUCTION = N_(
    "Turn on the camera, or drop in a photo or a recording. Every face gets a box, and a small "
    "neural network classifies its expression as one of seven."
)

GRADIO_SESSIONS = 2000
"""Sessions that Gradio keeps, each with some 10 KB; more than can be open at a time.

It also bounds what remains of events that end after their visitor left.
"""

MAX_REQUESTS, MAX_QUEUED = 400, 400
"""Requests that Gradio runs at a time, idle streams included, and that wait in its queue.

Running requests wait for a thread in `fer.ui.fair_scheduler`, where visitors get equal shares;
Gradio's own queue is first come, first served, and should stay empty.
"""

MAX_OPEN_FILES = 65_536
"""Open files for which the page's process asks the system. Each connection is one, and so is each
pipe to a process that decodes a file; often 1,024 are allowed at first."""

# Gradio sums up its last 10,000 events in a pandas table after each one that ends.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

HEAD = f"""<meta name="description" content="{INTRODUCTION}">
<style>
/* Gradio prefixes every rule of the stylesheets with its own class; these are outside of it. */
@media (max-width: 640px) {{
  .main.fillable {{ padding: 12px 14px !important; }}
  footer .divider {{ display: none !important; }}
  /* So that all fit, in any language. */
  #fer-tabs .tab-container button {{ padding-inline: 9px !important; }}
}}
</style>"""


def load_pipeline(model: str | None = None) -> Pipeline:
    """Load detector and classifier for a page that has to start in any case.

    Args:
        model: A folder, or a Hub id with an optional @revision; None or "" for the embedded
            network, which also replaces a model that can't be loaded and reports so in `notice`.
    """
    return Pipeline(FaceDetector(), ExpressionClassifier.load_or_embedded(model or None))


def build_demo(pipeline: Pipeline, second_model: str | None = None) -> gr.Blocks:
    """Return the page.

    Args:
        pipeline: Detects and classifies faces; its classifier's name, revision and notice are
            displayed.
        second_model: A folder or a Hub id of a network that visitors can compare with it.
    """
    classifier, sessions = pipeline.classifier, Sessions()
    device_page = device_page_folder() is not None
    raise_file_limit()
    limit_fragmentation()
    claim_socket_folder()
    start_fork_server(
        "fer.recording.worker_preload", FER_PRELOADED_MODEL=str(classifier.folder or "")
    )
    store = page_store()  # first: it sets Gradio's folder
    store.publish(EXAMPLES)
    demo = LocalizedBlocks(title=TITLE, analytics_enabled=False)
    with demo:
        token = build_token()
        gr.HTML(localized(lambda: header_html(classifier.notice)), elem_id="fer-header")
        with gr.Tabs(elem_id="fer-tabs"):
            with gr.Tab("Live", id="live"):
                _heading(N_("Live"))
                chart = build_live(pipeline, sessions, token, device_page)
            with gr.Tab("Photo", id="photo"):
                _heading(N_("Photo"))
                photos = build_photo(pipeline, sessions, token)
            with gr.Tab("Recording", id="recording"):
                _heading(N_("Recording"))
                recording = build_recording(pipeline, sessions, token)
            with gr.Tab("Model", id="model") as tab:
                build_model(tab, photos, sessions, token, second_model)
            with gr.Tab("About", id="about"):
                model = model_name(classifier), classifier.precision, classifier.metrics
                about = partial(about_html, *model, device_page=device_page)
                gr.HTML(localized(about), elem_id="about-panel")
        _build_scripts()
        build_session_restore(demo, token, sessions, chart, recording)
    # With an open API, events could be run without waiting in the queue.
    demo.queue(max_size=MAX_QUEUED, api_open=False)
    poll_less_often(demo)
    return demo


def raise_file_limit() -> None:
    """Let the process have many files and connections open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft not in (hard, resource.RLIM_INFINITY) and soft < wanted:
        with suppress(OSError, ValueError):  # the system has a limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _heading(text: str) -> None:
    """Build the heading of a tab, for screen readers."""
    gr.HTML(localized(partial(html.hidden_heading, text)), elem_classes="fer-hidden")


def _build_scripts() -> None:
    """Build the hidden components whose scripts serve the whole page."""
    gr.HTML(
        '<p role="status"></p>',
        elem_id="fer-spoken",
        js_on_load=html.script("announcements.js"),
    )
    gr.HTML(html_template="", elem_id="fer-charts", js_on_load=chart_script())
    gr.HTML(
        html_template="",
        elem_id="fer-accessible-names",
        js_on_load=html.script("accessible_names.js"),
        names=upload_names(),
    )
    gr.HTML(
        html_template="",
        elem_id="fer-language",
        js_on_load=html.script("language.js"),
        languages=list(LANGUAGES),
    )


def upload_names() -> dict[str, dict[str, str]]:
    """Return what the upload buttons are called, by language and by the id of their field.

    It is the text on them, and what screen readers read out.
    """
    names = {
        "photo-input": "# " + "\n".join(PHOTO_PROMPT),
        "recording-input": RECORDING_PROMPT,
        "comparison-input": TIMELINES_PROMPT,
    }
    known = {}
    for language in LANGUAGES:
        with use_language(language):
            known[language] = {field: _(name) for field, name in names.items()}
        photo = known[language]["photo-input"]  # without the mark of a heading, on one line
        known[language]["photo-input"] = " ".join(photo.removeprefix("# ").split("\n"))
    return known


def launch_settings() -> dict[str, Any]:
    """Return the arguments of `Blocks.launch` for this page.

    Address and port are left to Gradio, which reads GRADIO_SERVER_NAME and GRADIO_SERVER_PORT.
    """
    store = page_store()
    guard = Middleware(RequestGuard, store=store, max_bytes=MAX_BYTES)
    return {
        "theme": build_theme(),
        "css_paths": STYLESHEETS,
        "head": HEAD,
        "favicon_path": Path(__file__).with_name("favicon.png"),
        "footer_links": ["api", "settings"],
        "max_file_size": MAX_BYTES,
        "run_history": False,
        "state_session_capacity": GRADIO_SESSIONS,
        "max_threads": MAX_REQUESTS,
        "app_kwargs": {
            "middleware": [
                Middleware(ResponseFlow),
                Middleware(RequestLanguage),
                Middleware(StaticCache),
                *static_folders(),
                guard,
                Middleware(Connections),
            ],
            "lifespan": cleanup_lifespan(store),
        },
        "ssr_mode": False,
    }


def model_name(classifier: Classifier) -> str:
    """Return the name of the model in use, with the first digits of its commit on the Hub."""
    name, revision = public_name(classifier.name), classifier.revision
    return f"{name} at {revision[:7]}" if revision else name


def header_html(notice: str | None = None) -> Markup:
    """Return the title, the introduction and the legend of expressions and their colours."""
    return render(
        "header.html",
        title=_(TITLE),
        introduction=_(INTRODUCTION),
        notice=html.message(_("Please note"), notice) if notice else "",
    )
