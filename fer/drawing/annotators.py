"""Drawing faces and their expressions on photos, live frames and videos."""

from collections.abc import Sequence
from itertools import product

import cv2
import numpy as np
import supervision as sv

from fer.array_types import Float32Array, UInt8Array
from fer.colors import COLORS
from fer.drawing.captions import paste, render_caption, render_legend
from fer.drawing.label_placement import FEW_FACES, LabelPlacer, Placement
from fer.i18n import gettext as _
from fer.i18n import use_drawn_language
from fer.labels import EXPRESSIONS, UNNAMED
from fer.vision.detections import boxes, probabilities, track_ids

Color = tuple[int, int, int]

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)

_FONT_SCALES = (FEW_FACES, 1 / 27), (12, 1 / 38), (np.inf, 1 / 60)
"""Numbers of faces, and up to each the height of the captions' font over the shorter side."""

_CROWD_DECAY = 0.02
"""Faces per frame by which the largest number of them in a stream is forgotten, so that the font
doesn't change with every face that is lost for a moment."""

_MIN_FONT_SIZE = 10, 12
"""Pixels; of crowds, and of a few faces."""


class FaceAnnotator:
    """Draws a box around each face, with a caption next to it.

    One annotator belongs to one stream of frames: captions of tracked faces keep their places as
    long as they are free. Lines and font grow with the picture, so that they look alike at any
    size. Captions cover no face as long as there is room anywhere else; where faces are small or
    close, they are cut to the face's number, which a line connects with its box if need be.
    """

    def __init__(self) -> None:
        self._placer, self._crowd = LabelPlacer(), 0.0

    def annotate(
        self, image: UInt8Array, detections: sv.Detections, labels: Sequence[str] | None
    ) -> UInt8Array:
        """Return a new picture with the faces drawn; arguments as of `draw`."""
        scene = image.copy()
        self.draw(scene, detections, labels)
        return scene

    def draw(
        self, image: UInt8Array, detections: sv.Detections, labels: Sequence[str] | None
    ) -> None:
        """Draw the faces into `image`, which changes.

        Args:
            image: RGB uint8 (h, w, 3), writable.
            detections: Faces with `data["probabilities"]` (n, 7); n may be 0.
            labels: The label of each face, see `expression_labels` of `fer.vision.detections`. None
                draws the same box around each face and no word, as for a class, in which faces are
                only counted.

        Raises:
            ValueError: A label is none of the names, or there are not as many as faces.
        """
        if labels is None:
            _draw_plain_boxes(image, detections)
            return
        if len(labels) != len(detections):
            raise ValueError(f"Each of {len(detections)} faces needs a label, got {len(labels)}.")
        if len(detections) == 0:
            return
        colors = [_rgb(label) for label in labels]
        for box, color in zip(boxes(detections), colors, strict=True):
            _draw_box(image, box, color, _line_width(image, box))
        self._draw_captions(image, detections, labels, colors)

    def _draw_captions(
        self,
        image: UInt8Array,
        detections: sv.Detections,
        labels: Sequence[str],
        colors: Sequence[Color],
    ) -> None:
        tracked, font_size = detections.tracker_id is not None, self._font_size(image, detections)
        texts = face_captions(detections, labels)
        pairs = [
            (render_caption(text, label, font_size), render_caption(str(number), label, font_size))
            for text, number, label in zip(texts, display_ids(detections), labels, strict=True)
        ]
        sizes = np.array([[caption[0].shape[1::-1] for caption in pair] for pair in pairs])
        placements = self._placer.place(
            boxes(detections),
            sizes,
            image.shape[1::-1],
            max(2, font_size // 4),
            track_ids(detections) if tracked else None,
        )
        for placement, box, color in zip(placements, boxes(detections), colors, strict=True):
            if placement.leader:
                _draw_leader(image, placement, box, color)
        for placement, pair in zip(placements, pairs, strict=True):
            paste(image, pair[placement.number_only], *placement.xyxy[:2])
        if not tracked and any(placement.number_only for placement in placements):
            _draw_legend(image, detections, labels, placements, font_size)

    def _font_size(self, image: UInt8Array, detections: sv.Detections) -> int:
        self._crowd = max(len(detections), self._crowd - _CROWD_DECAY)
        faces = len(detections) if detections.tracker_id is None else self._crowd
        share = next(share for most, share in _FONT_SCALES if faces <= most)
        least = _MIN_FONT_SIZE[faces <= FEW_FACES]
        return max(least, round(float(min(image.shape[:2])) * share))


def face_captions(detections: sv.Detections, labels: Sequence[str]) -> list[str]:
    """Return the caption of each face, such as "1 happy 92%"; for the number see `display_ids`.

    A face whose expression isn't named is just "uncertain" or "turned away": a percentage beside
    such a word would read as if it were the share of doubt.
    """
    texts = []
    faces = zip(display_ids(detections), labels, probabilities(detections), strict=True)
    with use_drawn_language():
        for number, label, row in faces:
            name = _(label)
            text = name if label in UNNAMED else f"{name} {row[EXPRESSIONS.index(label)]:.0%}"
            texts.append(f"{number} {text}")
    return texts


def display_ids(detections: sv.Detections) -> list[int]:
    """Return each face's track id; where faces aren't tracked, 1 for the first and so on."""
    if detections.tracker_id is None:
        return list(range(1, len(detections) + 1))
    return track_ids(detections)


def _rgb(label: str) -> Color:
    if label not in COLORS:
        raise ValueError(f"{label!r} has no colour; labels are {', '.join(COLORS)}.")
    red, green, blue = bytes.fromhex(COLORS[label][1:])
    return red, green, blue


def _line_width(image: UInt8Array, box: Float32Array) -> int:
    """Return the width of a box's line in pixels: thin beside its face, but seen in the picture."""
    picture, face = float(min(image.shape[:2])), float(min(box[2:] - box[:2]))
    return min(max(2, round(picture / 190)), max(1, round(picture / 700), round(face / 40)))


def _draw_box(image: UInt8Array, box: Float32Array, color: Color, width: int) -> None:
    left, top, right, bottom = box.astype(int).tolist()
    cv2.rectangle(image, (left, top), (right, bottom), color, width)


def _draw_plain_boxes(image: UInt8Array, detections: sv.Detections) -> None:
    """Draw a white line within a black one, which shows on any picture, around each face."""
    for box in boxes(detections):
        width = max(2, _line_width(image, box))
        _draw_box(image, box, _BLACK, width + 2)
        _draw_box(image, box, _WHITE, width)


def _draw_leader(image: UInt8Array, placement: Placement, box: Float32Array, color: Color) -> None:
    """Draw a line from a caption to the nearest point of its box."""
    left, top, right, bottom = placement.xyxy
    center = np.array([left + right, top + bottom]) / 2
    end = np.clip(center, box[:2], box[2:])
    (x, y), (near_x, near_y) = center.round().astype(int).tolist(), end.round().astype(int).tolist()
    cv2.line(image, (x, y), (near_x, near_y), color, _line_width(image, box), cv2.LINE_AA)


def _draw_legend(
    image: UInt8Array,
    detections: sv.Detections,
    labels: Sequence[str],
    placements: Sequence[Placement],
    font_size: int,
) -> None:
    """Draw a legend of the colours into a corner that has no face; nothing if there is none."""
    legend = render_legend(tuple(name for name in COLORS if name in labels), font_size)
    size = np.array(legend[0].shape[1::-1])
    room, margin = image.shape[1::-1] - size, font_size // 2
    taken = np.concatenate([boxes(detections), [placement.xyxy for placement in placements]])
    if min(room) < 2 * margin:
        return
    for top, left in product((room[1] - margin, margin), (margin, room[0] // 2, room[0] - margin)):
        corner = np.array([left, top])
        if not ((corner < taken[:, 2:]) & (taken[:, :2] < corner + size)).all(axis=1).any():
            paste(image, legend, int(left), int(top))
            return
