"""What the Recording tab does, without the screen: a video in; its timeline and files out."""

import asyncio
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from anyio import to_thread
from gradio.utils import get_upload_folder

from fer.pipeline import Pipeline
from fer.recording import Cancelled, Recording, analyse_confined, check_video_confined
from fer.timeline.summary import summarise
from fer.ui import html
from fer.ui.jobs import Job, Workshop
from fer.ui.recording_panels import (
    CANCELLED,
    EMPTY,
    ENDING,
    FAILED,
    KEPT,
    at_work,
    chosen,
    finished,
    in_line,
    result,
)
from fer.videos import VideoError, VideoInfo

PLACES = 2
"""Recordings that are worked on at a time; others wait in line."""

RATES = (1, 5, 15)
"""Lowest, usual and highest number of analysed frames a second."""

NO_ROOM = "There is no room for another recording just now; try again in a few minutes."

KEEP = 3600
"""Seconds for which results are kept at most; Gradio deletes the files that it knows of earlier."""

LOOK_EVERY = 0.4
"""Seconds between two looks at how far the work is."""

FILES = ("video", "video", "plot", "csv", "json", "report")
"""Which files of a `Recording` go where: the video is played, and it can be saved."""

NOTHING = ("", *[None] * len(FILES))
"""No result and no files."""

logger = logging.getLogger(__name__)


class Answer:
    """A recording, analysed, and what the page says of it.

    Args:
        recording: Its timeline and files.
    """

    def __init__(self, recording: Recording) -> None:
        """Sum it up; this takes a moment, so it belongs into the thread of the work."""
        summary = summarise(recording.timeline, recording.duration)
        self.recording, self.summary, self.made = recording, summary, time.monotonic()
        self.result = result(recording.timeline, summary, recording.pictures, recording.lead)
        recording.thumbnails.unlink()  # the page has them, and nobody would delete the file

    def shown(self) -> tuple[str, ...]:
        """Return HTML of the state, HTML of the result and a path for each of `FILES`."""
        left = KEPT - (time.monotonic() - self.made)
        state = finished(self.summary, self.recording.warning, left)
        return state, self.result, *_paths(self.recording, FILES)


