"""Live state of one visitor: stream state, camera, frame rate and timeline."""

from copy import copy
from dataclasses import dataclass, field

from fer.clock import FrameRateMeter
from fer.pipeline import StreamState
from fer.ui.live.camera_monitor import CameraMonitor
from fer.ui.live.timeline_recorder import TimelineRecorder


@dataclass
class LiveSession:
    """Live state of one visitor; kept in their session and nowhere else."""

    frame_rate: FrameRateMeter = field(default_factory=FrameRateMeter)
    stream_state: StreamState = field(default_factory=StreamState)
    camera_monitor: CameraMonitor = field(default_factory=CameraMonitor)
    recorder: TimelineRecorder | None = None

    @property
    def is_recording(self) -> bool:
        """Whether a timeline runs, also one without a frame yet."""
        return self.recorder is not None and self.recorder.running

    def without_images(self) -> "LiveSession":
        """Return the same state without images; the tracker counts on, so no track id is reused."""
        following = StreamState()
        # A copy: a frame that is read meanwhile would write faces into the tracker again.
        following.stream_detector.tracker = copy(self.stream_state.stream_detector.tracker)
        following.stream_detector.tracker.forget_faces()
        return LiveSession(stream_state=following, recorder=self.recorder)
