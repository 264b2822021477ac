"""Overlays of the camera window: probability bars of one face, and a status bar."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from fer.array_types import FloatArray, UInt8Array
from fer.colors import COLORS
from fer.drawing.captions import load_font
from fer.labels import EXPRESSIONS
from fer.vision.boxes import intersection_areas

MIN_SIDE = 200
"""Shorter side in pixels below which a picture gets no bars: they would cover most of it."""

_SHADE, _TRACK = (24, 21, 19, 190), (96, 91, 86, 200)
_STRIP, _RED = "#181513", "#f03e3e"
_BRIGHT, _DIM = "#ffffff", "#cfc9c1"

_SUPERSAMPLING = 3
"""Factor by which shapes are drawn larger and then shrunk, which makes round corners round."""


def add_probability_bars(
    image: UInt8Array,
    probabilities: Sequence[float] | FloatArray,
    label: str,
    boxes: Sequence[Sequence[float]] | FloatArray,
    title: str = "",
) -> UInt8Array:
    """Return a new picture with one face's seven probabilities as bars in a lower corner.

    Args:
        image: RGB uint8 (h, w, 3).
        probabilities: Probabilities of `EXPRESSIONS`, (7,), 0 to 1.
        label: The face's label; its name is brighter than the others.
        boxes: All faces as xyxy in pixels, (n, 4): the bars go to the corner that covers less of
            them.
        title: Heading of the bars; none if empty.

    Returns:
        RGB uint8 (h, w, 3).
    """
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        return image.copy()
    plan = _PanelLayout(_font_size(height, width), bool(title))
    panel = _draw_bars(plan, probabilities, label, title)
    margin = plan.font_size // 2
    top = height - panel.height - margin
    corners = [(width - panel.width - margin, top), (margin, top)]
    corner = min(corners, key=lambda place: _covered_area(place, panel.size, boxes))
    scene = Image.fromarray(image)
    scene.paste(panel, corner, panel)
    return np.array(scene)


def add_status_bar(
    image: UInt8Array,
    words: Sequence[str],
    hints: Sequence[str] = (),
    alert: str | None = None,
) -> UInt8Array:
    """Return a new, higher picture with a dark strip with a few words below.

    Args:
        image: RGB uint8 (h, w, 3).
        words: Bright texts at the left.
        hints: Dim texts at the right; the last ones are left out if they don't fit.
        alert: First text, after a red dot.

    Returns:
        RGB uint8 (h + strip, w, 3).
    """
    height, width = image.shape[:2]
    strip = _draw_strip(width, _font_size(height, width), words, hints, alert)
    return np.vstack([image, np.asarray(strip)])


class _PanelLayout:
    """Layout of the panel of bars, in pixels.

    Args:
        font_size: Their height.
        titled: Whether there is a row above the bars.
    """

    def __init__(self, font_size: int, titled: bool) -> None:
        font = load_font(font_size)
        self.font_size, self.pad, self.row = font_size, font_size // 2, round(font_size * 1.55)
        self.left = max(round(font.getlength(name)) for name in EXPRESSIONS) + 2 * self.pad
        self.track = font_size * 6
        self.right = self.left + self.track + 2 * self.pad + round(font.getlength("100%"))
        self.bar = 2 * (font_size // 3)
        self.rows = len(EXPRESSIONS) + titled
        self.size = self.right, self.row * self.rows + self.pad

    def row_center(self, index: int) -> int:
        """Return the middle of an expression's row; the title's is `row_center(-1)`."""
        return self.pad // 2 + self.row * (index + self.rows - len(EXPRESSIONS)) + self.row // 2


def _draw_bars(
    layout: _PanelLayout, probabilities: Sequence[float] | FloatArray, label: str, title: str
) -> Image.Image:
    """Return the panel with the seven bars, RGBA."""
    panel = _empty_panel(layout.font_size, label, title).copy()
    for index, (name, p) in enumerate(zip(EXPRESSIONS, probabilities, strict=True)):
        middle, ink = layout.row_center(index), _BRIGHT if name == label else _DIM
        figure = _render_text(f"{p:.0%}", layout.font_size, ink)
        _paste_centered(panel, figure, layout.right - layout.pad - figure.width, middle)
        length = round(float(p) * layout.track)
        if length:
            full = _rounded_rectangle(layout.track, layout.bar, layout.bar // 2, COLORS[name])
            _paste_centered(panel, full.crop((0, 0, length, layout.bar)), layout.left, middle)
    return panel


@lru_cache(maxsize=32)
def _empty_panel(font_size: int, label: str, title: str) -> Image.Image:
    """Return the panel with names and empty tracks, RGBA."""
    plan = _PanelLayout(font_size, bool(title))
    panel = _rounded_rectangle(*plan.size, plan.pad, _SHADE).copy()
    if title:
        _paste_centered(
            panel, _render_text(title, font_size, _BRIGHT), plan.pad, plan.row_center(-1)
        )
    track = _rounded_rectangle(plan.track, plan.bar, plan.bar // 2, _TRACK)
    for index, name in enumerate(EXPRESSIONS):
        word = _render_text(name, font_size, _BRIGHT if name == label else _DIM)
        _paste_centered(panel, word, plan.left - plan.pad - word.width, plan.row_center(index))
        _paste_centered(panel, track, plan.left, plan.row_center(index))
    return panel


@lru_cache(maxsize=1024)
def _render_text(text: str, font_size: int, color: str) -> Image.Image:
    """Return a rendered text, RGBA; cached, as rendering takes longer than pasting."""
    font = load_font(font_size)
    word = Image.new("RGBA", (max(1, round(font.getlength(text))), sum(font.getmetrics())), color)
    cover = Image.new("L", word.size)
    ImageDraw.Draw(cover).text((0, 0), text, 255, font)
    word.putalpha(cover)
    return word


def _paste_centered(scene: Image.Image, piece: Image.Image, left: int, middle: int) -> None:
    """Paste an RGBA piece into a scene, vertically centred at `middle`."""
    scene.alpha_composite(piece, (left, middle - piece.height // 2))


@lru_cache(maxsize=64)
def _rounded_rectangle(
    width: int, height: int, radius: int, color: str | tuple[int, int, int, int]
) -> Image.Image:
    """Return a filled rectangle with smooth round corners, RGBA."""
    times = _SUPERSAMPLING
    cover = Image.new("L", (width * times, height * times))
    corner = width * times - 1, height * times - 1
    ImageDraw.Draw(cover).rounded_rectangle((0, 0, *corner), radius * times, 255)
    shape = Image.new("RGBA", (width, height), color)
    opacity = shape.getchannel("A").getpixel((0, 0))
    cover = cover.resize((width, height), Image.Resampling.BOX)
    shape.putalpha(cover.point(lambda value: value * opacity // 255))
    return shape


def _draw_strip(
    width: int, font_size: int, words: Sequence[str], hints: Sequence[str], alert: str | None
) -> Image.Image:
    """Return the strip with words, hints and alert, RGB."""
    gap, height = round(font_size * 1.3), round(font_size * 2.1)
    strip, left = Image.new("RGBA", (width, height), _STRIP), font_size // 2
    if alert:
        _paste_centered(
            strip, _rounded_rectangle(font_size, font_size, font_size // 2, _RED), left, height // 2
        )
        left += gap
    for text in [alert, *words] if alert else words:
        word = _render_text(text, font_size, _BRIGHT)
        _paste_centered(strip, word, left, height // 2)
        left += word.width + gap
    right = width - font_size // 2
    dim = [_render_text(hint, font_size, _DIM) for hint in hints]
    for hint in reversed(_fitting_hints(dim, right - left, gap)):
        right -= hint.width
        _paste_centered(strip, hint, right, height // 2)
        right -= gap
    return strip.convert("RGB")


def _fitting_hints(hints: Sequence[Image.Image], room: int, gap: int) -> list[Image.Image]:
    """Return as many hints, from the first on, as fit into `room` pixels."""
    taken = []
    for hint in hints:
        room -= hint.width
        if room < 0:
            break
        taken.append(hint)
        room -= gap
    return taken


def _font_size(height: int, width: int) -> int:
    """Return the size of a font that fits a picture of this size, in pixels."""
    return max(11, round(min(height, width) / 30))


def _covered_area(
    place: tuple[int, int],
    size: tuple[int, int],
    boxes: Sequence[Sequence[float]] | FloatArray,
) -> float:
    """Return how many pixels of boxes (n, 4) a panel at this place would cover."""
    panel = np.array([[*place, *np.add(place, size)]], np.float64)
    return float(intersection_areas(panel, np.reshape(boxes, (-1, 4))).sum())
