"""Captions as small pictures that are rendered once and pasted into each frame."""

from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fer.array_types import UInt8Array
from fer.colors import COLORS, text_color_on
from fer.i18n import gettext as _
from fer.i18n import use_drawn_language

Caption = tuple[UInt8Array, NDArray[np.uint16]]
"""Colours times opacity (h, w, 3), and 255 minus the opacity (h, w, 1)."""

_TALLEST = "0hy"
"""All captions of a size are as high as these, so that they line up."""

_MAX_CACHED_SIZE = 45
"""Pixels of the largest font whose captions are kept: 256 of them have up to 20 MB. It is that of a
video of 1080 lines; photos are larger, and come one by one."""

_LEGEND_COLORS = (24, 21, 19, 225), "#ffffff"
"""Colours of the legend's background and text."""


@lru_cache(maxsize=16)
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font at a height in pixels."""
    # Only without a size does Pillow return one of its bitmap fonts.
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))


def render_caption(text: str, label: str, font_size: int) -> Caption:
    """Return a text in a rounded rectangle of its label's colour, at least as wide as high."""
    render = _render_cached if font_size <= _MAX_CACHED_SIZE else _render
    return render(text, label, font_size)


def _render(text: str, label: str, font_size: int) -> Caption:
    font, padding = load_font(font_size), max(2, font_size // 4)
    left, _, right, _ = font.getbbox(text)
    _, top, _, bottom = font.getbbox(_TALLEST)
    height = round(bottom - top) + 2 * padding
    width = max(height, round(right - left) + 2 * padding)
    panel = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), max(2, font_size // 4), COLORS[label])
    place = (width - right - left) / 2, padding - top
    draw.text(place, text, text_color_on(COLORS[label]), font)
    return _premultiply(panel)


_render_cached = lru_cache(maxsize=256)(_render)


def render_legend(labels: tuple[str, ...], font_size: int) -> Caption:
    """Return a line with the colour and the name of each label."""
    font, gap = load_font(font_size), font_size // 2
    with use_drawn_language():
        names = {label: _(label) for label in labels}
    widths = [round(font.getlength(name)) + font_size + 2 * gap for name in names.values()]
    background, ink = _LEGEND_COLORS
    size = sum(widths) + gap, 2 * font_size
    panel = Image.new("RGBA", size)
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), gap, background)
    left, middle = gap, font_size
    for label, width in zip(labels, widths, strict=True):
        square = (left, middle - gap, left + font_size - 1, middle + gap - 1)
        draw.rounded_rectangle(square, gap // 2, COLORS[label])
        draw.text((left + font_size + gap // 2, middle), names[label], ink, font, anchor="lm")
        left += width
    return _premultiply(panel)


def _premultiply(panel: Image.Image) -> Caption:
    pixels = np.array(panel).astype(np.uint16)
    opacity = pixels[..., 3:]
    return (pixels[..., :3] * opacity // 255).astype(np.uint8), 255 - opacity


def paste(image: UInt8Array, caption: Caption, left: int, top: int) -> None:
    """Paste a caption into RGB uint8 (h, w, 3), which changes; what is outside is cut off."""
    colors, transparency = caption
    rows, columns = image[top : top + len(colors), left : left + colors.shape[1]].shape[:2]
    part = image[top : top + rows, left : left + columns]
    part[:] = part * transparency[:rows, :columns] // 255 + colors[:rows, :columns]
