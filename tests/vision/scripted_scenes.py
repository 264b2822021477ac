"""Scripted scenes in which who is where is known: faces pasted on backgrounds.

The faces are cut out of two photographs that come with scikit-image and Matplotlib.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

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
        seconds: Its length.
        places: Returns who is where at a time.
        background: Returns the number of the background at a time.
        size: Returns width and height of the picture at a time; it is cut out about the middle.
    """

    seconds: float
    places: Callable[[float], Sequence[Place]]
    background: Callable[[float], int] = lambda time: 0
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


def recolored(person: Person) -> Person:
    """Return somebody else: mirrored, with another light, hair and collar."""
    tint = np.array([0.95, 0.75, 0.6], np.float32)
    left, top, right, bottom = person.face
    face = np.array([-right, top, -left, bottom], np.float32)
    colors = np.ascontiguousarray((tint * person.colors)[:, ::-1])
    return Person(colors, person.cover, face)


def cast() -> list[Person]:
    """Return four people, of photographs of NASA and of the US Navy in the public domain."""
    detector = FaceDetector(min_face=60, confidence=0.98)
    photos = [astronaut(), read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))]
    people = [cut_out(photo, detector.detect(photo).xyxy[0]) for photo in photos]
    return [*people, *map(recolored, people[::-1])]


@cache
def backdrop(number: int) -> np.ndarray:
    """Return a background of clouds and blocks, RGB uint8."""
    generator = np.random.default_rng(number)
    width, height = SIZE
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
    grain = np.random.default_rng(7)
    for index in range(round(script.seconds * rate)):
        time = index / rate
        image = backdrop(script.background(time)).copy()
        for place in script.places(time):
            paste(image, people[place.person], place)
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
        face = people[place.person].face
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


def pair(time: float) -> list[Place]:
    """Two people, of whom one sways."""
    return [Place(0, 300 + 8 * np.sin(3 * time), 250, 110), Place(1, 660, 270, 100)]


def shots(time: float) -> list[Place]:
    """A third person after a cut."""
    return pair(time) if time < 2 else [Place(2, 310, 255, 105)]


def insert(time: float) -> list[Place]:
    """Another person in a short shot."""
    return [Place(2, 305, 250, 110)] if 1.6 <= time < 2.2 else [Place(0, 300, 250, 110)]


def replaced(time: float) -> list[Place]:
    """One leaves, another comes."""
    first = [Place(0, 300, 250, 110)] if time < 1.6 else []
    return [*first, *([Place(3, 330, 262, 104)] if time >= 2.0 else []), Place(1, 660, 270, 90)]


def walks(time: float) -> list[Place]:
    """One walks past another fast."""
    return [Place(0, -60 + 640 * (time - 0.5), 260, 80), Place(1, 480, 420, 70)]


SCRIPTS = {
    "cut": Script(4, shots, lambda time: int(time >= 2)),
    "short insert": Script(4, insert, lambda time: int(1.6 <= time < 2.2)),
    "one leaves, another comes": Script(4, replaced),
    "fast walker": Script(2.4, walks),
    "turned phone": Script(4, pair, size=lambda time: SIZE if time < 2 else SIZE[::-1]),
}
"""By name."""
