"""Measure how long the page takes to respond, and its three heaviest libraries by themselves.

    python -m benchmarks.startup

In turn, in fresh processes: `import fer`; importing torch, gradio and facenet_pytorch; `python
app.py` until the page has responded. Medians of the seconds that passed and of the processor's;
the latter hardly change where the machine is busy otherwise. Takes two minutes.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks.reporting import circumstances, table, write

ROOT = Path(__file__).resolve().parents[1]

PROGRAMS = {
    "nothing": "pass",
    "import fer": "import fer",
    "libraries": "import torch, gradio, facenet_pytorch",
}
"""What is run with `python -c`, by name."""

TIMEOUT = 120
"""Seconds after which the page won't come any more."""


@dataclass(frozen=True)
class Start:
    """One start: seconds that passed, and seconds of the processor."""

    seconds: float
    cpu: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    starts: dict[str, list[Start]] = {name: [] for name in (*PROGRAMS, "page")}
    for _ in range(options.rounds):
        for name, program in PROGRAMS.items():
            starts[name].append(run(program))
        starts["page"].append(page())
    figures = summary(starts)
    print(table([{"start": name, **figures[name]} for name in starts]))
    print(f"page over libraries: {figures['page_over_libraries']}")
    report = {**circumstances("benchmarks.startup", arguments), "rounds": options.rounds}
    write({**report, **figures}, options.output)


def run(program: str) -> Start:
    """Run a program with `python -c`."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment())
    _, status, usage = os.wait4(process.pid, 0)  # of this process alone, not of others that end
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, program)
    return Start(time.perf_counter() - start, usage.ru_utime + usage.ru_stime)


def page() -> Start:
    """Start `python app.py`, request the page until it responds, and end it.

    Raises:
        RuntimeError: It ended or never responded.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        app = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment(GRADIO_SERVER_PORT=str(port), GRADIO_TEMP_DIR=folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/", app)
            used = psutil.Process(app.pid).cpu_times()
            return Start(time.perf_counter() - start, used.user + used.system)
        finally:
            app.terminate()
            app.wait(20)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of all starts: one thread, nothing fetched."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **more}


def _wait_for(url: str, app: subprocess.Popen) -> None:
    end = time.perf_counter() + TIMEOUT
    while time.perf_counter() < end and app.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT):
                return
        except urllib.error.URLError:
            time.sleep(0.02)
    raise RuntimeError(f"The page did not respond within {TIMEOUT} s, or app.py ended.")


def summary(starts: dict[str, list[Start]]) -> dict[str, object]:
    """Return the medians of each start, and the page's over the libraries'."""
    figures = {
        name: {
            "seconds": round(median(start.seconds for start in all_of_it), 3),
            "cpu": round(median(start.cpu for start in all_of_it), 3),
        }
        for name, all_of_it in starts.items()
    }
    whole, parts = figures["page"], figures["libraries"]
    own = figures["import fer"]["seconds"] - figures["nothing"]["seconds"]
    return {
        **figures,
        "import_fer_seconds": round(own, 3),
        "page_over_libraries": {key: round(whole[key] / parts[key], 3) for key in whole},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
