"""The `fer` command, as a script and as `python -m fer`."""

import os
import signal
import sys
import time
from types import FrameType

_INTERRUPTED, _TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
"""Exit statuses, as shells have them."""


def run() -> int:
    """Run the command and return its exit status.

    SIGTERM, which a cluster sends when a job's time is over, ends it in the same order as Ctrl-C.
    """
    _open_standard_files()
    received: list[float] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(time.monotonic())
        # `timeout`, for one, sends it twice, and the second one would break the clearing up.
        if len(received) == 1 or received[-1] - received[-2] > 1:
            raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    status = _run()
    return _TERMINATED if received and status == _INTERRUPTED else status


def _open_standard_files() -> None:
    """Open what of stdin, stdout and stderr is closed, as in some schedulers and after `2>&-`.

    Else another file would get its number, and what libraries print would go into that.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # for workers
    os.close(number)
    sys.stdout = sys.stdout or os.fdopen(1, "w", errors="replace", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", errors="replace", closefd=False)


def _run() -> int:
    """Run the command; Ctrl-C may come while it is still imported."""
    try:
        from fer.cli import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("fer: Interrupted.\n")
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
