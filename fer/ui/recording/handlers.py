"""Recording handlers: check a video, analyse it as a job, and return its timeline and files."""

import asyncio
import json
import logging
import os
import secrets
import shutil
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from anyio import to_thread
from gradio.utils import get_upload_folder

from fer.pipeline import Pipeline
from fer.recording import Cancelled, RecordingResult, analyse_sandboxed, check_video_sandboxed
from fer.recording.exports import name_files, write_archive
from fer.recording.span import WHOLE, Span, parse_span
from fer.ui import html
from fer.ui.job_queue import Job, JobQueue
from fer.ui.recording.session import (
    EMPTY_OUTPUTS,
    RESULT_FILES,
    RecordingSession,
    RenderedRecording,
    file_paths,
)
from fer.ui.recording.views import (
    CANCELLED_HTML,
    CANCELLING_HTML,
    FAILED_HTML,
    INSTRUCTIONS,
    progress_html,
    video_facts,
    waiting_html,
)
from fer.video import VideoError, VideoInfo

WORKERS = 2
"""Recordings that are analysed at a time; others are queued."""

RATE_CHOICES = (1, 5, 15)
"""Lowest, default and highest number of analysed frames a second."""

RECORDINGS_FULL = "There is no room for another recording just now; try again in a few minutes."

NO_RECORDING = "There is no recording; upload a video and send it as `recording`."
"""For programs."""

MAX_RESULT_AGE = 3600
"""Seconds for which results are kept at most."""

POLL_INTERVAL = 0.4
"""Seconds from one progress update to the next."""

logger = logging.getLogger(__name__)