@dataclass(eq=False)
class Desk:
    """What is kept for one visitor: the work at hand, or what came of it.

    Args:
        job: The work.
        recording: Path of the upload that it is about.
        answer: What the work came to.
    """

    job: Job[Answer] | None = None
    recording: str | None = None
    answer: Answer | None = None

    def clear(self) -> None:
        """Cancel what is being done and remove the files of what was done."""
        if self.job is not None:
            self.job.discard()
        self.job = self.recording = self.answer = None

    def shown(self) -> tuple[str, ...] | None:
        """Return what `Answer.shown` does; None where there is none, or its files have gone."""
        if self.answer is None or not self.answer.recording.video.exists():
            return None
        return self.answer.shown()


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
        analyse: Callable[..., Recording] = analyse_confined,
        check: Callable[[Path], VideoInfo] = check_video_confined,
    ) -> None:
        """Keep them."""
        self.pipeline, self.analyse, self.check = pipeline, analyse, check
        self.workshop = Workshop(PLACES)

    def choose(self, recording: str | None, desk: Desk) -> tuple:
        """Look at a file as soon as it is there; what was shown of another one goes.

        A player that is only hidden would go on playing.

        Args:
            recording: Path of the uploaded file; None when the field is empty.
            desk: The visitor's; what lay on it is cleared away, but not work on this very file,
                which has begun already where Start was pressed before the upload was through.

        Returns:
            HTML of what is known of the file, the empty answer's HTML, the empty result, no path
            for each of `FILES`, and the desk.
        """
        begun = recording is not None and recording == desk.recording
        shown = [gr.skip()] * (1 + len(NOTHING)) if begun else (EMPTY, *NOTHING)
        if not begun:
            desk.clear()
        return ("" if recording is None else self._known(recording)), *shown, desk

    async def start(
        self, recording: str | None, view: str, rate: float, desk: Desk
    ) -> AsyncIterator[tuple]:
        """Analyse a recording, and tell how far it is several times a second.

        Args:
            recording: Path of the uploaded file.
            view: "person" or "class".
            rate: Analysed frames a second.
            desk: The visitor's; what lay on it is cleared away.

        Yields:
            HTML of the state, HTML of the result, a path each of `FILES`, and the desk.
        """
        desk.clear()
        desk.recording = recording
        try:
            job = await to_thread.run_sync(self._job, _present(recording), view, rate)
        except VideoError as error:
            yield _trouble(error), *NOTHING, desk
            return
        desk.job = job
        task = self.workshop.submit(job)
        try:
            while not task.done():
                yield self._state(job), *NOTHING, desk
                await asyncio.wait([task], timeout=LOOK_EVERY)
                if job.is_cancelled() and not job.begun:
                    task.cancel()
            desk.answer = task.result() if job.finished else None
            yield *_outcome(task, job), desk
        finally:
            if not task.done():  # the visitor has left
                job.cancel()

    def cancel(self, desk: Desk) -> Desk:
        """Ask for the end of the work at hand; its handler says when it has ended."""
        if desk.job is not None:
            desk.job.cancel()
        return desk

    async def analyse_recording(
        self, recording: str, view: str = "person", rate: float = RATES[1]
    ) -> tuple[dict, list[str]]:
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
            job = await to_thread.run_sync(self._job, _present(recording), view, rate)
            made = (await self._done(job)).recording
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return json.loads(made.json.read_text()), _paths(made, FILES[1:])

    async def _done(self, job: Job[Answer]) -> Answer:
        """Do a job, and stop it when whoever waits for it doesn't any more."""
        task = self.workshop.submit(job)
        try:
            return await asyncio.shield(task)
        finally:
            if not task.done():
                job.cancel()

    def _job(self, source: Path, view: str, rate: float) -> Job[Answer]:
        """Return the work on a video, with a link to it in a folder that nobody can guess."""
        self.check(source)
        recordings = Path(get_upload_folder(), "recordings")
        self.workshop.sweep(recordings, KEEP)
        folder = recordings / secrets.token_urlsafe(16)
        linked = folder / "source" / source.name
        _link(source, linked)  # the upload may be deleted while the work waits in line

        def work(job: Job) -> Answer:
            told = {"progress": job.tell, "cancelled": job.is_cancelled}
            try:
                made = self.analyse(linked, folder, self.pipeline, view, rate, **told)
                return Answer(made)
            finally:
                shutil.rmtree(linked.parent, ignore_errors=True)

        return Job(folder, work)

    def _known(self, recording: str) -> str:
        """Return what is known of a file, or why it can't be used."""
        try:
            return chosen(self.check(_present(recording)))
        except VideoError as error:
            return _trouble(error)

    def _state(self, job: Job[Answer]) -> str:
        """Return what is told of a job that isn't done."""
        if job.is_cancelled():
            return ENDING
        ahead = self.workshop.ahead(job)
        return in_line(ahead) if ahead else at_work(job.progress)


def _link(source: Path, target: Path) -> None:
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


def _present(recording: str | None) -> Path:
    if recording is None:
        raise VideoError("Choose a recording first.")
    if not Path(recording).exists():
        raise VideoError("The recording is no longer here; drop it in again.")
    return Path(recording)


def _outcome(task: asyncio.Task[Answer], job: Job[Answer]) -> tuple[str | None, ...]:
    """Return what a task that is done came to: state, result and files."""
    error = None if task.cancelled() else task.exception()
    called_off = error is None and not job.finished  # in its last moment: the files are gone
    if called_off or isinstance(error, Cancelled):
        return CANCELLED, *NOTHING
    if isinstance(error, VideoError):
        return _trouble(error), *NOTHING
    if error is not None:
        logger.error("The analysis of a recording failed.", exc_info=error)
        return FAILED, *NOTHING
    return task.result().shown()


def _paths(recording: Recording, names: Sequence[str]) -> list[str]:
    return [str(getattr(recording, name)) for name in names]


def _trouble(error: VideoError) -> str:
    return html.message("This video can't be used", str(error), "trouble")
