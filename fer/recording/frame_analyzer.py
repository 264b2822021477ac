"""The analysis of a video's frames, in their order: which are analysed, and what is counted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from supervision import Detections

from fer.pipeline import Pipeline, StreamState
from fer.recording.box_interpolation import confirmed_faces
from fer.recording.frame_sampler import FrameSampler
from fer.recording.frame_table import FrameRecorder
from fer.timeline.timeline import Timeline
from fer.video import Frame
from fer.vision.detections import picture_rotation

SEARCH_PERIOD = 0.6
"""Seconds in which the search for new faces covers the whole picture once."""

_TRACK_MEMORY = 1.0, 2.5
"""Seconds, and analysed frames, for which the track of an unseen face is kept: the longer one."""


def track_max_age(rate: float) -> float:
    """Return for how many seconds the track of an unseen face is kept.

    Args:
        rate: Regular samples per second.
    """
    return max(_TRACK_MEMORY[0], _TRACK_MEMORY[1] / rate)


class FrameAnalyzer:
    """Tracks and classifies the faces of some frames, and adds them to a timeline.

    Args:
        pipeline: Detects, tracks and classifies the faces.
        view: View of the timeline.
        rate: Regular samples per second; see `FrameSampler`.
        scale: Pixels of the recording per pixel of its frames here. Boxes are in the latter, a
            face's measured `size` in the former.
        next_sample: Seconds from which on the first regular sample is due.

    Attributes:
        sample_callbacks: Get the confirmed faces of each regular sample, and its time; at first
            only the timeline does.
        end: Seconds at which the last frame's display ends.
        confirmed_ids: Maps negative track ids, of faces detected once, to those that they got when
            they were detected again.
        cut_time: Seconds of the latest frame that follows a cut.
        last_sample: Seconds of the latest regular sample.
        rotation: Degrees clockwise by which the video is turned, 0, 90, 180 or 270.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        view: str,
        rate: float,
        scale: float = 1.0,
        next_sample: float = 0.0,
    ) -> None:
        self.end, self.rotation, self._scale = 0.0, 0, scale
        self.confirmed_ids: dict[int, int] = {}
        self.cut_time = self.last_sample = -np.inf
        # Faces that aren't looked for are too small; what is found of them has no part, either.
        small, uncertain_below = pipeline.detector.min_face, pipeline.classifier.uncertain_below
        self._timeline = Timeline(view, small=small, uncertain_below=uncertain_below)
        self._pending: tuple[Detections, float] | None = None  # the sample that is counted next
        self.sample_callbacks: list[Callable[[Detections, float], object]] = [self._timeline.add]
        self._sampler = FrameSampler(rate, next_sample)
        self._last_image: np.ndarray | None = None
        self._samples = 0  # regular or extra
        self._pipeline, self._state = pipeline, StreamState(SEARCH_PERIOD, track_max_age(rate))

    @property
    def timeline(self) -> Timeline:
        """What was counted, with all samples so far."""
        self.count_pending()
        return self._timeline

    @contextmanager
    def recording_frames(self, path: Path) -> Iterator[None]:
        """Record all counted faces of the block in a file, for `fer.recording.frame_table`."""
        with path.open("wb") as file:
            below = self._timeline.uncertain_below
            recorder = FrameRecorder(file, self._scale, self._timeline.small, below)
            self.sample_callbacks.append(recorder.add)
            yield
            self.count_pending()

    def analyze(self, frame: Frame) -> Detections | None:
        """Return the faces of a frame; None if it isn't analysed.

        Faces that were detected in this frame only have a negative track id: they count if they
        are detected again, see `confirmed_faces`.
        """
        self.end = frame.time + frame.duration
        self._last_image = frame.image  # not drawn on before the next frame comes
        self._state.stream_detector.assign_new_ids_after_dissolve(frame.image, frame.time)
        regular = self._sampler.is_regular(frame.time)
        if not regular:
            cut = self._state.stream_detector.detect_cut(frame.image)
            if cut:
                self.cut_time = frame.time
            if not self._sampler.is_extra(frame.time, cut):
                return None
        self._last_image = frame.image.copy()  # for the frame is drawn on now
        if not regular:
            self._sampler.begin_extra()
            return self._track(self._last_image, frame.time)
        faces = self._track_and_count(self._last_image, self._sampler.begin_regular(frame.time))
        if self._state.stream_detector.follows_cut:
            self.cut_time = frame.time
        return faces

    def repeat_last_frame(self, until: float) -> Iterator[float]:
        """Analyse the last frame again at the same rate for as long as it is displayed.

        So a picture that is displayed for a minute counts for a minute.

        Args:
            until: Seconds at which the next frame comes, or at which the video ends.

        Yields:
            The time of each analysis, in seconds.
        """
        image = self._last_image
        if image is None:  # no frame has come yet
            return
        for time in self._sampler.repeats(until):
            self._track_and_count(image, time)
            yield time

    def confirm_only_sample(self) -> None:
        """Detect the faces again where the video was too short for a second sample.

        Else none would count, as each was detected only once.
        """
        if self._samples == 1 and self._last_image is not None:
            self._track(self._last_image, self.end)

    def _track(self, image: np.ndarray, time: float) -> Detections:
        # The pipeline may keep what it is given.
        state = self._state
        self._samples += 1
        faces = self._pipeline.process_frame(image.copy(), time, state)
        self._sampler.note(faces, time)
        self.rotation = picture_rotation(faces) or self.rotation
        for track_id, tentative in state.stream_detector.tracker.confirmed_from.items():
            self.confirmed_ids[tentative] = track_id
        if len(state.tentative):
            faces = Detections.merge([faces, state.tentative])
        size = np.asarray(faces.data["size"], np.float32) * np.float32(self._scale)
        return replace(faces, data={**faces.data, "size": size})

    def _track_and_count(self, image: np.ndarray, time: float) -> Detections:
        faces = self._track(image, time)
        self.count_pending()
        self._pending, self.last_sample = (faces, time), time
        return faces

    def count_pending(self) -> None:
        """Count the sample before, of which it is known now which faces were detected again."""
        if self._pending is not None:
            faces, time = self._pending
            counted = confirmed_faces(faces, self.confirmed_ids)
            for receive in self.sample_callbacks:
                receive(counted, time)
            self._pending = None


def analyze_frames(
    frames: Iterable[Frame],
    analyzer: FrameAnalyzer,
    report: Callable[[float], object],
    until: float = np.inf,
) -> Iterator[tuple[Frame, Detections | None]]:
    """Analyse frames in their order, those that stay on the screen again and again.

    Args:
        frames: Frames of one video.
        analyzer: What is known of this video.
        report: Receives the time of each frame and sample, in seconds.
        until: Seconds at which to stop.

    Yields:
        Each frame and its faces, None if it isn't analysed; see `FrameAnalyzer.analyze`.
    """
    for frame in frames:
        for time in analyzer.repeat_last_frame(min(frame.time, until)):
            report(time)
        if frame.time >= until:
            return
        report(frame.time)
        yield frame, analyzer.analyze(frame)
    for time in analyzer.repeat_last_frame(min(analyzer.end, until)):
        report(time)
    analyzer.confirm_only_sample()