class RecordingHandlers:
    """Checks and analyses recordings.

    Args:
        pipeline: Detects, tracks and classifies faces.
        analyse: Analyses a video, by default in a sandboxed process.
        check: Reads a video's properties, by default in a sandboxed process, too.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        analyse: Callable[..., RecordingResult] = analyse_sandboxed,
        check: Callable[[Path], VideoInfo] = check_video_sandboxed,
    ) -> None:
        self.pipeline, self.analyse, self.check = pipeline, analyse, check
        self.job_queue = JobQueue(WORKERS)

    def choose(self, recording: str | None, session: RecordingSession) -> tuple[Any, ...]:
        """Check a file as soon as it is uploaded, and remove the result of the previous one.

        A player that is only hidden would continue to play.

        Args:
            recording: Path of the uploaded file; None when the field is empty.
            session: The visitor's; it is cleared, except of a job for this very file, which is
                there where Start was pressed before the upload was complete.

        Returns:
            HTML of the file's properties, HTML of the instructions, the empty result, no path for
            each of `RESULT_FILES`, and the session.
        """
        has_started = recording is not None and recording == session.recording
        outputs = (
            [gr.skip()] * (1 + len(EMPTY_OUTPUTS))
            if has_started
            else (INSTRUCTIONS, *EMPTY_OUTPUTS)
        )
        if not has_started:
            session.clear()
        return ("" if recording is None else self._known(recording)), *outputs, session

    async def start(
        self,
        recording: str | None,
        view: str,
        rate: float,
        session: RecordingSession,
        times: tuple[Any, Any] = ("", ""),
    ) -> AsyncGenerator[tuple[Any, ...]]:
        """Analyse a recording, with a progress update several times a second.

        Args:
            recording: Path of the uploaded file.
            view: "person" or "class".
            rate: Analysed frames a second.
            session: The visitor's; it is cleared first.
            times: Where the analysis starts and ends, as typed; "" for the recording's own.

        Yields:
            HTML of the state, HTML of the result, a path for each of `RESULT_FILES`, and the
            session.
        """
        session.clear()
        session.recording = recording
        try:
            span = parse_span(*times)
            job = await to_thread.run_sync(self._job, _existing_file(recording), view, rate, span)
        except VideoError as error:
            yield _error_html(error), *EMPTY_OUTPUTS, session
            return
        session.job = job
        task = self.job_queue.submit(job)
        try:
            while not task.done():
                yield self._status_html(job), *EMPTY_OUTPUTS, session
                await asyncio.wait([task], timeout=POLL_INTERVAL)
                if job.is_cancelled() and not job.started:
                    task.cancel()
            session.result = task.result() if job.finished else None
            yield *_outcome(task, job), session
        finally:
            if not task.done():  # the visitor has left
                job.cancel()

    def cancel(self, session: RecordingSession) -> RecordingSession:
        """Cancel the current job; `start` reports when it has ended."""
        if session.job is not None:
            session.job.cancel()
        return session

    async def analyse_recording(
        self, recording: str | None, view: str = "person", rate: float = RATE_CHOICES[1]
    ) -> tuple[dict[str, Any], list[str]]:
        """Follow the expressions in a video over time.

        Args:
            recording: The video's file, of a format that the tab lists.
            view: "person" for a series a face, "class" for aggregates of five faces or more only.
            rate: Analysed frames a second.

        Returns:
            The timeline as in its JSON file, and the files: annotated video, plot, CSV, JSON, HTML
            report and a ZIP of files for other programs. They are deleted within the hour.
        """
        if recording is None:
            raise gr.Error(NO_RECORDING, print_exception=False)
        try:
            job = await to_thread.run_sync(self._job, _existing_file(recording), view, rate)
            result = (await self._run_to_end(job)).recording
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return json.loads(result.json.read_text()), file_paths(result, RESULT_FILES[1:])

    async def _run_to_end(self, job: Job[RenderedRecording]) -> RenderedRecording:
        """Run a job; cancel it when this coroutine is cancelled."""
        task = self.job_queue.submit(job)
        try:
            return await asyncio.shield(task)
        finally:
            if not task.done():
                job.cancel()

    def _job(
        self, source: Path, view: str, rate: float, span: Span = WHOLE
    ) -> Job[RenderedRecording]:
        """Return a job for a video, with a link to it in a folder of a random name."""
        span.length(self.check(source).duration)
        recordings = Path(get_upload_folder(), "recordings")
        self.job_queue.delete_old_results(recordings, MAX_RESULT_AGE)
        folder = recordings / secrets.token_urlsafe(16)
        linked = folder / "source" / source.name
        _link_or_copy(source, linked)  # the upload may be deleted while the job is queued

        def work(job: Job[RenderedRecording]) -> RenderedRecording:
            try:
                result = self.analyse(
                    linked,
                    folder,
                    self.pipeline,
                    view,
                    rate,
                    progress=job.report_progress,
                    cancelled=job.is_cancelled,
                    span=span,
                )
                result = name_files(result, source)
                return RenderedRecording(replace(result, exports=write_archive(result, source)))
            finally:
                shutil.rmtree(linked.parent, ignore_errors=True)

        return Job(folder, work)

    def _known(self, recording: str) -> str:
        """Return a file's properties, or why it can't be used."""
        try:
            return video_facts(self.check(_existing_file(recording)))
        except VideoError as error:
            return _error_html(error)

    def _status_html(self, job: Job[RenderedRecording]) -> str:
        """Return the state of an unfinished job."""
        if job.is_cancelled():
            return CANCELLING_HTML
        waiting = self.job_queue.jobs_before(job)
        return waiting_html(waiting) if waiting else progress_html(job.progress)


def _link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file into a new folder, or copy it where the disk has no hard links.

    Raises:
        VideoError: The disk is full.
    """
    try:
        target.parent.mkdir(parents=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    except OSError:
        shutil.rmtree(target.parent.parent, ignore_errors=True)
        raise VideoError(RECORDINGS_FULL) from None


def _existing_file(recording: str | None) -> Path:
    if recording is None:
        raise VideoError("Choose a recording first.")
    if not Path(recording).exists():
        raise VideoError("The recording is no longer here; upload it again.")
    return Path(recording)


def _outcome(
    task: asyncio.Task[RenderedRecording], job: Job[RenderedRecording]
) -> tuple[str | None, ...]:
    """Return the outputs of a finished task: state, result and files."""
    error = None if task.cancelled() else task.exception()
    was_cancelled = error is None and not job.finished  # at the last moment: its files are deleted
    if was_cancelled or isinstance(error, Cancelled):
        return CANCELLED_HTML, *EMPTY_OUTPUTS
    if isinstance(error, VideoError):
        return _error_html(error), *EMPTY_OUTPUTS
    if error is not None:
        logger.error("The analysis of a recording failed.", exc_info=error)
        return FAILED_HTML, *EMPTY_OUTPUTS
    return task.result().outputs()


def _error_html(error: VideoError) -> str:
    return html.message("This video can't be used", str(error), "trouble")
