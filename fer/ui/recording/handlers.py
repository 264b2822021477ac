"""What the Recording tab does, without the screen: a video in; its timeline and files out."""

import asyncio
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from anyio import to_thread
from gradio.utils import get_upload_folder

from fer.pipeline import Pipeline
from fer.recording import Cancelled, RecordingResult, analyse_sandboxed, check_video_sandboxed
from fer.timeline.summary import summarise
from fer.ui import html
from fer.ui.job_queue import Job, JobQueue
from fer.ui.recording.views import (
    CANCELLED_HTML,
    CANCELLING_HTML,
    FAILED_HTML,
    INSTRUCTIONS,
    RESULT_LIFETIME,
    finished_html,
    progress_html,
    result_html,
    video_facts,
    waiting_html,
)
from fer.video import VideoError, VideoInfo

WORKERS = 2
"""Recordings that are worked on at a time; others wait in line."""

RATE_CHOICES = (1, 5, 15)
"""Lowest, usual and highest number of analysed frames a second."""

NO_ROOM = "There is no room for another recording just now; try again in a few minutes."

MAX_RESULT_AGE = 3600
"""Seconds for which results are kept at most; Gradio deletes the files that it knows of earlier."""

POLL_INTERVAL = 0.4
"""Seconds between two looks at how far the work is."""

RESULT_FILES = ("video", "video", "plot", "csv", "json", "report")
"""Which files of a `Recording` go where: the video is played, and it can be saved."""

EMPTY_OUTPUTS = ("", *[None] * len(RESULT_FILES))
"""No result and no files."""

logger = logging.getLogger(__name__)


class RenderedRecording:
    """A recording, analysed, and what the page says of it.

    Args:
        recording: Its timeline and files.
    """

    def __init__(self, recording: RecordingResult) -> None:
        """Sum it up; this takes a moment, so it belongs into the thread of the work."""
        summary = summarise(recording.timeline, recording.duration)
        self.recording, self.summary, self.created = recording, summary, time.monotonic()
        self.result = result_html(recording.timeline, summary, recording.pictures, recording.lead)
        recording.thumbnails.unlink()  # the page has them, and nobody would delete the file

    def outputs(self) -> tuple[str, ...]:
        """Return HTML of the state, HTML of the result and a path for each of `RESULT_FILES`."""
        left = RESULT_LIFETIME - (time.monotonic() - self.created)
        state = finished_html(self.summary, self.recording.warning, left)
        return state, self.result, *_paths(self.recording, RESULT_FILES)


@dataclass(eq=False)
class RecordingSession:
    """What is kept for one visitor: the work at hand, or what came of it.

    Args:
        job: The work.
        recording: Path of the upload that it is about.
        result: What the work came to.
    """

    job: Job[RenderedRecording] | None = None
    recording: str | None = None
    result: RenderedRecording | None = None

    def clear(self) -> None:
        """Cancel what is being done and remove the files of what was done."""
        if self.job is not None:
            self.job.discard()
        self.job = self.recording = self.result = None

    def outputs(self) -> tuple[str, ...] | None:
        """Return what `RenderedRecording.outputs` does; None where there is none, or its files have
        gone."""
        if self.result is None or not self.result.recording.video.exists():
            return None
        return self.result.outputs()


