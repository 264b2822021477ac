"""What is kept of one visitor of the Live tab, in their session and nowhere else."""

from dataclasses import dataclass, field

from fer.clock import FrameClock
from fer.pipeline import Following
from fer.ui.recorder import Recorder


@dataclass
class Visitor:
    """What is kept of one visitor of the Live tab, in their session and nowhere else."""

    clock: FrameClock = field(default_factory=FrameClock)
    following: Following = field(default_factory=Following)
    recorder: Recorder | None = None

    def without_pictures(self) -> "Visitor":
        """Return the same visitor without what was seen; numbers of faces are not given twice."""
        following = Following()
        following.follower.tracker = self.following.follower.tracker
        return Visitor(following=following, recorder=self.recorder)
