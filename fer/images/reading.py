"""Reading of pictures, from any source to upright RGB uint8, and writing of JPEG."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer.array_types import UInt8Array
from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.images.color import (
    has_16_bit_channels,
    is_high_bit_depth_grey,
    map_hdr,
    rescale_16_bit_channels,
    to_srgb,
)
from fer.images.opening import DAMAGED, DECODER_ERRORS, ImageError, open_image, require_size
from fer.images.pixels import as_rgb, flatten_on_white, float_pixels, reduce_16_bits
from fer.images.tiff import choose_page, read_page, shift_signed, stored_values

MAX_JPEG_SIDE = 65_500
"""Pixels; a limit of libjpeg."""

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what brings the picture upright."""


class BinaryFile(Protocol):
    """An open file in binary mode, of the disk, an archive or a network."""

    def read(self, size: int = ..., /) -> bytes:
        """Return the next bytes, by default all that are left."""


ImageSource = str | os.PathLike[str] | bytes | BinaryFile | Image.Image | NDArray[Any]
"""What is read: a path, bytes, an open file, a PIL image or an array."""


@dataclass(frozen=True)
class DecodedImage:
    """A picture, and what a reader of its results should know of how it was read.

    Attributes:
        pixels: Upright RGB uint8 (h, w, 3).
        notices: A sentence on each thing that was brought to range or left out; mostly none.
    """

    pixels: UInt8Array
    notices: tuple[str, ...] = ()


def read_image(
    source: ImageSource, apply_profile: bool = True, max_pixels: int | None = None
) -> UInt8Array:
    """Return a picture as upright RGB uint8 (h, w, 3), see `decode_image`."""
    return decode_image(source, apply_profile, max_pixels).pixels


def decode_image(
    source: ImageSource,
    apply_profile: bool = True,
    max_pixels: int | None = None,
) -> DecodedImage:
    """Decode a picture.

    Orientation flags and colour profiles are applied, HDR is mapped to ordinary screens,
    transparency is laid on white, depths beyond 8 bits are brought to 8, of an animation the first
    frame is read and of a TIFF the largest page, and JPEGs beyond `MAX_PIXELS` are decoded smaller.

    Args:
        source: A file's path, a file's bytes, a file that is open for reading bytes (it is read
            from its start where it can be, and stays open), a PIL image, or an array or CPU tensor
            (see `as_rgb`).
        apply_profile: Whether an ICC profile is applied: it is parsed by a library of its own,
            which untrusted files should meet only in a sandbox.
        max_pixels: A file of more is refused before it is decoded; `MAX_PIXELS` if None, or a
            larger JPEG that can be decoded smaller.

    Raises:
        ImageError: The picture can't be read, is too large, or could mean several things.
        TypeError: `source` is none of the types above.
    """
    if isinstance(source, Image.Image):
        require_size(source.size)
        _load(source)
        return _decode(source, [], apply_profile)
    if hasattr(source, "__array__") and not isinstance(source, str | bytes):  # NumPy has both
        return DecodedImage(as_rgb(_to_array(source)))
    try:
        with _stream(source) as stream:
            return _decode_file(stream, apply_profile, max_pixels)
    except OSError as error:  # of the disk; those of the decoders are caught where they arise
        raise ImageError(f"The file can't be read: {error.strerror or error}.") from error


def _to_array(source: Any) -> NDArray[Any]:
    """Return an array, or what can be one, as that.

    Raises:
        ImageError: It can't be, such as a tensor on a GPU or one of bfloat16.
    """
    try:
        return np.asarray(source)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ImageError(f"The {type(source).__name__} is no array for NumPy: {reason}.") from error


def _decode_file(stream: BinaryIO, apply_profile: bool, max_pixels: int | None) -> DecodedImage:
    page, notices = choose_page(stream)
    if page and page.needs_opencv:
        picture, more = read_page(stream, page, max_pixels)
        return _decode(picture, notices + more, apply_profile)
    number = page.number if page else 0
    image, more = open_image(stream, max_pixels, number)
    notices += more
    with image:
        is_16_bit = has_16_bit_channels(image)
        _load(image)
        mapped = map_hdr(image, stream)  # dark HDR is meant to be dark
        unmapped = is_16_bit and mapped is image
        found = rescale_16_bit_channels(stream, image, number) if unmapped else None
        picture, more = found or (mapped, [])
        return _decode(picture, notices + more, apply_profile)


