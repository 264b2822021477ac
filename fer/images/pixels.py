"""Arrays of any common type as RGB uint8, and pixel values of any depth on the scale 0 to 255."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer.array_types import Float32Array, UInt8Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.images.opening import ImageError

BIT_DEPTHS = (8, 10, 12, 14, 16)
"""Bits that cameras use of 16; the fewest that hold the brightest pixel are taken."""

_CHANNELS = (1, 3, 4)

_OVERSHOOT = 0.05
"""Share of its range by which a float picture may exceed it, as resizing does at sharp edges."""

_DARK = 1 / 16
"""A float picture without a brighter pixel is too dark to read: 12 of 16 bits are as dark."""

_OUTLIERS = 0.1
"""Percent of the pixels, at either end, that are ignored in a picture's range."""

_MAX_SAMPLES = 1_000_000


def as_rgb(image: NDArray[Any]) -> UInt8Array:
    """Return an array as RGB uint8 (h, w, 3); one that is so already is returned uncopied.

    Args:
        image: (h, w), (h, w, 1), (1, h, w), (h, w, 3) or (h, w, 4), colours in the order RGB or
            RGBA: bool, integers from 0 to 255, uint16, or floats from 0 to 1 or from 0 to 255.
            Of uint16 as many bits count as the brightest pixel needs, see `BIT_DEPTHS`.

    Raises:
        ImageError: Another shape or type, or values outside these ranges.
    """
    pixels = np.ascontiguousarray(_to_uint8(_with_channels(np.asarray(image))))
    channels = pixels.shape[2]
    if channels == 1:
        return np.repeat(pixels, 3, axis=2)
    return pixels if channels == 3 else np.array(flatten_on_white(Image.fromarray(pixels, "RGBA")))


def flatten_on_white(image: Image.Image) -> Image.Image:
    """Return a PIL image of mode RGBA on white, as RGB."""
    alpha = image.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=alpha)
    return white


def bits_in_use(pixels: NDArray[Any]) -> int:
    """Return the fewest of `BIT_DEPTHS` that hold integers from 0 to 65,535."""
    highest = int(pixels.max(initial=0))
    return next(bits for bits in BIT_DEPTHS if highest < 1 << bits)


def reduce_to_8_bits(pixels: NDArray[Any], bits: int) -> UInt8Array:
    """Return integers of `bits` bits on the scale 0 to 255."""
    # (h, w) of integers to float32: exact up to 24 bits.
    scaled: Float32Array = pixels.astype(np.float32) * (255 / ((1 << bits) - 1))
    return np.rint(scaled).astype(np.uint8)


def reduce_16_bits(pixels: NDArray[np.uint16]) -> tuple[UInt8Array, list[str]]:
    """Return values of 16 bits by as many as they use, see `BIT_DEPTHS`, and a sentence on that."""
    bits = bits_in_use(pixels)
    notice = _(
        "The picture uses %(bits)s of its 16 bits; it was brightened to the full range.", bits=bits
    )
    return reduce_to_8_bits(pixels, bits), [] if bits == 16 else [notice]


def float_pixels(pixels: NDArray[Any]) -> tuple[UInt8Array, list[str]]:
    """Return floats or 32-bit integers of any range on the scale 0 to 255.

    Returns:
        uint8 of the same shape, and a sentence on how the values were read unless they went from 0
        to 1.

    Raises:
        ImageError: No value is a number.
    """
    finite = np.isfinite(pixels)
    if not finite.any():
        raise ImageError(_("The picture holds no numbers, only NaN; save it anew."))
    low = float(pixels.min(where=finite, initial=np.inf))
    high = float(pixels.max(where=finite, initial=-np.inf))
    notices = []
    if low >= 0 and (_DARK <= high <= 1 or high == 0):
        low, high = 0.0, 1.0
    elif low >= 0 and 255 * _DARK <= high <= 255:
        low, high = 0.0, 255.0
        notices.append(_("The picture's values were read as brightness from 0 to 255."))
    else:
        low, high = _range_without_outliers(pixels, finite)
        text = N_(
            "The picture's values were brought to range: %(low)s became black, %(high)s white."
        )
        notices.append(_(text, low=_digits(low), high=_digits(high)))
    if not finite.all():
        pixels = np.where(finite, pixels, low)
        notices.append(_("Pixels without a value became black."))
    if low == high:
        return np.zeros(pixels.shape, np.uint8), notices
    # (h, w) float32, which keeps the memory of 80 million pixels in bounds.
    scaled: Float32Array = (pixels.astype(np.float32, copy=False) - np.float32(low)) * np.float32(
        255 / (high - low)
    )
    return np.rint(scaled.clip(0, 255)).astype(np.uint8), notices


def _digits(value: float) -> str:
    """Return a number with four digits, or as many as it has before the point: 0.9688, 64,760."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _range_without_outliers(pixels: NDArray[Any], finite: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the values that become black and white."""
    values = pixels[finite]
    sample = values[:: max(1, len(values) // _MAX_SAMPLES)]
    low, high = np.percentile(sample, (_OUTLIERS, 100 - _OUTLIERS))
    if low == high:  # the outliers are all that is in the picture
        return float(values.min()), float(values.max())
    return float(low), float(high)


def _with_channels(image: NDArray[Any]) -> NDArray[Any]:
    """Return a picture as (h, w, channels)."""
    shape = image.shape
    if image.ndim == 3 and shape[0] == 1 and shape[2] not in _CHANNELS:
        image = image[0]
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in _CHANNELS:
        raise ImageError(
            "A picture array has the shape (height, width), (height, width, 3) or "
            f"(height, width, 4), not {shape}; move channels to the end, and give several "
            "pictures as a list."
        )
    if image.size == 0:
        raise ImageError(f"The picture holds no pixels: its shape is {shape}.")
    return image


def _to_uint8(image: NDArray[Any]) -> UInt8Array:
    """Return the array's values on the scale 0 to 255."""
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * 255
    if np.issubdtype(image.dtype, np.uint16):
        color, alpha = image[..., :3], image[..., 3:]
        bits = bits_in_use(color)
        alpha_bits = max(bits, bits_in_use(alpha))  # of 16 bits where colours use 12 of them
        parts = reduce_to_8_bits(color, bits), reduce_to_8_bits(alpha, alpha_bits)
        return np.concatenate(parts, axis=2)
    if np.issubdtype(image.dtype, np.floating):
        return np.rint(image.clip(0, top := _float_range(image)) * (255 / top)).astype(np.uint8)
    if np.issubdtype(image.dtype, np.integer):
        if image.min() < 0 or image.max() > 255:
            raise _range_error(image, "from 0 to 255, or up to 65,535 as uint16")
        return image.astype(np.uint8)
    raise ImageError(f"A picture array holds numbers, best uint8 from 0 to 255, not {image.dtype}.")


def _float_range(image: NDArray[Any]) -> float:
    """Return the value of white in a float picture, 1 or 255."""
    if not np.isfinite(image).all():
        raise ImageError("A picture array holds NaN or infinity; replace them, as by nan_to_num.")
    low, high = float(image.min()), float(image.max())
    for white, least in ((1.0, -np.inf), (255.0, 255 * _DARK)):
        if low >= -white * _OVERSHOOT and least <= high <= white * (1 + _OVERSHOOT):
            return white
    raise _range_error(image, "from 0 to 1 or from 0 to 255")


def _range_error(image: NDArray[Any], accepted: str) -> ImageError:
    return ImageError(
        f"A picture of type {image.dtype} holds values {accepted}, but this one goes from "
        f"{image.min():g} to {image.max():g}; scale it first."
    )
