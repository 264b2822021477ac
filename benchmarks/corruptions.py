"""Corruptions to a square picture with a face in its middle, by kind and severity.

Amounts are for a face of `FACE_HEIGHT` pixels. What is done to the pixels alone is
`fer.evaluation.robustness`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from benchmarks.turned_heads import turn_head
from fer.evaluation.robustness import blur, compress, cover, expose, rotate

PICTURE_SIDE, FACE_HEIGHT = 256, 112
"""Pixels of a picture, and the height of its face's box."""

CORRUPTION_SIDE = 48
"""Side of the faces that the corruptions' severities are meant for, in pixels."""


@dataclass(frozen=True)
class Subject:
    """A picture with a face in its middle.

    Attributes:
        picture: RGB uint8 (`PICTURE_SIDE`, `PICTURE_SIDE`, 3).
        landmarks: The face's, (5, 2) in pixels; None where they aren't known.
        label: Index of the expression that it is labelled with; None where it isn't.
    """

    picture: np.ndarray
    landmarks: np.ndarray | None = None
    label: int | None = None


@dataclass(frozen=True)
class Corruption:
    """One severity of one kind of corruption.

    Attributes:
        kind: Such as "blur".
        severity: How much, for people.
        apply: Takes a subject and -1 or 1, to which side a face is tilted or turned, and returns
            a picture of the same size with the face in its middle; None where that can't be made.
        height: Of the face then, in pixels.
    """

    kind: str
    severity: str
    apply: Callable[[Subject, int], np.ndarray | None]
    height: int = FACE_HEIGHT


def tilt(subject: Subject, side: int, degrees: float) -> np.ndarray:
    """Turn the picture in its plane."""
    return rotate(subject.picture, -side * degrees)


def look_aside(subject: Subject, side: int, degrees: float) -> np.ndarray | None:
    """Turn the head in three dimensions; None without landmarks."""
    if subject.landmarks is None:
        return None
    return turn_head(subject.picture, subject.landmarks, side * degrees, side=PICTURE_SIDE)


def shrink_to(subject: Subject, side: int, pixels: int) -> np.ndarray:
    """Make the picture smaller, to a face that is so many pixels high, on grey ground."""
    size = round(PICTURE_SIDE * pixels / FACE_HEIGHT)
    picture, first = np.full_like(subject.picture, 128), (PICTURE_SIDE - size) // 2
    small = cv2.resize(subject.picture, (size, size), interpolation=cv2.INTER_AREA)
    picture[first : first + size, first : first + size] = small
    return picture


def soften(subject: Subject, side: int, sigma: float) -> np.ndarray:
    """Blur the picture, by pixels of a face of `CORRUPTION_SIDE`."""
    return blur(subject.picture, sigma * FACE_HEIGHT / CORRUPTION_SIDE)


def light(subject: Subject, side: int, factor: float) -> np.ndarray:
    """Change the brightness."""
    return expose(subject.picture, factor)


def occlude(subject: Subject, side: int, top: float, bottom: float) -> np.ndarray:
    """Cover a band of the face with grey, from and to a share of its height."""
    picture = subject.picture.copy()
    first = (PICTURE_SIDE - FACE_HEIGHT) // 2
    face = slice(first, PICTURE_SIDE - first)
    picture[face, face] = cover(picture[face, face], top, bottom)
    return picture


def jpeg(subject: Subject, side: int, quality: int) -> np.ndarray:
    """Compress the picture."""
    return compress(subject.picture, quality)


def intact(subject: Subject, side: int) -> np.ndarray:
    """Return the picture as it is."""
    return subject.picture


CLEAN = Corruption("none", "", intact)

CORRUPTIONS = (
    *(Corruption("roll", f"{a}°", partial(tilt, degrees=a)) for a in (15, 30, 45, 60)),
    *(Corruption("yaw", f"{a}°", partial(look_aside, degrees=a)) for a in (20, 40, 60)),
    *(Corruption("size", f"{n} px", partial(shrink_to, pixels=n), n) for n in (48, 32, 24, 16)),
    *(Corruption("blur", f"{s} px", partial(soften, sigma=s)) for s in (1, 2, 3, 4)),
    *(
        Corruption("light", name, partial(light, factor=f))
        for name, f in (("2 x", 2.0), ("1/4", 1 / 4), ("1/16", 1 / 16))
    ),
    *(
        Corruption("occlusion", name, partial(occlude, top=top, bottom=bottom))
        for name, top, bottom in (("eyes", 0.2, 0.45), ("mouth", 0.65, 0.9), ("mask", 0.5, 1.0))
    ),
    *(Corruption("JPEG", f"{q}", partial(jpeg, quality=q)) for q in (50, 30, 10, 5)),
)
"""What faces are corrupted by, each kind from little to much."""