class RecordingHandlers:
    """What the Recording tab does, without the screen.

    Args:
        pipeline: Finds faces and reads their expressions.
        analyse: Does the work, by default in a process of its own.
        check: Looks at a file, by default in such a process, too.
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
        """Look at a file as soon as it is there; what was shown of another one goes.

        A player that is only hidden would go on playing.

        Args:
            recording: Path of the uploaded file; None when the field is empty.
            session: The visitor's; what lay on it is cleared away, but not work on this very file,
                which has begun already where Start was pressed before the upload was through.

        Returns:
            HTML of what is known of the file, the empty answer's HTML, the empty result, no path
            for each of `RESULT_FILES`, and the desk.
        """
        begun = recording is not None and recording == session.recording
        shown = [gr.skip()] * (1 + len(EMPTY_OUTPUTS)) if begun else (INSTRUCTIONS, *EMPTY_OUTPUTS)
        if not begun:
            session.clear()
        return ("" if recording is None else self._known(recording)), *shown, session

    async def start(
        self, recording: str | None, view: str, rate: float, session: RecordingSession
    ) -> AsyncGenerator[tuple[Any, ...]]:
        """Analyse a recording, and tell how far it is several times a second.

        Args:
            recording: Path of the uploaded file.
            view: "person" or "class".
            rate: Analysed frames a second.
            session: The visitor's; what lay on it is cleared away.

        Yields:
            HTML of the state, HTML of the result, a path each of `FILES`, and the desk.
        """
        session.clear()
        session.recording = recording
        try:
            job = await to_thread.run_sync(self._job, _existing_file(recording), view, rate)
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
        """Ask for the end of the work at hand; its handler says when it has ended."""
        if session.job is not None:
            session.job.cancel()
        return session

    async def analyse_recording(
        self, recording: str, view: str = "person", rate: float = RATE_CHOICES[1]
    ) -> tuple[dict[str, Any], list[str]]:
        """Follow the expressions in a video over time.

        Args:
            recording: The video's file: MP4, MOV, WebM, MKV, AVI or GIF.
            view: "person" for a series a face, "class" for aggregates of five faces or more only.
            rate: Analysed frames a second.

        Returns:
            The timeline as in its JSON file, and the files: annotated video, plot, CSV, JSON and
            HTML report. They are deleted within the hour.
        """
        try:
            job = await to_thread.run_sync(self._job, _existing_file(recording), view, rate)
            made = (await self._run_to_end(job)).recording
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return json.loads(made.json.read_text()), _paths(made, RESULT_FILES[1:])

    async def _run_to_end(self, job: Job[RenderedRecording]) -> RenderedRecording:
        """Do a job, and stop it when whoever waits for it doesn't any more."""
        task = self.job_queue.submit(job)
        try:
            return await asyncio.shield(task)
        finally:
            if not task.done():
                job.cancel()

    def _job(self, source: Path, view: str, rate: float) -> Job[RenderedRecording]:
        """Return the work on a video, with a link to it in a folder that nobody can guess."""
        self.check(source)
        recordings = Path(get_upload_folder(), "recordings")
        self.job_queue.delete_old_results(recordings, MAX_RESULT_AGE)
        folder = recordings / secrets.token_urlsafe(16)
        linked = folder / "source" / source.name
        _link_or_copy(source, linked)  # the upload may be deleted while the work waits in line

        def work(job: Job[RenderedRecording]) -> RenderedRecording:
            try:
                made = self.analyse(
                    linked,
                    folder,
                    self.pipeline,
                    view,
                    rate,
                    progress=job.report_progress,
                    cancelled=job.is_cancelled,
                )
                return RenderedRecording(made)
            finally:
                shutil.rmtree(linked.parent, ignore_errors=True)

        return Job(folder, work)

    def _known(self, recording: str) -> str:
        """Return what is known of a file, or why it can't be used."""
        try:
            return video_facts(self.check(_existing_file(recording)))
        except VideoError as error:
            return _error_html(error)

    def _status_html(self, job: Job[RenderedRecording]) -> str:
        """Return what is told of a job that isn't done."""
        if job.is_cancelled():
            return CANCELLING_HTML
        waiting = self.job_queue.jobs_before(job)
        return waiting_html(waiting) if waiting else progress_html(job.progress)


def _link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name in a new folder, or a copy where the disk knows no such thing.

    Raises:
        VideoError: There is no room.
    """
    try:
        target.parent.mkdir(parents=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    except OSError:
        shutil.rmtree(target.parent.parent, ignore_errors=True)
        raise VideoError(NO_ROOM) from None


def _existing_file(recording: str | None) -> Path:
    if recording is None:
        raise VideoError("Choose a recording first.")
    if not Path(recording).exists():
        raise VideoError("The recording is no longer here; drop it in again.")
    return Path(recording)


def _outcome(
    task: asyncio.Task[RenderedRecording], job: Job[RenderedRecording]
) -> tuple[str | None, ...]:
    """Return what a task that is done came to: state, result and files."""
    error = None if task.cancelled() else task.exception()
    was_cancelled = error is None and not job.finished  # in its last moment: the files are gone
    if was_cancelled or isinstance(error, Cancelled):
        return CANCELLED_HTML, *EMPTY_OUTPUTS
    if isinstance(error, VideoError):
        return _error_html(error), *EMPTY_OUTPUTS
    if error is not None:
        logger.error("The analysis of a recording failed.", exc_info=error)
        return FAILED_HTML, *EMPTY_OUTPUTS
    return task.result().outputs()


def _paths(recording: RecordingResult, names: Sequence[str]) -> list[str]:
    return [str(getattr(recording, name)) for name in names]


def _error_html(error: VideoError) -> str:
    return html.message("This video can't be used", str(error), "trouble")
