"""Analysis of a video: an annotated video and a timeline, in one pass and in constant memory.

Three threads share the work: one decodes, this one analyses some of the frames, and one draws and
encodes. Queues of a few frames connect them, whatever the video's length.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from supervision import Detections

from fer.drawing.annotators import FaceAnnotator
from fer.drawing.face_export import describe_rotation
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.paths import printable, real_path
from fer.pipeline import Pipeline
from fer.recording.analysis_settings import DEFAULTS, AnalysisSettings
from fer.recording.box_interpolation import BoxInterpolator
from fer.recording.exports import export_stem, write_exports
from fer.recording.frame_analyzer import FrameAnalyzer, analyze_frames
from fer.recording.outputs import (
    FILE_NAMES,
    FRAMES_NAME,
    RecordingResult,
    atomic_outputs,
    output_paths,
    write_outputs,
)
from fer.recording.progress import AnalysisCancelled, Progress, ProgressReporter
from fer.recording.span import WHOLE
from fer.recording.threaded_queues import prefetch, run_in_background
from fer.timeline.marks import sorted_marks
from fer.timeline.methods import NetworkIdentity, TimelineMetadata
from fer.timeline.timeline import Timeline
from fer.video import Frame, VideoError, VideoInfo, VideoReader, VideoWriter
from fer.vision.detections import expression_labels

WORKING_SIDE = 1920
"""Maximum longest side of the analysed and of the annotated video, in pixels; larger ones are
scaled down."""

_QUEUE_SIZE = 6
"""Frames in each queue; six at 1920 x 1080 are 37 MB."""

_MISSING_FROM = 0.5
"""Seconds from which on a missing end is worth a sentence."""


def analyze(
    source: Path,
    folder: Path,
    pipeline: Pipeline,
    settings: AnalysisSettings = DEFAULTS,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    on_sample: Callable[[Detections, float], object] | None = None,
    video_info: VideoInfo | None = None,
) -> RecordingResult:
    """Analyse a video and write all results into a folder.

    Args:
        source: The video.
        folder: Where the files go; created if missing.
        pipeline: Detects, tracks and classifies the faces.
        settings: What is analysed and written.
        progress: Receives a `Progress` a few times per second.
        cancelled: Returns whether to stop; called for each frame.
        stopped: Returns whether to leave the rest of the video out and finish with what was
            analysed; called for each frame.
        on_sample: Receives the faces that are counted of each analysed frame, and its time.
        video_info: What is known of the video already; its length isn't measured again then.

    Returns:
        The timeline and the paths of all files. `warning` states what couldn't be read.

    Raises:
        VideoError: The video can't be read, or lies where a file would be written.
        ResultsError: The folder can't be written to, or the disk is full; nothing is left of it.
        AnalysisCancelled: The analysis was cancelled, or stopped before its first frame; its files
            are deleted.
    """
    source, folder = Path(source), Path(folder)
    if real_path(source) in [real_path(folder / name) for name in FILE_NAMES.values()]:
        raise VideoError(f"{source} would be written over; name another folder for what comes out.")
    with (
        VideoReader(source, WORKING_SIDE, settings.unlimited, video_info=video_info) as reader,
        atomic_outputs(folder) as work,
    ):
        analyzer = FrameAnalyzer(pipeline, settings.view, settings.rate, scale=reader.scale)
        if on_sample:
            analyzer.sample_callbacks.append(on_sample)
        length = settings.span.length(reader.info.duration)
        reporter = ProgressReporter(progress, cancelled, length)
        frames = work / FRAMES_NAME if settings.records_frames else None
        with analyzer.recording_frames(frames) if frames else nullcontext():
            missing, video_offset, sound_end = _write_annotated_video(
                reader, work, analyzer, settings, reporter, stopped
            )
        analyzer.timeline.marks = sorted_marks(settings.span.marks(settings.marks))
        metadata = _metadata(reader, analyzer, pipeline, settings, missing)
        metadata = replace(metadata, video_offset=video_offset, sound_end=sound_end)
        recording = write_outputs(analyzer.timeline, work, metadata, settings.sheet)
        recording = replace(recording, frames=frames)
        write_exports(recording, work, export_stem(source), settings.exports)
        if frames and not settings.keep_frames:
            frames.unlink()
    reporter.finish()
    paths: dict[str, Any] = {**output_paths(folder, settings.sheet)}
    kept = folder / FRAMES_NAME if frames and settings.keep_frames else None
    return replace(recording, frames=kept, **paths)


def _metadata(
    reader: VideoReader,
    analyzer: FrameAnalyzer,
    pipeline: Pipeline,
    settings: AnalysisSettings,
    missing: str | None,
) -> TimelineMetadata:
    turn = describe_rotation(analyzer.rotation, N_("video"))
    return TimelineMetadata(
        printable(Path(reader.path).name),
        NetworkIdentity.from_classifier(pipeline.classifier),
        settings.rate,
        duration=analyzer.end,
        warning=_join(turn, reader.warning, missing),
        scale=reader.scale,
        start=settings.span.start,
        limited=settings.span != WHOLE,
    )


class _FrameDrawer:
    """Draws faces on frames and hands them to the writer.

    In the class view every face gets the same box: nobody's expression is shown.
    """

    def __init__(self, writer: VideoWriter, timeline: Timeline) -> None:
        self._writer = writer
        self._named, self._uncertain_below = timeline.view == "person", timeline.uncertain_below
        self._annotator = FaceAnnotator()

    def draw(self, item: tuple[Frame, Detections]) -> None:
        frame, faces = item
        labels = expression_labels(faces, self._uncertain_below) if self._named else None
        self._annotator.draw(frame.image, faces, labels)
        self._writer.write(frame.image, frame.time, frame.duration)


def _write_annotated_video(
    reader: VideoReader,
    folder: Path,
    analyzer: FrameAnalyzer,
    settings: AnalysisSettings,
    reporter: ProgressReporter,
    stopped: Callable[[], bool],
) -> tuple[str | None, float, float]:
    """Write the annotated video; return what it or its sound lacks, and when its sound is.

    That is the writer's `video_offset` and `sound_end`.
    """
    info, span, interpolator = reader.info, settings.span, BoxInterpolator()

    def note_skipped() -> None:
        reporter.raise_if_cancelled()
        if stopped():
            raise AnalysisCancelled(
                "The analysis was stopped before its start; nothing of it was kept."
            )

    with ExitStack() as stack:
        path = folder / FILE_NAMES["video"]
        source = Path(reader.path) if settings.sound else None
        writer = stack.enter_context(VideoWriter(path, info.width, info.height, source, span.start))
        drawer = _FrameDrawer(writer, analyzer.timeline)
        draw = stack.enter_context(run_in_background(drawer.draw, _QUEUE_SIZE))
        frames = span.frames(reader, note_progress=note_skipped)
        frames = _until(stopped, stack.enter_context(prefetch(frames, _QUEUE_SIZE)))
        for frame, faces in analyze_frames(frames, analyzer, reporter.report):
            for item in interpolator.add(frame, faces, analyzer.confirmed_ids, analyzer.cut_time):
                draw(item)
        for item in interpolator.flush():
            draw(item)
        missing = _describe_stop(analyzer.end, span.length(info.duration)) if stopped() else None
        if missing or math.isfinite(span.end):
            writer.end_sound_with_pictures()
    reporter.raise_if_cancelled()
    return _join(missing, writer.warning), writer.video_offset, writer.sound_end


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
