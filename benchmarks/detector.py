"""Measure the detector stage by stage, beside facenet-pytorch's own MTCNN on the same frames.

    python -m benchmarks.detector

Both look for the same smallest face in the same working copy, with the same scores to pass, in
turn on each frame of the made-up scenes. Milliseconds are medians per frame, one thread. Then both
search pictures without faces, as they are, as on a dark evening, and enlarged; there the library
has its own scores, and counts what it scores above 0.9.
"""

import argparse
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from facenet_pytorch import MTCNN
from skimage import data, img_as_ubyte

from benchmarks.agreement import pairs
from benchmarks.reporting import circumstances, table, write
from benchmarks.scenes import Scene, made_scenes
from benchmarks.stopwatch import Spent, Stopwatch, Timed
from fer.images import as_rgb
from fer.threads import limit_threads
from fer.vision.detector import PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD, FaceDetector

STAGES = {"propose": "first network", "refine": "second network", "finalize": "third network"}

REST = "rest"

EVERY = 7
"""One frame in so many is used, so that the faces have moved."""


FACELESS = (
    *("brick", "grass", "gravel", "coffee", "rocket", "hubble_deep_field", "page", "text", "coins"),
    *("immunohistochemistry", "cell", "moon", "retina", "horse", "colorwheel", "logo"),
)
"""Pictures of scikit-image without a face, neither of a human nor of an animal seen from before."""

MIN_FALSE, PLAIN_CONFIDENCE = 20, 0.9
"""Size in pixels of the smallest face that is looked for in them, as in photos, and score above
which the library's faces count."""

EVENING = 0.25, 8.0, 6.0
"""Gain and offset of a dark picture, and the standard deviation of its noise, in grey levels."""


class PlainLibrary:
    """facenet-pytorch's MTCNN as it comes."""

    def __init__(self, least: int) -> None:
        """Load its networks; `least` is the size of the smallest face in pixels."""
        self._mtcnn = MTCNN(keep_all=True, min_face_size=least)

    def count(self, image: np.ndarray) -> int:
        """Return how many faces it finds with enough confidence."""
        _, scores = self._mtcnn.detect(image)
        return sum(score > PLAIN_CONFIDENCE for score in scores if score is not None)


def count_false_faces(names: Sequence[str] = FACELESS) -> dict[str, int]:
    """Return how many faces each finds in pictures that have none."""
    pictures = [image for name in names for image in variants(faceless_picture(name))]
    detector, plain = FaceDetector(min_face=MIN_FALSE), PlainLibrary(MIN_FALSE)
    return {
        "pictures": len(pictures),
        "ours": sum(len(detector.detect(picture)) for picture in pictures),
        "library": sum(plain.count(picture) for picture in pictures),
    }


def faceless_picture(name: str) -> np.ndarray:
    """Return one of scikit-image's pictures as RGB uint8, at most 1,280 pixels along a side."""
    image = as_rgb(img_as_ubyte(getattr(data, name)()))
    scale = min(1.0, 1280 / max(image.shape[:2]))
    return cv2.resize(image, None, None, scale, scale, cv2.INTER_AREA)


def variants(image: np.ndarray) -> list[np.ndarray]:
    """Return a picture, the same dark and noisy, and the same enlarged."""
    scale = 1280 / max(image.shape[:2])
    large = cv2.resize(image, None, None, scale, scale, cv2.INTER_CUBIC)
    gain, offset, deviation = EVENING
    noise = np.random.default_rng(0).normal(offset, deviation, image.shape)
    return [image, (gain * image + noise).clip(0, 255).astype(np.uint8), large]


class Library:
    """facenet-pytorch's MTCNN with our settings.

    Args:
        detector: Whose settings to take.
    """

    def __init__(self, detector: FaceDetector) -> None:
        """Load its networks."""
        thresholds = [PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD, detector.confidence]
        least = detector.min_face
        self._mtcnn = MTCNN(keep_all=True, min_face_size=least, thresholds=thresholds)

    def detect(self, image: np.ndarray) -> np.ndarray:
        """Return boxes (n, 4)."""
        boxes, _ = self._mtcnn.detect(image)
        return np.empty((0, 4)) if boxes is None else boxes.astype(np.float32)


def measure(scene: Scene, frames: int) -> dict[str, object]:
    """Play a scene to both and return the figures."""
    detector, stopwatch = FaceDetector(), Stopwatch()
    library = Library(detector)
    detector.cascade = Timed(detector.cascade, stopwatch, STAGES, REST)
    ours, theirs, agreed, counts = [], [], 0, np.zeros(2, int)
    for view in islice(scene.play(), 0, frames * EVERY, EVERY):
        faces, spent = stopwatch.measure(REST, lambda image=view.image: detector.detect(image))
        boxes, library_spent = stopwatch.measure(REST, lambda i=view.image: library.detect(i))
        ours.append(spent)
        theirs.append(library_spent)
        agreed += len(pairs(boxes, faces.xyxy))
        counts += len(boxes), len(faces)
    return figures(ours[1:], theirs[1:], agreed, counts.tolist())


def figures(
    ours: Sequence[Spent], theirs: Sequence[Spent], agreed: int, counts: Sequence[int]
) -> dict[str, object]:
    """Return medians and ratios, ready for JSON."""
    library, found = counts
    mine = median_ms([spent.seconds for spent in ours])
    other = median_ms([spent.seconds for spent in theirs])
    stages = {
        name: median_ms([spent.stages.get(name, 0.0) for spent in ours])
        for name in (*STAGES.values(), REST)
    }
    return {
        "ours_ms": mine,
        "library_ms": other,
        "times_as_fast": round(other / mine, 2),
        "ms_by_stage": stages,
        "library_faces": library,
        "our_faces": found,
        "faces_of_both": agreed,
    }


def median_ms(seconds: Sequence[float]) -> float:
    """Return the median in milliseconds."""
    return round(1000 * float(np.median(seconds)), 3)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=15, help="of each scene")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args(arguments)
    limit_threads(1)
    scenes = {scene.name: measure(scene, options.frames) for scene in made_scenes().values()}
    print(table([row(*item) for item in scenes.items()]))
    false_faces = count_false_faces()
    print(table([{"false faces in": "pictures without any", **false_faces}]))
    about = circumstances("benchmarks.detector", arguments)
    write({**about, "scenes": scenes, "false_faces": false_faces}, options.output)


def row(name: str, found: dict) -> dict[str, object]:
    """Return a scene's row of the table."""
    plain = {key: value for key, value in found.items() if key != "ms_by_stage"}
    stages = {f"{stage} ms": value for stage, value in found["ms_by_stage"].items()}
    return {"scene": name, **plain, **stages}


if __name__ == "__main__":
    main()
