"""Let `fer run` read hours of video, end to end, and write its curve: speed, cores and memory.

    python -m benchmarks.long_run --films FOLDER --hours 10 --output benchmarks/long_run.json
    python -m benchmarks.long_run --hours 0.1

Each file is half an hour long and shows one of the films again and again, in a crop and at a size
of its own; without `--films`, the film that `benchmarks.recording` makes. The command runs in
processes of its own, which are measured from outside every few seconds.

`python -m docs.long_run` draws the curve, `python -m docs.tables` writes docs/batch.md.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import psutil
from pyarrow.parquet import read_metadata, read_table

from benchmarks.recording import CLIP, made_video, repeated
from benchmarks.reporting import circumstances, table, write
from fer.video.reader import VideoReader
from fer.video.writer import VideoWriter

ROOT = Path(__file__).resolve().parents[1]

FILE_SECONDS = 1800.0
"""Length of each file."""

SMALLEST = 0.6
"""Least share of the film's width and height that a crop has."""

WIDTHS = (640, 1280)
"""Width to which a larger crop is shrunk, in pixels: from the least to the most."""

EVERY = 15.0
"""Seconds between two measurements."""

MAX_POINTS = 100
"""Points of the curve that are kept."""

SETTLED = 0.1
"""Share of the time after which memory should no longer grow."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the files, read them, print and write."""
    options = _parser().parse_args(arguments)
    films = sorted(options.films.glob("*.mp4")) if options.films else []
    if options.films and not films:
        sys.exit(f"{options.films} holds no .mp4 files.")
    # Others have these films elsewhere, or others.
    words = [*(["--films", "FOLDER"] if films else []), "--hours", f"{options.hours:g}"]
    with tempfile.TemporaryDirectory(dir=options.work) as place:
        folder, out = Path(place, "films"), Path(place, "tables")
        make_files(films or [made_video(Path(place), CLIP)], folder, 3600 * options.hours)
        head = circumstances("benchmarks.long_run", words)  # with the load before it
        curve = watch(folder, out, options.workers)
        result = tables(out)
    report = {
        **head,
        "films": [film.name for film in films] or ["six faces, made"],
        "workers": options.workers,
        **result,
        **summary(curve, result["video_seconds"]),
        "curve": thinned(curve),
    }
    print(table([{name: value for name, value in report.items() if isinstance(value, float)}]))
    if options.output:
        write(report, options.output)


def make_files(films: Sequence[Path], folder: Path, seconds: float) -> None:
    """Write as many files as the seconds ask for, the films in turn."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    count = max(1, round(seconds / FILE_SECONDS))
    for number in range(count):
        clip = folder / "clip.mp4"
        write_crop(films[number % len(films)], clip, chance)
        repeated(clip, folder / f"{number:03d}.mp4", seconds / count)
        clip.unlink()


def write_crop(film: Path, path: Path, chance: np.random.Generator) -> None:
    """Write a film with its frames cropped to a random part, shrunk to a random width."""
    share, left, top = chance.uniform(SMALLEST, 1), chance.uniform(), chance.uniform()
    with VideoReader(film) as reader:
        height, width = (int(share * side) for side in (reader.info.height, reader.info.width))
        x, y = int(left * (reader.info.width - width)), int(top * (reader.info.height - height))
        scale = min(1, chance.uniform(*WIDTHS) / width)
        size = (2 * int(scale * width / 2), 2 * int(scale * height / 2))
        with VideoWriter(path, *size) as writer:
            for frame in reader:
                crop = frame.image[y : y + height, x : x + width]
                view = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
                writer.write(view, frame.time, frame.duration)


def watch(folder: Path, out: Path, workers: int, every: float = EVERY) -> list[dict[str, float]]:
    """Run the command, and return what it has done and uses, every few seconds and at its end.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    command = [sys.executable, "-m", "fer", "run", str(folder), "--output", str(out)]
    command += ["--workers", str(workers)]
    start, usage, curve = perf_counter(), Usage(), []
    with subprocess.Popen(command, cwd=ROOT) as run:
        process, runs = psutil.Process(run.pid), True
        while runs:
            used = usage.measure(process)
            seconds = perf_counter() - start
            curve.append({"seconds": seconds, "video_seconds": _video_seconds(out), **used})
            with suppress(subprocess.TimeoutExpired):
                runs = run.wait(every) is None
    if run.returncode:
        raise subprocess.CalledProcessError(run.returncode, command)
    end = {"seconds": perf_counter() - start, "video_seconds": _video_seconds(out)}
    return [*curve, {**curve[-1], **end}]


class Usage:
    """Memory and computing of a process and of those it has started, also of those that ended."""

    def __init__(self) -> None:
        self._computing: dict[int, float] = {}

    def measure(self, process: psutil.Process) -> dict[str, float]:
        """Return the memory of the largest process and of all, and the seconds computed so far."""
        megabytes = []
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # has just ended
                times = one.cpu_times()
                self._computing[one.pid] = times.user + times.system
                megabytes.append(one.memory_info().rss / 1e6)
        return {
            "largest_mb": max(megabytes, default=0.0),
            "all_mb": sum(megabytes),
            "computing": sum(self._computing.values()),
        }


def _video_seconds(out: Path) -> int:
    """Return the seconds in the table of seconds so far, also of files that aren't complete."""
    unfinished = out.glob(".*.unfinished/*/*/*/timeline.parquet")
    return _rows([*out.glob("timeline/*.parquet"), *unfinished])


def tables(out: Path) -> dict[str, float]:
    """Return what is in the tables at the end."""
    files = read_table(out / "files")
    sizes = [path.stat().st_size for path in out.rglob("*.parquet")]
    return {
        "files": files.num_rows,
        "refused": sum(error is not None for error in files["error"].to_pylist()),
        "video_seconds": sum(filter(None, files["duration"].to_pylist())),
        "face_rows": _rows(out.glob("faces/*.parquet")),
        "timeline_rows": _rows(out.glob("timeline/*.parquet")),
        "table_mb": sum(sizes) / 1e6,
    }


def _rows(parts: Iterable[Path]) -> int:
    """Return the rows of parts of a table, of which a file may have just been completed."""
    rows = 0
    for path in parts:
        with suppress(FileNotFoundError):
            rows += read_metadata(path).num_rows
    return rows


def summary(curve: Sequence[dict[str, float]], seconds: float) -> dict[str, float]:
    """Return the speed, the cores in use and how memory grew, of the whole run.

    Args:
        curve: Of `watch`.
        seconds: Of video that were read.
    """
    last, used = curve[-1], [point["largest_mb"] for point in curve[:-1]]
    settled = used[math.ceil(SETTLED * len(used)) :] or used
    half = math.ceil(len(settled) / 2)
    return {
        "hours": last["seconds"] / 3600,
        "per_second": seconds / last["seconds"],
        "cores_busy": last["computing"] / last["seconds"] / (os.cpu_count() or 1),
        "growth_mb": max(settled[half:], default=settled[-1]) - max(settled[:half]),
    }


def thinned(curve: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Return the points that are kept, the last one among them, rounded."""
    step = math.ceil(len(curve) / MAX_POINTS)
    kept = reversed(curve[::-step])
    return [{name: round(value, 1) for name, value in point.items()} for point in kept]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, help="folder of MP4 files; left out, one is made")
    parser.add_argument("--hours", type=float, default=10.0, help="of video, in all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder for the files; the system's if left out")
    parser.add_argument("--output", type=Path, help="JSON")
    return parser


if __name__ == "__main__":
    main()
