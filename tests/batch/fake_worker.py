"""`fer run` with stand-ins for the networks, in worker processes, too.

    python -m tests.batch.fake_worker SOURCE... --out FOLDER --workers 2

Nothing of PyTorch is imported, so that workers start at once.
"""

import os
import sys
import time

import numpy as np
from supervision import Detections

from fer.__main__ import run
from fer.batch.local import LocalPool
from fer.batch.ray import RayPool
from fer.batch.task_runner import TaskRunner
from fer.cli import run_command
from fer.labels import EXPRESSIONS
from fer.pipeline import Pipeline

SECONDS_PER_FACE = float(os.environ.get("SECONDS_PER_FACE", "0.003"))
"""That the classifier takes, so that there is time to kill it."""


class TwoFaces:
    """Finds two faces whose places depend on the picture's brightness."""

    min_face = 20

    def with_min_face(self, min_face):
        return self

    def tiles(self, image):
        return []

    def detect_any_rotation(self, image):
        return self.detect(image)

    def redetect(self, image, xyxy, confidence, rolls=None):
        return self.detect(image)

    def detect(self, image, tiles=None, known_boxes=None, confidence=None):
        shift = float(image.mean()) / 8
        xyxy = [(shift, 10, shift + 50, 60), (90, 10 + shift, 140, 60 + shift)]
        return Detections(
            xyxy=np.array(xyxy if tiles is None else [], np.float32).reshape(-1, 4),
            confidence=np.full(2 if tiles is None else 0, 0.99, np.float32),
            data={"landmarks": np.zeros((2 if tiles is None else 0, 5, 2), np.float32)},
        )


class BrightIsHappy:
    """Classifies by brightness, as slowly as is wanted."""

    framing: dict = {}  # noqa: RUF012
    uncertain_below, name, precision, revision, notice, folder = (
        0.4,
        "fake",
        "int8",
        None,
        None,
        None,
    )
    metrics: dict = {}  # noqa: RUF012

    def fingerprint(self):
        return "0123456789abcdef" * 4

    def classify(self, crops):
        time.sleep(SECONDS_PER_FACE * len(crops))
        rows = np.full((len(crops), len(EXPRESSIONS)), 0.05, np.float32)
        for row, crop in zip(rows, crops, strict=True):
            row[3] = 0.3 + crop.mean() / 600
            row[6] = 1 - row.sum() + row[6]
        return rows


def load(settings) -> TaskRunner:
    return TaskRunner(settings, Pipeline(TwoFaces(), BrightIsHappy()))


def make_pool(options, settings, tasks):
    if options.engine == "ray":
        return RayPool(settings, options.workers, load)
    return LocalPool(settings, options.workers, load)


if __name__ == "__main__":
    from tests.batch import fake_worker  # workers know it by this name

    run_command.make_pool = fake_worker.make_pool
    sys.argv.insert(1, "run")
    sys.exit(run())
