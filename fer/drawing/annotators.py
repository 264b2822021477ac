"""Drawing faces and their expressions on a picture, through supervision's annotators."""

from collections.abc import Sequence

import numpy as np
import supervision as sv
from PIL import Image

from fer.array_types import UInt8Array
from fer.colors import COLORS, text_color_on
from fer.labels import EXPRESSIONS, UNNAMED
from fer.vision.detections import probabilities, track_ids

_LABELS = tuple(COLORS)
_BOX_COLORS = sv.ColorPalette.from_hex(list(COLORS.values()))
_TEXT_COLORS = sv.ColorPalette.from_hex([text_color_on(colour) for colour in COLORS.values()])


class FaceAnnotator:
    """Draws a box around each face, with what was read there written above it.

    Lines and letters grow with the picture, so that they look alike at any size.

    Args:
        numbered: Whether each caption starts with the face's number; see `display_ids`.
    """

    def __init__(self, numbered: bool = False) -> None:
        """Keep the option."""
        self.numbered = numbered

    def annotate(
        self, image: UInt8Array, detections: sv.Detections, labels: Sequence[str]
    ) -> UInt8Array:
        """Return a new picture with the faces drawn; the one given stays as it is.

        Args:
            image: RGB uint8 (h, w, 3).
            detections: Faces with `data["probabilities"]` (n, 7); n may be 0.
            labels: What each face is called, as `expression_labels` of `fer.vision.detections`.

        Returns:
            RGB uint8 (h, w, 3).

        Raises:
            ValueError: A label is none of the names, or there are not as many as faces.
        """
        if len(labels) != len(detections):
            raise ValueError(f"Each of {len(detections)} faces needs a label, got {len(labels)}.")
        if len(detections) == 0:
            return image.copy()
        colours = np.array([_color_index(label) for label in labels])
        # supervision takes arrays as BGR, but a PIL picture as what it is.
        scene = Image.fromarray(image)
        boxes, captions = _annotators(*image.shape[:2])
        scene = boxes.annotate(scene, detections, custom_color_lookup=colours)
        texts = face_captions(detections, labels, self.numbered)
        return np.array(captions.annotate(scene, detections, texts, colours))


class PlainBoxAnnotator:
    """Draws the same box around each face and no word: in a class, faces are only counted."""

    def annotate(self, image: UInt8Array, detections: sv.Detections) -> UInt8Array:
        """Return a new picture with the boxes drawn; the one given stays as it is.

        Args:
            image: RGB uint8 (h, w, 3).
            detections: Any number of faces.

        Returns:
            RGB uint8 (h, w, 3).
        """
        scene = image.copy()
        draw_plain_boxes(scene, detections)
        return scene


def draw_plain_boxes(scene: UInt8Array, detections: sv.Detections) -> None:
    """Draw a white line within a black one, which shows on any picture, around each face.

    Args:
        scene: RGB uint8 (h, w, 3), writable; it changes.
        detections: Any number of faces.
    """
    line = max(2, round(min(scene.shape[:2]) / 270))
    alike = np.zeros(len(detections), int)
    for colour, thickness in ((sv.Color.BLACK, line + 2), (sv.Color.WHITE, line)):
        sv.BoxAnnotator(colour, thickness).annotate(scene, detections, alike)


def face_captions(
    detections: sv.Detections, labels: Sequence[str], numbered: bool = False
) -> list[str]:
    """Return what stands above each box: "happy 92%", numbered "1 happy 92%".

    A face whose expression isn't named is just "uncertain" or "turned away": a percentage beside
    such a word would read as if it were the share of doubt.
    """
    texts = []
    faces = zip(display_ids(detections), labels, probabilities(detections), strict=True)
    for number, label, row in faces:
        text = label if label in UNNAMED else f"{label} {row[EXPRESSIONS.index(label)]:.0%}"
        texts.append(f"{number} {text}" if numbered else text)
    return texts


def display_ids(detections: sv.Detections) -> list[int]:
    """Return each face's track number; where faces aren't followed, 1 for the first and so on."""
    if detections.tracker_id is None:
        return list(range(1, len(detections) + 1))
    return track_ids(detections)


def _color_index(label: str) -> int:
    if label not in COLORS:
        raise ValueError(f"{label!r} has no colour; labels are {', '.join(COLORS)}.")
    return _LABELS.index(label)


def _annotators(height: int, width: int) -> tuple[sv.BoxAnnotator, sv.RichLabelAnnotator]:
    """Return annotators whose lines and letters fit a picture of this size in pixels."""
    font_size = max(12, round(min(height, width) / 27))
    captions = sv.RichLabelAnnotator(
        color=_BOX_COLORS,
        text_color=_TEXT_COLORS,
        font_size=font_size,
        text_padding=max(3, font_size // 3),
        border_radius=max(2, font_size // 4),
        smart_position=True,
    )
    return sv.BoxAnnotator(_BOX_COLORS, thickness=max(2, round(font_size / 7))), captions
