"""CSS of the labels of a photo's boxes, here called tags, so that they cover no face.

Pictures scale with the page and text doesn't, so tags are placed for a wide and for a narrow page;
the stylesheet chooses. Relative to its own box a place holds at any scale.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fer.array_types import Float32Array, Float64Array, Int64Array
from fer.drawing.captions import load_font
from fer.drawing.label_placement import LabelPlacer, Placement

WIDE, NARROW = 660, 340
"""Width of the picture, in CSS pixels, for which tags are placed."""

MAX_HEIGHT = 570
"""Height of the picture, in CSS pixels, for which tags are placed at most.

That of `photo.css`, 76vh, in a window of 750; a place holds in a larger picture, not in a smaller.
"""

MAX_LARGE_TAGS, SMALL_SIDE = 12, 28
"""Tags are small for more faces, and for faces with a smaller median side in CSS pixels."""

_FONT_SIZES, _PADDING, _HEIGHTS = (14, 11), (18, 11), (26, 17)
"""Font, margins and height of large and of small tags in CSS pixels, as in `photo.css`."""

_GAP = 2

MAX_COVER = 0.7
"""Share of its face's side above which a tag within the box is hidden until the face is chosen."""


class TagPlace(NamedTuple):
    """Place of a tag: its CSS `inset` within its box, and CSS classes.

    "small", "number" for only the number, "hidden" until its face is chosen.
    """

    inset: str
    classes: tuple[str, ...]


def place_tags(
    boxes: Float32Array, texts: Sequence[str], shape: tuple[int, ...], width: int
) -> list[TagPlace]:
    """Return the place of each box's tag.

    Args:
        boxes: Boxes as xyxy in pixels of the picture, (n, 4).
        texts: What follows the number of each face.
        shape: Height and width of the picture in its own pixels.
        width: Width in CSS pixels of a picture that isn't too high for the window.
    """
    width = max(1, min(width, round(MAX_HEIGHT * shape[1] / shape[0])))
    scale = width / shape[1]
    scaled = (boxes * scale).round()
    frame = width, round(shape[0] * scale)
    sides = (scaled[:, 2:] - scaled[:, :2]).min(axis=1, initial=width)
    small = len(texts) > MAX_LARGE_TAGS or bool(len(texts) and np.median(sides) < SMALL_SIDE)
    placements = LabelPlacer().place(scaled, _sizes(texts, small), frame, _GAP, leaders=False)
    pairs = zip(placements, scaled.astype(np.float64), strict=True)
    return [_place(*pair, small) for pair in pairs]


def _sizes(texts: Sequence[str], small: bool) -> Int64Array:
    """Return width and height of each tag, and of its number alone, (n, 2, 2)."""
    font, padding, height = load_font(_FONT_SIZES[small]), _PADDING[small], _HEIGHTS[small]
    numbered = [(f"{number} {text}", str(number)) for number, text in enumerate(texts, start=1)]
    sizes = [[(font.getlength(word) + padding, height) for word in pair] for pair in numbered]
    return np.asarray(np.ceil(sizes), np.int64).reshape(-1, 2, 2)


def _place(placement: Placement, box: Float64Array, small: bool) -> TagPlace:
    """Return a tag's place within its box from its place in the picture."""
    caption = np.array(placement.xyxy, float)
    start, above, end, below = (caption - box).tolist()  # from each edge to the same one
    top, right, bottom, left, hidden = "auto", "auto", "auto", "auto", False
    if caption[3] <= box[1] + 1 or caption[1] >= box[3] - 1:
        top, bottom = ("auto", "100%") if caption[3] <= box[1] + 1 else ("100%", "auto")
        left, right = ("auto", "0") if abs(end) < abs(start) else (f"{start:.0f}px", "auto")
    elif caption[0] >= box[2] - 1 or caption[2] <= box[0] + 1:
        left, right = ("100%", "auto") if caption[0] >= box[2] - 1 else ("auto", "100%")
        top, bottom = ("auto", "0") if abs(below) < abs(above) else (f"{above:.0f}px", "auto")
    else:
        left, right = ("auto", "0") if abs(end) < abs(start) else ("0", "auto")
        top, bottom = ("auto", "0") if abs(below) < abs(above) else ("0", "auto")
        sizes = (caption[2:] - caption[:2]) / (box[2:] - box[:2])
        hidden = bool(sizes.max() > MAX_COVER)
    states = {"small": small, "number": placement.number_only, "hidden": hidden}
    classes = tuple(name for name, holds in states.items() if holds)
    return TagPlace(f"{top} {right} {bottom} {left}", classes)
