"""Compare recordings, below the Recording tab: what was analysed, and saved timelines."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import orjson
from markupsafe import Markup

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.paths import printable
from fer.recording.outputs import FILE_NAMES
from fer.timeline.compare import MAX_SAMPLES, compare_timelines
from fer.timeline.comparison_table import comparison_html
from fer.timeline.serialization import about_of, from_document
from fer.timeline.timeline import Timeline, TimelineError
from fer.ui import html
from fer.ui.event_listeners import PAGE_EVENT, uploaded_paths
from fer.ui.fair_scheduler import MAX_WAITING_EVENTS, BusyError, FairScheduler, Superseded
from fer.ui.localization import localized
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.sender import Sender
from fer.ui.serving.upload_form import MAX_FILES
from fer.ui.sessions import SessionError, Sessions

MAX_BYTES = 24_000_000
"""Most bytes of all files together; two hours of ten faces take about 8 MB."""

MAX_ROWS = 600_000
"""Lists and objects in a file, counted by their brackets before it is parsed; two hours of ten
faces take about 90,000. Empty ones take twenty times their text in memory."""

MAX_FINGERPRINT = 64
"""Letters of a network's fingerprint, a SHA-256."""

MAX_TITLE = 255
"""Letters of a recording's name, as in the name of a file."""

WAY = ("Whole recordings", "recordings"), ("Marked stretches", "stretches")
"""What is compared: its text on the page and its value for the handler."""

HINT = N_(
    "What was analysed above is compared with each other and with timelines that were saved as "
    "JSON, or marked stretches are. Uploaded timelines are deleted with the other uploads."
)

NOT_TIMELINE = N_("%(file)s is no timeline as JSON.")

TIMELINES_PROMPT = N_("Drop timelines (JSON) here\nor press to choose them")
"""On the field for the files, in place of Gradio's text, and its name."""


class Compared(NamedTuple):
    """A timeline with its name, and the fingerprint of its network, "" where unknown."""

    name: str
    timeline: Timeline
    network: str


class ComparisonEvents:
    """Compares a visitor's recordings, and the timelines that they upload; one visitor at a time.

    Args:
        sessions: The visitors' sessions.
    """

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self._turns = FairScheduler(1, "compare", MAX_WAITING_EVENTS)

    async def select(
        self,
        chosen: object,
        files: object,
        way: str,
        token: str,
        request: gr.Request | None = None,
    ) -> tuple[Any, Any]:
        """Compare other ones of the recordings than before; see `compare`.

        Args:
            chosen: The numbers of those that are to take part.
            files, way, token, request: As for `compare`.
        """
        numbers = chosen if isinstance(chosen, list) else []
        try:
            session = self.sessions.get_or_create(token, Sender(request))
            for recording in session.recording.recordings:
                recording.compared = recording.number in numbers
        except SessionError:
            return gr.skip(), gr.skip()
        return await self.compare(files, way, token, request)

    async def compare(
        self, files: object, way: str, token: str, request: gr.Request | None = None
    ) -> tuple[Any, Any]:
        """Return the choice of recordings, and HTML of a comparison or of what is missing for one.

        Args:
            files: The uploaded timelines, as Gradio sends them.
            way: One of `WAY`.
            token: The visitor's token.
            request: The request.
        """
        sender = Sender(request)
        try:
            finished = self.sessions.get_or_create(token, sender).recording.finished
            paths = [Path(path) for path in uploaded_paths(files)]
            work = partial(compare_html, finished, paths, way == "stretches")
            return _choice(finished), await self._turns.run(token, sender, work)
        except TimelineError as error:
            return _choice(finished), html.message(_("No comparison yet"), str(error))
        except Superseded:
            return gr.skip(), gr.skip()
        except (SessionError, BusyError) as error:
            return gr.skip(), html.message(_("Not now"), str(error), "trouble")


def _choice(finished: Sequence[QueuedRecording]) -> dict[str, Any]:
    """Return the update of the field that chooses among the recordings."""
    names = distinct_names([each.name for each in finished])
    return gr.update(
        choices=[(name, each.number) for name, each in zip(names, finished, strict=True)],
        value=[each.number for each in finished if each.compared],
        visible=len(finished) > 0,
    )


