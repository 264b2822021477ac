"""What the measurements share: the machine, a process's memory, a table, a JSON file."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("torch", "gradio", "facenet-pytorch", "opencv-python", "transformers", "supervision")

STATUS = Path("/proc/self/status")
"""This process as Linux sees it."""


def circumstances(module: str, arguments: Sequence[str] | None = None) -> dict[str, object]:
    """Return the head of a JSON file: the command, the machine with its load, the versions.

    Args:
        module: What was run with `python -m`.
        arguments: Its arguments; None for the command line's.
    """
    given = sys.argv[1:] if arguments is None else arguments
    return {
        "command": " ".join(["python -m", module, *map(str, given)]),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "load": os.getloadavg()[0]},
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def processor() -> str:
    """Return the processor's name from /proc/cpuinfo."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def resident(key: str) -> float:
    """Return VmRSS (now) or VmHWM (the peak) of this process in megabytes."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{key}:"))


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows of the same columns as aligned text."""
    import pandas as pd  # programs that only measure memory need little of it

    def three_digits(value: float) -> str:
        return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"

    frame = pd.DataFrame(rows, dtype=object).fillna("-")
    return frame.to_string(index=False, float_format=three_digits) if rows else ""


def write(report: Mapping[str, object], path: Path) -> None:
    """Write a report as JSON."""
    path.write_text(json.dumps(report, indent=2) + "\n")
