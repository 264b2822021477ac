"""Measure `fer run` on many photos and a long video: speed, cores in use, and memory on the way.

    python -m benchmarks.scale --rounds 3 --ray --output benchmarks/scale.json
    python -m benchmarks.scale --photos 40 --minutes 0.5

Photos are crops of skimage's astronaut, 640 x 480, each another one; the video is the made one of
`benchmarks.recording`. In each round come the plain loop over the pipeline, with one thread and as
it is, and `fer run` with one worker and with two, in processes of their own; loading the networks
doesn't count. At the end come the stages, see `benchmarks.scale_stages`. Cores are shared with
whatever else runs, so the load is stated; seconds of computing a photo hardly depend on it.

`python -m docs.tables` puts the figures into docs/batch.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import cv2
import numpy as np
import psutil
import skimage
from PIL import Image

from benchmarks.recording import made_video
from benchmarks.reporting import circumstances, table, write
from benchmarks.scale_stages import measure_stages
from fer.batch.batch_run import BatchRun, TaskPool
from fer.batch.input_files import Shard, find_input_files
from fer.batch.local import LocalPool
from fer.batch.ray import RayPool
from fer.batch.store import BatchStore
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings

ROOT = Path(__file__).resolve().parents[1]

SIZE = (640, 480)
"""Width and height of the photos."""

SETTLED = 0.1
"""Share of the photos after which memory should no longer grow."""

STAGES_OF = 200
"""Photos on which the stages are measured."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure in processes of their own, print and write."""
    options = _parser().parse_args(arguments)
    if options.only == "stages":
        print(json.dumps(stages_each(options.folder)))
        return
    if options.only:
        print(json.dumps(measure_one(options.only, options.folder, options.workers)))
        return
    with tempfile.TemporaryDirectory() as place:
        photos, film = Path(place, "photos"), Path(place, "film")
        make_photos(photos, options.photos)
        film.mkdir()
        made_video(film, 60 * options.minutes)
        if (film / "long.mp4").exists():
            (film / "clip.mp4").unlink()
        runs = measure_rounds(photos, film, options)
        stages = {"photos": _apart("stages", photos), "video": _apart("stages", film)}
    rows = [{"run": name, **figures} for name, figures in runs.items()]
    print(table(rows))
    report = {
        **circumstances("benchmarks.scale", arguments),
        "photos": options.photos,
        "video_seconds": 60 * options.minutes,
        "rounds": options.rounds,
        "runs": runs,
        "stages": stages,
    }
    print(table([{"stages of": name, **seconds} for name, seconds in stages.items()]))
    if options.output:
        write(report, options.output)


def make_photos(folder: Path, count: int) -> None:
    """Write photos, each another crop of one picture, a little turned."""
    folder.mkdir()
    picture = Image.fromarray(skimage.data.astronaut()).resize((1024, 1024))
    chance = np.random.default_rng(0)
    for number in range(count):
        left, top = chance.integers(0, 1024 - SIZE[0]), chance.integers(0, 1024 - SIZE[1] - 200)
        crop = picture.rotate(float(chance.normal(0, 3)), Image.Resampling.BILINEAR)
        crop = crop.crop((left, top, left + SIZE[0], top + SIZE[1]))
        crop.save(folder / f"{number:06d}.jpg", quality=90)


def measure_rounds(
    photos: Path, film: Path, options: argparse.Namespace
) -> dict[str, dict[str, float | None]]:
    """Return the medians over the rounds; every round has all runs, one after the other."""
    names = ["loop, one thread", "loop", "local 1", "local 2"]
    names += ["ray 1", "ray 2"] if options.ray else []
    seen: dict[str, list[dict[str, float | None]]] = {}
    for _ in range(options.rounds):
        for name in names:
            seen.setdefault(f"photos, {name}", []).append(_apart(name, photos))
        for name in ["local 1", "local 2"]:
            seen.setdefault(f"video, {name}", []).append(_apart(name, film))
    return {name: _medians(runs) for name, runs in seen.items()}


