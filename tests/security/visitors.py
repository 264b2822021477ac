"""Let many visitors use a page for as long as one wants, and measure it.

    python -m tests.security.visitors --minutes 60 --visitors 16 --recordings 2 --output FILE.json

A page of its own on the loopback address; honest visitors of all kinds at once, and recordings that
are always at work. With --hostile others come who want it to serve nobody else; the command then
fails if an honest newcomer waits for more than five seconds. Written are errors, times of photos
and frames, and what the page uses of the machine over time: FILE.json, each minute, and a plot,
FILE.png.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.reporting import circumstances, table
from fer.output_files import write_file
from tests.e2e.browser import write_film
from tests.security.hostile import Hostile, Newcomers
from tests.security.protocol import Page
from tests.security.server import Server, start
from tests.security.visits import Log, Visits

SAMPLE_INTERVAL = 5.0
"""Seconds between two measurements of the page."""

WRITE_INTERVAL = 60.0
"""Seconds from one writing of the figures so far to the next: a run may end early."""

WARM_UP = 300.0
"""Seconds after which the growth of memory counts; half of a shorter run."""

FIRST_FRAME = 5.0
"""Seconds in which an honest newcomer has a first frame, whoever else is about."""

FILM_SECONDS = 20
"""Length of each recording."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; return the exit status."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        film = write_film(Path(name) / "film.mp4", FILM_SECONDS).read_bytes()
        report = circumstances("tests.security.visitors", arguments) | {"seed": options.seed}
        with start(Path(name), fake=options.fake) as server:
            figures = measure(server, film, options, report)
    _write(report | {"complete": True} | figures, options.output)
    draw(figures, options.output.with_suffix(".png"))
    print(table([{"what": name, **row} for name, row in figures["seconds"].items()]))
    print(table([{"when": name, **row} for name, row in figures["usage"].items()]))
    print(f"{figures['errors']['count']} errors: {figures['errors']['kinds']}")
    waited = figures["newcomers"]
    if waited:
        print(f"first frames of newcomers: {waited}")
    return int(bool(waited) and waited["max"] > FIRST_FRAME)


def measure(
    server: Server, film: bytes, options: argparse.Namespace, report: dict[str, Any]
) -> dict[str, Any]:
    """Let the visitors come and return all figures; those so far are written meanwhile.

    Args:
        server: The page.
        film: Of the recordings.
        options: Of the command.
        report: What is written beside the figures.
    """
    page, log, over = Page(server.url), Log(), threading.Event()
    visits = Visits(page, log, film, over)
    newcomers = Newcomers(visits)
    work = [(visits.resume, (options.seed + i,)) for i in range(options.visitors)]
    work += [(visits.record_on, (options.seed - i - 1,)) for i in range(options.recordings)]
    work += [(newcomers.resume, ())] if options.hostile else []
    threads = [threading.Thread(target=act, args=given, daemon=True) for act, given in work]
    for thread in threads:
        thread.start()
    threads += Hostile(visits).begin() if options.hostile else []

    def write_so_far(samples: list[dict[str, float]]) -> None:
        so_far = summary(log, samples, samples[-1], newcomers.waits)
        _write(report | {"complete": False} | so_far, options.output)

    samples = watch(server, log, 60 * options.minutes, write_so_far)
    over.set()
    for thread in threads:
        thread.join(60)
    page.close()
    time.sleep(options.after)
    left = {"time": round(log.now(), 1), **asdict(server.usage())}
    return summary(log, samples, left, newcomers.waits)


def watch(
    server: Server,
    log: Log,
    seconds: float,
    write_so_far: Callable[[list[dict[str, float]]], None],
) -> list[dict[str, float]]:
    """Measure the page until the time is up.

    Args:
        server: The page.
        log: Of all visitors; its clock counts.
        seconds: For how long.
        write_so_far: Called with the measurements, from time to time.

    Raises:
        RuntimeError: The page has ended.
    """
    samples: list[dict[str, float]] = []
    written = log.now()
    while (now := log.now()) < seconds:
        if server.process.poll() is not None:
            raise RuntimeError(
                f"The page ended with {server.process.returncode} after {now:.0f} s:\n"
                f"{server.log.read_text()[-2000:]}"
            )
        samples.append({"time": round(now, 1), **asdict(server.usage())})
        if now - written >= WRITE_INTERVAL:
            write_so_far(samples)
            written = now
        time.sleep(SAMPLE_INTERVAL)
    return samples


