"""Measure the accuracy that caching a face's prediction costs.

    python -m benchmarks.prediction_cache --dataset ../shared/data/fer2013

Pictures of the validation split take the place of faces before a camera: each track shows one for a
second and then another, unsteadily and with a camera's noise. The expressions named from half a
second after a change on are compared with the labels, once with each face classified in each frame,
and once with each pair of limits on a prediction's age: of a still face, and of any face.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from supervision import Detections

from benchmarks.reporting import circumstances, table, write
from fer.data.fer2013 import FerArrays, load_arrays, load_fer2013
from fer.labels import FER2013_DATASET_ID
from fer.model.classifier import ExpressionClassifier
from fer.threads import limit_threads
from fer.vision.expression_smoother import ExpressionSmoother
from fer.vision.prediction_cache import PredictionCache

RATE = 30
"""Frames a second."""

CLIP_SECONDS = 1.0
"""Seconds for which a track shows a picture."""

SETTLED = 0.5
"""Seconds after which the named expression should be the new picture's."""

SIDE = 96
"""Side of the crops in pixels, as of a face near the camera."""

MOTIONS = {"still": 0.004, "moving": 0.02}
"""Standard deviation of a crop's shift from frame to frame, as a share of its side."""

AGES = ((0.0, 0.0), (0.15, 0.0), (0.3, 0.0), (0.3, 0.05))
"""`max_age` and `min_age` of `PredictionCache`, in seconds; the last is its default."""

GRAIN = 4.0
"""Standard deviation of the camera's noise, 0 to 255."""


@dataclass
class CacheResult:
    """Limits of the cache, and what came of them.

    Attributes:
        motion: How the faces moved, of `MOTIONS`.
        max_age: As of `PredictionCache`.
        min_age: As of `PredictionCache`.
        classified: Faces that were classified.
        shown: Faces in all frames.
        settled: Of these, faces whose picture had been there for `SETTLED` seconds.
        right: Of these, faces that were named as labelled.
    """

    motion: str
    max_age: float
    min_age: float
    classified: int = 0
    shown: int = 0
    settled: int = 0
    right: int = 0

    def row(self) -> dict[str, object]:
        """Return the figures."""
        return {
            "motion": self.motion,
            "max_age": self.max_age,
            "min_age": self.min_age,
            "classified": round(self.classified / self.shown, 4),
            "accuracy": round(self.right / self.settled, 4),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(1)
    faces = load_arrays(load_fer2013(options.dataset)["validation"])
    chosen = np.random.default_rng(options.seed).permutation(len(faces))[: 2 * options.tracks]
    classifier = ExpressionClassifier.load(options.model)
    rows = [
        measure(classifier, faces.subset(chosen), CacheResult(motion, *ages), options.seed).row()
        for motion, ages in product(MOTIONS, AGES)
    ]
    print(table(rows))
    head = circumstances("benchmarks.prediction_cache", arguments)
    write(head | {"tracks": options.tracks, "rows": rows}, options.output)


def measure(
    classifier: ExpressionClassifier, faces: FerArrays, result: CacheResult, seed: int
) -> CacheResult:
    """Show the faces, two a track, and return what was classified and named.

    Args:
        classifier: Classifies the faces.
        faces: An even number; the first half comes first.
        result: The motion and the limits; it is filled in.
        seed: Of motion and noise; the same for all limits.
    """
    cache = PredictionCache(result.max_age, result.min_age)
    smoother = ExpressionSmoother()

    def classify(crops: Sequence[np.ndarray]) -> np.ndarray:
        result.classified += len(crops)
        return classifier.classify(crops)

    tracks = np.arange(1, len(faces) // 2 + 1)
    for time, crops, labels in frames(faces, MOTIONS[result.motion], seed):
        probabilities = cache.predict(tracks.tolist(), crops, time, classify)
        named = smoother.update(detections(tracks, probabilities), time).data["expression"]
        result.shown += len(tracks)
        if time % CLIP_SECONDS >= SETTLED:
            result.settled += len(tracks)
            result.right += int((named == labels).sum())
    return result


def frames(
    faces: FerArrays, motion: float, seed: int
) -> Iterator[tuple[float, list[np.ndarray], np.ndarray]]:
    """Yield each frame: its seconds, the tracks' crops, and their labels."""
    generator = np.random.default_rng(seed)
    for part, half in enumerate(np.split(np.arange(len(faces)), 2)):
        places = np.zeros((len(half), 2))
        for frame in range(round(RATE * CLIP_SECONDS)):
            places += generator.normal(0, motion * SIDE, places.shape)
            crops = [
                as_filmed(faces.images[index], place, generator)
                for index, place in zip(half, places, strict=True)
            ]
            yield part * CLIP_SECONDS + frame / RATE, crops, faces.labels[half]


def as_filmed(picture: np.ndarray, place: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a picture as a camera sees it, RGB uint8 (SIDE, SIDE, 3).

    Args:
        picture: Grey uint8 (s, s).
        place: Offset from the middle in pixels of the crop, x and y.
        generator: Of the noise.
    """
    scale = SIDE / len(picture)
    matrix = np.array([[scale, 0, place[0]], [0, scale, place[1]]])
    grey = cv2.warpAffine(picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    noisy = grey + generator.normal(0, GRAIN, grey.shape)
    return np.repeat(noisy.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def detections(tracks: np.ndarray, probabilities: np.ndarray) -> Detections:
    """Return the tracks' faces, all with the same box."""
    boxes = np.tile(np.array([0, 0, SIDE, SIDE], np.float32), (len(tracks), 1))
    return Detections(xyxy=boxes, tracker_id=tracks, data={"probabilities": probabilities})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prediction_cache", description=__doc__
    )
    parser.add_argument("--dataset", default=FER2013_DATASET_ID, help="as train.py takes it")
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument("--tracks", type=int, default=1200, help="two pictures each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