def _medians(runs: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    return {
        key: None if runs[0][key] is None else round(median(run[key] or 0 for run in runs), 6)
        for key in runs[0]
    }


def _apart(name: str, folder: Path) -> dict[str, float | None]:
    """Measure one run in a process of its own."""
    kind, _, workers = name.partition(" ")
    command = [sys.executable, "-m", "benchmarks.scale", "--only", name, "--folder", str(folder)]
    command += ["--workers", workers] if workers.isdecimal() else []
    environment = dict(os.environ)
    if kind in ("loop,", "stages"):
        environment["OMP_NUM_THREADS"] = "1"
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_one(name: str, folder: Path, workers: int) -> dict[str, float | None]:
    """Return the figures of one run: what is done a second, computing, cores and memory."""
    if name.startswith("loop"):
        if name.endswith("one thread"):
            cv2.setNumThreads(1)
        return _measure_loop(folder)
    settings = BatchSettings()
    pool = LocalPool(settings, workers) if name.startswith("local") else RayPool(settings, workers)
    with tempfile.TemporaryDirectory() as place:
        return _measure_batch(folder, Path(place), settings, pool, workers)


def _measure_loop(folder: Path) -> dict[str, float | None]:
    """Read photos as a program would that knows only `fer.Pipeline`."""
    from fer import Pipeline

    pipeline, photos = Pipeline.load(), sorted(folder.iterdir())
    pipeline(photos[0])
    start, own = perf_counter(), process_time()
    for photo in photos:
        pipeline(photo)
    seconds, computing = perf_counter() - start, process_time() - own
    return _figures(len(photos), seconds, computing, 1, None)


def _measure_batch(
    folder: Path, out: Path, settings: BatchSettings, pool: TaskPool, workers: int
) -> dict[str, float | None]:
    files = find_input_files([str(folder)], out).files
    store, memory = BatchStore(out, Shard()), Memory()
    pool.start()
    _wait_until_all_are_ready(workers)
    before, own = computed(), process_time()
    start = perf_counter()
    with store.locked():
        BatchRun(files, settings, store).run(pool, memory.note)
    seconds, computing = perf_counter() - start, computed() - before
    own = process_time() - own - memory.spent
    pool.close()
    amount = _amount(out, files)
    return {
        **_figures(amount, seconds, computing, workers, memory.growth()),
        "coordinator_seconds_each": own / amount,
        "worker_mb": memory.most(),
        "bytes_read_each": sum(Path(file.location).stat().st_size for file in files) / amount,
        "bytes_written_each": sum(path.stat().st_size for path in out.rglob("*.parquet")) / amount,
    }


def stages_each(folder: Path) -> dict[str, float]:
    """Return the seconds of each stage for a photo, or for a second of video."""
    cv2.setNumThreads(1)
    settings = BatchSettings()
    with tempfile.TemporaryDirectory() as place:
        files = find_input_files([str(folder)], Path(place)).files[:STAGES_OF]
        runner = TaskRunner.load(settings)
        runner.pipeline(np.zeros((480, 640, 3), np.uint8))
        seconds = measure_stages(files, Path(place), runner, settings)
        amount = _amount(Path(place), files)
    return {name: round(value / amount, 6) for name, value in seconds.items()}


def _amount(out: Path, files: Sequence[object]) -> float:
    """Return the photos, or the seconds of video, that were read."""
    from pyarrow.parquet import read_table

    seconds = sum(filter(None, read_table(out / "files")["duration"].to_pylist()))
    return seconds or float(len(files))


def _figures(
    amount: float, seconds: float, computing: float, workers: int, growth: float | None
) -> dict[str, float | None]:
    cores = min(workers, os.cpu_count() or 1)
    return {
        "per_second": amount / seconds,
        "computing_seconds_each": computing / amount,
        "cores_busy": computing / seconds / cores,
        "growth_mb": growth,
    }


def _wait_until_all_are_ready(workers: int) -> None:
    """Wait until the workers have loaded their networks, and do nothing."""
    while len(_workers()) < workers or any(one.cpu_percent(0.5) > 5 for one in _workers()):
        pass


def _workers() -> list[psutil.Process]:
    """Return the processes that do the work, wherever they come from."""
    words = ("spawn_main", "ray::RayWorker")
    found = []
    for process in psutil.Process().children(recursive=True):
        line = " ".join(process.cmdline())
        if any(word in line for word in words):
            found.append(process)
    return found


def computed() -> float:
    """Return the seconds of computing so far, of the workers and of this process."""
    times = [one.cpu_times() for one in [psutil.Process(), *_workers()]]
    return sum(time.user + time.system for time in times)


class Memory:
    """The workers' memory on the way."""

    def __init__(self) -> None:
        self._mb: list[tuple[float, float]] = []
        self.spent = 0.0  # seconds of computing, for taking note

    def note(self, share: float) -> None:
        """Take note at a share of the work."""
        start = process_time()
        self._mb.append((share, max(one.memory_info().rss for one in _workers()) / 1e6))
        self.spent += process_time() - start

    def most(self) -> float | None:
        """Return the megabytes of the largest worker."""
        return max((mb for _, mb in self._mb), default=None)

    def growth(self) -> float | None:
        """Return the megabytes by which the largest worker grew after the beginning."""
        settled = [mb for share, mb in self._mb if share >= SETTLED]
        return max(settled) - settled[0] if settled else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=4.0, help="length of the video")
    parser.add_argument("--ray", action="store_true", help="measure Ray's workers, too")
    parser.add_argument("--output", type=Path, help="JSON")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
