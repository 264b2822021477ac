"""How many threads the networks compute with, in ONNX Runtime as in PyTorch.

Visitors of the page share the cores, so that more than one thread for one of them would only slow
the others down; a command on one's own machine may have all of them.
"""

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")

_OWN_CGROUPS = Path("/proc/self/cgroup")

_limits: list[int] = []


def limit_threads(number: int) -> None:
    """Limit the threads of networks that are loaded from now on."""
    _limits[:] = [number]
    limit_torch_threads()


def limit_torch_threads() -> None:
    """Give PyTorch, once it is imported, as many threads as `limit_threads` allows.

    Without a limit it has no more than `number_of_cores`, since it doesn't know of a container's
    quota; fewer, of the physical cores or by OMP_NUM_THREADS, stay.
    """
    torch = sys.modules.get("torch")
    if torch and _limits:
        torch.set_num_threads(_limits[0])
    elif torch and number_of_cores() < torch.get_num_threads():
        torch.set_num_threads(number_of_cores())


def number_of_threads() -> int:
    """Return the limit; without one what OMP_NUM_THREADS says, or one thread for each core."""
    requested = os.environ.get("OMP_NUM_THREADS", "")
    if _limits:
        return _limits[0]
    return int(requested) if requested.isdecimal() and int(requested) else number_of_cores()


def number_of_cores() -> int:
    """Return how many cores this process may use; SLURM and containers give it fewer than all."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, math.ceil(min([cores, *_cgroup_quotas()])))


def _cgroup_quotas() -> Iterator[float]:
    """Yield the cores' worth of time that Linux leaves each control group of this process."""
    try:
        lines = _OWN_CGROUPS.read_text(errors="surrogateescape").splitlines()
    except OSError:  # of another system
        return
    for line in lines:
        _, controllers, group = (line.split(":", 2) + [""] * 2)[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = _CGROUPS / "cpu" if controllers else _CGROUPS  # version 1 or 2
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
        # In a container the root may be its own group, whose path is known outside only.
        folder = root / group.lstrip("/")
        for place in (folder, *folder.parents):
            if place.is_relative_to(root):
                yield _quota([place / name for name in names])


def _quota(files: list[Path]) -> float:
    """Return the quota of a control group, infinite where there is none."""
    try:
        quota, period = map(int, " ".join(file.read_text() for file in files).split())
    except (OSError, ValueError):  # "max" is no quota
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf
