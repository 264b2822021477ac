"""Scenes to measure on: synthetic ones with known boxes, panned photographs, and videos.

The faces are all scikit-image's astronaut (NASA, public domain), cut out with soft edges, mirrored
and darkened here and there. They drift and grow slowly over a soft background, and every frame has
fresh noise, so that no prediction can be kept from the frame before.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

from fer.paths import IMAGE_SUFFIXES, VIDEO_SUFFIXES

RATE = 30.0
"""Frames a second of the scenes that are made here."""

SPRITE = (slice(0, 260), slice(92, 352))
"""Rows and columns of the astronaut's head and shoulders."""

FACE = np.array([0.337, 0.234, 0.675, 0.669], np.float32)
"""The detector's box of the face, xyxy in sides of the sprite."""

NOISE = 4.0
"""Standard deviation of the noise, in grey levels."""

PAN = 0.03
"""How far a photograph is panned each way, in its sides."""


@dataclass(frozen=True)
class View:
    """One frame, and which faces are in it as far as that is known.

    Args:
        image: RGB uint8 (h, w, 3).
        time: Seconds from the first frame.
        xyxy: The faces' boxes, float32 (n, 4) in pixels; None where they are unknown.
        ids: The faces' numbers, int (n,); None where they are unknown.
    """

    image: np.ndarray
    time: float
    xyxy: np.ndarray | None = None
    ids: np.ndarray | None = None


@dataclass(frozen=True)
class Scene:
    """A film that can be played again and again.

    Args:
        name: What the table calls it.
        play: Returns the frames from the first on.
        rate: Frames a second.
        newcomers: When each face first appears: from number to seconds.
    """

    name: str
    play: Callable[[], Iterator[View]]
    rate: float = RATE
    newcomers: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Actor:
    """One face of a made-up scene.

    Args:
        number: Its number, from 1.
        centre: Where it drifts around, x and y in pixels.
        size: Its sprite's side in pixels, on average.
        drift: How far it goes each way, in pixels.
        start: Seconds at which it appears.
        end: Seconds at which it is gone.
    """

    number: int
    centre: tuple[float, float]
    size: float
    drift: float
    start: float = 0.0
    end: float = np.inf

    def place(self, time: float) -> tuple[float, float, float]:
        """Return left, top and side of its sprite, in pixels."""
        turn = 2 * np.pi * time
        slowness, phase = 3 + self.number % 4, self.number * 1.7
        side = self.size * (1 + 0.12 * np.sin(turn / (slowness + 2) + phase))
        x = self.centre[0] + self.drift * np.sin(turn / slowness + phase)
        y = self.centre[1] + self.drift / 2 * np.sin(turn / (slowness + 1.3) + 2 * phase)
        return x - side / 2, y - side / 2, side


def made_scenes() -> dict[str, Scene]:
    """Return the scenes with known faces, by name."""
    scenes = (
        acted("one face", (640, 480), [Actor(1, (320, 250), 340, 60)]),
        acted("six faces", (1200, 630), grid_of_actors((1200, 630), (3, 2), 290)),
        acted("24 faces", (1920, 1080), grid_of_actors((1920, 1080), (6, 4), 250)),
        newcomers(),
    )
    return {scene.name: scene for scene in scenes}


def newcomers() -> Scene:
    """Return a scene into which faces come one by one, at odd times, while one is always there."""
    places = [(160, 130), (780, 150), (480, 400), (170, 400), (790, 390), (470, 130)]
    starts = [0.0, 1.13, 2.47, 3.61, 4.79, 5.87]
    actors = [
        Actor(number, centre, 240, 12, start, start + 5 if start else np.inf)
        for number, (centre, start) in enumerate(zip(places, starts, strict=True), start=1)
    ]
    return acted("newcomers", (960, 540), actors)


def grid_of_actors(size: tuple[int, int], cells: tuple[int, int], side: float) -> list[Actor]:
    """Return an actor in each of `cells`, columns and rows, of a picture of `size`."""
    width, height = size[0] / cells[0], size[1] / cells[1]
    return [
        Actor(
            1 + row * cells[0] + column, ((column + 0.5) * width, (row + 0.55) * height), side, 18
        )
        for row in range(cells[1])
        for column in range(cells[0])
    ]


def acted(name: str, size: tuple[int, int], actors: Sequence[Actor]) -> Scene:
    """Return the scene that `actors` play on a stage of `size`, width and height in pixels."""

    def play() -> Iterator[View]:
        stage, noise = background(size), noises(size)
        for index, grain in enumerate(noise):
            yield act(stage, actors, index / RATE, grain)

    starts = {actor.number: actor.start for actor in actors if actor.start > 0}
    return Scene(name, play, newcomers=starts)


def act(stage: np.ndarray, actors: Sequence[Actor], time: float, grain: np.ndarray) -> View:
    """Return one frame: the actors of this moment on the stage, under noise."""
    image = stage.copy()
    present = [actor for actor in actors if actor.start <= time < actor.end]
    boxes = [paste(image, *actor.place(time), actor.number) for actor in present]
    return View(
        cv2.add(image, grain, dtype=cv2.CV_8U),
        time,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([actor.number for actor in present], int),
    )


def paste(image: np.ndarray, left: float, top: float, side: float, number: int) -> np.ndarray:
    """Put a sprite into `image` and return its face's box, clipped to the picture."""
    colours, alpha = sprite(number % 2 == 0, 1 - 0.08 * (number % 3))
    height, width = image.shape[:2]
    scale = side / colours.shape[1]
    to_place = np.array([[scale, 0, left], [0, scale, top]], np.float32)
    x1, y1 = max(0, int(left)), max(0, int(top))
    x2, y2 = min(width, int(left + side) + 1), min(height, int(top + side) + 1)
    to_place[:, 2] -= x1, y1
    size = x2 - x1, y2 - y1
    front = cv2.warpAffine(colours, to_place, size, flags=cv2.INTER_AREA)
    cover = cv2.warpAffine(alpha, to_place, size, flags=cv2.INTER_LINEAR)[..., None]
    part = image[y1:y2, x1:x2]
    part[:] = np.rint(part + cover * (front - part.astype(np.float32)))
    face = FACE if number % 2 else mirrored(FACE)
    box = np.tile([left, top], 2) + side * face
    return box.clip(0, [width, height, width, height])


def mirrored(box: np.ndarray) -> np.ndarray:
    """Return a box in sides of a picture after left and right have changed places."""
    left, top, right, bottom = box
    return np.array([1 - right, top, 1 - left, bottom], np.float32)


@cache
def sprite(flipped: bool, brightness: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the astronaut, float32 (s, s, 3), and how much of it covers, float32 (s, s)."""
    colours = astronaut()[SPRITE].astype(np.float32) * brightness
    side = len(colours)
    rows, columns = np.mgrid[:side, :side] / side
    distance = np.hypot((columns - 0.5) / 0.5, (rows - 0.48) / 0.52)
    alpha = np.clip((1 - distance) / 0.2, 0, 1).astype(np.float32)
    if flipped:
        return np.ascontiguousarray(colours[:, ::-1]), np.ascontiguousarray(alpha[:, ::-1])
    return colours, alpha


def background(size: tuple[int, int]) -> np.ndarray:
    """Return soft coloured clouds, RGB uint8 (h, w, 3)."""
    width, height = size
    coarse = np.random.default_rng(0).uniform(70, 170, (6, 9, 3)).astype(np.float32)
    return (
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        .clip(0, 255)
        .astype(np.uint8)
    )


def noises(size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Yield noise, int16 (h, w, 3), for ever: eight patterns, each time shifted otherwise."""
    width, height = size
    generator = np.random.default_rng(1)
    patterns = [
        np.rint(generator.normal(0, NOISE, (height, width, 3))).astype(np.int16) for _ in range(8)
    ]
    for pattern in cycle(patterns):
        yield np.roll(pattern, int(generator.integers(width)), axis=1)


def sample_scene(path: Path) -> Scene:
    """Return a photograph, panned, or a video as a scene.

    Raises:
        ValueError: The file can't be read.
    """
    if path.suffix.lower() in set(VIDEO_SUFFIXES).difference(IMAGE_SUFFIXES):
        return filmed(path)
    return panned(path)


def filmed(path: Path) -> Scene:
    """Return a video as a scene; it ends where the file ends."""
    from fer.video import VideoReader

    def play() -> Iterator[View]:
        with VideoReader(path) as video:
            for frame in video:
                yield View(frame.image, frame.time)

    with VideoReader(path) as video:
        return Scene(path.name, play, video.info.frame_rate)


def panned(path: Path) -> Scene:
    """Return a photograph over which the camera wanders slowly; its border is replicated."""
    from fer.images import read_image

    image = read_image(path)
    height, width = image.shape[:2]

    def play() -> Iterator[View]:
        for index, grain in enumerate(noises((width, height))):
            turn = 2 * np.pi * index / RATE
            shift = [PAN * width * np.sin(turn / 5), PAN * height * np.sin(turn / 3.7)]
            moved = cv2.warpAffine(
                image,
                np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32),
                (width, height),
                borderMode=cv2.BORDER_REPLICATE,
            )
            yield View(cv2.add(moved, grain, dtype=cv2.CV_8U), index / RATE)

    return Scene(path.name, play)
