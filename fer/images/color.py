"""Colours as screens, browsers and training pictures have them: in sRGB, with 8 bits per channel.

Of colour pictures of 16 bits per channel, of which a camera uses 10, 12 or 14, Pillow keeps the
upper 8 bits, in which they are nearly black; OpenCV reads all.
"""

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fer.array_types import UInt8Array
from fer.images.opening import DECODER_ERRORS
from fer.images.pixels import bits_in_use, reduce_to_8_bits

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_DIRECT_MODES = ("L", "RGB", "CMYK")
"""What a transform takes as it is; palettes are converted first."""

_MAX_DARK = 63
"""Of the upper 8 bits: the brightest value that 14 bits reach."""

_DEEP_FORMATS = ("PNG", "TIFF")


def to_srgb(image: Image.Image, content: bytes | None) -> Image.Image:
    """Return a loaded picture without transparency with an ICC profile applied, as RGB.

    Without a profile it is returned as it is, as it is where the profile is broken or made for
    another number of channels, as for deep grey: programs ignore these, too.

    Args:
        image: The picture, which isn't changed.
        content: The profile.
    """
    if not content or is_deep_grey(image):
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        if ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return image
        source = image if image.mode in _DIRECT_MODES else image.convert("RGB")
        converted = ImageCms.profileToProfile(source, profile, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, *DECODER_ERRORS):
        return image
    return converted or image


def is_deep_grey(image: Image.Image) -> bool:
    """Return whether a picture is grey of more than 8 bits, which Pillow can only cut off at 8."""
    return image.mode.startswith(("I", "F"))


def has_16_bit_channels(image: Image.Image) -> bool:
    """Return whether an opened picture, not loaded yet, has more than one channel of 16 bits."""
    if image.format not in _DEEP_FORMATS or image.mode not in ("RGB", "RGBA"):
        return False
    return any(";16" in str(tile.args) for tile in image.tile)  # type: ignore[attr-defined]


def read_dark_channels(stream: BinaryIO, loaded: Image.Image) -> tuple[Image.Image, int] | None:
    """Return a picture with the bits that it uses, as RGB of 8 bits, and how many those are.

    Args:
        stream: Its file.
        loaded: The same as Pillow has loaded it.

    Returns:
        None where Pillow's own is bright enough, has transparent parts, or OpenCV reads another
        picture: a page other than the first, or one that is turned.
    """
    upper = _opaque(loaded)
    if upper is None or upper.max() > _MAX_DARK:
        return None
    import cv2  # few pictures need it

    stream.seek(0)
    values = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or not _is_same(values := values[..., :3], upper):
        return None
    bits = bits_in_use(values)
    rgb = np.ascontiguousarray(reduce_to_8_bits(values, bits)[..., ::-1])  # BGR to RGB
    picture = Image.fromarray(rgb)
    picture.info = dict(loaded.info)
    return picture, bits


def _opaque(picture: Image.Image) -> UInt8Array | None:
    """Return a picture as RGB uint8 (h, w, 3), also where it has alpha that hides nothing."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    return np.asarray(picture) if picture.mode == "RGB" else None


def _is_same(values: NDArray[Any], upper: UInt8Array) -> bool:
    """Return whether BGR uint16 (h, w, 3) has these upper 8 bits, RGB."""
    if values.dtype != np.uint16 or values.shape != upper.shape:
        return False
    return bool(np.array_equal(values[..., ::-1] >> 8, upper))
