"""What a worker does with a task, and its end when it hangs; the networks are loaded once."""

import faulthandler
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import cv2

from fer.batch.local_copies import LocalCopies, UnavailableError
from fer.batch.photo_rows import read_photos
from fer.batch.rows import FaceRows, TimelineRows, file_table
from fer.batch.tasks import (
    BatchSettings,
    PhotoTask,
    PlanTask,
    Result,
    SegmentRows,
    SegmentTask,
    TableRows,
    Task,
    WorkerReady,
    WorkError,
    files_of,
)
from fer.batch.transient_errors import UnreachableError, raise_if_mount_lost
from fer.batch.video_plan import plan_video
from fer.batch.video_rows import read_annotated, read_segment
from fer.output_files import OutputError
from fer.pipeline import Pipeline
from fer.recording.outputs import ResultsError
from fer.terminal import hide_exif_warnings
from fer.threads import limit_threads
from fer.video import VideoError

LARGE = "The video takes too much memory to read; save it smaller."

ENDED = "Reading this file hung or ended the process that read it, again and again; save it anew."

REPLACED = "Another file has taken its place while it was read."

QUIET_SECONDS = 600.0
"""Longer than a photo, a frame, an index of frames or an attempt to fetch something takes."""

_REARM_SECONDS = 1.0


class Watchdog:
    """Ends this process when nothing has moved for some time; whoever started it starts another.

    faulthandler's thread needs no lock of Python's, which a decoder that hangs may hold.

    Args:
        seconds: Without progress, after which the process ends.
    """

    def __init__(self, seconds: float = QUIET_SECONDS) -> None:
        self.seconds = seconds
        self._null: int | None = None
        self._armed_at = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch over the block; elsewhere `note_progress` does nothing."""
        self._null = os.open(os.devnull, os.O_WRONLY)
        self._armed_at = 0.0
        self.note_progress()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            os.close(self._null)
            self._null = None

    def note_progress(self) -> None:
        """Start counting anew."""
        now = monotonic()
        if self._null is None or now - self._armed_at < min(_REARM_SECONDS, self.seconds / 2):
            return
        self._armed_at = now
        faulthandler.dump_traceback_later(self.seconds, exit=True, file=self._null)


class TaskRunner:
    """Does one task after another.

    Args:
        settings: The batch's settings.
        pipeline: Finds and classifies the faces.

    Attributes:
        watchdog: Ends the worker's process when a task makes no progress.
    """

    def __init__(self, settings: BatchSettings, pipeline: Pipeline) -> None:
        self.settings, self.pipeline, self.watchdog = settings, pipeline, Watchdog()
        self._note_progress = self.watchdog.note_progress
        self._copies = LocalCopies(self._note_progress)

    @classmethod
    def load(cls, settings: BatchSettings) -> "TaskRunner":
        """Load the networks.

        Raises:
            fer.model.classifier.ModelError: The one that the settings name can't be loaded.
        """
        hide_exif_warnings()
        cv2.setNumThreads(1)
        limit_threads(1)
        return cls(settings, Pipeline.load(settings.model, device=settings.device))

    @property
    def ready(self) -> WorkerReady:
        """Which network it uses."""
        network = self.pipeline.classifier
        return WorkerReady(network.name, network.fingerprint(), network.precision)

    def run(self, task: Task) -> Result:
        """Return what comes of a task; what can't be read has its reason in its rows."""
        try:
            if isinstance(task, PhotoTask):
                return read_photos(task.files, self.pipeline, self.settings, self._note_progress)
            return self._read_video(task)
        except UnreachableError as error:
            return leave_unread(task, str(error), self.settings)
        except (OutputError, ResultsError) as error:
            return WorkError(str(error))

    def _read_video(self, task: PlanTask | SegmentTask) -> Result:
        try:
            return self._read_unchanged(task)
        except ResultsError:
            raise
        except (VideoError, UnavailableError) as error:
            raise_if_mount_lost(error)
            return refuse(task, str(error), self.settings)
        except OSError as error:
            raise_if_mount_lost(error)
            sentence = f"The file can't be read: {error.strerror or error}."
            return refuse(task, sentence, self.settings)
        except MemoryError:
            return refuse(task, LARGE, self.settings)

    def _read_unchanged(self, task: PlanTask | SegmentTask) -> Result:
        """Return what comes of a video's task, unless it is replaced or goes away meanwhile."""
        path, identity = self._copies.path(task.file), self._copies.identity(task.file)
        known = path, self.pipeline, self.settings, self._note_progress
        if isinstance(task, PlanTask):
            result: Result = plan_video(path, self.settings, identity, self._note_progress)
        elif task.identity != identity:
            raise UnreachableError(REPLACED)
        elif self.settings.annotated is not None:
            result = read_annotated(task, *known)
        else:
            result = read_segment(task, *known)
        if self._copies.identity(task.file) != identity:
            raise UnreachableError(REPLACED)
        return result

    def close(self) -> None:
        """Remove what was copied."""
        self._copies.close()


def refuse(task: Task, sentence: str, settings: BatchSettings) -> TableRows | SegmentRows:
    """Return the rows of a task whose files can't be read, with the reason."""
    faces = FaceRows().table() if settings.view == "person" else None
    timeline = TimelineRows().table()
    if isinstance(task, SegmentTask):
        return SegmentRows(timeline, faces, faces, {"error": sentence})
    rows = [(file, {"error": sentence}) for file in files_of(task)]
    return TableRows(file_table(rows), timeline, faces)


def leave_unread(task: Task, sentence: str, settings: BatchSettings) -> TableRows:
    """Return that a task's files can't be read at the moment, with the reason."""
    faces = FaceRows().table() if settings.view == "person" else None
    unread = dict.fromkeys(files_of(task), sentence)
    return TableRows(file_table([]), TimelineRows().table(), faces, unread)


Loader = Callable[[BatchSettings], TaskRunner]
"""What makes a runner in a worker; other processes find it by its name."""
