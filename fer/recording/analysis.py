"""Analysis of a video: an annotated video and a timeline, in one pass and in constant memory.

Three threads share the work: one decodes, this one analyses some of the frames, and one draws and
encodes. Queues of a few frames connect them, whatever the video's length.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from supervision import Detections

from fer.drawing.annotators import FaceAnnotator
from fer.model.headline_metrics import describe_accuracy
from fer.output_files import OutputError, describe, is_write_error, output_folder
from fer.paths import printable
from fer.pipeline import Pipeline, StreamState
from fer.recording.background import prefetch, run_in_background
from fer.recording.box_interpolation import BoxInterpolator, counted_faces
from fer.recording.look_schedule import TIME_TOLERANCE, LookSchedule
from fer.recording.outputs import (
    FILE_NAMES,
    RecordingMetadata,
    RecordingResult,
    output_paths,
    write_outputs,
)
from fer.recording.progress import Progress, ProgressReporter
from fer.timeline.timeline import Timeline
from fer.video import Frame, VideoError, VideoReader, VideoWriter
from fer.vision.detections import expression_labels

RATE_RANGE = (1.0, 30.0)
"""Minimum and maximum of analysed frames a second; below, tracks break too often."""

SEARCH_PERIOD = 0.6
"""Seconds in which the search for new faces covers the whole picture once."""

WORKING_SIDE = 1920
"""Maximum longest side of the analysed and of the annotated video, in pixels; larger ones are
scaled down."""

_QUEUE_SIZE = 6
"""Frames in each queue; six at 1920 x 1080 are 37 MB."""

_TRACK_MEMORY = 1.0, 2.5
"""Seconds, and analysed frames, for which the track of an unseen face is kept: the longer one."""


class ResultsError(VideoError):
    """The results can't be written, whatever the video."""


def analyse(
    source: Path,
    folder: Path,
    pipeline: Pipeline,
    view: str = "person",
    rate: float = 5.0,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    sound: bool = True,
    sheet: bool = True,
) -> RecordingResult:
    """Analyse a video and write all results into a folder.

    Args:
        source: The video.
        folder: Where the files go; made if need be.
        pipeline: Detects, tracks and classifies the faces.
        view: "class" for aggregates only, "person" for a series for each track as well.
        rate: Analysed frames a second; boxes are interpolated in the frames of which none is.
        progress: Receives a `Progress` a few times a second.
        cancelled: Returns whether to stop; called for each frame.
        sound: Whether the annotated video keeps the sound.
        sheet: Whether the moments' thumbnails are written on a sheet of their own; they are in the
            report anyway.

    Returns:
        The timeline and the paths of all files. `warning` states what couldn't be read.

    Raises:
        VideoError: The video can't be read, or lies where a file would be written.
        ResultsError: The folder can't be written to, or the disk is full; nothing is left of it.
        Cancelled: The analysis was cancelled; its files are deleted.
        ValueError: The view or the rate is invalid.
    """
    if not RATE_RANGE[0] <= rate <= RATE_RANGE[1]:
        raise ValueError(
            f"rate is {RATE_RANGE[0]:g} to {RATE_RANGE[1]:g} frames a second, not {rate}."
        )
    source, folder = Path(source), Path(folder)
    if source.resolve() in [(folder / name).resolve() for name in FILE_NAMES.values()]:
        raise VideoError(f"{source} would be written over; name another folder for what comes out.")
    analyzer = FrameAnalyzer(pipeline, view, rate)
    with VideoReader(source, WORKING_SIDE) as reader, _atomic_outputs(folder) as work_folder:
        reporter = ProgressReporter(progress, cancelled, reader.info.duration)
        sound_warning, lead = _write_annotated_video(
            reader, source if sound else None, work_folder, analyzer, reporter
        )
        reporter.raise_if_cancelled()
        origin = RecordingMetadata(
            title=printable(source.name),
            duration=analyzer.end,
            rate=rate,
            warning=" ".join(filter(None, (reader.warning, sound_warning))) or None,
            model=pipeline.classifier.name,
            accuracy=describe_accuracy(pipeline.classifier.metrics),
            scale=reader.scale,
            lead=lead,
        )
        recording = write_outputs(analyzer.timeline, work_folder, origin, sheet)
    reporter.finish()
    paths: dict[str, Any] = dict(output_paths(folder, sheet))
    return replace(recording, **paths)


