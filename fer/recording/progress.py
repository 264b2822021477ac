"""Progress and cancellation of a recording's analysis."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from fer.video import VideoError

_REPORT_INTERVAL = 0.2
"""Minimum seconds from one report to the next."""

_NO_ESTIMATE_BEFORE = 1.0
"""Seconds after the first report in which the remaining time is not estimated."""

_READING_SHARE = 0.97
"""Approximate share of the work that reading the video takes; the rest is plots and report."""


@dataclass(frozen=True)
class Progress:
    """Progress of an analysis.

    Attributes:
        fraction: Fraction of the work that is done, 0 to 1.
        seconds_left: Estimated seconds of the rest; None while there is no estimate.
    """

    fraction: float
    seconds_left: float | None


class AnalysisCancelled(VideoError):
    """The analysis was cancelled; none of its files are left."""


class ProgressReporter:
    """Reports progress to a callback, and raises when the analysis is cancelled.

    Args:
        on_progress: Receives a `Progress` a few times per second; None for no reports.
        cancelled: Returns whether to stop; None if the analysis can't be cancelled.
        duration: The video's duration in seconds; None if unknown.
        clock: A monotonic clock in seconds.
    """

    def __init__(
        self,
        on_progress: Callable[[Progress], None] | None,
        cancelled: Callable[[], bool] | None,
        duration: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_progress, self._cancelled, self._duration = on_progress, cancelled, duration
        self._clock = clock
        self._first: tuple[float, float] | None = None  # time and fraction of the first report
        self._last_report = -math.inf

    def report(self, seconds: float) -> None:
        """Report that the video has been read up to a time.

        Args:
            seconds: Time in the video.

        Raises:
            AnalysisCancelled: The analysis was cancelled.
        """
        self.raise_if_cancelled()
        now = self._clock()
        if self._on_progress is None or now - self._last_report < _REPORT_INTERVAL:
            return
        self._last_report = now
        share = min(1.0, seconds / self._duration) if self._duration else 0.0
        fraction = _READING_SHARE * share
        self._on_progress(Progress(fraction, self._seconds_left(now, fraction)))

    def _seconds_left(self, now: float, fraction: float) -> float | None:
        """Return the estimated seconds of the rest, from the speed since the first report.

        Earlier time isn't representative: the worker starts, or frames before the span are skipped.
        """
        self._first = self._first or (now, fraction)
        spent, gained = now - self._first[0], fraction - self._first[1]
        if spent < _NO_ESTIMATE_BEFORE or gained <= 0:
            return None
        return spent * (1 - fraction) / gained

    def finish(self) -> None:
        """Report that all work is done."""
        if self._on_progress is not None:
            self._on_progress(Progress(1.0, 0.0))

    def raise_if_cancelled(self) -> None:
        """Raise `AnalysisCancelled` if the analysis was cancelled."""
        if self._cancelled is not None and self._cancelled():
            raise AnalysisCancelled("The analysis was cancelled; nothing of it was kept.")
