"""Analysis of a video: an annotated video and a timeline, in one pass and in constant memory.

Three threads share the work: one decodes, this one analyses some of the frames, and one draws and
encodes. Queues of a few frames connect them, whatever the video's length.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
from supervision import Detections

from fer.drawing.annotators import FaceAnnotator
from fer.drawing.face_export import describe_rotation
from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.paths import printable, real_path
from fer.pipeline import Pipeline
from fer.recording.box_interpolation import BoxInterpolator
from fer.recording.exports import check_formats, export_stem, write_exports
from fer.recording.frame_analyzer import FrameAnalyzer, analyze_frames
from fer.recording.frame_table import FORMATS as FRAME_FORMATS
from fer.recording.outputs import (
    FILE_NAMES,
    FRAMES_NAME,
    RecordingResult,
    atomic_outputs,
    output_paths,
    write_outputs,
)
from fer.recording.progress import Cancelled, Progress, ProgressReporter
from fer.recording.span import WHOLE, Span
from fer.recording.threaded_queues import prefetch, run_in_background
from fer.timeline.face_counts import MIN_FACES
from fer.timeline.marks import Mark, sorted_marks
from fer.timeline.methods import NetworkIdentity, TimelineMetadata
from fer.timeline.timeline import Timeline
from fer.video import Frame, VideoError, VideoReader, VideoWriter
from fer.vision.detections import expression_labels
from fer.vision.detector_protocols import Detector

RATE_RANGE = (1.0, 30.0)
"""Minimum and maximum of analysed frames a second; below, tracks break too often."""

WORKING_SIDE = 1920
"""Maximum longest side of the analysed and of the annotated video, in pixels; larger ones are
scaled down."""

SAMPLED_FRAMES = 9
"""Frames, from all over what is analysed, in which faces are counted to choose a view."""

SAMPLED_SIDE = 1280
"""Longest side of these frames in pixels: the detector doesn't search larger ones."""

_QUEUE_SIZE = 6
"""Frames in each queue; six at 1920 x 1080 are 37 MB."""

_MISSING_FROM = 0.5
"""Seconds from which on a missing end is worth a sentence."""


def choose_view(source: Path, detector: Detector, span: Span = WHOLE) -> str:
    """Return the view that fits a video: "class" where it has results for most of its length.

    Args:
        source: The video.
        detector: Detects the faces.
        span: What is analysed of it.

    Raises:
        fer.video.VideoError: It can't be read, or is over where the analysis should start.
    """
    with VideoReader(source, SAMPLED_SIDE, any_size=True) as reader:
        step = (span.length(reader.info.duration) or 0.0) / SAMPLED_FRAMES
        times = [span.start + step * number for number in range(SAMPLED_FRAMES)]
        counts = [len(detector.detect(image)) for image in reader.sample(times)]
    return "class" if np.median(counts) >= MIN_FACES else "person"


def analyze(
    source: Path,
    folder: Path,
    pipeline: Pipeline,
    view: str = "person",
    rate: float = 5.0,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    sound: bool = True,
    stopped: Callable[[], bool] = lambda: False,
    exports: Collection[str] = (),
    keep_frames: bool = False,
    marks: Iterable[Mark] = (),
    span: Span = WHOLE,
    on_sample: Callable[[Detections, float], object] | None = None,
    any_size: bool = False,
) -> RecordingResult:
    """Analyse a video and write all results into a folder.

    Args:
        source: The video.
        folder: Where the files go; created if missing.
        pipeline: Detects, tracks and classifies the faces.
        view: "class" for aggregates only, "person" for a series for each track as well.
        rate: Analysed frames a second; boxes are interpolated in the frames of which none is.
        progress: Receives a `Progress` a few times a second.
        cancelled: Returns whether to stop; called for each frame.
        sound: Whether the annotated video keeps the sound.
        stopped: Returns whether to leave the rest of the video out and finish with what was
            analysed; called for each frame.
        exports: Formats of `fer.recording.exports` that are written, too.
        keep_frames: Whether the rows of all frames are kept, in the person view, as `frames`.
        marks: Of the recording; see `fer.timeline.marks`.
        span: From when to when it is analysed; times in the results count from its start.
        on_sample: Receives the faces that are counted of each analysed frame, and its time.
        any_size: Whether the video may be larger and longer than what is accepted from visitors.

    Returns:
        The timeline and the paths of all files. `warning` states what couldn't be read.

    Raises:
        VideoError: The video can't be read, or lies where a file would be written.
        ResultsError: The folder can't be written to, or the disk is full; nothing is left of it.
        Cancelled: The analysis was cancelled, or stopped before its first frame; its files are
            deleted.
        ValueError: The view, the rate or a format is invalid.
    """
    source, folder = Path(source), Path(folder)
    _check_arguments(source, folder, view, rate, exports)
    keep_frames = keep_frames and view == "person"
    with VideoReader(source, WORKING_SIDE, any_size) as reader, atomic_outputs(folder) as work:
        analyzer = FrameAnalyzer(pipeline, view, rate, scale=reader.scale)
        reporter = ProgressReporter(progress, cancelled, span.length(reader.info.duration))
        needed = keep_frames or not FRAME_FORMATS.keys().isdisjoint(exports)
        frames = work / FRAMES_NAME if needed else None
        if on_sample:
            analyzer.receivers.append(on_sample)
        with analyzer.recording_frames(frames) if frames else nullcontext():
            missing, video_offset = _write_annotated_video(
                *(reader, source if sound else None, work, analyzer, reporter, stopped, span)
            )
        analyzer.timeline.marks = sorted_marks(span.marks(marks))
        metadata = _metadata(reader, analyzer, pipeline, rate, span, missing, video_offset)
        recording = replace(write_outputs(analyzer.timeline, work, metadata), frames=frames)
        write_exports(recording, work, export_stem(source), exports)
        if frames and not keep_frames:
            frames.unlink()
    reporter.finish()
    kept = folder / FRAMES_NAME if keep_frames else None
    return replace(recording, frames=kept, **output_paths(folder))


