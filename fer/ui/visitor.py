"""What is kept of one visitor of the Live tab while the page is open, and nowhere else."""

import time
from collections import deque
from dataclasses import dataclass, field

from fer.pipeline import Following
from fer.ui.recorder import Recorder


class FrameClock:
    """Counts one visitor's frames a second; kept in that visitor's session and nowhere else."""

    window = 2.0
    """Seconds that the rate is taken over."""

    def __init__(self) -> None:
        """Start with no frame seen."""
        self._times: deque[float] = deque()

    def tick(self, now: float | None = None) -> float:
        """Count a frame.

        Args:
            now: Seconds on any steadily rising clock; the system's if None.

        Returns:
            Frames a second within the last two seconds; 0 for the first frame after a pause.
        """
        now = time.monotonic() if now is None else now
        self._times.append(now)
        while now - self._times[0] > self.window:
            self._times.popleft()
        span = now - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0


@dataclass
class Visitor:
    """What is kept of one visitor while the page is open, and nowhere else."""

    clock: FrameClock = field(default_factory=FrameClock)
    following: Following = field(default_factory=Following)
    recorder: Recorder | None = None
