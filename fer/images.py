"""The front door for pictures: file, bytes, PIL image or array becomes upright RGB uint8 (h, w, 3).

Everything behind it may rely on that form. What can't be read, or could be read in two ways, is
refused with an `ImageError` of one sentence that may be shown to a visitor as it stands.
"""

import io
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

MAX_PIXELS = 80_000_000
"""Larger pictures are refused from their header, before a pixel is decoded (240 MB as RGB)."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")
"""What is read, told by content, not by name; EPS, say, would start another program."""

MOST_SCANS = 100
"""Passes over the picture that a JPEG may be made of; progressive ones have about ten, and each
takes as long as a picture of one."""

_DECODER_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError),
    *(RuntimeError, LookupError, TypeError, struct.error),
    *(ArithmeticError, zlib.error),
)
"""What Pillow's decoders raise for damaged files."""

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

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""What ends a JPEG's picture data: neither a byte 255 of its own nor a place to set in again."""

_SCAN, _END, _START = 0xDA, 0xD9, b"\xff\xd8"

_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
"""The last two may also be AVIF."""


class ImageError(ValueError):
    """A picture that can't be used; the message says what is wrong and what to do."""


def read_image(source: str | Path | bytes | Image.Image | np.ndarray) -> np.ndarray:
    """Return a picture as upright RGB uint8 (h, w, 3).

    EXIF orientation is applied, transparent parts are laid on white, 16-bit grey is scaled to 8
    bits, and of an animation the first frame is taken.

    Args:
        source: A file's path, a file's bytes, a PIL image or an array (see `as_rgb`).

    Raises:
        ImageError: The picture can't be read, is too large, or could mean several things.
        TypeError: `source` is none of the types above.
    """
    if isinstance(source, np.ndarray):
        return as_rgb(source)
    if isinstance(source, Image.Image):
        return _decode(source)
    with _stream(source) as stream, _open(stream) as image:
        if image.format in ("JPEG", "MPO"):
            _require_few_scans(stream)
        return _decode(image)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Return an array as RGB uint8 (h, w, 3); one that is so already comes back itself, not copied.

    Taken are shapes (h, w), (h, w, 1), (h, w, 3) and (h, w, 4), colours in the order RGB or RGBA,
    and uint8, bool, uint16 over its full range, floats from 0 to 1, other integers from 0 to 255.

    Raises:
        ImageError: Another shape or type, or values outside these ranges.
    """
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4):
        raise ImageError(
            "A picture array has the shape (height, width), (height, width, 3) or "
            f"(height, width, 4), not {image.shape}."
        )
    if image.size == 0:
        raise ImageError(f"The picture holds no pixels: its shape is {image.shape}.")
    pixels = np.ascontiguousarray(_to_uint8(image))
    channels = pixels.shape[2]
    if channels == 1:
        return np.repeat(pixels, 3, axis=2)
    return pixels if channels == 3 else _flatten_on_white(Image.fromarray(pixels, "RGBA"))


def encode_jpeg(image: np.ndarray, quality: int = 80) -> bytes:
    """Return RGB uint8 (h, w, 3) as the bytes of a JPEG file; `quality` goes from 1 to 95.

    Raises:
        ImageError: The picture is longer than JPEG allows, 65,500 pixels.
    """
    if max(image.shape[:2]) > 65_500:
        raise ImageError(
            f"A JPEG side is at most 65,500 pixels; the picture has {max(image.shape[:2]):,}."
        )
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _stream(source: str | Path | bytes) -> BinaryIO:
    """Return a file, or what was read of one, as a stream."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, str | Path):
        raise TypeError(
            f"A picture is a path, bytes, a PIL image or an array, not {type(source).__name__}."
        )
    shown = str(source)[:200]
    try:
        return Path(source).open("rb")
    except FileNotFoundError:
        raise ImageError(f"There is no file {shown}; check the path.") from None
    except IsADirectoryError:
        raise ImageError(f"{shown} is a folder; name one picture in it.") from None
    except (OSError, ValueError):
        raise ImageError(f"{shown} can't be opened; check its name and permissions.") from None


def _open(stream: BinaryIO) -> Image.Image:
    """Return the picture, header read and pixels not yet."""
    head = stream.read(12)
    stream.seek(0)
    if not head:
        raise ImageError("The file is empty (0 bytes); choose another picture.")
    try:
        return Image.open(stream, formats=FORMATS)
    except Image.DecompressionBombError:
        raise ImageError(f"The picture is too large; at most {_pixel_limit()} are taken.") from None
    except _DECODER_ERRORS:
        if head[4:8] == b"ftyp" and head[8:] in _HEIC_BRANDS:
            raise ImageError(
                "HEIC photos can't be read; save the picture as JPEG or PNG."
            ) from None
        raise ImageError(
            "The file is not a picture that can be read; choose a JPEG, PNG, WebP or GIF."
        ) from None


