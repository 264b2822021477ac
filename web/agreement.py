"""Compare the pipelines in Python and JavaScript: `python -m web.agreement FOLDER_OR_VIDEO ...`.

Pictures are read as photos, videos as streams, with the same pixels on both sides. Printed is for
how many faces both name the same expression, and the largest differences of probabilities and
boxes.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from supervision import Detections, box_iou_batch

from fer.images import ImageError, read_image
from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.pipeline import Pipeline, StreamState
from fer.ui.photo.handlers import MIN_FACE_RANGE
from fer.video import VideoError, VideoReader
from fer.vision.detections import boxes, expressions, probabilities, track_ids
from fer.vision.detector import FaceDetector
from web.javascript import JavaScriptPipeline

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
VIDEOS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"}

SAME_FACE_IOU = 0.5
"""Overlap over union from which on two boxes are taken for those of one face."""

MAX_SIDE = 1920
"""Longer side to which pictures are shrunk before both read them."""


@dataclass
class Agreement:
    """What was compared so far."""

    python: int = 0
    javascript: int = 0
    pairs: int = 0
    same: int = 0
    tracks: int = 0
    probability: list[float] = field(default_factory=list)
    box: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def add(self, faces: Detections, answer: dict[str, Any]) -> None:
        """Count one picture's faces from Python and JavaScript."""
        theirs = answer["faces"]
        self.milliseconds.append(answer["milliseconds"])
        self.python, self.javascript = self.python + len(faces), self.javascript + len(theirs)
        named, rows, places = expressions(faces), probabilities(faces), boxes(faces)
        for index, other in pair_faces(places, theirs):
            face = theirs[other]
            self.pairs += 1
            self.same += EXPRESSIONS[named[index]] == face["expression"]
            if faces.tracker_id is not None:
                self.tracks += track_ids(faces)[index] == face["track"]
            self.probability.append(float(np.abs(rows[index] - face["probabilities"]).max()))
            self.box.append(float(np.abs(places[index] - face["box"]).max()))

    def __add__(self, other: "Agreement") -> "Agreement":
        """Return both together."""
        return Agreement(
            *(
                mine + theirs
                for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)
            )
        )

    def text(self) -> str:
        """Return the comparison in a line."""
        if not self.pairs:
            return f"{self.python} faces in Python, {self.javascript} in JavaScript"
        probability, box = np.array(self.probability), np.array(self.box)
        return (
            f"{self.python} faces in Python, {self.javascript} in JavaScript, {self.pairs} in both;"
            " "
            f"same label {self.same}/{self.pairs}, same track {self.tracks}; "
            f"probabilities differ by at most {probability.max():.4f} "
            f"({(probability <= 0.02).mean():.1%} within 0.02), "
            f"boxes by at most {box.max():.2f} pixels ({(box <= 1).mean():.1%} within 1); "
            f"{np.median(self.milliseconds):.1f} ms in JavaScript"
        )


def pair_faces(places: np.ndarray, theirs: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """Return the indices of faces that both found."""
    if not len(places) or not theirs:
        return []
    overlap = box_iou_batch(places, np.array([face["box"] for face in theirs], np.float32))
    best = overlap.argmax(axis=1)
    return [(i, int(j)) for i, j in enumerate(best) if overlap[i, j] >= SAME_FACE_IOU]


def compare_photo(path: Path, python: Pipeline, javascript: JavaScriptPipeline) -> Agreement:
    """Read a picture as a photo in both.

    Raises:
        fer.images.ImageError: It can't be read.
    """
    image = read_image(path)
    step = math.ceil(max(image.shape) / MAX_SIDE)
    image = np.ascontiguousarray(image[::step, ::step])
    agreement = Agreement()
    agreement.add(python(image), javascript.photo(image))
    return agreement


def compare_stream(
    path: Path, python: Pipeline, javascript: JavaScriptPipeline, limit: int
) -> Agreement:
    """Read a video's first frames as a stream in both.

    Raises:
        fer.video.VideoError: It can't be read.
    """
    state, agreement = StreamState(), Agreement()
    javascript.start_stream()
    with VideoReader(path, MAX_SIDE) as reader:
        for frame in islice(reader, limit):
            faces = python.process_frame(frame.image, frame.time, state)
            answer = javascript.next(frame.image, frame.time)
            answer["faces"] = [face for face in answer["faces"] if face["state"] != "tentative"]
            agreement.add(faces, answer)
    return agreement


def compare(files: Sequence[Path], limit: int) -> Iterator[tuple[str, Agreement]]:
    """Yield for each file that can be read "Photos" or "Streams" and its comparison."""
    detector, classifier = FaceDetector(), ExpressionClassifier.load()
    photos = Pipeline(detector.with_min_face(MIN_FACE_RANGE[1]), classifier)
    live = Pipeline(detector, classifier)
    with JavaScriptPipeline() as javascript:
        for file in files:
            try:
                if file.suffix.lower() in PICTURES:
                    kind, one = "Photos", compare_photo(file, photos, javascript)
                else:
                    kind, one = "Streams", compare_stream(file, live, javascript, limit)
            except (ImageError, VideoError) as error:
                sys.stdout.write(f"{file}: left out. {error}\n")
                continue
            sys.stdout.write(f"{file}: {one.text()}\n")
            sys.stdout.flush()
            yield kind, one


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Return the pictures and videos among files and in folders."""
    listed = [sorted(path.rglob("*")) if path.is_dir() else [path] for path in paths]
    files = [file for group in listed for file in group]
    return [file for file in files if file.suffix.lower() in PICTURES | VIDEOS]


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m web.agreement", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="folders, pictures or videos")
    parser.add_argument("--frames", type=int, default=300, help="read of each video (%(default)s)")
    options = parser.parse_args(arguments)
    totals = {"Photos": Agreement(), "Streams": Agreement()}
    for kind, one in compare(find_files(options.paths), options.frames):
        totals[kind] = totals[kind] + one
    for kind, total in totals.items():
        sys.stdout.write(f"{kind}: {total.text()}\n")


if __name__ == "__main__":
    main()
