"""Scripted scenes in which who is where is known: faces pasted on moving backgrounds.

The faces are cut out of photographs, of a folder or of two that come with scikit-image and
Matplotlib. `benchmarks.tracking` measures on them how well numbers stay with people.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.cbook import get_sample_data
from skimage.data import astronaut

from fer.images import read_image
from fer.vision.detector import FaceDetector

SIZE = 960, 540
"""Width and height of the scenes in pixels."""

SPRITE_SCALE = 2.2
"""Side of what is cut out with a face, relative to the face's size."""


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
