"""Measure how well numbers stay with people, on scripted scenes in which who is where is known.

    python -m benchmarks.tracking [--photos FOLDER]

Faces are pasted on moving backgrounds: cut out of the photographs of a folder, or of two that come
with scikit-image and Matplotlib. Each scene is played by several casts, live at ten frames a second
and as a recording of which five a second are analysed.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from matplotlib.cbook import get_sample_data
from skimage.data import astronaut

from benchmarks.agreement import pairs
from benchmarks.reporting import circumstances, table, write
from fer.images import read_image
from fer.pipeline import Pipeline, StreamState
from fer.recording.frame_analyzer import FrameAnalyzer
from fer.threads import limit_threads
from fer.video import Frame
from fer.vision.detector import FaceDetector

SIZE = 960, 540
"""Width and height of the scenes in pixels."""

RATE, LIVE_RATE = 25.0, 10.0
"""Frames a second of a recording, and of a live stream."""

SPRITE_SCALE = 2.2
"""Side of what is cut out with a face, relative to the face's size."""

LEAST_OVERLAP = 0.3
"""Overlap over union from which on a face is the person whose box it overlaps."""


@dataclass(frozen=True)
class Person:
    """A face with its surroundings: float32 (s, s, 3), its cover (s, s, 1), its box in sides."""

    colors: np.ndarray
    cover: np.ndarray
    face: np.ndarray


@dataclass(frozen=True)
class Place:
    """Where a person of the cast is: the face's middle and size in pixels."""

    person: int
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Script:
    """What happens in a scene.

    Attributes:
        name: What the table calls it.
        seconds: Its length.
        places: Returns who is where at a time.
        stage: Returns at a time which background is seen and how far it is shifted, in pixels.
        effect: Changes the picture of a time.
        size: Returns width and height of the picture at a time; it is cut out about the middle.
    """

    name: str
    seconds: float
    places: Callable[[float], Sequence[Place]]
    stage: Callable[[float], tuple[int, float, float]] = lambda time: (0, 0.0, 0.0)
    effect: Callable[[np.ndarray, float], np.ndarray] = lambda image, time: image
    size: Callable[[float], tuple[int, int]] = lambda time: SIZE


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
        joined = pairs(known, found, LEAST_OVERLAP) if len(known) and len(found) else []
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


def cut_out(image: np.ndarray, box: np.ndarray) -> Person:
    """Return a person with soft edges, from a picture and the face's box."""
    middle, size = (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).prod() ** 0.5)
    side = round(SPRITE_SCALE * size)
    to_sprite = np.float32([[1, 0, side / 2 - middle[0]], [0, 1, side / 2 - middle[1]]])
    colors = cv2.warpAffine(image, to_sprite, (side, side), borderMode=cv2.BORDER_REPLICATE)
    rows, columns = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    cover = np.clip((1 - np.hypot(columns / 0.46, rows / 0.5)) / 0.15, 0, 1)[..., None]
    face = (box - np.tile(middle, 2)) / size
    return Person(colors.astype(np.float32), cover.astype(np.float32), face)


def cast_of(images: Sequence[np.ndarray], least: int = 60) -> list[Person]:
    """Return the people in some pictures whose face has `least` pixels and no other face near."""
    detector = FaceDetector(min_face=least, confidence=0.98, max_side=2000)
    people = [cut_out(image, box) for image in images for box in detector.detect(image).xyxy]
    pictures = [np.uint8(person.cover * person.colors) for person in people]
    alone = [len(detector.with_options(30, 0.8).detect(picture)) == 1 for picture in pictures]
    return [person for person, is_alone in zip(people, alone, strict=True) if is_alone]


def recolored(person: Person) -> Person:
    """Return somebody else: mirrored, with another light, hair and collar."""
    tint = np.array([0.95, 0.75, 0.6], np.float32)
    left, top, right, bottom = person.face
    face = np.array([-right, top, -left, bottom], np.float32)
    colors = np.ascontiguousarray((tint * person.colors)[:, ::-1])
    return Person(colors, person.cover, face)


def bundled_cast() -> list[Person]:
    """Return four people, of two photographs."""
    people = cast_of(bundled_images())
    return [*people, *map(recolored, people[::-1])]


def bundled_images() -> list[np.ndarray]:
    """Return two photographs of NASA and of the US Navy, both in the public domain."""
    return [astronaut(), read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))]


def backdrop(number: int) -> np.ndarray:
    """Return a background of clouds and blocks, RGB uint8, twice as large as a scene."""
    generator = np.random.default_rng(number)
    width, height = 2 * SIZE[0], 2 * SIZE[1]
    coarse = generator.uniform(30, 210, (9, 14, 3)).astype(np.float32)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(60):
        x, y = int(generator.integers(width)), int(generator.integers(height))
        w, h = generator.integers(20, 260, 2).tolist()
        cv2.rectangle(image, (x, y), (x + w, y + h), generator.uniform(0, 255, 3).tolist(), -1)
    return image.clip(0, 255).astype(np.uint8)


