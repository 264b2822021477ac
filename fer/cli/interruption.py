"""Ctrl-C and SIGTERM: either finishes with the results so far, Ctrl-C twice stops at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Yield what returns whether Ctrl-C was pressed, or SIGTERM was sent, in the block.

    They raise nothing there, but Ctrl-C does the second time, KeyboardInterrupt as usual. A signal
    that is ignored, or that ends the process without Python, stays so.
    """
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield stopped.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        stopped.set()
        if number == signal.SIGINT:  # not SIGTERM, which `timeout`, for one, sends twice
            signal.signal(number, handlers[number])
        with suppress(KeyboardInterrupt):  # which they raise, having noted the exit status
            handlers[number](number, frame)

    numbers: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)
    handlers = {one: before for one in numbers if callable(before := signal.getsignal(one))}
    for one in handlers:
        signal.signal(one, note)
    try:
        yield stopped.is_set
    finally:
        for one, before in handlers.items():
            signal.signal(one, before)
