"""Measure how many threads the networks should have: one visitor, and four at once.

    python -m benchmarks.threads

Each setting gets a process of its own, in turn: so many threads, with OpenMP's workers spinning
while they wait (its default) or sleeping. In it, visitors follow the one-face scene side by side,
as the server's workers do. Takes three minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median

from benchmarks.reporting import circumstances, table, write
from benchmarks.scenes import View, made_scenes

ROOT = Path(__file__).resolve().parents[1]

SETTINGS = ((1, "default"), (2, "default"), (2, "passive"))
"""Threads, and how OpenMP's workers wait."""

FRAMES = 90
"""Frames of the scene, which is played in a loop."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure in processes of their own, print and write."""
    options = _parser().parse_args(arguments)
    if options.threads:
        print(json.dumps(measure(options.threads, options.visitors, options.seconds)))
        return
    rows = [
        {"threads": number, "waiting": waiting, "visitors": visitors, **figures}
        for visitors in (1, 4)
        for (number, waiting), figures in _in_turn(visitors, options).items()
    ]
    print(table(rows))
    write({**circumstances("benchmarks.threads", arguments), "runs": rows}, options.output)


def _in_turn(visitors: int, options: argparse.Namespace) -> dict[tuple[int, str], dict]:
    """Return each setting's median over the rounds; every round has all settings."""
    seen: dict[tuple[int, str], list[dict]] = {setting: [] for setting in SETTINGS}
    for _ in range(options.rounds):
        for number, waiting in SETTINGS:
            seen[number, waiting].append(_apart(number, waiting, visitors, options.seconds))
    return {
        setting: {key: round(median(run[key] for run in runs), 2) for key in runs[0]}
        for setting, runs in seen.items()
    }


def _apart(number: int, waiting: str, visitors: int, seconds: float) -> dict[str, float]:
    """Measure one setting in a fresh process; OpenMP reads its own when it is loaded."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(number)}
    if waiting != "default":
        environment["OMP_WAIT_POLICY"] = waiting
    command = [sys.executable, "-m", "benchmarks.threads", "--threads", str(number)]
    command += ["--visitors", str(visitors), "--seconds", str(seconds)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


def measure(number: int, visitors: int, seconds: float) -> dict[str, float]:
    """Let visitors follow the scene side by side.

    Args:
        number: Threads of the networks.
        visitors: How many at once.
        seconds: How long.

    Returns:
        Frames a second of the slowest visitor and of all together, the time of a frame in
        milliseconds (median and 95th percentile), and processor milliseconds a frame.
    """

    from fer.pipeline import Pipeline
    from fer.threads import limit_threads

    limit_threads(number)
    pipeline = Pipeline.load(min_face=40)
    views = list(islice(made_scenes()["one face"].play(), FRAMES))
    follow_for(pipeline, views, 1.0)  # what is made at the first use
    start, answers = time.process_time(), [[] for _ in range(visitors)]
    workers = [
        threading.Thread(target=lambda own=own: own.extend(follow_for(pipeline, views, seconds)))
        for own in answers
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    computing = time.process_time() - start
    taken = sorted(spent for own in answers for spent in own)
    return {
        "slowest_per_second": min(map(len, answers)) / seconds,
        "all_per_second": len(taken) / seconds,
        "ms_median": 1000 * median(taken),
        "ms_p95": 1000 * taken[int(0.95 * len(taken))],
        "ms_computing": 1000 * computing / len(taken),
    }


def follow_for(pipeline: object, views: Sequence[View], seconds: float) -> list[float]:
    """Follow a scene that long, as one visitor; return the seconds that each frame took."""
    from fer.pipeline import StreamState

    following, taken, start = StreamState(), [], time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        pipeline.process_frame(views[len(taken) % len(views)].image, now, following)
        taken.append(time.perf_counter() - now)
    return taken


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each run")
    parser.add_argument("--threads", type=int, help="measure here and now, with so many")
    parser.add_argument("--visitors", type=int, default=1, help="with --threads")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
