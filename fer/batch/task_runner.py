"""What a worker does with a task, with the networks loaded once and one thread."""

from collections.abc import Callable

import cv2

from fer.batch.local_copies import LocalCopies, RemoteFileError
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
from fer.batch.video_plan import plan_video
from fer.batch.video_rows import read_annotated, read_segment
from fer.output_files import OutputError
from fer.pipeline import Pipeline
from fer.recording.outputs import ResultsError
from fer.threads import limit_threads
from fer.video import VideoError

LARGE = "The video takes too much memory to read; save it smaller."

ENDED = "Reading this file ended the process that read it, again and again; save it anew."


class TaskRunner:
    """Does one task after another.

    Args:
        settings: Of the batch.
        pipeline: Finds and classifies the faces.
    """

    def __init__(self, settings: BatchSettings, pipeline: Pipeline) -> None:
        self.settings, self.pipeline = settings, pipeline
        self._copies = LocalCopies()

    @classmethod
    def load(cls, settings: BatchSettings) -> "TaskRunner":
        """Load the networks.

        Raises:
            fer.model.classifier.ModelError: The one that the settings name can't be loaded.
        """
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
                return read_photos(task.files, self.pipeline, self.settings)
            return self._read_video(task)
        except (OutputError, ResultsError) as error:
            return WorkError(str(error))

    def _read_video(self, task: PlanTask | SegmentTask) -> Result:
        try:
            path = self._copies.path(task.file)
            if isinstance(task, PlanTask):
                return plan_video(path, self.settings)
            if self.settings.annotated is not None:
                return read_annotated(task.file, path, self.pipeline, self.settings)
            return read_segment(task, path, self.pipeline, self.settings)
        except ResultsError:
            raise
        except (VideoError, RemoteFileError) as error:
            return refuse(task, str(error), self.settings)
        except OSError as error:
            sentence = f"The file can't be read: {error.strerror or error}."
            return refuse(task, sentence, self.settings)
        except MemoryError:
            return refuse(task, LARGE, self.settings)

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


Loader = Callable[[BatchSettings], TaskRunner]
"""What makes a runner in a worker; other processes find it by its name."""