def compare_html(
    finished: Sequence[QueuedRecording], paths: Sequence[Path], stretches: bool
) -> Markup:
    """Return HTML of a comparison; empty where there is only one recording, and no file.

    Args:
        finished: The recordings; those that are `compared` take part.
        paths: Paths of saved timelines, each named after its file, or after its recording if that
            is the file of `fer video`.
        stretches: Whether marked stretches are compared.

    Raises:
        TimelineError: A file is no timeline, or they can't be compared.
    """
    here = [each for each in finished if each.compared]
    if not paths and len(here) < 2 and not (here and stretches):
        return Markup()
    if len(here) + len(paths) > MAX_SAMPLES:
        raise TimelineError(_("At most %(most)s recordings can be compared.", most=MAX_SAMPLES))
    _check_sizes(paths)
    compared = [*_analyzed(here), *map(_read_timeline, paths)]
    names = distinct_names([each.name for each in compared])
    timelines = [(name, each.timeline) for name, each in zip(names, compared, strict=True)]
    comparison = compare_timelines(timelines, stretches)
    return comparison_html(comparison, [each.network for each in compared if each.network])


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return names that differ, as files of several folders may not: "lesson", "lesson (2)"."""
    made: list[str] = []
    for name in names:
        numbered = (f"{name} ({number})" for number in count(2))
        made.append(next(each for each in chain([name], numbered) if each not in made))
    return made


def _analyzed(recordings: Sequence[QueuedRecording]) -> Iterator[Compared]:
    for each in recordings:
        if each.result is not None:
            recording = each.result.recording
            network = recording.metadata.network.fingerprint
            yield Compared(printable(Path(each.path).stem), recording.timeline, network)


def _read_timeline(path: Path) -> Compared:
    """Read a saved timeline."""
    name = printable(path.name)
    document = _parse(_read(path), name)
    try:
        timeline = from_document(document)
    except TimelineError as error:
        raise TimelineError(f"{name}: {error}") from error
    about = about_of(document)
    network = str(about.get("fingerprint") or "")[:MAX_FINGERPRINT]
    stem = path.stem
    # That of `fer video`, the same in each of its folders.
    if path.name == FILE_NAMES["json"] and isinstance(title := about.get("title"), str):
        stem = Path(title[:MAX_TITLE]).stem or stem
    return Compared(printable(stem), timeline, network)


def _parse(content: bytes, name: str) -> Any:
    """Return the content of a JSON file; with orjson, for the interpreter waits meanwhile."""
    if content.count(b"[") + content.count(b"{") <= MAX_ROWS:
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(content)
    raise TimelineError(_(NOT_TIMELINE, file=name))


def _check_sizes(paths: Sequence[Path]) -> None:
    """Refuse files that are too large together; those that have gone are reported later.

    Raises:
        TimelineError: They are.
    """
    size = 0
    for path in paths:
        with suppress(OSError):
            size += path.stat().st_size
    if size > MAX_BYTES:
        raise TimelineError(
            _(
                "These files have more than %(most)s MB together; compare fewer, or use fer "
                "compare.",
                most=MAX_BYTES // 1_000_000,
            )
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        name = printable(path.name)
        raise TimelineError(_("%(file)s is no longer here; upload it again.", file=name)) from error


def build_comparison(sessions: Sessions, token: gr.HTML, changing: Sequence[gr.HTML]) -> None:
    """Build the comparison, which is closed at first, and connect its events.

    Args:
        sessions: The visitors' sessions.
        token: Holds the visitor's token.
        changing: What changes with the recordings and their marks.
    """
    events = ComparisonEvents(sessions)
    with gr.Accordion("Compare recordings", open=False, elem_id="recording-comparison") as panel:
        gr.HTML(
            localized(partial(html.note, HINT)),
            elem_id="comparison-note",
            js_on_load=html.script("refused_files.js"),
            field="comparison-input",
            suffixes=[".json"],
            most=MAX_FILES,
        )
        here, files, way = _inputs()
        result = gr.HTML(elem_id="comparison-result")
    inputs, outputs = [files, way, token], [here, result]
    options: dict[str, Any] = {"trigger_mode": "always_last", "preprocess": False, **PAGE_EVENT}
    changes = [files.change, way.change, panel.expand, *(each.change for each in changing)]
    changes.append(token.input)  # the page has another language
    gr.on(changes, events.compare, inputs, outputs, **options)
    here.input(events.select, [here, *inputs], outputs, **options)


def _inputs() -> tuple[gr.CheckboxGroup, gr.File, gr.Radio]:
    here = gr.CheckboxGroup(
        [], label="Analysed here", visible=False, elem_id="comparison-recordings"
    )
    files = gr.File(
        label="Timelines",
        show_label=False,
        file_count="multiple",
        file_types=[".json"],
        height=120,
        elem_id="comparison-input",
    )
    way = gr.Radio(WAY, value=WAY[0][1], label="Compare", elem_id="comparison-way")
    return here, files, way
