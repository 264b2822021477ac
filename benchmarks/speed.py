"""How long the expression network takes, beside torchvision's ResNet-18 as a yardstick.

    python -m benchmarks.speed

Milliseconds say more about a machine than about a network, so what counts is the ratio to a
ResNet-18 on 224 pixels, one picture at a time, in fp32, on the same two threads. All take turns, so
that a machine that slows down slows all of them, and the medians are compared. A turn is three
calls of which the first doesn't count, as the other library's threads still wait then. Ours is
timed from face crops to probabilities, preprocessing included: in int8 by ONNX Runtime, and in
float32 by PyTorch, as a network without an int8 file is.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torchvision.models import resnet18

from benchmarks.reporting import circumstances, table, write
from fer.model.classifier import ExpressionClassifier
from fer.threads import limit_threads

THREADS, CALLS = 2, 3
FACES = 32
CROP = 120
"""Side of a face crop in pixels, as in a picture of a webcam."""

YARDSTICK, ONE, MANY = "resnet18, 224 px", "one face", f"each of {FACES} faces"
IN_FLOAT32 = "{}, float32"
"""Name of the same without int8."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(THREADS)
    times = with_ratios(measure(contenders(options.model), options.rounds))
    report = {
        **circumstances("benchmarks.speed", arguments),
        "threads": THREADS,
        "rounds": options.rounds,
        "weights": ExpressionClassifier.load(options.model).fingerprint(),
        "times": times,
    }
    write(report, options.output)
    print(table([{"contender": name, **figures} for name, figures in times.items()]))


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
        MANY: (lambda: classifier.classify(crops), FACES),
        IN_FLOAT32.format(ONE): (lambda: plain.classify(crops[:1]), 1),
        IN_FLOAT32.format(MANY): (lambda: plain.classify(crops), FACES),
    }


def measure(
    calls: Mapping[str, tuple[Callable[[], object], int]],
    rounds: int,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, float]:
    """Return the median of milliseconds per face; all take turns, after three rounds to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for index in range(3 + rounds):
        for name, (call, faces) in calls.items():
            times = [_time(call, clock) * 1000 / faces for _ in range(CALLS)]
            taken[name] += times[1:] if index >= 3 else []
    return {name: median(values) for name, values in taken.items()}


def _time(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return the seconds that a call takes."""
    start = clock()
    call()
    return clock() - start


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
    return parser


if __name__ == "__main__":
    main()
