"""Measure recall, agreement and accuracy on corrupted faces, of this package and others.

    python -m benchmarks.robustness --dataset ../shared/data/fer2013 --photos ../shared/samples/photos --peers ~/peer/bin/python

Pictures are squares with one face in the middle: FER2013's validation pictures, enlarged, with a
margin of repeated border pixels, and faces of photos (large, upright and frontal ones) with their
surroundings. Each is corrupted (`benchmarks.corruptions`) and analysed by all: recall is the share
of the faces that all of them find clean; agreement the share of the faces found, corrupted and not,
that keep their expression; accuracy that of FER2013's pictures, where each that is not found is
classified as it is. False faces are those found in scikit-image's pictures without any, as they
are, dark and enlarged. benchmarks/requirements.txt has the commands that install the other packages
into an environment of their own. About five minutes on two idle cores.
"""  # noqa: E501 (a command to copy)

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from benchmarks.contenders import Peer
from benchmarks.corruptions import CLEAN, CORRUPTIONS, Corruption, Subject
from benchmarks.face_pictures import (
    BOX_LENGTH,
    faceless_pictures,
    fer2013_subjects,
    load_photos,
    photo_subjects,
)
from benchmarks.reporting import circumstances, table, write
from fer.evaluation.metrics import wilson_interval
from fer.pipeline import Pipeline
from fer.threads import limit_threads
from fer.vision.boxes import box_centers
from fer.vision.detections import boxes, probabilities

MIN_FACE = 20
"""Size in pixels of the smallest face that is looked for, as in photos; YuNet has its own."""


