"""Colours as screens, browsers and training pictures have them: in sRGB, with 8 bits per channel.

Of colour pictures of 16 bits per channel, of which a camera uses 10, 12 or 14, Pillow keeps the
upper 8 bits, in which they are nearly black; OpenCV reads all.
"""

import io
from struct import unpack_from
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fer.array_types import UInt8Array
from fer.images.opening import DECODER_ERRORS
from fer.images.pixels import reduce_16_bits

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_DIRECT_MODES = ("L", "RGB", "CMYK")
"""What a transform takes as it is; palettes are converted first."""

_MAX_DARK = 63
"""Brightest value of the upper 8 bits that a picture of 14 bits reaches."""

_UNSPECIFIED = 2
"""Transfer and primaries of a file that states none."""

_HEAD = 16_384
"""Bytes in which a file states its colours."""

_BAND = 512
"""Rows of a photo that are mapped at a time, as each pixel takes 60 bytes."""

_HIGH_BIT_DEPTH_FORMATS = ("PNG", "TIFF")

_LOG_LEVEL = Lock()
"""Held while OpenCV writes no lines of its own, as our message suffices; its level is the whole
process's, and threads would set back each other's."""


def to_srgb(image: Image.Image, content: bytes | None) -> Image.Image:
    """Return a loaded picture without transparency with an ICC profile applied, as RGB.

    It is returned unchanged without a profile, and also if the profile is broken or made for
    another number of channels, as of grey with more than 8 bits: programs ignore these, too.

    Args:
        image: The picture, which isn't changed.
        content: The profile.
    """
    if not content or is_high_bit_depth_grey(image):
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


def map_hdr(loaded: Image.Image, stream: BinaryIO) -> Image.Image:
    """Return a loaded picture as an ordinary screen shows it, if its file states HDR.

    Grey of more than 8 bits, which Pillow can't convert, stays as it is.
    """
    if is_high_bit_depth_grey(loaded):
        return loaded
    try:
        transfer, primaries = _stated_colors(loaded, stream)
    except DECODER_ERRORS:
        return loaded  # its statement is cut off
    if "icc_profile" in loaded.info or transfer == _UNSPECIFIED:
        return loaded
    from fer.video.tone_mapping import needs_tone_mapping, tone_map  # few pictures need it

    if not needs_tone_mapping(transfer, primaries):
        return loaded
    pixels = np.array(loaded.convert("RGBA" if loaded.has_transparency_data else "RGB"))
    colors = pixels[..., :3]
    for band in np.array_split(colors, 1 + len(pixels) // _BAND):
        band[:] = tone_map(band.astype(np.uint16) * 257, transfer, primaries)
    mapped = Image.fromarray(pixels)
    # A transparent value is alpha now.
    mapped.info = {name: value for name, value in loaded.info.items() if name != "transparency"}
    return mapped


def _stated_colors(picture: Image.Image, stream: BinaryIO) -> tuple[int, int]:
    """Return transfer and primaries (ITU-T H.273) that an AVIF, HEIC or PNG states."""
    stated = picture.info.get("nclx_profile")  # of HEIC
    if stated:
        return stated["transfer_characteristics"], stated["color_primaries"]
    stream.seek(0)
    head = stream.read(_HEAD)
    if picture.format == "PNG" and (at := head.find(b"cICP")) > 0:
        return head[at + 5], head[at + 4]
    if picture.format == "AVIF" and b"tmap" not in head and (at := head.find(b"colrnclx")) > 0:
        primaries, transfer = unpack_from(">HH", head, at + 8)
        return transfer, primaries
    return _UNSPECIFIED, _UNSPECIFIED


def is_high_bit_depth_grey(image: Image.Image) -> bool:
    """Return whether a picture is grey of more than 8 bits or of floats.

    Pillow only truncates them to 8 bits.
    """
    return image.mode.startswith(("I", "F"))


def has_16_bit_channels(image: Image.Image) -> bool:
    """Return whether an opened picture, not loaded yet, has more than one channel of 16 bits."""
    if image.format not in _HIGH_BIT_DEPTH_FORMATS or image.mode not in ("RGB", "RGBA"):
        return False
    return any(";16" in str(tile.args) for tile in image.tile)  # type: ignore[attr-defined]


def rescale_16_bit_channels(
    stream: BinaryIO, loaded: Image.Image, page: int
) -> tuple[Image.Image, list[str]] | None:
    """Return a picture whose 16 bits are scaled by as many as it uses, as RGB uint8, and a notice.

    Args:
        stream: Its file.
        loaded: The same picture as Pillow has loaded it.
        page: Index of its page in the file, from 0.

    Returns:
        None where Pillow's own is bright enough, has transparent parts, or is turned, which OpenCV
        does otherwise.
    """
    upper = _opaque(loaded)
    if upper is None or upper.max() > _MAX_DARK:
        return None
    values = decode_full_depth(stream, page)
    if values is None or not _is_same(values, upper):
        return None
    pixels, notices = reduce_16_bits(values)
    picture = Image.fromarray(pixels)
    picture.info = dict(loaded.info)
    return picture, notices


def decode_full_depth(stream: BinaryIO, page: int) -> NDArray[Any] | None:
    """Return a page of a file with all its bits, grey (h, w) or RGB (h, w, 3); None if damaged."""
    import cv2  # few pictures need it

    stream.seek(0)
    content, pages = np.frombuffer(stream.read(), np.uint8), (page, page + 1)
    with _LOG_LEVEL:
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            _, decoded = cv2.imdecodemulti(content, cv2.IMREAD_UNCHANGED, range=pages)
        finally:
            cv2.utils.logging.setLogLevel(level)
    if not decoded:
        return None
    values = decoded[0]
    return np.ascontiguousarray(values[..., 2::-1]) if values.ndim == 3 else values  # BGR or BGRA


def _opaque(picture: Image.Image) -> UInt8Array | None:
    """Return a picture as RGB uint8 (h, w, 3), also where it has alpha that hides nothing."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    return np.asarray(picture) if picture.mode == "RGB" else None


def _is_same(values: NDArray[Any], upper: UInt8Array) -> bool:
    """Return whether RGB uint16 (h, w, 3) has these upper 8 bits."""
    if values.dtype != np.uint16 or values.shape != upper.shape:
        return False
    return bool(np.array_equal(values >> 8, upper))
