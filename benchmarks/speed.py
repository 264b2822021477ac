"""How long the expression network takes, beside torchvision's ResNet-18 as a yardstick.

    python -m benchmarks.speed

Milliseconds say more about a machine than about a network, so what counts is the ratio to a
ResNet-18 on 224 pixels, one picture at a time, in fp32, on the same two threads. All take turns, so
that a machine that slows down slows all of them, and the medians are compared. Ours is timed from
face crops to probabilities, preprocessing included. It is all done a second time in a process that
may only use the instructions that most servers have: no bf16, no AMX.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torchvision.models import resnet18

from benchmarks.reporting import circumstances, table, write
from fer.model.classifier import ExpressionClassifier

THREADS = 2
FACES = 32
CROP = 120
"""Side of a face crop in pixels, as in a picture of a webcam."""

COMMON = "AVX512_CORE_VNNI"
"""The newest instructions for the second process, as oneDNN calls them."""

YARDSTICK, ONE, PROGRESS_INTERVAL = "resnet18, 224 px", "one face", f"each of {FACES} faces"
IN_FLOAT32 = "{}, float32"
"""Name of the same without int8, as where the CPU isn't made for it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(THREADS)
    medians = measure(contenders(options.model), options.rounds)
    if options.inner:
        print(json.dumps(medians))
        return
    report = {
        **circumstances("benchmarks.speed", arguments),
        "threads": THREADS,
        "rounds": options.rounds,
        "weights": ExpressionClassifier.load(options.model).fingerprint(),
        "any instructions": with_ratios(medians),
        f"up to {COMMON}": with_ratios(measure_restricted(options)),
    }
    write(report, options.output)
    for name in ("any instructions", f"up to {COMMON}"):
        rows = [{name: contender, **figures} for contender, figures in report[name].items()]
        print(table(rows), end="\n\n")


def contenders(model: str | None) -> dict[str, tuple[Callable[[], object], int]]:
    """Return what is timed: a call, and how many faces it reads."""
    yardstick = resnet18().eval()
    picture = torch.randn(1, 3, 224, 224)
    classifier, plain = (ExpressionClassifier.load(model, int8=int8) for int8 in (True, False))
    crops = list(np.random.default_rng(0).integers(0, 256, (FACES, CROP, CROP, 3), np.uint8))

    @torch.inference_mode()
    def measure_yardstick() -> torch.Tensor:
        return yardstick(picture)

    return {
        YARDSTICK: (measure_yardstick, 1),
        ONE: (lambda: classifier.classify(crops[:1]), 1),
        PROGRESS_INTERVAL: (lambda: classifier.classify(crops), FACES),
        IN_FLOAT32.format(ONE): (lambda: plain.classify(crops[:1]), 1),
        IN_FLOAT32.format(PROGRESS_INTERVAL): (lambda: plain.classify(crops), FACES),
    }


def measure(
    calls: Mapping[str, tuple[Callable[[], object], int]],
    rounds: int,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, float]:
    """Return the median of milliseconds a face; all take turns, after three rounds to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(3 + rounds):
        for name, (call, faces) in calls.items():
            start = clock()
            call()
            taken[name].append((clock() - start) * 1000 / faces)
    return {name: median(values[3:]) for name, values in taken.items()}


def measure_restricted(options: argparse.Namespace) -> dict[str, float]:
    """Measure again in a process that must do without the newest instructions."""
    given = ["--rounds", str(options.rounds), *(["--model", options.model] * bool(options.model))]
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", "--inner", *given],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": COMMON},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


def with_ratios(medians: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Put the ratio to the yardstick beside each median."""
    return {
        name: {"milliseconds": value, "ratio": value / medians[YARDSTICK]}
        for name, value in medians.items()
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.speed", description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument("--rounds", type=int, default=60, help="after three to warm up")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
