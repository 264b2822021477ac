"""Cutting squares around detected faces so that they lie as the training pictures do."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

import numpy as np
from supervision import Detections

if TYPE_CHECKING:
    from fer.vision.detector import FaceDetector

from fer.array_types import FloatArray, UInt8Array
from fer.vision.detections import boxes


@dataclass(frozen=True)
class Framing:
    """How a training picture's square lies relative to the detector's box of the same face.

    The default is the square of the box's own area. `benchmarks/framing.py` measures the values
    for FER2013; a trained model carries them in its image processor's settings.

    Args:
        scale: The square's side over the box's size, sqrt(width * height): of four ways to call a
            box one size the one that varies least against FER2013's framing.
        shift_x: From the box's centre to the square's, to the right, in sides of the square.
        shift_y: The same downwards.
    """

    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a framing that cuts nothing."""
        if not self.scale > 0:
            raise ValueError(f"A framing's scale is above 0, not {self.scale}.")


FER2013_FRAMING = Framing(scale=1.0841, shift_x=0.0027, shift_y=-0.0107)
"""How FER2013's pictures lie around the detector's box, as benchmarks/framing.json has it."""


def crop_face(
    image: UInt8Array, xyxy: Sequence[float] | FloatArray, framing: Framing
) -> UInt8Array:
    """Cut one face out as a square.

    Where the square leaves the picture, the picture's border pixels go on. A box without an area
    gives at least one pixel.

    Args:
        image: RGB uint8 (h, w, 3).
        xyxy: The face's box, four numbers in pixels.
        framing: Where the square lies relative to the box.

    Returns:
        A new RGB uint8 (s, s, 3), not resized: `s` is `framing.scale` box sizes.
    """
    left, top, side = _crop_square(xyxy, framing)
    height, width = image.shape[:2]
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    region = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    square: UInt8Array = region[rows - rows[0]].take(columns - columns[0], axis=1)
    return square


def crop_faces(image: UInt8Array, detections: Detections, framing: Framing) -> list[UInt8Array]:
    """Cut out every detected face, in order; see `crop_face`."""
    return [crop_face(image, xyxy, framing) for xyxy in boxes(detections)]


def _crop_square(xyxy: Sequence[float] | FloatArray, framing: Framing) -> tuple[int, int, int]:
    """Return the square's left, top and side in whole pixels."""
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    size = (max(x2 - x1, 0.0) * max(y2 - y1, 0.0)) ** 0.5
    side = max(1.0, framing.scale * size)
    left = (x1 + x2) / 2 + (framing.shift_x - 0.5) * side
    top = (y1 + y2) / 2 + (framing.shift_y - 0.5) * side
    return floor(left + 0.5), floor(top + 0.5), floor(side + 0.5)


def crop_largest_face(
    image: np.ndarray, detector: "FaceDetector", framing: Framing
) -> np.ndarray | None:
    """Crop the largest face that is detected, None where there is none; see `crop_face`."""
    faces = detector.detect(image)
    return crop_face(image, faces.xyxy[0], framing) if len(faces) else None
