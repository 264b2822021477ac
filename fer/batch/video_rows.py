"""Rows of the tables from a video, or from a segment of it."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervision import Detections

from fer.batch.input_files import InputFile
from fer.batch.rows import FaceRows, TimelineRows
from fer.batch.store import copy_name
from fer.batch.tasks import WHOLE_SEGMENT, BatchSettings, Segment, SegmentRows, SegmentTask
from fer.pipeline import Pipeline
from fer.recording.analysis import WORKING_SIDE, analyze
from fer.recording.analysis_settings import AnalysisSettings
from fer.recording.frame_analyzer import FrameAnalyzer, analyze_frames
from fer.recording.frame_table import labels_of
from fer.timeline.timeline import TIME_TOLERANCE, Timeline
from fer.video import VideoReader
from fer.vision.face_sizes import VIDEO_MIN_FACE

SAMPLES_BEYOND = 2
"""Samples after a segment's end, which show whether a face that was detected in the segment's last
sample only is confirmed."""


class SampleCollector:
    """Collects the rows of the samples of a segment, and apart those of the seconds before it.

    Args:
        file: The video.
        settings: The batch's settings.
        segment: Which samples count.
        uncertain_below: Least probability at which an expression is named.
        scale: Pixels of the video per pixel of what is analysed.
    """

    def __init__(
        self,
        file: InputFile,
        settings: BatchSettings,
        segment: Segment,
        uncertain_below: float,
        scale: float,
    ) -> None:
        self._file, self._segment, self._scale = file, segment, scale
        self._overlap = settings.overlap
        small = settings.min_face or VIDEO_MIN_FACE
        self._timeline = Timeline(settings.view, small=small, uncertain_below=uncertain_below)
        self._faces, self._before = FaceRows(), FaceRows()
        self.seen = 0

    def add(self, faces: Detections, time: float) -> None:
        """Add the faces of a sample that count."""
        second = math.floor(time + TIME_TOLERANCE)  # as the timeline has it
        if self._segment.start <= second < self._segment.end:
            self._timeline.add(faces, time)
            self.seen += len(faces)
            self._add_faces(self._faces, faces, time)
        elif self._segment.start - self._overlap <= second < self._segment.start:
            self._add_faces(self._before, faces, time)

    def _add_faces(self, rows: FaceRows, faces: Detections, time: float) -> None:
        if self._timeline.view == "person":
            labels = labels_of(faces, self._timeline.small, self._timeline.uncertain_below)
            rows.add(self._file, faces, labels, time, self._scale)

    def rows(self, **facts: Any) -> SegmentRows:
        """Return what was collected, with whatever else is known of the segment."""
        timeline = TimelineRows()
        timeline.add(self._file, self._timeline)
        frames = int(self._timeline.counts()[1][:, 0].sum())
        facts = {"frames": frames, "faces": self.seen, **facts}
        if self._timeline.view == "class":  # nothing of single faces leaves the worker
            return SegmentRows(timeline.table(), None, None, facts)
        return SegmentRows(timeline.table(), self._faces.table(), self._before.table(), facts)


def read_segment(
    task: SegmentTask,
    path: Path,
    pipeline: Pipeline,
    settings: BatchSettings,
    note_progress: Callable[[], None] = lambda: None,
) -> SegmentRows:
    """Analyse a segment of a video.

    Args:
        task: Which segment of which video.
        path: Where that is on this machine.
        pipeline: Detects and classifies.
        settings: The batch's settings.
        note_progress: Called after each frame.

    Raises:
        fer.video.VideoError: It can't be read.
    """
    segment, below = task.segment, pipeline.classifier.uncertain_below
    until = segment.end + SAMPLES_BEYOND / settings.rate
    with VideoReader(path, WORKING_SIDE, unlimited=True, threads=1, video_info=task.info) as reader:
        collector = SampleCollector(task.file, settings, segment, below, reader.scale)
        analyzer = FrameAnalyzer(
            _for_videos(pipeline, settings),
            settings.view,
            settings.rate,
            reader.scale,
            segment.next_sample,
        )
        analyzer.sample_callbacks = [collector.add]  # which counts for itself
        frames = settings.span.frames(reader, segment.read_from, task.can_seek, note_progress)
        for _ in analyze_frames(frames, analyzer, lambda time: note_progress(), until):
            pass
        analyzer.count_pending()
        return collector.rows(rotation=analyzer.rotation, **_losses(reader, segment))


def _losses(reader: VideoReader, segment: Segment) -> dict[str, Any]:
    """Return what wasn't read; frames of several segments are added up, see `video_join`."""
    if segment.is_whole:
        return {"unread": 0, "warning": reader.warning}
    return {"unread": reader.unread, "warning": reader.file_warning}


def read_annotated(
    task: SegmentTask,
    path: Path,
    pipeline: Pipeline,
    settings: BatchSettings,
    note_progress: Callable[[], None] = lambda: None,
) -> SegmentRows:
    """Analyse a video in one piece, with a folder of its own for all that `fer video` writes.

    Args:
        task: The video; its segment is all of it.
        path: Where it is on this machine.
        pipeline: Detects and classifies.
        settings: The batch's settings, with `annotated`.
        note_progress: Called for each frame, also on the way to the first one.

    Raises:
        fer.video.VideoError: It can't be read.
        fer.recording.outputs.ResultsError: Nothing can be written.
    """
    with VideoReader(path, WORKING_SIDE, unlimited=True, video_info=task.info) as reader:
        scale = reader.scale
    uncertain_below = pipeline.classifier.uncertain_below
    collector = SampleCollector(task.file, settings, WHOLE_SEGMENT, uncertain_below, scale)
    folder = (settings.annotated or Path()) / copy_name(task.file.source, task.file.source_id)

    def keep_on() -> bool:
        note_progress()
        return False

    recording = analyze(
        path,
        folder,
        _for_videos(pipeline, settings),
        AnalysisSettings(settings.view, settings.rate, settings.span, unlimited=True),
        progress=lambda progress: note_progress(),  # also where one picture stays for an hour
        stopped=keep_on,
        on_sample=collector.add,
        video_info=task.info,
    )
    return collector.rows(rotation=0, unread=0, warning=recording.warning)


def _for_videos(pipeline: Pipeline, settings: BatchSettings) -> Pipeline:
    detector = pipeline.detector.with_min_face(settings.min_face or VIDEO_MIN_FACE)
    return Pipeline(detector, pipeline.classifier)
