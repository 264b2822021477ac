"""Ctrl-C: once finishes with the results so far, twice stops at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Yield what returns whether Ctrl-C was pressed in the block.

    The first time it raises nothing there; the second time it raises KeyboardInterrupt as usual.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield pressed.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
