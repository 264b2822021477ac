"""Two clocks for streams of frames: one counts frames per second, the other can be stopped."""

import time
from collections import deque
from collections.abc import Callable


class FrameRateMeter:
    """Counts one stream's frames per second."""

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


class PausableClock:
    """A clock that starts at 0 and doesn't run while it is stopped.

    Args:
        system: Seconds on any steadily rising clock.
    """

    def __init__(self, system: Callable[[], float] = time.monotonic) -> None:
        """Start it."""
        self.system = system
        self._start = system()
        self._stopped: float | None = None

    @property
    def running(self) -> bool:
        """Whether it isn't stopped."""
        return self._stopped is None

    def now(self) -> float:
        """Return the seconds that it has been running."""
        return (self.system() if self._stopped is None else self._stopped) - self._start

    def pause(self) -> None:
        """Stop the clock."""
        if self._stopped is None:
            self._stopped = self.system()

    def resume(self) -> None:
        """Run again, as if it had never been stopped."""
        if self._stopped is not None:
            self._start += self.system() - self._stopped
            self._stopped = None
