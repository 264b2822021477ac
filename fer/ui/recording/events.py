"""Recording events: resolve the visitor's session and limit their jobs."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from functools import partial
from typing import Any

import gradio as gr

from fer.i18n import current_language, use_language
from fer.i18n import gettext as _
from fer.output_files import OutputError
from fer.ui import html
from fer.ui.event_listeners import clipped_number, uploaded_path, uploaded_paths
from fer.ui.fair_scheduler import (
    MAX_WAITING_EVENTS,
    MAX_WAITING_FILES,
    BusyError,
    FairScheduler,
    Superseded,
)
from fer.ui.job_queue import QueueFullError, QueuePlaces
from fer.ui.recording.handlers import RATE_CHOICES, WORKERS, RecordingHandlers
from fer.ui.recording.queue_views import UNCHANGED, outputs
from fer.ui.recording.rendered_recording import FILES_DELETED, RESULT_FILES
from fer.ui.recording.session import RecordingSession
from fer.ui.sender import Sender
from fer.ui.sessions import SessionError, Sessions

MAX_RECORDINGS = 60
"""Recordings of all visitors together that are queued or analysed."""


class RecordingEvents:
    """Event listeners of the Recording tab.

    Args:
        handlers: Check and analyse recordings.
        sessions: The visitors' sessions.
    """

    def __init__(self, handlers: RecordingHandlers, sessions: Sessions) -> None:
        self.handlers, self.sessions = handlers, sessions
        self._places = QueuePlaces(MAX_RECORDINGS)
        self._turns = FairScheduler(WORKERS, "choose", MAX_WAITING_FILES)
        self._marks = FairScheduler(1, "mark", MAX_WAITING_EVENTS)
        self._files = FairScheduler(1, "rewrite", MAX_WAITING_EVENTS)

    async def choose(
        self, recordings: object, token: str, request: gr.Request | None = None
    ) -> tuple[Any, ...]:
        """Check files as soon as they are uploaded, each in a turn of its own.

        Returns:
            As `RecordingHandlers.choose`.
        """
        sender, paths = Sender(request), uploaded_paths(recordings)
        with _reported():
            try:
                session = self.sessions.get_or_create(token, sender).recording
                session.choose(paths)
                session.choices += 1
                session.language = current_language()
                return await self._check(session, len(paths), token, sender)
            except Superseded:
                return gr.skip(), *UNCHANGED
            except (SessionError, BusyError) as error:
                return _refused(error), *UNCHANGED

    async def translate(
        self, recordings: object, token: str, request: gr.Request | None = None
    ) -> tuple[Any, ...]:
        """Write the state of the chosen files again after a change of language, without messages.

        After a reload the field is empty; the results from before the reload stay.
        """
        if not uploaded_paths(recordings):
            return gr.skip(), "", *UNCHANGED[1:]
        return await self.choose(recordings, token, request)

    async def _check(
        self, session: RecordingSession, number: int, token: str, sender: Sender
    ) -> tuple[Any, ...]:
        choice = session.choices
        for recording in session.recordings:
            work = partial(self.handlers.read_properties, recording)
            await self._turns.run(token, sender, work)
            if session.choices != choice:
                raise Superseded  # by a later choice, which waits for its turn
        return await self._turns.run(token, sender, partial(self.handlers.choose, session, number))

    async def start(
        self,
        recordings: object,
        view: str,
        rate: float | None,
        start_at: Any,
        end_at: Any,
        token: str,
        request: gr.Request | None = None,
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Analyse recordings, see `RecordingHandlers.start`; cancelled when the visitor leaves."""
        sender = Sender(request)
        try:
            session = self.sessions.get_or_create(token, sender).recording
            session.visitor, session.language = sender.session_hash or token, current_language()
            # Two: pressing Start again cancels the first run, which ends in a moment.
            with self._places.place(session.visitor, 2):
                paths, frame_rate = uploaded_paths(recordings), clipped_number(rate, RATE_CHOICES)
                work = self.handlers.start(paths, view, frame_rate, session, (start_at, end_at))
                async with aclosing(work) as updates:
                    while (update := await _next(updates, session)) is not None:
                        yield update
                        if sender.has_left():
                            return
        except (SessionError, QueueFullError) as error:
            yield _refused(error), *UNCHANGED[1:]

    async def show(
        self, number: Any, token: str, request: gr.Request | None = None
    ) -> tuple[Any, ...]:
        """Display the result of another recording."""
        sender = Sender(request)
        with _reported(), suppress(Superseded):
            session = self.sessions.get_or_create(token, sender).recording
            return await self._marks.run(token, sender, partial(_show, session, number))
        return UNCHANGED

    async def mark(
        self, action: Any, token: str, request: gr.Request | None = None
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Set, change or remove a mark; yield state and result, then the files."""
        sender = Sender(request)
        unchanged = files = [gr.skip()] * len(RESULT_FILES[1:])
        with _reported():
            session = self.sessions.get_or_create(token, sender).recording
            shown = session.shown
            if shown is None or (rendered := shown.result) is None:
                raise OutputError(_(FILES_DELETED))
            trouble = rendered.mark(action)  # none is dropped, while only the last one is drawn
            work = partial(rendered.render, trouble)
            with suppress(Superseded):  # the files are to have it all the same
                yield *await self._marks.run(token, sender, work), *unchanged
            turn = f"{token} {shown.number}"  # of this recording
            with suppress(Superseded):  # by the files with a later mark
                written = await self._files.run(turn, sender, rendered.rewrite)
                files = written if session.shown is shown else unchanged
            # Gradio sends the last update once more at the end, when a later mark may be displayed.
            yield gr.skip(), gr.skip(), *files

    async def cancel(self, token: str, request: gr.Request | None = None) -> None:
        """Cancel the analysis; its handler reports when the current job has ended."""
        with _reported():
            self.sessions.get_or_create(token, Sender(request)).recording.cancel()

    async def recording(
        self,
        recording: Mapping[str, Any] | None,
        view: str = "person",
        rate: float = RATE_CHOICES[1],
        request: gr.Request | None = None,
    ) -> tuple[Any, ...]:
        """Follow the expressions in a video over time.

        Args:
            recording: The uploaded file, as programs send it, of a format that the tab lists.
            view: "person" for a series of each face, "class" for aggregates of five faces or more.
            rate: Analysed frames per second.
            request: Set by Gradio.

        Returns:
            The timeline as in its JSON file, without rows where it is large, and the paths of
            annotated video, plot, CSV, JSON, HTML report and a ZIP of files for other programs.
            They go within an hour.
        """
        sender = Sender(request)
        with _reported(), self._places.place(sender.session_hash):
            path = uploaded_path(recording)
            work = self.handlers.analyse_recording(path, view, rate, sender.session_hash)
            document, files = await sender.await_while_connected(work)
            return document, *files

    async def analyse_recording(
        self,
        recording: Mapping[str, Any] | None,
        view: str = "person",
        rate: float = RATE_CHOICES[1],
        request: gr.Request | None = None,
    ) -> tuple[Any, list[str]]:
        """Analyze a recording; return its document, and the paths of its files in a list."""
        document, *files = await self.recording(recording, view, rate, request)
        return document, files


async def _next(
    updates: AsyncGenerator[tuple[Any, ...]], session: RecordingSession
) -> tuple[Any, ...] | None:
    """Return the next update, in the language that the page has by then; None at the end."""
    with use_language(session.language):
        return await anext(updates, None)


@contextmanager
def _reported() -> Iterator[None]:
    """Let Gradio report what is refused: in a sentence, and without a traceback in the log."""
    try:
        yield
    except (SessionError, QueueFullError, BusyError, OutputError) as error:
        raise gr.Error(str(error), print_exception=False) from None


def _show(session: RecordingSession, number: object) -> tuple[Any, ...]:
    """Display another result; return `outputs`, with the progress unchanged."""
    session.show(number)
    return outputs(session, gr.skip())


def _refused(error: ValueError) -> str:
    return html.message(_("Not now"), str(error), "trouble")