class FrameAnalyzer:
    """Tracks and classifies the faces of some frames, and adds them to a timeline.

    Args:
        pipeline: Detects, tracks and classifies the faces.
        view: View of the timeline.
        rate: Analysed frames a second that are counted; see `LookSchedule` for the others.

    Attributes:
        end: Seconds at which the last frame's display ends.
        confirmed: From negative track numbers, of faces detected once, to those that they got when
            they were detected again.
        cut_time: Seconds of the latest frame that follows a cut.
    """

    def __init__(self, pipeline: Pipeline, view: str, rate: float) -> None:
        self.end = 0.0
        self.confirmed: dict[int, int] = {}
        self.cut_time = -np.inf
        self._timeline = Timeline(view, uncertain_below=pipeline.classifier.uncertain_below)
        self._pending: tuple[Detections, float] | None = None  # the look that is counted next
        self._schedule = LookSchedule(rate)
        self._last_image: np.ndarray | None = None
        memory = max(_TRACK_MEMORY[0], _TRACK_MEMORY[1] / rate)
        self._pipeline, self._state = pipeline, StreamState(SEARCH_PERIOD, memory)

    @property
    def timeline(self) -> Timeline:
        """What was counted, with all looks so far."""
        self._count_pending()
        return self._timeline

    def analyze(self, frame: Frame) -> Detections | None:
        """Return the faces of a frame; None if it isn't analysed.

        Faces that were detected in this frame only have a negative track number: they count if they
        are detected again, see `counted_faces`.
        """
        self.end = frame.time + frame.duration
        self._last_image = frame.image  # not drawn on before the next frame comes
        regular, cut = self._schedule.is_regular(frame.time), False
        if not regular:
            cut = self._state.stream_detector.watch(frame.image)
            if cut:
                self.cut_time = frame.time
            if not self._schedule.is_extra(frame.time, cut):
                return None
        self._last_image = frame.image.copy()  # for the frame is drawn on now
        if not regular:
            self._schedule.begin_extra()
            return self._track(self._last_image, frame.time)
        return self._track_and_count(self._last_image, self._schedule.begin_regular(frame.time))

    def repeat_last_frame(self, until: float) -> Iterator[float]:
        """Analyse the last frame again at the same rate for as long as it is displayed.

        So a picture that is displayed for a minute counts for a minute.

        Args:
            until: Seconds at which the next frame comes, or at which the video ends.

        Yields:
            The time of each analysis, in seconds.
        """
        schedule, image = self._schedule, self._last_image
        if image is None:  # no frame has come yet
            return
        while schedule.next_time <= until - schedule.step + TIME_TOLERANCE:
            time = schedule.next_time
            self._track_and_count(image, time)
            yield time
            schedule.next_time += schedule.step

    def _track(self, image: np.ndarray, time: float) -> Detections:
        # The pipeline may keep what it is given.
        state = self._state
        faces = self._pipeline.process_frame(image.copy(), time, state)
        self._schedule.note(faces, time)
        for number, tentative in state.stream_detector.tracker.confirmed.items():
            self.confirmed[tentative] = number
        return Detections.merge([faces, state.tentative]) if len(state.tentative) else faces

    def _track_and_count(self, image: np.ndarray, time: float) -> Detections:
        faces = self._track(image, time)
        self._count_pending()
        self._pending = faces, time
        return faces

    def _count_pending(self) -> None:
        """Count the look before, of which it is known now which faces were detected again."""
        if self._pending is not None:
            faces, time = self._pending
            self._timeline.add(counted_faces(faces, self.confirmed), time)
            self._pending = None


class _FrameDrawer:
    """Draws faces on frames and hands them to the writer.

    In the class view every face gets the same box: nobody's expression is shown.
    """

    def __init__(self, writer: VideoWriter, timeline: Timeline) -> None:
        self._writer = writer
        self._named, self._uncertain_below = timeline.view == "person", timeline.uncertain_below
        self._annotator = FaceAnnotator(numbered=True)

    def draw(self, item: tuple[Frame, Detections]) -> None:
        frame, faces = item
        labels = expression_labels(faces, self._uncertain_below) if self._named else None
        self._annotator.draw(frame.image, faces, labels)
        self._writer.write(frame.image, frame.time, frame.duration)


def _write_annotated_video(
    reader: VideoReader,
    source: Path | None,
    folder: Path,
    analyzer: FrameAnalyzer,
    reporter: ProgressReporter,
) -> tuple[str | None, float]:
    """Write the annotated video; return what of its sound couldn't be kept, and its lead."""
    info, interpolator = reader.info, BoxInterpolator()
    with ExitStack() as stack:
        path = folder / FILE_NAMES["video"]
        writer = stack.enter_context(VideoWriter(path, info.width, info.height, source))
        drawer = _FrameDrawer(writer, analyzer.timeline)
        draw = stack.enter_context(run_in_background(drawer.draw, _QUEUE_SIZE))
        for frame in stack.enter_context(prefetch(reader, _QUEUE_SIZE)):
            for time in analyzer.repeat_last_frame(frame.time):
                reporter.report(time)
            reporter.report(frame.time)
            faces = analyzer.analyze(frame)
            for item in interpolator.add(frame, faces, analyzer.confirmed, analyzer.cut_time):
                draw(item)
        for time in analyzer.repeat_last_frame(analyzer.end):
            reporter.report(time)
        for item in interpolator.flush():
            draw(item)
    return writer.warning, writer.lead


@contextmanager
def _atomic_outputs(folder: Path) -> Iterator[Path]:
    """Give a place for files that come into a folder when they are all there.

    After an error they are deleted, as is the folder if it was made here; files of an earlier
    analysis stay.
    """
    try:
        with (
            output_folder(folder),
            TemporaryDirectory(prefix=".work-", dir=folder) as work_folder,
        ):
            yield Path(work_folder)
            for file in list(Path(work_folder).iterdir()):
                file.replace(folder / file.name)
    except OutputError as error:
        raise ResultsError(str(error)) from error
    except OSError as error:
        if not is_write_error(error):
            raise
        raise ResultsError(f"The results can't be written: {describe(error)}") from error
