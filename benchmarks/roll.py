"""Measure what happens to faces when photos are turned: found, read as upright, at what cost.

    python -m benchmarks.roll --photos ../shared/samples/photos

Photos are turned about their middle on a grey canvas. "Same expression" compares the turned with
the upright photo; beside it, "unlevelled" crops the same boxes as if the faces were upright, and
"named" counts only faces whose expression is named upright. How much of it is the network's own
unsteadiness is in the last row: a photo that is upright and a little smaller. Pictures without
faces are scikit-image's own. Seconds are of the processor, one thread.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from skimage import data
from supervision import Detections

from benchmarks.reporting import circumstances, table, write
from fer.images import read_image
from fer.labels import EXPRESSIONS
from fer.paths import IMAGE_SUFFIXES
from fer.pipeline import Pipeline, StreamState
from fer.threads import limit_threads
from fer.vision.crops import CropFraming, crop_face
from fer.vision.detections import boxes, expression_labels, probabilities, select
from fer.vision.rotation import rotate_image, rotate_points

ANGLES = (0, 15, -15, 30, -30, 45, -45, 90, -90, 180)

MAX_SIDE = 1280
"""Larger photos are measured in a copy this long, in pixels."""

SMALLER = 0.94
"""Size of the smaller photo, relative to the photo."""

MIN_CONFIDENCE = 0.95
"""Least confidence of a face that is looked for in turned copies."""

FACELESS = ("brick", "cell", "chelsea", "coffee", "coins", "grass", "gravel", "horse", "logo")
FACELESS += ("moon", "page", "retina", "rocket", "text")


@dataclass
class Tally:
    """What became of the faces at one angle."""

    followed: int = 0
    found: int = 0
    same: int = 0
    same_unlevelled: int = 0
    named: int = 0
    same_named: int = 0
    seconds: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float | int]:
        """Return shares and the median of milliseconds, for JSON."""
        found = max(self.found, 1)
        return {
            "faces": self.followed,
            "recall": round(self.found / max(self.followed, 1), 4),
            "same_expression": round(self.same / found, 4),
            "same_expression_unlevelled": round(self.same_unlevelled / found, 4),
            "named": self.named,
            "same_expression_named": round(self.same_named / max(self.named, 1), 4),
            "median_ms": round(1000 * float(np.median(self.seconds)), 1),
        }


def measure_photos(pipeline: Pipeline, photos: Sequence[np.ndarray]) -> list[dict[str, object]]:
    """Return a row an angle, both ways together."""
    tallies: dict[int, Tally] = {abs(angle): Tally() for angle in ANGLES}
    smaller = Tally()
    for photo in photos:
        faces = pipeline(photo)
        faces = select(faces, np.flatnonzero(faces.confidence >= MIN_CONFIDENCE))
        for angle in ANGLES:
            follow(pipeline, photo, faces, angle, tallies[abs(angle)])
        follow(pipeline, photo, faces, 0, smaller, SMALLER)
    rows = [(angle, 1.0, tally) for angle, tally in tallies.items()] + [(0, SMALLER, smaller)]
    return [{"degrees": angle, "size": size, **tally.summary()} for angle, size, tally in rows]


def follow(
    pipeline: Pipeline,
    photo: np.ndarray,
    faces: Detections,
    angle: int,
    tally: Tally,
    scale: float = 1.0,
) -> None:
    """Look for the faces of a photo in its turned copy, of another size if need be."""
    if scale != 1:
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    turned = rotate_image(photo, angle)
    start = process_time()
    found = pipeline(turned)
    tally.seconds.append(process_time() - start)
    framing = CropFraming(**pipeline.classifier.framing)
    plain = pipeline.classifier.classify([crop_face(turned, box, framing) for box in boxes(found)])
    shift = (np.array(turned.shape[1::-1]) - photo.shape[1::-1]) / 2
    pivot = np.array(photo.shape[1::-1])[None] / 2
    expected = rotate_points(scale * middles(faces)[None], pivot, np.array([angle]))[0] + shift
    named = np.isin(expression_labels(faces, pipeline.classifier.uncertain_below), EXPRESSIONS)
    for index, place in enumerate(expected):
        tally.followed += 1
        distances = np.linalg.norm(middles(found) - place, axis=1)
        nearest = int(distances.argmin()) if len(found) else -1
        if nearest < 0 or distances[nearest] > 0.5 * scale * np.sqrt(faces.box_area[index]):
            continue
        expression = probabilities(faces)[index].argmax()
        tally.found += 1
        same = int(probabilities(found)[nearest].argmax() == expression)
        tally.same += same
        tally.named += int(named[index])
        tally.same_named += same * int(named[index])
        tally.same_unlevelled += int(plain[nearest].argmax() == expression)


def middles(faces: Detections) -> np.ndarray:
    """Return the boxes' middles, (n, 2)."""
    return (boxes(faces)[:, :2] + boxes(faces)[:, 2:]) / 2


def load_photos(folders: Sequence[Path]) -> list[np.ndarray]:
    """Return the photos in some folders and the astronaut."""
    files = [file for folder in folders for file in sorted(folder.iterdir())]
    photos = [read_image(file) for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
    return [shrink(photo) for photo in [data.astronaut(), *photos]]


def shrink(photo: np.ndarray) -> np.ndarray:
    """Return a photo of at most `MAX_SIDE`."""
    scale = MAX_SIDE / max(photo.shape[:2])
    if scale >= 1:
        return photo
    return cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def measure_faceless(pipeline: Pipeline) -> dict[str, object]:
    """Return how many faces are seen in pictures without any, and how much longer that takes."""
    detector, plain, turned = pipeline.detector, [0, 0.0], [0, 0.0]
    for name in FACELESS:
        image = read_image(getattr(data, name)())
        for search, total in ((detector.detect, plain), (detector.detect_any_rotation, turned)):
            start = process_time()
            total[0] += len(search(image))
            total[1] += process_time() - start
    return {
        "pictures": len(FACELESS),
        "faces_upright_search": plain[0],
        "faces": turned[0],
        "times_as_long": round(turned[1] / plain[1], 2),
    }


def measure_live(pipeline: Pipeline, frames: int = 90) -> dict[str, float]:
    """Return milliseconds per frame of following one face, upright and tilted."""
    photo, times = cv2.resize(data.astronaut()[:256, 95:351], (640, 640)), {}
    for name, angle in (("upright_ms", 0), ("tilted_ms", 25)):
        turned, state, seconds = rotate_image(photo, angle), StreamState(), []
        top, left = (np.array(turned.shape[:2]) - 480) // 2
        frame = turned[top : top + 480, left : left + 480].copy()
        for index in range(frames):
            start = process_time()
            pipeline.process_frame(frame, index / 30, state)
            seconds.append(process_time() - start)
        times[name] = round(1000 * float(np.mean(seconds[frames // 3 :])), 2)
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(1)
    cv2.setNumThreads(1)
    pipeline = Pipeline.load(options.model)
    photos = load_photos(options.photos)
    report = {
        **circumstances("benchmarks.roll", arguments),
        "photos": len(photos),
        "turned": measure_photos(pipeline, photos),
        "faceless": measure_faceless(pipeline),
        "live": measure_live(pipeline),
    }
    print(table(report["turned"]))
    print(*(f"{name}: {report[name]}" for name in ("faceless", "live")), sep="\n")
    write(report, options.output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="*", default=[], help="folders of photos")
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
