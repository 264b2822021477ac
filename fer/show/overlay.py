"""What lies over a moving picture: bars for one face, a line of words along the top or bottom."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer.labels import COLOURS, EXPRESSIONS

_SHADE = (18, 16, 15, 176)
_PALE = (255, 255, 255, 46)
_WHITE = (255, 255, 255, 255)
_GREY = (214, 210, 204, 255)

LEAST_SIDE = 200
"""Pictures with a shorter side than this, in pixels, get no bars: they would hide everything."""


class BarsOverlay:
    """Draws one face's seven probabilities as bars into a lower corner of the picture."""

    def annotate(
        self,
        image: np.ndarray,
        probabilities: Sequence[float] | np.ndarray,
        label: str,
        xyxy: Sequence[float] | np.ndarray,
    ) -> np.ndarray:
        """Return a new picture with the bars in it; the one given stays as it is.

        Args:
            image: RGB uint8 (h, w, 3).
            probabilities: Seven numbers, 0 to 1, in the order of `EXPRESSIONS`.
            label: What the face is called; its name is set in white, the others in grey.
            xyxy: The face's box in pixels: the bars go to the corner that it covers less.

        Returns:
            RGB uint8 (h, w, 3).
        """
        height, width = image.shape[:2]
        if min(height, width) < LEAST_SIDE:
            return image.copy()
        letters = _letters(height, width)
        panel = _bars(tuple(round(float(p), 3) for p in probabilities), label, letters)
        margin = letters // 2
        top = height - panel.height - margin
        corners = [(width - panel.width - margin, top), (margin, top)]
        corner = min(corners, key=lambda place: _covered(place, panel.size, xyxy))
        return _laid_on(image, panel, corner)


class StatusLine:
    """Writes a few words on a shaded strip along the top or the bottom of the picture.

    Args:
        bottom: Whether it is the bottom.
    """

    def __init__(self, bottom: bool = False) -> None:
        """Keep the option."""
        self.bottom = bottom

    def annotate(
        self, image: np.ndarray, words: Sequence[str], alert: str | None = None
    ) -> np.ndarray:
        """Return a new picture with the words on it; the one given stays as it is.

        Args:
            image: RGB uint8 (h, w, 3).
            words: What to write, one after the other; what doesn't fit is left out.
            alert: Written first, behind a red dot.

        Returns:
            RGB uint8 (h, w, 3).
        """
        height, width = image.shape[:2]
        strip = _strip(width, _letters(height, width), tuple(words), alert)
        place = (0, height - strip.height if self.bottom else 0)
        return _laid_on(image, strip, place)


def _letters(height: int, width: int) -> int:
    """Return the height of letters that fit a picture of this size, in pixels."""
    return max(11, round(min(height, width) / 30))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _bars(probabilities: tuple[float, ...], label: str, letters: int) -> Image.Image:
    """Return the panel with the seven bars, RGBA."""
    font, row, pad = _font(letters), round(letters * 1.55), letters // 2
    names = max(round(font.getlength(name)) for name in EXPRESSIONS)
    track, figures = letters * 6, round(font.getlength("100%"))
    size = names + track + figures + 4 * pad, row * len(EXPRESSIONS) + pad
    panel = Image.new("RGBA", size)
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), pad, _SHADE)
    left, right = names + 2 * pad, names + 2 * pad + track
    for index, (name, p) in enumerate(zip(EXPRESSIONS, probabilities, strict=True)):
        middle = pad // 2 + row * index + row // 2
        upper, lower = middle - letters // 3, middle + letters // 3
        ink = _WHITE if name == label else _GREY
        draw.text((left - pad, middle), name, ink, font, anchor="rm")
        draw.rounded_rectangle((left, upper, right, lower), letters // 4, _PALE)
        if p * track >= 1:
            end = left + max(p * track, letters // 2)
            draw.rounded_rectangle((left, upper, end, lower), letters // 4, COLOURS[name])
        draw.text((size[0] - pad, middle), f"{p:.0%}", ink, font, anchor="rm")
    return panel


def _strip(width: int, letters: int, words: tuple[str, ...], alert: str | None) -> Image.Image:
    """Return the shaded strip with the words, RGBA."""
    font, height = _font(letters), round(letters * 1.9)
    strip = Image.new("RGBA", (width, height), _SHADE)
    draw = ImageDraw.Draw(strip)
    x, middle = letters // 2, height // 2
    if alert:
        dot = letters // 2
        draw.ellipse((x, middle - dot // 2, x + dot, middle - dot // 2 + dot), "#f03e3e")
        draw.text((x + letters, middle), alert, _WHITE, font, anchor="lm")
        x += round(letters * 2 + font.getlength(alert))
    for word in words:
        length = font.getlength(word)
        if x + length > width:
            break
        draw.text((x, middle), word, _WHITE, font, anchor="lm")
        x += round(length) + letters
    return strip


def _covered(
    place: tuple[int, int], size: tuple[int, int], xyxy: Sequence[float] | np.ndarray
) -> float:
    """Return how many pixels of a box a panel at this place would hide."""
    left, top, right, bottom = (float(value) for value in xyxy)
    wide = min(right, place[0] + size[0]) - max(left, place[0])
    high = min(bottom, place[1] + size[1]) - max(top, place[1])
    return max(wide, 0.0) * max(high, 0.0)


def _laid_on(image: np.ndarray, panel: Image.Image, place: tuple[int, int]) -> np.ndarray:
    """Return a copy of a picture with an RGBA panel on it."""
    scene = Image.fromarray(image)
    scene.paste(panel, place, panel)
    return np.array(scene)
