"""What is kept of one visitor of the Live tab, in their session and nowhere else."""

from dataclasses import dataclass, field

from fer.clock import FrameRateMeter
from fer.pipeline import StreamState
from fer.ui.live.timeline_recorder import TimelineRecorder


@dataclass
class LiveSession:
    """What is kept of one visitor of the Live tab, in their session and nowhere else."""

    frame_rate: FrameRateMeter = field(default_factory=FrameRateMeter)
    stream_state: StreamState = field(default_factory=StreamState)
    recorder: TimelineRecorder | None = None

    def without_images(self) -> "LiveSession":
        """Return the same visitor without what was seen; numbers of faces are not given twice."""
        following = StreamState()
        following.stream_detector.tracker = self.stream_state.stream_detector.tracker
        return LiveSession(stream_state=following, recorder=self.recorder)
