"""Photo views: instructions; the picture with numbered boxes, bars and the table of faces."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from markupsafe import Markup
from supervision import Detections

from fer.array_types import Float32Array, UInt8Array
from fer.drawing.face_export import describe_rotation
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS
from fer.templates import render
from fer.ui import html
from fer.ui.photo.label_css import NARROW, WIDE, TagPlace, place_tags
from fer.vision import detections
from fer.vision.quality import QUALITY_COLUMNS

MAX_DISPLAY_SIDE = 1280
"""Longest side in pixels of the picture on the page; the download has its full size."""

MIN_DISPLAY_SIDE = 320
"""Longest side in pixels to which smaller pictures are enlarged."""

SMALL_FACE = 40
"""Side in pixels of the photo below which a face gets a warning."""

TURNED_FROM, TILTED_FROM, CLIPPED_FROM = 15.0, 5.0, 0.05
"""Degrees of yaw and of roll, and share of clipped pixels, from which on a panel mentions them: a
frontal face's yaw is estimated with an error of about 7."""

_LINES = (24, 1), (60, 2)
"""Sides of a face in CSS pixels below which its box has so thin a line; others have 3 pixels."""


def instructions() -> Markup:
    """Return what the tab shows without a photo."""
    return html.instructions(
        _("What you get"),
        _("Your photo with a numbered box around every face."),
        _("Bars for the face you press, and a table of all of them."),
        _("The annotated photo and the probabilities to save."),
        note=_("No photo? Try one of the examples."),
    )


def no_face_found() -> Markup:
    """Return what to try for a photo in which no face was found."""
    return html.message(
        _("No face found"),
        _(
            "Try a photo with a larger face that looks at the camera. Or, under Options, lower the "
            "minimum face size or tick “The picture is a single face”."
        ),
    )


def result_html(
    image: UInt8Array,
    faces: Detections,
    labels: Sequence[str],
    highlights: Sequence[UInt8Array | None] = (),
    notices: Sequence[str] = (),
) -> Markup:
    """Return picture, bars and table; only the picture where there is no face.

    Boxes are buttons over the picture, so that they stay sharp, work with a keyboard and have names
    for screen readers; `photo.js` lets them select a face.

    Args:
        image: RGB uint8 (h, w, 3).
        faces: Faces with `data["probabilities"]` (n, 7).
        labels: The label of each face.
        highlights: Results of `fer.drawing.saliency.highlight` for the first faces, if requested.
        notices: How the picture was read, in sentences.
    """
    alt = _("Your photo, %(faces)s found", faces=html.count_faces(len(labels)))
    shown = _resize_for_display(image)
    return render(
        "photo.html",
        announcement=html.count_labels(labels) if labels else "",
        picture=html.picture(shown, alt),
        faces=_faces(faces, labels, highlights, image.shape[:2], shown.shape[1]),
        explained=len(highlights),
        notices=notices,
        turn=describe_rotation(detections.picture_rotation(faces)),
    )


def _faces(
    faces: Detections,
    labels: Sequence[str],
    highlights: Sequence[UInt8Array | None],
    shape: tuple[int, ...],
    most: int,
) -> list[dict[str, Any]]:
    """Return what the page shows of each face of a picture that is at most so many pixels wide."""
    rows, boxes = detections.probabilities(faces), detections.boxes(faces)
    glowing = [*highlights, *[None] * (len(labels) - len(highlights))]
    texts = [html.label_text(*pair) for pair in zip(labels, rows.max(axis=1), strict=True)]
    wide, narrow = min(WIDE, most), min(NARROW, most)
    places = [place_tags(boxes, texts, shape, width) for width in (wide, narrow)]
    sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) * wide / shape[1]
    lines = map(_line_width, sides.tolist())
    quality = _describe_quality(faces)
    columns = zip(labels, rows, boxes, lines, quality, glowing, *places, strict=True)
    return [_face(i, shape, *column) for i, column in enumerate(columns, start=1)]


def _face(
    number: int,
    shape: tuple[int, ...],
    label: str,
    row: Float32Array,
    xyxy: Float32Array,
    line: int,
    quality: str,
    highlight: UInt8Array | None,
    wide: TagPlace,
    narrow: TagPlace,
) -> dict[str, Any]:
    height, width = shape
    left, top, right, bottom = (xyxy / (width, height, width, height) * 100).tolist()
    expression = EXPRESSIONS[int(row.argmax())]
    side = round(float(max(xyxy[2:] - xyxy[:2])))
    alt = _("The regions that %(expression)s depends on, glowing", expression=_(expression))
    return {
        "number": number,
        "label": label,
        "text": html.label_text(label, float(row.max())),
        "probability": html.label_probability(label, row),
        "probabilities": row,
        "expression": expression,
        "place": f"left:{left:.2f}%;top:{top:.2f}%;width:{right - left:.2f}%;"
        f"height:{bottom - top:.2f}%;--line:{line}px",
        "wide": wide,
        "narrow": narrow,
        "small_side": side if side < SMALL_FACE else 0,
        "quality": quality,
        "highlight": None if highlight is None else html.picture(highlight, alt),
    }


def _describe_quality(faces: Detections) -> list[str]:
    """Return how well each face can be seen, in a sentence; "" where that wasn't measured."""
    if not set(QUALITY_COLUMNS) <= set(faces.data):
        return [""] * len(faces)
    rows = zip(*(np.asarray(faces.data[name]).tolist() for name in QUALITY_COLUMNS), strict=True)
    return [_quality_sentence(*row) for row in rows]


def _quality_sentence(
    size: float, roll: float, yaw: float, sharpness: float, brightness: float, clipped: float
) -> str:
    parts = [_("%(size)s pixels", size=f"{size:.0f}")]
    if abs(yaw) >= TURNED_FROM:
        text = N_("turned about %(angle)s to the right")
        other = N_("turned about %(angle)s to the left")
        parts.append(_(text if yaw > 0 else other, angle=f"{abs(yaw):.0f}\N{DEGREE SIGN}"))
    if abs(roll) >= TILTED_FROM:
        text = N_("tilted %(angle)s to the right")
        other = N_("tilted %(angle)s to the left")
        parts.append(_(text if roll > 0 else other, angle=f"{abs(roll):.0f}\N{DEGREE SIGN}"))
    parts.append(_("sharpness %(sharpness)s", sharpness=f"{sharpness:.0f}"))
    parts.append(_("brightness %(brightness)s", brightness=f"{brightness:.0%}"))
    if clipped >= CLIPPED_FROM:
        parts.append(_("%(share)s black or white", share=f"{clipped:.0%}"))
    return _("Seen with %(details)s.", details=", ".join(parts))


def _resize_for_display(image: UInt8Array) -> UInt8Array:
    """Return the picture `MIN_DISPLAY_SIDE` to `MAX_DISPLAY_SIDE` pixels long."""
    height, width = image.shape[:2]
    longest = max(height, width)
    side = min(max(longest, MIN_DISPLAY_SIDE), MAX_DISPLAY_SIDE)
    if side == longest:
        return image
    size = max(1, round(width * side / longest)), max(1, round(height * side / longest))
    kind = cv2.INTER_AREA if side < longest else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=kind).astype(np.uint8, copy=False)


def _line_width(side: float) -> int:
    """Return the width of a box's line in CSS pixels, for the shorter side of its face."""
    return next((width for most, width in _LINES if side < most), 3)
