"""Recording handlers: check a video, analyse it as a job, and return its timeline and files."""

import asyncio
import logging
import secrets
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from anyio import CapacityLimiter, to_thread
from gradio.utils import get_upload_folder

from fer.i18n import current_language
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.pipeline import Pipeline
from fer.recording import AnalysisCancelled, AnalysisSettings, RecordingResult
from fer.recording.exports import name_files, write_archive
from fer.recording.sandboxed import analyze_sandboxed, check_video_sandboxed
from fer.recording.span import parse_span
from fer.ui.job_queue import Job, JobQueue
from fer.ui.recording.queue_views import (
    UNCHANGED,
    chosen_html,
    ended_html,
    outputs,
    unfinished_html,
)
from fer.ui.recording.queued_recording import (
    RECORDINGS_FULL,
    QueuedRecording,
    existing_file,
    link_or_copy,
)
from fer.ui.recording.rendered_recording import RESULT_FILES, RenderedRecording, file_paths
from fer.ui.recording.session import QueueRun, RecordingSession
from fer.ui.recording.views import CANCELLED, FAILED, not_started, unusable
from fer.video import VideoError, VideoInfo

WORKERS = 2
"""Recordings that are analysed at a time; others are queued."""

RATE_CHOICES = (1, 5, 15)
"""Lowest, default and highest number of analysed frames per second."""

NO_RECORDING = N_("There is no recording; upload a video and send it as `recording`.")
"""Error for programs."""

POLL_INTERVALS = 1.0, 0.4
"""Seconds from one progress update to the next, before a recording is analysed and meanwhile."""

MAX_HELD_BYTES = 8_000_000_000
"""Bytes of all recordings that wait or are analysed, which stay on the disk whatever uploads need;
sixteen of the largest ones."""

ORDINARY_PIXEL_RATE = 1920 * 1080 * 30
"""Pixels a second; a video of more takes longer by as much, as each is decoded."""

UNKNOWN_LENGTH = 3600.0
"""Seconds that a recording of unknown duration is taken for in the queue."""

logger = logging.getLogger(__name__)