def summary(
    log: Log, samples: list[dict[str, float]], left: dict[str, float], waits: Sequence[float]
) -> dict[str, Any]:
    """Return what a run came to.

    Args:
        log: Of all visitors.
        samples: What the page used over time.
        left: The same some time after the last visitor has left.
        waits: Seconds that newcomers among hostile visitors waited for a first frame.
    """
    warm = min(WARM_UP, samples[-1]["time"] / 2)
    usage = {
        "at the start": samples[0],
        "warm": next(sample for sample in samples if sample["time"] >= warm),
        "at the end": samples[-1],
        "most": {name: max(sample[name] for sample in samples) for name in samples[0]},
        "after all have left": left,
    }
    kinds = Counter(f"{kind}: {text}" for kind, _, text in log.errors)
    return {
        "visits": dict(log.visits),
        "errors": {
            "count": len(log.errors),
            "kinds": dict(kinds.most_common(20)),
            "times": [when for _, when, _ in log.errors[:100]],
        },
        "seconds": {kind: spread(log.seconds(kind)) for kind in sorted({r[0] for r in log.rows})},
        "newcomers": spread(waits) if waits else {},
        "usage": usage,
        "growth_mb": growth(samples, warm),
        "photos": over_time(log, "photo", samples[-1]["time"]),
        "frames": over_time(log, "frame", samples[-1]["time"]),
        "samples": samples,
    }


def growth(samples: Sequence[dict[str, float]], warm: float) -> float:
    """Return how much the page's memory has grown from a time on, in MB.

    It goes up and down with what visitors do just then, so the medians of two minutes are compared,
    or of a quarter of a shorter run.
    """
    end = samples[-1]["time"]
    span = min(120.0, end / 4)
    first = [each["page_mb"] for each in samples if warm <= each["time"] <= warm + span]
    last = [each["page_mb"] for each in samples if each["time"] >= end - span]
    return round(median(last) - median(first), 1)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return count, median, 99th percentile and maximum of measurements."""
    middle, high = np.percentile(seconds, [50, 99])
    figures = {"p50": middle, "p99": high, "max": max(seconds)}
    return {"count": len(seconds)} | {name: round(float(v), 3) for name, v in figures.items()}


def over_time(log: Log, kind: str, seconds: float, steps: int = 60) -> list[dict[str, float]]:
    """Return the spread of a kind in each part of the run, of `steps` or of 10 s at least."""
    step = max(10.0, seconds / steps)
    parts: dict[int, list[float]] = {}
    for name, when, value in log.rows:
        if name == kind:
            parts.setdefault(int(when // step), []).append(value)
    return [{"time": round(step * part, 1), **spread(parts[part])} for part in sorted(parts)]


def draw(figures: dict[str, Any], path: Path) -> None:
    """Draw memory, files, threads and times over time as PNG."""
    from matplotlib.figure import Figure

    samples = figures["samples"]
    minutes = [sample["time"] / 60 for sample in samples]
    figure = Figure(figsize=(9, 9), layout="constrained")
    rows = figure.subplots(4, 1, sharex=True)
    panels = {
        "memory, MB": ("page_mb", "workers_mb"),
        "temporary folder": ("files", "folders"),
        "of the process": ("threads", "handles"),
    }
    for axes, (label, names) in zip(rows, panels.items(), strict=False):
        for name in names:
            axes.plot(minutes, [sample[name] for sample in samples], label=name)
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    for kind in ("photos", "frames"):
        times = [part["time"] / 60 for part in figures[kind]]
        for name, style in (("p50", "-"), ("p99", ":")):
            rows[3].plot(
                times, [part[name] for part in figures[kind]], style, label=f"{kind} {name}"
            )
    rows[3].set(ylabel="seconds", xlabel="minutes", yscale="log")
    for axes in rows:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def _write(report: dict[str, Any], path: Path) -> None:
    """Write a report whole, in place of an earlier one."""
    write_file(path, json.dumps(report, indent=2) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--visitors", type=int, default=16, help="honest ones at a time")
    parser.add_argument("--recordings", type=int, default=2, help="always at work")
    parser.add_argument("--hostile", action="store_true", help="with hostile companions")
    parser.add_argument("--fake", action="store_true", help="a pipeline that costs nothing")
    parser.add_argument("--after", type=float, default=60, help="seconds to wait at the end")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("visitors.json"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
