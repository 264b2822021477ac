"""Ends a worker that makes no progress: a decoder may hang where no exception reaches it."""

import faulthandler
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

QUIET_SECONDS = 600.0
"""Longer than a photo, a frame, an index of frames or an attempt to fetch something takes."""

_REARM_SECONDS = 1.0


class Watchdog:
    """Ends this process when nothing has moved for some time; whoever started it starts another.

    faulthandler's thread needs no lock of Python's, which a decoder that hangs may hold.

    Args:
        seconds: Without progress, after which the process ends.
    """

    def __init__(self, seconds: float = QUIET_SECONDS) -> None:
        self.seconds = seconds
        self._null: int | None = None
        self._armed_at = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch over the block; elsewhere `note_progress` does nothing."""
        self._null = os.open(os.devnull, os.O_WRONLY)
        self._armed_at = 0.0
        self.note_progress()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            os.close(self._null)
            self._null = None

    def note_progress(self) -> None:
        """Start counting anew."""
        now = monotonic()
        if self._null is None or now - self._armed_at < min(_REARM_SECONDS, self.seconds / 2):
            return
        self._armed_at = now
        faulthandler.dump_traceback_later(self.seconds, exit=True, file=self._null)