def frames(
    script: Script, people: Sequence[Person], rate: float
) -> Iterator[tuple[np.ndarray, float, dict[int, np.ndarray]]]:
    """Yield picture, time and boxes by person."""
    stages: dict[int, np.ndarray] = {}
    grain = np.random.default_rng(7)
    for index in range(round(script.seconds * rate)):
        time = index / rate
        number, dx, dy = script.stage(time)
        if number not in stages:
            stages[number] = backdrop(number)
        left, top = int(SIZE[0] / 2 + dx), int(SIZE[1] / 2 + dy)
        image = stages[number][top : top + SIZE[1], left : left + SIZE[0]].copy()
        for place in script.places(time):
            paste(image, people[place.person % len(people)], place)
        image = script.effect(image, time)
        noise = grain.normal(0, 3, (SIZE[1] // 2, SIZE[0] // 2, 3)).repeat(2, 0).repeat(2, 1)
        image = cv2.add(image, np.rint(noise).astype(np.int16), dtype=cv2.CV_8U)
        yield framed(image, script, people, time)


def framed(
    image: np.ndarray, script: Script, people: Sequence[Person], time: float
) -> tuple[np.ndarray, float, dict[int, np.ndarray]]:
    """Cut the picture of a time out about the middle; return it with the boxes that are in it."""
    width, height = script.size(time)
    x, y = (SIZE[0] - width) // 2, (SIZE[1] - height) // 2
    padded = cv2.copyMakeBorder(*(image, *[max(0, -y)] * 2, *[max(0, -x)] * 2), cv2.BORDER_REFLECT)
    x0, y0 = max(0, x), max(0, y)
    cut = np.ascontiguousarray(padded[y0 : y0 + height, x0 : x0 + width])
    truth = {}
    for place in script.places(time):
        face = people[place.person % len(people)].face
        box = np.tile([place.x, place.y], 2) + place.size * face - np.tile([x, y], 2)
        inside = box.clip(0, [width, height, width, height])
        if (inside[2:] - inside[:2]).prod() > 0.7 * (box[2:] - box[:2]).prod():
            truth[place.person] = inside
    return cut, time, truth


def paste(image: np.ndarray, person: Person, place: Place) -> None:
    """Put a person into `image`."""
    side = SPRITE_SCALE * place.size
    scale = side / len(person.colors)
    left, top = place.x - side / 2, place.y - side / 2
    to_image = np.array([[scale, 0, left], [0, scale, top]], np.float32)
    size = image.shape[1::-1]
    front = cv2.warpAffine(person.colors, to_image, size, flags=cv2.INTER_AREA)
    cover = cv2.warpAffine(person.cover, to_image, size)[..., None]
    image[:] = np.rint(image + cover * (front - image))


def scripts(cast: int) -> list[Script]:
    """Return the scenes, played by four people from number `cast` on."""
    a, b, c, d = range(cast, cast + 4)
    sway = np.sin

    def pair(time: float) -> list[Place]:
        return [Place(a, 300 + 8 * sway(3 * time), 250, 110), Place(b, 660, 270, 100)]

    def shots(time: float) -> list[Place]:
        return pair(time) if time < 2 else [Place(c, 310, 255, 105)]

    def insert(time: float) -> list[Place]:
        return [Place(c, 305, 250, 110)] if 1.6 <= time < 2.2 else [Place(a, 300, 250, 110)]

    def replaced(time: float) -> list[Place]:
        first = [Place(a, 300, 250, 110)] if time < 1.6 else []
        return [*first, *([Place(d, 330, 262, 104)] if time >= 2.0 else []), Place(b, 660, 270, 90)]

    def covered(time: float) -> list[Place]:
        return [Place(b, 660, 270, 90), *([] if 1.6 <= time < 2.3 else pair(time)[:1])]

    def walks(time: float) -> list[Place]:
        return [Place(a, -60 + 640 * (time - 0.5), 260, 80), Place(b, 480, 420, 70)]

    def crosses(time: float) -> list[Place]:
        return [Place(a, 200 + 160 * time, 250, 100), Place(b, 800 - 160 * time, 262, 80)]

    def shifted(shift: Callable[[float], tuple[float, float]]) -> dict[str, Callable]:
        def places(time: float) -> list[Place]:
            dx, dy = shift(time)
            return [Place(p.person, p.x - dx, p.y - dy, p.size) for p in pair(time)]

        return {"places": places, "stage": lambda time: (0, *shift(time))}

    def pan(time: float) -> tuple[float, float]:
        return 200 * np.clip(time - 1, 0, 1.2), 0.0

    def shake(time: float) -> tuple[float, float]:
        return 22 * sway(41 * time), 14 * sway(53 * time)

    return [
        Script("cut", 4, shots, lambda time: (1 if time >= 2 else 0, 0, 0)),
        Script("short insert", 4, insert, lambda time: (1 if 1.6 <= time < 2.2 else 0, 0, 0)),
        Script("one leaves, another comes", 4, replaced),
        Script("covered for 0.7 s", 4, covered),
        Script("fast walker", 2.4, walks),
        Script("crossing", 4, crosses),
        Script("turned phone", 4, pair, size=lambda time: SIZE if time < 2 else SIZE[::-1]),
        Script("pan", 3, **shifted(pan)),
        Script("shaken camera", 3, **shifted(shake)),
        Script("flash", 3, pair, effect=flash),
        Script("fade", 4, pair, effect=fade),
        Script("hand near the lens", 3, pair, effect=hand),
    ]


def flash(image: np.ndarray, time: float) -> np.ndarray:
    """Return a picture that is far too bright from second 1.4 to 1.6."""
    return cv2.convertScaleAbs(image, alpha=1.8, beta=90) if 1.4 <= time < 1.6 else image


def fade(image: np.ndarray, time: float) -> np.ndarray:
    """Return a picture that turns black about second 2."""
    return cv2.convertScaleAbs(image, alpha=float(np.clip(abs(time - 2) / 0.6 - 0.1, 0, 1)))


def hand(image: np.ndarray, time: float) -> np.ndarray:
    """Return a picture into which something large comes from below."""
    if 1.2 <= time < 2.2:
        level = int(SIZE[1] * (1.25 - 0.45 * np.sin(np.pi * (time - 1.2))))
        cv2.ellipse(image, (SIZE[0] // 2, level), (380, 190), 0, 0, 360, (190, 140, 120), -1)
    return image


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