class Contender(Protocol):
    """Reads pictures with one face in the middle."""

    def find(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the boxes (n, 4), and the probabilities (n, 7) if it classifies."""

    def classify(self, picture: np.ndarray, square: Sequence[int]) -> np.ndarray | None:
        """Return the probabilities (7,) of the square at x, y with width and height."""


class Ours:
    """The pipeline as it reads photos."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Keep it."""
        self.pipeline = pipeline

    def find(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return boxes and probabilities."""
        faces = self.pipeline(picture)
        return boxes(faces), probabilities(faces)

    def classify(self, picture: np.ndarray, square: Sequence[int]) -> np.ndarray | None:
        """Return the probabilities of a square."""
        x, y, width, height = square
        return self.pipeline.classifier.classify([picture[y : y + height, x : x + width]])[0]


class Others:
    """Another package."""

    def __init__(self, peer: Peer) -> None:
        """Keep it."""
        self.peer = peer

    def find(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return boxes, and probabilities where it has some."""
        faces, _ = self.peer.read(picture, 0.0)
        return boxes(faces), faces.data.get("probabilities")

    def classify(self, picture: np.ndarray, square: Sequence[int]) -> np.ndarray | None:
        """Return the probabilities of a square, None where it has none."""
        faces, _ = self.peer.read(picture, 0.0, [list(square)])
        return faces.data["probabilities"][0] if "probabilities" in faces.data else None


@dataclass(frozen=True)
class Reading:
    """What a contender makes of a picture.

    Attributes:
        found: Whether it finds the face in the middle.
        expression: That face's, as an index; None if it isn't found, or not classified.
        guess: The same, but of the middle as it is where no face is found; None without a label.
    """

    found: bool
    expression: int | None
    guess: int | None


def read(contender: Contender, picture: np.ndarray, height: int, labelled: bool) -> Reading:
    """Find and classify the face in the middle of a picture, `height` pixels high."""
    found, rows = contender.find(picture)
    side = len(picture)
    apart = np.linalg.norm(box_centers(found) - side / 2, axis=1)
    nearest = int(apart.argmin()) if len(found) else -1
    if nearest >= 0 and apart[nearest] <= 0.5 * height:
        expression = None if rows is None else int(rows[nearest].argmax())
        return Reading(True, expression, expression)
    if not labelled:
        return Reading(False, None, None)
    square = round(height / BOX_LENGTH)
    row = contender.classify(picture, [(side - square) // 2] * 2 + [square] * 2)
    return Reading(False, None, None if row is None else int(row.argmax()))


def read_all(
    contenders: Mapping[str, Contender], subjects: Sequence[Subject], corruption: Corruption
) -> list[dict[str, Reading] | None]:
    """Return what all make of each subject, corrupted; None where that corruption can't be made."""
    readings: list[dict[str, Reading] | None] = []
    with ThreadPoolExecutor(len(contenders)) as pool:
        for index, subject in enumerate(subjects):
            picture = corruption.apply(subject, 1 if index % 2 else -1)
            if picture is None:
                readings.append(None)
                continue
            labelled = subject.label is not None
            jobs = {
                name: pool.submit(read, contender, picture, corruption.height, labelled)
                for name, contender in contenders.items()
            }
            readings.append({name: job.result() for name, job in jobs.items()})
    return readings


def measure(contenders: Mapping[str, Contender], subjects: Sequence[Subject]) -> list[dict]:
    """Return one row per corruption and contender: its recall, agreement and accuracy."""
    clean = read_all(contenders, subjects, CLEAN)
    rows = summarize(CLEAN, contenders, subjects, clean, clean)
    for corruption in CORRUPTIONS:
        rows += summarize(
            corruption, contenders, subjects, clean, read_all(contenders, subjects, corruption)
        )
    return rows


def summarize(
    corruption: Corruption,
    contenders: Mapping[str, Contender],
    subjects: Sequence[Subject],
    clean: Sequence[dict[str, Reading] | None],
    corrupted: Sequence[dict[str, Reading] | None],
) -> list[dict]:
    """Return the rows of one corruption; see the module's text."""
    made = [
        (subject, before, after)
        for subject, before, after in zip(subjects, clean, corrupted, strict=True)
        if before is not None and after is not None
    ]
    rows = []
    for name in contenders:
        findable = [after for _, before, after in made if all(r.found for r in before.values())]
        kept = [
            before[name].expression == after[name].expression
            for _, before, after in made
            if before[name].expression is not None and after[name].expression is not None
        ]
        right = [
            after[name].guess == subject.label
            for subject, _, after in made
            if subject.label is not None and after[name].guess is not None
        ]
        rows.append(
            {
                "corruption": corruption.kind,
                "severity": corruption.severity,
                "reader": name,
                "recall": share([after[name].found for after in findable]),
                "agreement": share(kept),
                "accuracy": share(right),
            }
        )
    return rows


def count_false_faces(
    contenders: Mapping[str, Contender], pictures: Sequence[np.ndarray]
) -> dict[str, int]:
    """Return how many faces each finds in pictures that have none, and the pictures' number."""
    found = {
        name: sum(len(contender.find(picture)[0]) for picture in pictures)
        for name, contender in contenders.items()
    }
    return {"pictures": len(pictures), **found}


def share(hits: Sequence[bool]) -> dict[str, object] | None:
    """Return a share, of how many, and its 95% interval; None of nothing."""
    if not hits:
        return None
    value, total = sum(hits) / len(hits), len(hits)
    return {"value": round(value, 4), "of": total, "interval": wilson_interval(sum(hits), total)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(1)
    cv2.setNumThreads(1)
    pipeline = Pipeline.load(options.model, min_face=MIN_FACE)
    labelled = fer2013_subjects(pipeline, options.dataset, options.sample)
    photos = list(photo_subjects(pipeline, load_photos(options.photos), options.faces))
    peers = {}
    if options.peers:
        peers = {n: Peer(options.peers, 1, MIN_FACE, n) for n in ("fer", "yunet")}
    others = {name: Others(peer) for name, peer in peers.items()}
    contenders = {"ours": Ours(pipeline), **others}
    rows = measure(contenders, [*labelled, *photos])
    report = {
        **circumstances("benchmarks.robustness", arguments),
        "readers": {"ours": "this package", **{name: peer.name for name, peer in peers.items()}},
        "fer2013": len(labelled),
        "photo_faces": len(photos),
        "false_faces": count_false_faces(contenders, faceless_pictures()),
        "rows": rows,
    }
    for peer in peers.values():
        peer.close()
    print(table([{**row, **{name: _value(row[name]) for name in METRICS}} for row in rows]))
    write(report, options.output)


METRICS = ("recall", "agreement", "accuracy")


def _value(measured: dict | None) -> float | None:
    return measured and measured["value"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True, help="FER2013, a Hub id or folder")
    parser.add_argument("--photos", type=Path, nargs="*", default=[], help="folders of photos")
    parser.add_argument("--sample", type=int, default=200, help="pictures of FER2013")
    parser.add_argument("--faces", type=int, default=80, help="most faces of the photos")
    parser.add_argument("--peers", type=Path, help="interpreter of benchmarks/requirements.txt")
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
