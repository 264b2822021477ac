"""Pictures to search for faces.

Square ones have one face in the middle: FER2013's, enlarged, and faces of photos. Others have none.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from skimage import data, img_as_ubyte

from benchmarks.corruptions import FACE_HEIGHT, PICTURE_SIDE, Subject
from fer.data.fer2013 import FerArrays, load_arrays, load_fer2013
from fer.images import as_rgb, read_image
from fer.paths import IMAGE_SUFFIXES
from fer.pipeline import Pipeline
from fer.vision.boxes import longer_sides
from fer.vision.detections import boxes, select

MIN_CONFIDENCE, MIN_SIDE, MAX_ROLL, MAX_YAW = 0.95, 40, 12.0, 20.0
"""Least confidence and longer side in pixels of the photos' faces, and most degrees of their tilt
and turn."""

BOX_LENGTH = 1.06
"""Longer side of a face's box over the side of FER2013's square (benchmarks/framing.json)."""

FACELESS = (
    *("brick", "grass", "gravel", "coffee", "rocket", "hubble_deep_field", "page", "text", "coins"),
    *("immunohistochemistry", "cell", "moon", "retina", "horse", "colorwheel", "logo"),
)
"""Pictures of scikit-image without a face, neither of a human nor of an animal seen from before."""

MAX_SIDE = 1280
"""Larger photos are measured in a copy this long, in pixels."""

EVENING = 0.25, 8.0, 6.0
"""Gain and offset of a dark picture, and the standard deviation of its noise, in grey levels."""


def fer2013_sample(dataset: str, split: str, number: int, seed: int = 0) -> FerArrays:
    """Return so many pictures of a split, drawn without repetition; all of a smaller one."""
    rows = load_fer2013(dataset)[split]
    drawn = np.random.default_rng(seed).choice(len(rows), min(number, len(rows)), replace=False)
    return load_arrays(rows.select(np.sort(drawn)))


def load_photos(folders: Sequence[Path]) -> list[np.ndarray]:
    """Return the photos in some folders and the astronaut."""
    files = [file for folder in folders for file in sorted(folder.iterdir())]
    photos = [read_image(file) for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
    return [shrink(photo) for photo in [data.astronaut(), *photos]]


def shrink(photo: np.ndarray) -> np.ndarray:
    """Return a photo of at most `MAX_SIDE`."""
    scale = min(1.0, MAX_SIDE / max(photo.shape[:2]))
    return cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def fer2013_subjects(pipeline: Pipeline, dataset: str, number: int) -> list[Subject]:
    """Return validation pictures, enlarged, with a margin of repeated border pixels."""
    faces, subjects = fer2013_sample(dataset, "validation", number), []
    for image, label in zip(faces.images, faces.labels, strict=True):
        picture = enlarge(image)
        found = pipeline.detector.detect(picture)
        landmarks = found.data["landmarks"][0] if len(found) else None
        subjects.append(Subject(picture, landmarks, int(label)))
    return subjects


def enlarge(image: np.ndarray) -> np.ndarray:
    """Return one of FER2013's pictures in the middle of a larger one, in RGB."""
    side = 2 * round(FACE_HEIGHT / BOX_LENGTH / 2)
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    margin = (PICTURE_SIDE - side) // 2
    framed = cv2.copyMakeBorder(large, *[margin] * 4, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB)


def photo_subjects(
    pipeline: Pipeline, photos: Sequence[np.ndarray], number: int
) -> Iterator[Subject]:
    """Yield the first faces of photos with their surroundings, about upright and frontal ones."""
    for photo in photos:
        faces = pipeline(photo)
        sides = longer_sides(boxes(faces))
        good = (faces.confidence >= MIN_CONFIDENCE) & (sides >= MIN_SIDE)
        good &= np.abs(faces.data["roll"]) <= MAX_ROLL
        good &= np.abs(faces.data["yaw"]) <= MAX_YAW
        faces, sides = select(faces, good), sides[good]
        for box, side, points in zip(boxes(faces), sides, faces.data["landmarks"], strict=True):
            if (number := number - 1) < 0:
                return
            yield cut_out(photo, (box[:2] + box[2:]) / 2, float(side), points)


def cut_out(photo: np.ndarray, middle: np.ndarray, side: float, points: np.ndarray) -> Subject:
    """Return a face of a photo, by the middle and the longer side of its box."""
    scale = FACE_HEIGHT / side
    shift = PICTURE_SIDE / 2 - scale * middle
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    if scale < 0.5:  # a warp alone would skip pixels
        photo = cv2.GaussianBlur(photo, (0, 0), 0.4 / scale)
    size = PICTURE_SIDE, PICTURE_SIDE
    picture = cv2.warpAffine(photo, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return Subject(picture, (scale * points + shift).astype(np.float32))


def faceless_picture(name: str) -> np.ndarray:
    """Return one of scikit-image's pictures as RGB uint8."""
    return shrink(as_rgb(img_as_ubyte(getattr(data, name)())))


def faceless_pictures(names: Sequence[str] = FACELESS) -> list[np.ndarray]:
    """Return pictures without faces: as they are, dark and noisy, and enlarged."""
    return [image for name in names for image in variants(faceless_picture(name))]


def variants(image: np.ndarray) -> list[np.ndarray]:
    """Return a picture, the same dark and noisy, and the same enlarged."""
    scale = MAX_SIDE / max(image.shape[:2])
    large = cv2.resize(image, None, None, scale, scale, cv2.INTER_CUBIC)
    gain, offset, deviation = EVENING
    noise = np.random.default_rng(0).normal(offset, deviation, image.shape)
    return [image, (gain * image + noise).clip(0, 255).astype(np.uint8), large]
