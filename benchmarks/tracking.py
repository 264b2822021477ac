"""Measure how well numbers stay with people, on the scenes of `benchmarks.scripted_scenes`.

    python -m benchmarks.tracking [--photos FOLDER]

Each scene is played by several casts, live at ten frames a second and as a recording of which five
a second are analysed.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.agreement import pairs
from benchmarks.reporting import circumstances, table, write
from benchmarks.scripted_scenes import (
    SIZE,
    Person,
    Script,
    bundled_cast,
    cast_of,
    frames,
    scripts,
)
from fer.images import read_image
from fer.pipeline import Pipeline, StreamState
from fer.recording.frame_analyzer import FrameAnalyzer
from fer.threads import limit_threads
from fer.video import Frame
from fer.vision.detector import FaceDetector

RATE, LIVE_RATE = 25.0, 10.0
"""Frames a second of a recording, and of a live stream."""

MIN_OVERLAP = 0.3
"""Overlap over union from which on a face is the person whose box it overlaps."""


@dataclass
class Identities:
    """Counts whose number is whose.

    Attributes:
        faces: Times that somebody was to be seen.
        found: Of these, times that they had a number.
        extra: Numbered faces that are nobody's.
        switches: Times that somebody's number was another than before.
        takeovers: Times that a number had been somebody else's before.
    """

    faces: int = 0
    found: int = 0
    extra: int = 0
    switches: int = 0
    takeovers: int = 0
    _numbers: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _owners: dict[int, int] = field(default_factory=dict)

    def add(self, truth: dict[int, np.ndarray], xyxy: np.ndarray, numbers: Sequence[int]) -> None:
        """Count one frame: boxes by person, and boxes (n, 4) with their numbers."""
        people = list(truth)
        known = np.array([truth[one] for one in people], np.float32).reshape(-1, 4)
        found = np.array(xyxy, np.float32).reshape(-1, 4)
        joined = pairs(known, found, MIN_OVERLAP) if len(known) and len(found) else []
        self.faces += len(known)
        self.found += len(joined)
        self.extra += len(found) - len(joined)
        for row, column in joined:
            person, number = people[row], int(numbers[column])
            had = self._numbers[person]
            self.switches += bool(had) and had[-1] != number
            self.takeovers += self._owners.get(number, person) != person
            had.append(number)
            self._owners[number] = person

    def figures(self) -> Counter[str]:
        """Return the counts; `fragments` are the numbers of everybody beyond their first."""
        fragments = sum(len(set(had)) - 1 for had in self._numbers.values())
        counts = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return Counter({**counts, "fragments": fragments})


class NoClassifier:
    """Stands for the expression network, which doesn't matter here."""

    framing: dict[str, float] = {}  # noqa: RUF012
    uncertain_below = 0.5

    def classify(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Return the same probabilities for every face."""
        return np.full((len(crops), 7), 1 / 7, np.float32)


def follow_live(
    script: Script, people: Sequence[Person], detector: FaceDetector
) -> tuple[Identities, int]:
    """Play a scene live; return who got which number, and how many frames were analysed."""
    pipeline, state, found = Pipeline(detector, NoClassifier()), StreamState(), Identities()
    looks = 0
    for image, time, truth in frames(script, people, LIVE_RATE):
        faces = pipeline.process_frame(image, time, state)
        found.add(truth, faces.xyxy, faces.tracker_id.tolist())
        looks += 1
    return found, looks


def follow_recording(
    script: Script, people: Sequence[Person], detector: FaceDetector
) -> tuple[Identities, int]:
    """Analyse a scene as a recording at the default rate, as `follow_live`."""
    analyzer = FrameAnalyzer(Pipeline(detector, NoClassifier()), "person", 5.0)
    found, looks = Identities(), 0
    for image, time, truth in frames(script, people, RATE):
        fitted, moved = fit(image, truth)
        faces = analyzer.analyze(Frame(fitted, time, 1 / RATE))
        if faces is not None:
            counts = faces.tracker_id > 0
            found.add(moved, faces.xyxy[counts], faces.tracker_id[counts].tolist())
            looks += 1
    return found, looks


def fit(
    image: np.ndarray, truth: dict[int, np.ndarray]
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Fit a frame of another size into the first one's, as `fer.video.VideoReader` does."""
    height, width = image.shape[:2]
    if (width, height) == SIZE:
        return image, truth
    scale = min(SIZE[0] / width, SIZE[1] / height)
    inner = cv2.resize(image, (round(width * scale), round(height * scale)))
    x, y = (SIZE[0] - inner.shape[1]) // 2, (SIZE[1] - inner.shape[0]) // 2
    barred = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    barred[y : y + len(inner), x : x + inner.shape[1]] = inner
    return barred, {one: box * scale + np.tile([x, y], 2) for one, box in truth.items()}


def measure(people: Sequence[Person], casts: int) -> list[dict[str, object]]:
    """Play all scenes by so many casts; return a row a scene and way."""
    detector, rows = FaceDetector(), []
    for way, follow in (("live", follow_live), ("recording", follow_recording)):
        for index, script in enumerate(scripts(0)):
            total: Counter[str] = Counter()
            for cast in range(casts):
                found, looks = follow(scripts(3 * cast)[index], people, detector)
                total.update({**found.figures(), "frames": looks})
            faces, frames_ = total.pop("faces"), total["frames"]
            share = round(total.pop("found") / max(faces, 1), 3)
            names = ("switches", "takeovers", "fragments", "extra")
            counts = {name: total[name] for name in names}
            rows.append({"way": way, "scene": script.name, **counts, "found": share})
            rows[-1]["frames"] = frames_
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder of photographs with faces to cut out")
    parser.add_argument("--casts", type=int, default=3, help="how often each scene is played")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args(arguments)
    limit_threads(1)
    files = sorted(options.photos.glob("*.jpg")) if options.photos else []
    people = cast_of([read_image(file) for file in files]) if files else bundled_cast()
    rows = measure(people, options.casts)
    print(table(rows))
    about = circumstances("benchmarks.tracking", arguments)
    write({**about, "people": len(people), "scenes": rows}, options.output)


if __name__ == "__main__":
    main()