class RecordingHandlers:
    """Checks and analyses recordings.

    Args:
        pipeline: Detects, tracks and classifies faces.
        analyze: Analyses a video, by default in a sandboxed process.
        check: Reads a video's properties, by default in a sandboxed process, too.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        analyze: Callable[..., RecordingResult] = analyze_sandboxed,
        check: Callable[[Path], VideoInfo] = check_video_sandboxed,
    ) -> None:
        self.pipeline, self.analyze, self.check = pipeline, analyze, check
        self.job_queue = JobQueue(WORKERS)
        # Not anyio's threads for everything: each request needs one, and a check may take seconds.
        self._checks = CapacityLimiter(WORKERS)
        self._running: set[RecordingSession] = set()

    def kept_folders(self) -> set[Path]:
        """Return the folders of uploads that wait for their turn, and of results beside them."""
        sessions = self._running.copy()
        return {each.folder for session in sessions for each in session.recordings}

    def read_properties(self, recording: QueuedRecording) -> None:
        """Read the properties of what was just uploaded, unless they are known.

        What can't be used is read again where the page has another language, for its reason.
        """
        failure = recording.failure
        known = failure is not None and failure.language in (None, current_language())
        if recording.info is None and not known:
            try:
                recording.info = self.check(existing_file(recording.path))
                recording.failure = None
            except VideoError as error:
                recording.failure = unusable(error)

    def choose(self, session: RecordingSession, chosen: int) -> tuple[Any, ...]:
        """Return HTML of what is known of the recordings, and `outputs`.

        Args:
            session: The visitor's, after `RecordingSession.choose`.
            chosen: How many recordings were chosen.
        """
        progress = "" if session.run is None else gr.skip()
        return chosen_html(session, chosen), *outputs(session, progress)

    async def start(
        self,
        recordings: Sequence[str],
        view: str,
        rate: float,
        session: RecordingSession,
        times: tuple[Any, Any] = ("", ""),
    ) -> AsyncGenerator[tuple[Any, ...]]:
        """Analyse recordings one after the other, with a progress update several times per second.

        What has a result with the same settings is passed over; one that can't be analysed doesn't
        stop the others.

        Args:
            recordings: Paths of the uploaded files.
            view: "person" or "class".
            rate: Analysed frames per second.
            session: The visitor's.
            times: Where the analysis starts and ends, as typed; "" for the recordings' own.

        Yields:
            `outputs`.
        """
        session.choose(recordings)
        try:
            settings = AnalysisSettings(view, rate, parse_span(*times))
            if not recordings:
                raise VideoError(_("Choose a recording first."))
        except VideoError as error:
            yield outputs(session, not_started(error).html())
            return
        run = session.begin(settings)
        self._running.add(session)
        try:
            while (recording := session.next_in(run)) is not None:
                async for progress in self._analyse(recording, run, session):
                    yield outputs(session, progress)
        finally:  # perhaps in the middle, as the visitor has left
            session.end(run)
            if session.run is None:
                self._running.discard(session)
        if session.run is None:
            # Whole, as the page may lack any update but this one, see `Mailbox`.
            ended = partial(outputs, session, ended_html(run, session), whole=True)
            yield await to_thread.run_sync(ended)  # which may render in another language
        else:  # Start was pressed again; at the end, Gradio sends the last update once more
            yield UNCHANGED

    async def _analyse(
        self, recording: QueuedRecording, run: QueueRun, session: RecordingSession
    ) -> AsyncGenerator[str]:
        """Analyse a recording whose turn has come, as a job; yield HTML of its progress."""
        yield unfinished_html(recording, session, self.job_queue)
        job = await self._prepare(recording, run.settings, session.visitor)
        if job is None:
            return
        task = session.start(run, recording, job, self.job_queue)
        while not task.done():
            yield unfinished_html(recording, session, self.job_queue)
            await asyncio.wait([task], timeout=POLL_INTERVALS[job.started])
            if job.is_cancelled() and not job.started:
                task.cancel()
        _take_outcome(task, job, recording, session)

    async def _prepare(
        self, recording: QueuedRecording, settings: AnalysisSettings, visitor: str
    ) -> Job[RenderedRecording] | None:
        """Return the job of a recording whose turn has come; None if it can't be analysed."""
        try:
            source = existing_file(recording.path)
            if recording.info is None:  # as Start was pressed before it was checked
                recording.info = await self._check(source)
            return await self._linked_job(source, recording.info, settings, visitor)
        except VideoError as error:
            recording.failure = unusable(error)
            return None

    async def _check(self, source: Path) -> VideoInfo:
        """Return a video's properties; a few are read at a time, each by a process of its own."""
        return await to_thread.run_sync(self.check, source, limiter=self._checks)

    async def _linked_job(
        self, source: Path, info: VideoInfo, settings: AnalysisSettings, visitor: str
    ) -> Job[RenderedRecording]:
        """Return a job for a video, to be queued at once.

        Raises:
            VideoError: With it, the queue would keep too much on the disk, or the disk is full.
        """
        job = await to_thread.run_sync(self._job, source, info, settings, visitor)
        if self.job_queue.held_bytes() + job.size > MAX_HELD_BYTES:
            shutil.rmtree(job.folder, ignore_errors=True)
            raise VideoError(_(RECORDINGS_FULL))
        return job

    async def analyse_recording(
        self,
        recording: str | None,
        view: str = "person",
        rate: float = RATE_CHOICES[1],
        visitor: str = "",
    ) -> tuple[dict[str, Any], list[str]]:
        """Analyse a recording for a program; see `RecordingEvents.recording`.

        Args:
            recording: The path of the uploaded file; None is an error.
            view: "person" or "class".
            rate: Analysed frames per second.
            visitor: The sender's session.

        Returns:
            `RenderedRecording.document`, and the paths of the files.
        """
        if recording is None:
            raise gr.Error(_(NO_RECORDING), print_exception=False)
        try:
            settings = AnalysisSettings(view, rate)
            source = existing_file(recording)
            job = await self._linked_job(source, await self._check(source), settings, visitor)
            result = await self._run_to_end(job)
            document = await to_thread.run_sync(result.document)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return document, file_paths(result.recording, RESULT_FILES[1:])

    async def _run_to_end(self, job: Job[RenderedRecording]) -> RenderedRecording:
        """Run a job; cancel it when this coroutine is cancelled."""
        task = self.job_queue.submit(job)
        try:
            return await asyncio.shield(task)
        finally:
            if not task.done():
                job.cancel()

    def _job(
        self, source: Path, info: VideoInfo, settings: AnalysisSettings, visitor: str
    ) -> Job[RenderedRecording]:
        """Return a job, with a link to the video in a folder of a random name."""
        length = settings.span.length(info.duration)
        folder = Path(get_upload_folder(), "recordings", secrets.token_urlsafe(16))
        linked = folder / "source" / source.name
        link_or_copy(source, linked)  # the upload may be deleted while the job is queued

        def work(job: Job[RenderedRecording]) -> RenderedRecording:
            try:
                reports = {"progress": job.report_progress, "cancelled": job.is_cancelled}
                result = self.analyze(linked, folder, self.pipeline, settings, **reports)
                result = name_files(result, source)
                return RenderedRecording(replace(result, exports=write_archive(result, source)))
            finally:
                shutil.rmtree(linked.parent, ignore_errors=True)

        length = UNKNOWN_LENGTH if length is None else length
        return Job(folder, work, visitor, work_length(info, length), linked.stat().st_size)


def work_length(info: VideoInfo, seconds: float) -> float:
    """Return for how many seconds of an ordinary video one counts in the queue.

    Args:
        info: The video.
        seconds: How many of its seconds are analysed.
    """
    return seconds * max(1.0, info.width * info.height * info.frame_rate / ORDINARY_PIXEL_RATE)


def _take_outcome(
    task: asyncio.Task[RenderedRecording],
    job: Job[RenderedRecording],
    recording: QueuedRecording,
    session: RecordingSession,
) -> None:
    """Keep what came of a job, unless its recording was removed meanwhile."""
    if recording.job is not job:
        return
    if job.finished:
        session.finish(recording, task.result())
        return
    recording.job = None  # its files are deleted
    error = None if task.cancelled() else task.exception()
    if error is None or isinstance(error, AnalysisCancelled):
        recording.failure = CANCELLED
    elif isinstance(error, VideoError):
        recording.failure = unusable(error)
    else:
        logger.error("The analysis of a recording failed.", exc_info=error)
        recording.failure = FAILED
