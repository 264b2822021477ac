"""Measure the estimate of yaw, and the errors that "turned away" prevents, on heads of known yaw.

    python -m benchmarks.yaw --photos FOLDER

Frontal faces are taken out of photos and turned in three dimensions (see
`benchmarks.turned_heads`), then analysed as any photo. For each yaw: how many were found, the error
of the estimate, how many have the expression that they had frontally, and which share of them was
named otherwise, before and after those that are turned away are left unnamed. A few minutes.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage.data import astronaut
from supervision import Detections

from benchmarks.reporting import circumstances, table, write
from benchmarks.turned_heads import turn_head
from fer.images import read_image
from fer.labels import UNNAMED
from fer.paths import IMAGE_SUFFIXES
from fer.pipeline import Pipeline
from fer.threads import limit_threads
from fer.vision.boxes import box_centers
from fer.vision.detections import expression_labels, expressions, turned_away
from fer.vision.quality import TURNED_AWAY_FROM

YAWS = (15, 25, 35, 45, 55, 65, 75, 85)
"""Degrees, to either side."""

PITCHES = (0, -12, 12)
"""Degrees; one face after the other gets the next."""

FRONTAL, LEVEL, LARGE = 8.0, 15.0, 45.0
"""Most yaw and roll, in degrees, and least size in pixels of the faces that are turned."""


@dataclass(frozen=True)
class Reading:
    """What was read of a turned head that was found.

    Args:
        yaw: How it was turned, in degrees.
        estimate: The estimate, in degrees.
        same: Whether its expression is that of the frontal face.
        named: Whether that is named.
        probable: Whether it would be if nobody were turned away.
        turned: Whether it is turned away.
    """

    yaw: float
    estimate: float
    same: bool
    named: bool
    probable: bool
    turned: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(1)
    pipeline = Pipeline.load(min_face=40)
    readings, heads = [], 0
    for image, landmarks in frontal_faces(pipeline, options.photos):
        pitch, heads = PITCHES[heads % len(PITCHES)], heads + 1
        turns = {yaw: turn_head(image, landmarks, yaw, pitch) for yaw in all_yaws()}
        readings += read_turns(pipeline, turns)
    report = {
        **circumstances("benchmarks.yaw", arguments),
        "heads": heads,
        "turned_away_from": TURNED_AWAY_FROM,
        "by_yaw": [summarise(readings, yaw, heads) for yaw in (0, *YAWS)],
    }
    print(table(report["by_yaw"]))
    write(report, options.output)


def all_yaws() -> list[int]:
    """Return the yaws in degrees, from the left to the right."""
    return sorted({sign * yaw for yaw in (0, *YAWS) for sign in (-1, 1)})


def frontal_faces(pipeline: Pipeline, folder: Path | None) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield photos, RGB uint8 (h, w, 3), with the landmarks (5, 2) of a face to turn."""
    paths = [] if folder is None else sorted(folder.iterdir())
    photos = [read_image(path) for path in paths if path.suffix.lower() in IMAGE_SUFFIXES]
    for image in photos or [astronaut()]:
        faces = pipeline(image)
        pose = np.abs([faces.data["yaw"], faces.data["roll"]]).T
        fits = (pose <= (FRONTAL, LEVEL)).all(axis=1) & (faces.data["size"] >= LARGE)
        for landmarks in np.asarray(faces.data["landmarks"])[fits]:
            yield image, landmarks


def read_turns(pipeline: Pipeline, turns: dict[int, np.ndarray]) -> list[Reading]:
    """Return what is read of one head's turns, by yaw; nothing if it isn't found frontally."""
    found = {yaw: _middle_face(pipeline(picture)) for yaw, picture in turns.items()}
    if not len(found[0]):
        return []
    frontal = expressions(found[0])[0]
    return [
        _reading(yaw, faces, frontal, pipeline.classifier.uncertain_below)
        for yaw, faces in found.items()
        if len(faces)
    ]


def _middle_face(faces: Detections) -> Detections:
    """Return the face that contains the middle of the picture, 128, if there is one."""
    apart = np.linalg.norm(box_centers(faces.xyxy) - 128, axis=1)
    return faces[np.flatnonzero(apart < 60)[:1]]


def _reading(yaw: int, faces: Detections, frontal: int, uncertain_below: float) -> Reading:
    index = expressions(faces)[0]
    return Reading(
        yaw=yaw,
        estimate=float(faces.data["yaw"][0]),
        same=bool(index == frontal),
        named=expression_labels(faces, uncertain_below)[0] not in UNNAMED,
        probable=bool(faces.data["probabilities"][0, index] >= uncertain_below),
        turned=bool(turned_away(faces)[0]),
    )


def summarise(readings: Sequence[Reading], yaw: int, heads: int) -> dict[str, float]:
    """Return the figures of the heads turned by so many degrees, to either side."""
    chosen = [reading for reading in readings if abs(reading.yaw) == yaw]
    errors = np.array([reading.estimate - reading.yaw for reading in chosen])
    inward = errors * np.sign([reading.yaw for reading in chosen])

    def share(wanted: Sequence[bool]) -> float:
        return round(float(np.mean(wanted)), 3)

    return {
        "yaw": yaw,
        "found": round(len(chosen) / (heads * (1 if yaw == 0 else 2)), 3),
        "mean_error": round(float(np.abs(errors).mean()), 1),
        "bias": round(float(inward.mean()), 1),
        "same_expression": share([reading.same for reading in chosen]),
        "turned_away": share([reading.turned for reading in chosen]),
        "named_otherwise": share([reading.named and not reading.same for reading in chosen]),
        "named_otherwise_without_turned_away": share(
            [reading.probable and not reading.same for reading in chosen]
        ),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--photos", type=Path, help="a folder; scikit-image's astronaut if left out"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
