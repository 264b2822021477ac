"""Opening of picture files: formats, sizes and pages, by headers only; no pixel is decoded here."""

import re
import struct
import zlib
from typing import BinaryIO, cast

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, jpeg_factory

from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_

MAX_PIXELS = 80_000_000
"""Larger pictures are refused by their header, before a pixel is decoded (240 MB as RGB)."""

MAX_SCALED_PIXELS = 250_000_000
"""Largest JPEG, which is decoded at a half, a quarter or an eighth of its size if it exceeds
`MAX_PIXELS`; the largest phone cameras have 200 million."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")
"""What Pillow reads, recognised by content, not by name; EPS, for one, would start another program.
HEIC is read beside these."""

MAX_SCANS = 100
"""Passes over the picture that a JPEG may be made of; progressive ones have about ten, and each
takes as long as a picture of one."""

DAMAGED = N_("The picture is damaged or cut off; save or download it again.")

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""What ends a JPEG's picture data: neither a byte 255 of its own nor a restart marker."""

_SCAN, _END, _START = 0xDA, 0xD9, b"\xff\xd8"

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""The last two may also be AVIF."""

_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_KNOWN_HEAD = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP|....ftypavi[fs]|....jP  |\xff\x4f\xff\x51", re.S
)
"""How files of `FORMATS` begin: where one can't be opened, it is a damaged picture."""

UNKNOWN_TIFF = N_(
    "The TIFF is damaged, or of a kind that can't be read; save it with 8 bits per channel."
)

DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,
    LookupError,
    TypeError,
    struct.error,
    ArithmeticError,
    zlib.error,
)
"""What Pillow's decoders raise for damaged files."""


class ImageError(ValueError):
    """A picture that can't be used; the message states what is wrong and what to do."""


def open_image(
    stream: BinaryIO, max_pixels: int | None = None, page: int = 0
) -> tuple[Image.Image, list[str]]:
    """Open a picture, header read and pixels not yet.

    Args:
        stream: The file.
        max_pixels: Most pixels; `MAX_PIXELS` if None, or a larger JPEG that can be decoded smaller.
        page: Page of a TIFF, from 0.

    Returns:
        The picture, and a sentence on each thing in the file that isn't read.

    Raises:
        ImageError: It is none of the formats, too large, or made to keep a decoder busy.
    """
    image = _identify(stream)
    if page:
        _seek_page(image, page)
    if max_pixels is not None:
        require_size(image.size, max_pixels)
    if image.format in ("JPEG", "MPO"):
        _require_few_scans(stream)
    notices = _describe_animation(image) + _reduce(image)
    require_size(image.size)
    return image, notices


def require_size(size: tuple[int, int], max_pixels: int | None = None) -> None:
    """Raise ImageError for a picture that is too large, `MAX_PIXELS` if None, or without pixels."""
    max_pixels = MAX_PIXELS if max_pixels is None else max_pixels
    width, height = size
    if width * height > max_pixels:
        raise ImageError(
            _(
                "The picture is too large (%(width)s x %(height)s); at most %(most)s million "
                "pixels are read.",
                width=format_count(width),
                height=format_count(height),
                most=max_pixels // 1_000_000,
            )
        )
    if width * height == 0:
        raise ImageError(
            _(
                "The picture holds no pixels: it is %(width)s x %(height)s.",
                width=width,
                height=height,
            )
        )


def _identify(stream: BinaryIO) -> Image.Image:
    head = stream.read(12)
    stream.seek(0)
    if not head:
        raise ImageError(_("The file is empty (0 bytes); choose another picture."))
    try:
        if head.startswith(_START):  # beyond the limit of `Image.open`, for `_reduce`
            return jpeg_factory(stream, "")
        return Image.open(stream, formats=FORMATS)
    except Image.DecompressionBombError:
        raise ImageError(
            _(
                "The picture is too large; at most %(most)s million pixels are read.",
                most=MAX_PIXELS // 1_000_000,
            )
        ) from None
    except DECODER_ERRORS:
        if head[4:8] == b"ftyp" and head[8:] in _HEIC_BRANDS:
            return _open_heic(stream)
        if head.startswith(_TIFF_HEADS):
            raise ImageError(_(UNKNOWN_TIFF)) from None
        if _KNOWN_HEAD.match(head):
            raise ImageError(_(DAMAGED)) from None
        raise ImageError(
            _("The file is not a picture that can be read; choose a JPEG, PNG, WebP, HEIC or GIF.")
        ) from None


def _open_heic(stream: BinaryIO) -> Image.Image:
    from pi_heif import HeifImageFile, options  # only few files need it

    options.DECODE_THREADS = 1
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    stream.seek(0)
    try:
        return cast(Image.Image, HeifImageFile(stream))
    except DECODER_ERRORS:
        raise ImageError(_("The HEIC photo is damaged or cut off; copy it again.")) from None


def _seek_page(tiff: Image.Image, page: int) -> None:
    try:
        tiff.seek(page)
    except DECODER_ERRORS:
        raise ImageError(_(UNKNOWN_TIFF)) from None


def _describe_animation(image: Image.Image) -> list[str]:
    """Return a sentence on an animation."""
    try:
        animated = image.format not in ("MPO", "TIFF") and getattr(image, "is_animated", False)
    except DECODER_ERRORS:
        return []  # what follows the first picture can't be read
    return [_("The picture is animated; only its first frame is read.")] if animated else []


def _reduce(image: Image.Image) -> list[str]:
    """Have a JPEG that is too large decoded smaller; return a sentence on it."""
    width, height = image.size
    if not isinstance(image, JpegImageFile) or not MAX_PIXELS < width * height <= MAX_SCALED_PIXELS:
        return []
    factor = next(factor for factor in (2, 4, 8) if width * height / factor**2 <= MAX_PIXELS)
    image.draft(None, (width // factor, height // factor))
    return [
        _(
            "The picture is large (%(width)s x %(height)s) and was read at 1/%(factor)s of its "
            "size; boxes are in pixels of the smaller one.",
            width=format_count(width),
            height=format_count(height),
            factor=factor,
        )
    ]


def _require_few_scans(stream: BinaryIO) -> None:
    """Raise ImageError if a JPEG goes over the picture more often than any camera's does."""
    place = stream.tell()
    stream.seek(0)
    scans = _scans(stream.read())
    stream.seek(place)
    if scans > MAX_SCANS:
        raise ImageError(_("The JPEG is made of far too many scans; save it anew."))


def _scans(jpeg: bytes) -> int:
    """Count the scans of the first picture, up to one more than are accepted."""
    place, count = len(_START), 0
    while count <= MAX_SCANS and (found := _MARKER.search(jpeg, place)):
        marker, place = found[0][1], found.end()
        if marker == _END:
            break
        count += marker == _SCAN
        # A segment states its length; one that breaks off ends the search.
        place += int.from_bytes(jpeg[place : place + 2], "big")
    return count