def _check_arguments(
    source: Path, folder: Path, view: str, rate: float, exports: Collection[str]
) -> None:
    check_formats(exports, view)
    check_rate(rate)
    if real_path(source) in [real_path(folder / name) for name in FILE_NAMES.values()]:
        raise VideoError(f"{source} would be written over; name another folder for what comes out.")


def _metadata(
    reader: VideoReader,
    analyzer: FrameAnalyzer,
    pipeline: Pipeline,
    rate: float,
    span: Span,
    missing: str | None,
    video_offset: float,
) -> TimelineMetadata:
    turn = describe_rotation(analyzer.rotation, N_("video"))
    return TimelineMetadata(
        printable(Path(reader.path).name),
        NetworkIdentity.of(pipeline.classifier),
        rate,
        duration=analyzer.end,
        warning=_join(turn, reader.warning, missing),
        scale=reader.scale,
        video_offset=video_offset,
        start=span.start,
    )


def check_rate(rate: float) -> None:
    """Refuse a rate outside of `RATE_RANGE`.

    Raises:
        ValueError: It is.
    """
    if not RATE_RANGE[0] <= rate <= RATE_RANGE[1]:
        raise ValueError(
            f"rate is {RATE_RANGE[0]:g} to {RATE_RANGE[1]:g} frames a second, not {rate}."
        )


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
    stopped: Callable[[], bool],
    span: Span,
) -> tuple[str | None, float]:
    """Write the annotated video; return what it or its sound lacks, and its `video_offset`."""
    info, interpolator = reader.info, BoxInterpolator()

    def note_skipped() -> None:
        reporter.raise_if_cancelled()
        if stopped():
            raise Cancelled("The analysis was stopped before its start; nothing of it was kept.")

    with ExitStack() as stack:
        path = folder / FILE_NAMES["video"]
        writer = stack.enter_context(VideoWriter(path, info.width, info.height, source, span.start))
        drawer = _FrameDrawer(writer, analyzer.timeline)
        draw = stack.enter_context(run_in_background(drawer.draw, _QUEUE_SIZE))
        frames = span.frames(reader, note_progress=note_skipped)
        frames = _until(stopped, stack.enter_context(prefetch(frames, _QUEUE_SIZE)))
        for frame, faces in analyze_frames(frames, analyzer, reporter.report):
            for item in interpolator.add(frame, faces, analyzer.confirmed, analyzer.cut_time):
                draw(item)
        for item in interpolator.flush():
            draw(item)
        missing = _describe_stop(analyzer.end, span.length(info.duration)) if stopped() else None
        if missing or math.isfinite(span.end):
            writer.end_sound_with_pictures()
    reporter.raise_if_cancelled()
    return _join(missing, writer.warning), writer.video_offset


def _join(*sentences: str | None) -> str | None:
    return " ".join(filter(None, sentences)) or None


def _until(stopped: Callable[[], bool], frames: Iterable[Frame]) -> Iterator[Frame]:
    """Yield the frames, at least one, until it is asked to stop."""
    for frame in frames:
        yield frame
        if stopped():
            return


def _describe_stop(end: float, duration: float | None) -> str | None:
    """Return a sentence on what was left out after `end` seconds; None if nothing was."""
    if duration is not None and duration - end < _MISSING_FROM:
        return None
    if duration is None:
        return _("The analysis was stopped after %(end)s seconds.", end=f"{end:.0f}")
    return _(
        "The analysis was stopped after %(end)s of %(whole)s seconds.",
        end=f"{end:.0f}",
        whole=f"{duration:.0f}",
    )
