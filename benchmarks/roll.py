"""Measure detection and expressions in turned photos, and the cost of levelling and searching.

    python -m benchmarks.roll --photos ../shared/samples/photos --dataset ../shared/data/fer2013

Photos are turned about their middle on a grey canvas. Beside the photos as they are, each face that
is large enough is cut out with its surroundings as a photo of one face. "Same expression" compares
the turned with the upright photo; beside it, "unlevelled" crops the same boxes as if the faces were
upright, and "named" counts only faces whose expression is named upright. How much of it is the
network's own instability is in the last row: a photo that is upright and a little smaller.
FER2013's pictures are enlarged, given a margin of repeated border pixels and turned; where no face
is found the middle is classified as it is. Pictures without faces are scikit-image's own. Seconds
are of the processor, one thread.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from skimage import data
from supervision import Detections

from benchmarks.face_pictures import FACELESS, faceless_picture, fer2013_sample, load_photos
from benchmarks.reporting import circumstances, table, write
from fer.labels import EXPRESSIONS
from fer.pipeline import Pipeline, StreamState
from fer.threads import limit_threads
from fer.vision.boxes import box_centers
from fer.vision.crops import CropFraming, crop_face, crop_faces
from fer.vision.detections import boxes, expression_labels, probabilities, select
from fer.vision.rotation import rotate_image, rotate_points

ANGLES = (0, 15, -15, 30, -30, 45, -45, 90, -90, 180)

SMALLER = 0.94
"""Size of the smaller photo, relative to the photo."""

MIN_CONFIDENCE, SURROUNDINGS, SOLO_FACE = 0.95, 1.3, 90
"""Least confidence of a face whose fate is followed; how far a photo of one face reaches from the
face's middle, in longer sides of the face; and pixels to which a smaller face is enlarged."""

ENLARGED, MARGIN = 192, 48
"""Side of FER2013's pictures when faces are looked for in them, and the margin, in pixels."""


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
    upright = scale * box_centers(boxes(faces))
    expected = rotate_points(upright[None], pivot, np.array([angle]))[0] + shift
    named = np.isin(expression_labels(faces, pipeline.classifier.uncertain_below), EXPRESSIONS)
    middles = box_centers(boxes(found))
    for index, place in enumerate(expected):
        tally.followed += 1
        distances = np.linalg.norm(middles - place, axis=1)
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


def photos_of_one_face(pipeline: Pipeline, photos: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield each face with its surroundings, where no other one is found in them."""
    for photo in photos:
        height, width = photo.shape[:2]
        for x1, y1, x2, y2 in boxes(pipeline.detector.detect(photo)):
            side = max(x2 - x1, y2 - y1)
            reach, x, y = SURROUNDINGS * side, (x1 + x2) / 2, (y1 + y2) / 2
            left, top = max(0, int(x - reach)), max(0, int(y - reach))
            solo = photo[top : min(height, int(y + reach)), left : min(width, int(x + reach))]
            scale = max(1.0, SOLO_FACE / side)
            solo = cv2.resize(solo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            if len(pipeline.detector.detect(solo)) == 1:
                yield solo


def measure_fer2013(pipeline: Pipeline, dataset: str, sample: int) -> dict[str, object]:
    """Return the accuracy on validation pictures that are upright, and turned by 30 degrees."""
    faces = fer2013_sample(dataset, "validation", sample)
    rows = [
        accuracy(pipeline, [enlarge(image, angle) for image in faces.images], faces.labels)
        for angle in (0, 30, -30)
    ]
    return dict(zip(("upright", "clockwise", "counter_clockwise"), rows, strict=True))


def enlarge(image: np.ndarray, angle: float) -> np.ndarray:
    """Return a grey picture large, with a margin, turned about its middle, in RGB."""
    large = cv2.resize(image, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(large, *[MARGIN] * 4, cv2.BORDER_REPLICATE)
    side = len(framed)
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), -angle, 1)
    turned = cv2.warpAffine(framed, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(turned, cv2.COLOR_GRAY2RGB)


def accuracy(
    pipeline: Pipeline, pictures: Sequence[np.ndarray], labels: np.ndarray
) -> dict[str, float]:
    """Return how many faces are found, and the accuracy of level and of unlevelled crops."""
    detector = pipeline.detector.with_min_face(ENLARGED // 3)
    framing = CropFraming(**pipeline.classifier.framing)
    level, plain, found = [], [], 0
    for picture in pictures:
        faces = select(detector.detect_any_rotation(picture), np.arange(1))
        middle = picture[MARGIN:-MARGIN, MARGIN:-MARGIN]
        found += len(faces)
        level += crop_faces(picture, faces, framing) or [middle]
        plain.append(middle)
    right = [
        pipeline.classifier.classify(crops).argmax(axis=1) == labels for crops in (level, plain)
    ]
    return {
        "found": round(found / len(pictures), 4),
        "accuracy": round(float(right[0].mean()), 4),
        "accuracy_as_they_are": round(float(right[1].mean()), 4),
    }


def measure_faceless(pipeline: Pipeline) -> dict[str, object]:
    """Return how many faces are seen in pictures without any, and how much longer that takes."""
    detector, plain, turned = pipeline.detector, [0, 0.0], [0, 0.0]
    for image in map(faceless_picture, FACELESS):
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
    solos = list(photos_of_one_face(pipeline, photos))
    report = {
        **circumstances("benchmarks.roll", arguments),
        "photos": len(photos),
        "photos_of_one_face": measure_photos(pipeline, solos),
        "photos_as_they_are": measure_photos(pipeline, photos),
        "faceless": measure_faceless(pipeline),
        "live": measure_live(pipeline),
    }
    if options.dataset:
        report["fer2013"] = measure_fer2013(pipeline, options.dataset, options.sample)
    for name in ("photos_of_one_face", "photos_as_they_are"):
        print(name, table(report[name]), sep="\n")
    print(*(f"{name}: {report.get(name)}" for name in ("faceless", "live", "fer2013")), sep="\n")
    write(report, options.output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="*", default=[], help="folders of photos")
    parser.add_argument("--dataset", help="FER2013, a Hub id or folder; left out if not given")
    parser.add_argument("--sample", type=int, default=600, help="pictures of FER2013")
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