def encode_jpeg(image: UInt8Array, quality: int = 80) -> bytes:
    """Return RGB uint8 (h, w, 3) as the bytes of a JPEG file; `quality` goes from 1 to 95.

    Raises:
        ImageError: The picture is longer than JPEG allows, `MAX_JPEG_SIDE`.
    """
    if max(image.shape[:2]) > MAX_JPEG_SIDE:
        raise ImageError(
            _(
                "A JPEG side is at most %(most)s pixels; the picture has %(side)s.",
                most=format_count(MAX_JPEG_SIDE),
                side=format_count(max(image.shape[:2])),
            )
        )
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _stream(source: object) -> BinaryIO:
    """Return a file, or the bytes of one, as a stream that the caller closes."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if hasattr(source, "read"):
        return io.BytesIO(_read_open_file(source))
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            "A picture is a path, bytes, an open file, a PIL image or an array, not "
            f"{type(source).__name__}."
        )
    name = str(source)[:200]
    if not name:
        raise ImageError("The picture's path is empty; name a file.")
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - the caller closes it
        if file.seekable():
            return file
        with file:  # a pipe, such as /dev/stdin
            return io.BytesIO(file.read())
    except FileNotFoundError:
        raise ImageError(f"There is no file {name}; check the path.") from None
    except IsADirectoryError:
        raise ImageError(f"{name} is a folder; name one picture in it.") from None
    except (OSError, ValueError):
        raise ImageError(f"{name} can't be opened; check its name and permissions.") from None


def _read_open_file(file: Any) -> bytes:
    """Return the content of an open file, from its start where it has one to go back to.

    Raises:
        ImageError: It can't be read, or was opened for reading text.
    """
    try:
        if hasattr(file, "seekable") and file.seekable():
            file.seek(0)
        content = file.read()
    except (OSError, ValueError) as error:  # closed, say, or text that is none
        raise ImageError(f"The open file can't be read: {error}.") from error
    if not isinstance(content, bytes | bytearray | memoryview):
        raise ImageError("The open file doesn't give bytes; open it with open(path, 'rb').")
    return bytes(content)


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except DECODER_ERRORS:
        raise ImageError(_(DAMAGED)) from None
    require_size(image.size)  # a header may state another size than is decoded


def _decode(image: Image.Image, notices: list[str], apply_profile: bool) -> DecodedImage:
    """Return a loaded picture upright as RGB."""
    orientation = _orientation(image)
    profile = image.info.get("icc_profile") if apply_profile else None
    # Transparency first: without it, a large picture is converted in three quarters of the memory.
    if image.has_transparency_data and not is_high_bit_depth_grey(image):
        image = _flatten(image)
    pixels, more = _pixels(to_srgb(image, profile))
    return DecodedImage(_apply_orientation(pixels, orientation), (*notices, *more))


def _flatten(image: Image.Image) -> Image.Image:
    """Return a picture with transparency on white.

    A BMP that would be transparent all over isn't: its writer has left the fourth byte empty.
    """
    converted = _convert(image, "RGBA")
    is_empty = image.format in ("BMP", "DIB") and not converted.getchannel("A").getbbox()
    return converted.convert("RGB") if is_empty else flatten_on_white(converted)


def _pixels(image: Image.Image) -> tuple[UInt8Array, list[str]]:
    """Return a loaded picture without transparency as RGB uint8 (h, w, 3), and notices."""
    if not is_high_bit_depth_grey(image):
        return shift_signed(image, np.array(_convert(image, "RGB"))), []
    grey, notices = _reduce_high_bit_depth(stored_values(image))
    return as_rgb(grey), notices


def _reduce_high_bit_depth(values: NDArray[Any]) -> tuple[UInt8Array, list[str]]:
    """Return grey of 16 or 32 bits, or of floats, by what it holds, as uint8, and notices."""
    if values.dtype.kind == "f":
        return float_pixels(values)
    low, high = values.min(), values.max()
    if low >= 0 and high <= 255 and values.dtype.itemsize > 2:
        return values.astype(np.uint8), []
    if low >= 0 and high <= 65_535:
        return reduce_16_bits(values.astype(np.uint16))
    # float32 is exact up to 24 bits, and the limits of its ranges are no integers.
    return float_pixels(values.astype(np.float32))


def _convert(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == mode:  # a copy of a large picture takes memory and time
        return image
    if image.mode == "La":
        image = image.convert("LA")
    try:
        return image.convert(mode)
    except ValueError:
        raise ImageError(
            _(
                "The picture's colour mode, %(mode)s, can't be read; save it as RGB.",
                mode=image.mode,
            )
        ) from None


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) also where the tags are missing or damaged."""
    try:
        orientation: int = image.getexif().get(_ORIENTATION_TAG, 1)
    except DECODER_ERRORS:
        return 1
    return orientation


def _apply_orientation(pixels: UInt8Array, orientation: int) -> UInt8Array:
    if orientation not in _UPRIGHT:
        return pixels
    return np.array(Image.fromarray(pixels).transpose(_UPRIGHT[orientation]))