def _require_few_scans(stream: BinaryIO) -> None:
    """Raise ImageError if a JPEG goes over the picture more often than any camera's does."""
    place = stream.tell()
    stream.seek(0)
    scans = _scans(stream.read())
    stream.seek(place)
    if scans > MOST_SCANS:
        raise ImageError("The JPEG is made of far too many scans; save it anew.")


def _scans(jpeg: bytes) -> int:
    """Count the scans of the first picture, up to one more than are taken."""
    place, count = len(_START), 0
    while count <= MOST_SCANS and (found := _MARKER.search(jpeg, place)):
        marker, place = found[0][1], found.end()
        if marker == _END:
            break
        count += marker == _SCAN
        # A segment states its length; one that breaks off ends the search.
        place += int.from_bytes(jpeg[place : place + 2], "big")
    return count


def _pixel_limit() -> str:
    return f"{MAX_PIXELS // 1_000_000} million pixels"


def _decode(image: Image.Image) -> np.ndarray:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The picture is too large ({width:,} x {height:,}); at most {_pixel_limit()} are "
            "taken."
        )
    if width * height == 0:
        raise ImageError(f"The picture holds no pixels: it is {width} x {height}.")
    try:
        image.load()
    except _DECODER_ERRORS:
        raise ImageError("The picture is damaged or cut off; save or download it again.") from None
    return _apply_orientation(_pixels(image), _orientation(image))


def _pixels(image: Image.Image) -> np.ndarray:
    """Return a loaded picture of any mode as RGB uint8 (h, w, 3), as it lies in the file."""
    if image.mode.startswith("I;16"):
        return as_rgb(np.asarray(image).astype(np.uint16))
    if image.mode == "I":
        return as_rgb(_as_16_bit_grey(np.asarray(image)))
    if image.mode == "F":
        return as_rgb(np.asarray(image))
    if image.has_transparency_data:
        return _flatten_on_white(_convert(image, "RGBA"))
    return np.array(_convert(image, "RGB"))


def _convert(image: Image.Image, mode: str) -> Image.Image:
    try:
        return image.convert(mode)
    except ValueError:
        raise ImageError(
            f"The picture's colour mode, {image.mode}, can't be read; save it as RGB."
        ) from None


def _as_16_bit_grey(grey: np.ndarray) -> np.ndarray:
    """Return 32-bit grey as what it holds: 16 bits when it goes beyond 255, else 8."""
    fits_16_bits = grey.min() >= 0 and 255 < grey.max() <= 65_535
    return grey.astype(np.uint16) if fits_16_bits else grey


def _flatten_on_white(image: Image.Image) -> np.ndarray:
    white = Image.new("RGBA", image.size, "white")
    return np.array(Image.alpha_composite(white, image).convert("RGB"))


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) also where the tags are missing or damaged."""
    try:
        return image.getexif().get(_ORIENTATION_TAG, 1)
    except _DECODER_ERRORS:
        return 1


def _apply_orientation(pixels: np.ndarray, orientation: int) -> np.ndarray:
    if orientation not in _UPRIGHT:
        return pixels
    return np.array(Image.fromarray(pixels).transpose(_UPRIGHT[orientation]))


def _to_uint8(image: np.ndarray) -> np.ndarray:
    """Return the array's values on the scale 0 to 255."""
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * 255
    if np.issubdtype(image.dtype, np.uint16):
        return np.rint(image / 257).astype(np.uint8)
    if np.issubdtype(image.dtype, np.floating):
        _check_range(image, 1)
        return np.rint(image * 255).astype(np.uint8)
    if np.issubdtype(image.dtype, np.integer):
        _check_range(image, 255)
        return image.astype(np.uint8)
    raise ImageError(f"A picture array holds numbers, best uint8 from 0 to 255, not {image.dtype}.")


def _check_range(image: np.ndarray, highest: int) -> None:
    """Raise ImageError unless all values are finite and lie from 0 to `highest`."""
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= highest):
        raise ImageError(
            f"A picture of type {image.dtype} holds values from 0 to {highest}, but this one goes "
            f"from {low:g} to {high:g}; scale it first."
        )
