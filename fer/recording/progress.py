"""How far a recording's analysis is, and how it is called off."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from fer.video import VideoError

_REPORT_INTERVAL = 0.2
"""Least seconds between two reports."""

_NO_ESTIMATE_BEFORE = 1.0
"""Seconds at the start for which nothing is said of the time left."""

_READING_SHARE = 0.97
"""Share of the whole that reading the video takes, about."""


@dataclass(frozen=True)
class Progress:
    """How far the analysis is.

    Attributes:
        done: Share of the work, 0 to 1.
        left: Seconds that the rest will take; None while that can't be told.
    """

    done: float
    left: float | None


class Cancelled(VideoError):
    """The analysis was called off; nothing of it is left on disk."""


class ProgressReporter:
    """Tells somebody how far the analysis is, and asks whether to go on.

    Args:
        on_progress: Gets a `Progress` a few times a second; None if nobody listens.
        cancelled: Says whether to stop; None if nobody may.
        duration: The video's seconds; None if unknown.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        on_progress: Callable[[Progress], None] | None,
        cancelled: Callable[[], bool] | None,
        duration: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock."""
        self._on_progress, self._cancelled, self._duration = on_progress, cancelled, duration
        self._clock = clock
        self._start = clock()
        self._last_report = -_REPORT_INTERVAL

    def report(self, seconds: float) -> None:
        """Say that the video was read up to a time of its own.

        Raises:
            Cancelled: It was called off.
        """
        self.raise_if_cancelled()
        spent = self._clock() - self._start
        if self._on_progress is None or spent - self._last_report < _REPORT_INTERVAL:
            return
        self._last_report = spent
        share = min(1.0, seconds / self._duration) if self._duration else 0.0
        done = _READING_SHARE * share
        left = spent * (1 - done) / done if spent >= _NO_ESTIMATE_BEFORE and done > 0 else None
        self._on_progress(Progress(done, left))

    def finish(self) -> None:
        """Say that everything is done."""
        if self._on_progress is not None:
            self._on_progress(Progress(1.0, 0.0))

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if it was called off."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The analysis was cancelled; nothing of it was kept.")
