"""The memory of a process, as Linux counts it."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def resident(key: str) -> float:
    """Return VmRSS (now) or VmHWM (the peak) of a process in megabytes."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"{STATUS} has no {key}.")
