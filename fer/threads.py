"""How many threads the networks compute with, in ONNX Runtime as in PyTorch.

Visitors of the page share the cores, so that more than one thread for one of them would only slow
the others down; a command on one's own machine may have all of them.
"""

import os
import sys

_limits: list[int] = []


def limit_threads(number: int) -> None:
    """Have the networks that are loaded from now on compute with so many threads."""
    _limits[:] = [number]
    limit_torch_threads()


def limit_torch_threads() -> None:
    """Give PyTorch, once it is imported, as many threads as `limit_threads` allows."""
    if _limits and "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(_limits[0])


def number_of_threads() -> int:
    """Return the limit; without one what OMP_NUM_THREADS says, or one thread for each core."""
    requested = os.environ.get("OMP_NUM_THREADS", "")
    if _limits:
        return _limits[0]
    return int(requested) if requested.isdecimal() and int(requested) else number_of_cores()


def number_of_cores() -> int:
    """Return how many cores this process may use; SLURM gives it fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
