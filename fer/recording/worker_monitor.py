"""The page's view of a recording's worker: its deadline, its messages, and cancellation."""

import math
import time
from collections.abc import Callable
from typing import Any

from fer.recording.progress import AnalysisCancelled, Progress
from fer.recording.worker_tasks import time_limit
from fer.sandbox import Message, WorkerError

CHECK_TIMEOUT = 20.0
"""Seconds within which a video's header and first picture have to be read."""

_MESSAGES, _MESSAGE_RATE = 50, 6
"""Messages that a worker may send in a burst, and each second; it reports progress at five."""


class WorkerMonitor:
    """The page's view of one worker: its deadline, and whether the video has sound.

    Args:
        progress: Gets a `Progress` for each message about it.
        cancelled: Returns whether to stop.

    Attributes:
        end: When the worker has to be done, on the monotonic clock; it has a header's time at
            first, and that of an analysis once the video is open.
        has_audio: Whether the video has sound; False as long as it isn't open.
    """

    def __init__(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._progress, self._cancelled = progress, cancelled
        self.end = math.inf
        self._begun, self._messages = 0.0, 0
        self.has_audio = self._opened = False

    def start(self) -> None:
        """Note that the worker begins now: the server that forks it may have had to start."""
        self._begun = time.monotonic()
        self.end = self._begun + CHECK_TIMEOUT

    def handle(self, message: Message | None) -> None:
        """Handle a message that is no result.

        Raises:
            AnalysisCancelled: The work was cancelled.
            WorkerError: The message is not of the form it should have, or there are too many.
        """
        if self._cancelled is not None and self._cancelled():
            raise AnalysisCancelled("The analysis was cancelled; nothing of it was kept.")
        if message is None:
            return
        self._messages += 1
        seconds = time.monotonic() - self._begun
        if self._messages > _MESSAGES + _MESSAGE_RATE * seconds:
            raise WorkerError("It sends too many messages.")
        try:
            if message.kind == "opened":
                self._extend(message)
                return
            if message.kind != "progress":
                raise ValueError(message.kind)
            fraction = parse_finite(message.fields["fraction"]) or 0.0
            seconds_left = parse_finite(message.fields["seconds_left"])
        except (LookupError, TypeError, ValueError) as error:
            raise WorkerError(f"Its message has another form: {error!r}.") from error
        if self._progress is not None:
            self._progress(Progress(fraction, seconds_left))

    def _extend(self, message: Message) -> None:
        """Give an analysis its time, once."""
        self.has_audio = message.fields["has_audio"] is True
        if not self._opened:
            self.end = time.monotonic() + time_limit(parse_finite(message.fields["duration"]))
        self._opened = True


def parse_finite(value: Any) -> float | None:
    """Return a number out of a message, or None.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not a number, or not finite.
    """
    number = None if value is None else float(value)
    if number is not None and not math.isfinite(number):
        raise ValueError(value)
    return number
