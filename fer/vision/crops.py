"""Square crops of detected faces, framed as the training pictures are, and upright.

A tilted face is cropped level with its eyes. Below `ROLL_CORRECTION_START`, about what landmarks
are off by, that brings nothing; such faces are cropped as they are, without interpolation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, floor, radians, sin

import numpy as np
from supervision import Detections

from fer.array_types import FloatArray, UInt8Array
from fer.vision.detections import boxes, select
from fer.vision.detector_protocols import Detector
from fer.vision.pose import face_rolls
from fer.vision.rotation import cut_rotated_square, rotate_image

ROLL_CORRECTION_START, ROLL_CORRECTION_FULL = 3.0, 5.0
"""Degrees of roll up to which a crop isn't turned, and from which it is turned by all of them.
`benchmarks/roll.py` measures what it brings: a face that is cropped as tilted as it is in the
upright photo, but level in a turned one, changes its expression more often."""

MIN_ALIGNED_SIDE = 96
"""Least side in pixels of an aligned crop, twice that of FER2013's pictures: a small face that is
interpolated at its own size is blurred, and again when it is resized for the network."""

FACE_ASPECT_RATIO = 1.3
"""Height over width of an upright face's box, in the median."""


@dataclass(frozen=True)
class CropFraming:
    """How a training picture's square lies relative to the detector's box of the same face.

    The default is the square of the box's own area. `benchmarks/framing.py` measures the values
    for FER2013; a trained model carries them in its image processor's settings.

    Args:
        scale: The square's side over the box's size, sqrt(width * height): of four definitions of
            a box's size, the one whose ratio to FER2013's framing varies least.
        shift_x: From the box's centre to the square's, to the right, in sides of the square.
        shift_y: From the box's centre to the square's, downwards, in sides of the square.
    """

    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a framing that cuts nothing."""
        if not self.scale > 0:
            raise ValueError(f"A framing's scale is above 0, not {self.scale}.")


FER2013_FRAMING = CropFraming(scale=1.0756, shift_x=-0.0001, shift_y=-0.0119)
"""How FER2013's pictures lie around the detector's box, as benchmarks/framing.json has it."""


def crop_face(
    image: UInt8Array, xyxy: Sequence[float] | FloatArray, framing: CropFraming, roll: float = 0.0
) -> UInt8Array:
    """Cut one face out as a square, level with its eyes.

    Where the square leaves the picture, edge pixels are replicated. A box without an area gives at
    least one pixel.

    Args:
        image: RGB uint8 (h, w, 3).
        xyxy: The face's box, four numbers in pixels.
        framing: Where the square lies relative to the box.
        roll: Degrees by which the face is tilted, clockwise as seen; up to
            `ROLL_CORRECTION_START` the square has the picture's own pixels.

    Returns:
        A new RGB uint8 (s, s, 3): `s` is `framing.scale` box sizes, of a face that is turned
        upright at least `MIN_ALIGNED_SIDE`.
    """
    degrees = roll_correction(roll)
    if degrees % 90:
        return _crop_aligned(image, xyxy, framing, degrees)
    if degrees:
        turned = _turned_framing(framing, degrees)
        return rotate_image(crop_face(image, xyxy, turned), -degrees)
    left, top, side = _crop_square(xyxy, framing)
    height, width = image.shape[:2]
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    region = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    square: UInt8Array = region[rows - rows[0]].take(columns - columns[0], axis=1)
    return square


def crop_faces(image: UInt8Array, detections: Detections, framing: CropFraming) -> list[UInt8Array]:
    """Cut out every detected face, in order; see `crop_face`.

    Faces without landmarks are cut out as if they were upright.
    """
    return [
        crop_face(image, xyxy, framing, roll)
        for xyxy, roll in zip(boxes(detections), face_rolls(detections).tolist(), strict=True)
    ]


def roll_correction(roll: float) -> float:
    """Return by how many degrees a crop is turned for a face with this roll.

    Nothing up to `ROLL_CORRECTION_START`, all from `ROLL_CORRECTION_FULL`, and a growing share in
    between, so that the crops of a head that tilts slowly don't jump. In a photo that is on its
    side or upside down the roll is relative to the photo, so that its faces are classified as in
    the upright photo.
    """
    quarter = 90.0 * floor(roll / 90 + 0.5)
    tilt = roll - quarter
    rolls = [ROLL_CORRECTION_START, ROLL_CORRECTION_FULL, 180.0]
    amount = np.interp(abs(tilt), rolls, [0.0, *rolls[1:]])
    return quarter + float(np.copysign(amount, tilt))


def _crop_square(xyxy: Sequence[float] | FloatArray, framing: CropFraming) -> tuple[int, int, int]:
    """Return the square's left, top and side in whole pixels."""
    x, y, side = _box_square(xyxy, framing)
    left, top = x + (framing.shift_x - 0.5) * side, y + (framing.shift_y - 0.5) * side
    return floor(left + 0.5), floor(top + 0.5), floor(side + 0.5)


def _crop_aligned(
    image: UInt8Array, xyxy: Sequence[float] | FloatArray, framing: CropFraming, degrees: float
) -> UInt8Array:
    """Cut a square out that is tilted by some degrees; the framing's shifts are, too."""
    x, y, side = _box_square(xyxy, framing, tilted=True)
    turned = _turned_framing(framing, degrees)
    center = x + turned.shift_x * side, y + turned.shift_y * side
    whole = floor(side + 0.5)
    return cut_rotated_square(image, center, whole, degrees, max(whole, MIN_ALIGNED_SIDE))


def _turned_framing(framing: CropFraming, degrees: float) -> CropFraming:
    """Return the framing of faces that are tilted by some degrees."""
    cosine, sine = cos(radians(degrees)), sin(radians(degrees))
    shift_x = framing.shift_x * cosine - framing.shift_y * sine
    shift_y = framing.shift_x * sine + framing.shift_y * cosine
    return CropFraming(framing.scale, shift_x, shift_y)


def _box_square(
    xyxy: Sequence[float] | FloatArray, framing: CropFraming, tilted: bool = False
) -> tuple[float, float, float]:
    """Return the box's centre, x and y, and the side of its square.

    A tilted face's box is that of a tilted ellipse, whose area grows with the tilt, by up to 2%
    in side; the sum of its squared sides doesn't change.
    """
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    width, height = max(x2 - x1, 0.0), max(y2 - y1, 0.0)
    area = width * height
    if tilted and area:
        area = (width**2 + height**2) * FACE_ASPECT_RATIO / (1 + FACE_ASPECT_RATIO**2)
    return (x1 + x2) / 2, (y1 + y2) / 2, max(1.0, framing.scale * area**0.5)


def crop_largest_face(
    image: UInt8Array, detector: Detector, framing: CropFraming
) -> UInt8Array | None:
    """Crop the largest face that is detected, None where there is none; see `crop_face`."""
    faces = detector.detect_any_rotation(image)
    crops = crop_faces(image, select(faces, np.arange(min(1, len(faces)))), framing)
    return crops[0] if crops else None
