"""Photo result as HTML: the picture with numbered boxes, bars and the table of probabilities."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import cv2
import numpy as np
from supervision import Detections

from fer.array_types import Float32Array, UInt8Array
from fer.drawing.export import describe_turn
from fer.labels import EXPRESSIONS
from fer.ui import html
from fer.vision import detections

MAX_DISPLAY_SIDE = 1280
"""Longest side in pixels of the picture on the page; the download has its full size."""

MIN_DISPLAY_SIDE = 320
"""Longest side in pixels to which smaller pictures are enlarged."""

SMALL_FACE = 40
"""Side in pixels of the photo below which a face gets a warning."""

NARROW_BOX, TINY_BOX = 0.14, 0.04
"""Shares of the picture's width below which a box shows only its number, inside it or above it."""


def result_html(
    image: UInt8Array,
    faces: Detections,
    labels: Sequence[str],
    highlights: Sequence[UInt8Array | None] = (),
) -> str:
    """Return picture, bars and table; only the picture where there is no face.

    Boxes are buttons over the picture, so that they stay sharp, work with a keyboard and have names
    for screen readers; `photo.js` lets them select a face.

    Args:
        image: RGB uint8 (h, w, 3).
        faces: Faces with `data["probabilities"]` (n, 7).
        labels: The label of each face.
        highlights: Results of `fer.drawing.saliency.highlight` for the first faces, if requested.
    """
    probabilities, boxes = detections.probabilities(faces), detections.boxes(faces)
    alt = f"Your photo, {html.pluralize(len(labels), 'face')} found"
    buttons = "".join(
        _box(number, label, float(row.max()), xyxy, image.shape[:2])
        for number, label, row, xyxy in _enumerate_rows(labels, probabilities, boxes)
    )
    spoken = html.announcement_attribute(html.count_labels(labels)) if labels else ""
    picture = html.picture(_resize_for_display(image), alt)
    figure = f'<figure class="fer-photo"{spoken}>{picture}{buttons}</figure>'
    if not labels:
        return figure
    explained = [_explanation(*face) for face in zip(highlights, probabilities, strict=False)]
    note = f'<p class="fer-note">Only the {len(highlights)} largest faces are highlighted.</p>'
    explained += [note if len(highlights) else ""] * (len(labels) - len(explained))
    panels = "".join(
        _panel(number, label, row, xyxy, note)
        for number, label, row, xyxy, note in _enumerate_rows(
            labels, probabilities, boxes, explained
        )
    )
    turn = describe_turn(detections.turned(faces))
    turn_note = f'<p class="fer-note">{turn}</p>' if turn else ""
    return figure + html.card(turn_note + panels) + _table(labels, probabilities)


def _enumerate_rows(*columns: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of several columns, each with its number from 1 before it."""
    return [(number, *row) for number, row in enumerate(zip(*columns, strict=True), start=1)]


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


def _box(
    number: int, label: str, probability: float, xyxy: Float32Array, shape: tuple[int, int]
) -> str:
    height, width = shape
    left, top, right, bottom = (xyxy / (width, height, width, height) * 100).tolist()
    spoken = html.label_text(label, probability)
    return (
        f'<button type="button" class="{_box_classes(left, top, right)}" data-face="{number}" '
        f'aria-pressed="{str(number == 1).lower()}" aria-label="Face {number}: {spoken}" '
        f'style="left:{left:.2f}%;top:{top:.2f}%;width:{right - left:.2f}%;'
        f'height:{bottom - top:.2f}%;{html.colour_style(label)}">'
        f'<span class="fer-tag"><b>{number}</b><span> {escape(spoken)}</span></span></button>'
    )


def _box_classes(left: float, top: float, right: float) -> str:
    """Return classes that put a box's tag where it hides least; the sides are percentages."""
    narrow = right - left < 100 * NARROW_BOX
    inside = right - left >= 100 * TINY_BOX and (narrow or top < 3)
    leftward = left + right > 100
    return "fer-box" + " fer-narrow" * narrow + " fer-inside" * inside + " fer-leftward" * leftward


def _panel(number: int, label: str, row: Float32Array, xyxy: Float32Array, note: str) -> str:
    hidden = "" if number == 1 else " hidden"
    return (
        f'<section data-panel="{number}"{hidden}><h3 class="fer-heading">Face {number}</h3>'
        f"{html.verdict(label, row)}{html.bars(row, label)}{_small_face_warning(xyxy)}{note}"
        "</section>"
    )


def _explanation(highlight: UInt8Array | None, row: Float32Array) -> str:
    """Return the highlighted face, or a note that no region decides, for its panel."""
    expression = EXPRESSIONS[int(row.argmax())]
    if highlight is None:
        sentence = (
            f"Covering any one region of this face hardly changes how likely {expression} is."
        )
        return f'<p class="fer-note">{sentence}</p>'
    sentence = f"Covering the glowing regions makes {expression} less likely."
    return (
        '<figure class="fer-lit">'
        f"{html.picture(highlight, f'The regions that {expression} depends on, glowing')}"
        f"<figcaption>{sentence}</figcaption></figure>"
    )


def _small_face_warning(xyxy: Float32Array) -> str:
    """Return a sentence for a face with fewer pixels than the training pictures."""
    side = round(float(max(xyxy[2:] - xyxy[:2])))
    if side >= SMALL_FACE:
        return ""
    return (
        f'<p class="fer-note">Only {side} pixels on its longer side: faces this small are often '
        "misclassified.</p>"
    )


def _table(labels: Sequence[str], probabilities: Float32Array) -> str:
    head = "".join(
        f'<th scope="col"><span class="fer-upright">{name}</span></th>' for name in EXPRESSIONS
    )
    rows = "".join(_row(*face) for face in _enumerate_rows(labels, probabilities))
    return (
        '<div class="fer-table" role="region" aria-label="All faces" tabindex="0"><table>'
        "<caption>All faces, in percent</caption>"
        '<thead><tr><th scope="col">Face</th><th scope="col" class="fer-left">Expression</th>'
        f"{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(number: int, label: str, probabilities: Float32Array) -> str:
    chosen = ' class="fer-chosen"' if number == 1 else ""
    cells = "".join(
        f'<td style="--value:{value:.3f}"{" class=fer-top" if name == label else ""}>'
        f"{round(100 * float(value))}</td>"
        for name, value in zip(EXPRESSIONS, probabilities, strict=True)
    )
    return (
        f'<tr data-face="{number}"{chosen}><th scope="row"><button type="button" '
        f'data-face="{number}" aria-pressed="{str(number == 1).lower()}" '
        f'aria-label="Show face {number}">{number}</button></th>'
        f'<td class="fer-left">{html.chip(label)}</td>{cells}</tr>'
    )
