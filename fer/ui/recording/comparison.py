"""Compare saved timelines, below the Recording tab: files in, a table with intervals out."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from fer.paths import printable
from fer.timeline.compare import MAX_SAMPLES, compare_timelines
from fer.timeline.comparison_table import comparison_html
from fer.timeline.serialization import about_of, from_json
from fer.timeline.timeline import TimelineError
from fer.ui import html
from fer.ui.connections import Abandoned, Sender
from fer.ui.event_options import PAGE_EVENT
from fer.ui.fair_scheduler import BusyError, FairScheduler, Superseded
from fer.ui.payloads import uploaded_path

MAX_BYTES = 24_000_000
"""Of all files together, which bounds memory and time; two hours of ten faces take about 8 MB."""

WAY = ("Whole recordings", "recordings"), ("Marked stretches", "stretches")
"""What is compared: its text on the page and its value for the handler."""

HINT = (
    "Choose two timelines or more that were saved as JSON, or one with marked stretches. They are "
    "deleted with the other uploads."
)


TIMELINES_PROMPT = "Drop timelines (JSON) here\nor press to choose them"
"""On the field for the files, in place of Gradio's text, and its name."""


class ComparisonEvents:
    """Compares the timelines that a visitor uploads; one visitor at a time."""

    def __init__(self) -> None:
        self._turns = FairScheduler(1, "compare")

    async def compare(
        self,
        files: Sequence[Mapping[str, Any]] | None,
        way: str,
        token: str,
        request: gr.Request | None = None,
    ) -> Any:
        """Return HTML of a comparison, or what is missing for one.

        Args:
            files: The uploaded files, as Gradio sends them.
            way: One of `WAY`.
            token: The visitor's token.
            request: The request.
        """
        paths = [Path(path) for file in files or () if (path := uploaded_path(file))]
        if not paths:
            return ""
        sender = Sender(request)
        try:
            work = partial(compare_files, paths, way == "stretches")
            return await self._turns.run(str(token), sender, work)
        except TimelineError as error:
            return html.message("No comparison yet", str(error))
        except Superseded:
            return gr.skip()
        except BusyError as error:
            return html.message("Not now", str(error), "trouble")
        except Abandoned:
            raise gr.Error("The visitor has left.", print_exception=False) from None


def compare_files(paths: Sequence[Path], stretches: bool) -> Markup:
    """Return HTML of the comparison of saved timelines, each named after its file.

    Raises:
        TimelineError: A file is no timeline, or they can't be compared.
    """
    if len(paths) > MAX_SAMPLES:
        raise TimelineError(f"At most {MAX_SAMPLES} timelines can be compared.")
    check_sizes(paths)
    texts = {path: _read(path) for path in paths}
    timelines = [(printable(path.stem), from_json(text)) for path, text in texts.items()]
    comparison = compare_timelines(timelines, stretches)
    networks = [about_of(text).get("fingerprint") for text in texts.values()]
    return comparison_html(comparison, [str(network) for network in networks if network])


def check_sizes(paths: Sequence[Path]) -> None:
    """Refuse files that are too large together; those that have gone are reported later.

    Raises:
        TimelineError: They are.
    """
    if sum(path.stat().st_size for path in paths if path.exists()) > MAX_BYTES:
        raise TimelineError(
            f"These files have more than {MAX_BYTES // 1_000_000} MB together; compare fewer, or "
            "use fer compare."
        )


def _read(path: Path) -> str:
    name = printable(path.name)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TimelineError(f"{name} is no timeline as JSON.") from error
    except OSError as error:
        raise TimelineError(f"{name} is no longer here; upload it again.") from error


def build_comparison(token: gr.HTML) -> None:
    """Build the comparison, which is closed at first, and connect its events."""
    events = ComparisonEvents()
    with gr.Accordion("Compare recordings", open=False, elem_id="recording-comparison"):
        gr.HTML(f'<p class="fer-note">{HINT}</p>')
        files = gr.File(
            label="Timelines",
            show_label=False,
            file_count="multiple",
            file_types=[".json"],
            height=120,
            elem_id="comparison-input",
        )
        way = gr.Radio(WAY, value=WAY[0][1], label="Compare", elem_id="comparison-way")
        result = gr.HTML(elem_id="comparison-result")
    gr.on(
        [files.change, way.change],
        events.compare,
        [files, way, token],
        result,
        trigger_mode="always_last",
        preprocess=False,
        **PAGE_EVENT,
    )
