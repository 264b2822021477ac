"""Pages of TIFFs, and those among them that OpenCV reads, as Pillow refuses or mixes them up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from fer.array_types import UInt8Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.images.color import decode_full_depth
from fer.images.opening import (
    DAMAGED,
    DECODER_ERRORS,
    MAX_PIXELS,
    UNKNOWN_TIFF,
    ImageError,
    require_size,
)
from fer.images.pixels import bits_in_use, float_pixels, reduce_16_bits

MAX_PAGES = 32
"""Pages among which the largest is chosen."""

MAX_FLOAT_PIXELS = MAX_PIXELS // 4
"""Most pixels of a page that OpenCV reads, which takes over 50 bytes per pixel for a moment."""

_GREY_OR_RGB = (1, 2)
"""PhotometricInterpretation: grey from black to white, and RGB."""

_OPENCV_KINDS = ((1, 64), (3, 32), (3, 64))
"""Channels, and bits of each, of floats that only OpenCV reads; alpha has no agreed range."""

_BY_CHANNEL, _SIGNED, _FLOAT = 2, 2, 3
"""PlanarConfiguration of channels that are stored one after the other; SampleFormats."""

_WHITE_IS_ZERO = 0
"""PhotometricInterpretation of grey from white to black."""


@dataclass(frozen=True)
class TiffPage:
    """A page of a TIFF.

    Attributes:
        number: Index of the page, from 0.
        offset: Offset of its tags in the file.
        size: Width and height in pixels.
        is_reduced: Whether it states to be a smaller copy of another picture in the file.
        needs_opencv: Whether it is of floats in colour without alpha, or of 64 bits.
        is_mixed_up: Whether both would read noise, as channels of 16 bits are stored one after the
            other.
    """

    number: int
    offset: int
    size: tuple[int, int]
    is_reduced: bool
    needs_opencv: bool
    is_mixed_up: bool

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.size[0] * self.size[1]


def choose_page(stream: BinaryIO) -> tuple[TiffPage | None, list[str]]:
    """Return the largest page of a TIFF that can be read, and what else it holds in sentences.

    Args:
        stream: The file, at its start, where it is again afterwards.

    Returns:
        None of another file.

    Raises:
        ImageError: All pages are of kinds that can't be read.
    """
    pages = _read_pages(stream)
    by_size = sorted(pages, key=lambda page: page.area, reverse=True)
    tiff = _open(stream, by_size) if pages else None
    chosen = next((page for page in by_size if _is_readable(tiff, page)), None)
    stream.seek(0)
    if pages and not chosen:
        raise ImageError(_(UNKNOWN_TIFF))
    return chosen, _describe_rest(pages, chosen) if chosen else []


def _open(stream: BinaryIO, by_size: list[TiffPage]) -> Image.Image | None:
    """Return a TIFF as Pillow opens it, once: its way to a page reads the tags of all before it."""
    stream.seek(0)
    try:
        return Image.open(stream, formats=("TIFF",))
    except DECODER_ERRORS:
        return None
    except Image.DecompressionBombError:
        require_size(by_size[0].size)
        return None


def _is_readable(tiff: Image.Image | None, page: TiffPage) -> bool:
    """Return whether a page is of a kind that is read; Pillow reads none after one of no kind."""
    if page.is_mixed_up or page.needs_opencv:
        return page.needs_opencv
    try:
        if tiff:
            tiff.seek(page.number)
    except DECODER_ERRORS:
        return False
    except Image.DecompressionBombError:
        pass  # its size is refused later, with its own sentence
    return tiff is not None


def _describe_rest(pages: list[TiffPage], chosen: TiffPage) -> list[str]:
    """Return a sentence on the other pages, and one if this is a small copy of what isn't read."""
    notices = []
    largest = max(pages, key=lambda page: page.area)
    if len(pages) > 1:
        known = len(pages) < MAX_PAGES
        count = _("%(pages)s pages") if known else _("%(pages)s pages or more")
        if chosen != largest:
            text = N_(
                "The file holds %(count)s; only the largest that can be read (page %(page)s) is "
                "read."
            )
        elif chosen.number == 0 and chosen.area == min(page.area for page in pages):
            text = N_("The file holds %(count)s; only the first is read.")
        else:
            text = N_("The file holds %(count)s; only the largest (page %(page)s) is read.")
        notices.append(_(text, count=count % {"pages": len(pages)}, page=chosen.number + 1))
    if chosen.is_reduced:
        text = N_("Only a small copy of the picture, which the file holds, is read.")
        notices.append(_(text))
    return notices


def _read_pages(stream: BinaryIO) -> list[TiffPage]:
    """Return the pages as far as they can be read; none of another file."""
    pages: list[TiffPage] = []
    try:
        head = _read_head(stream)
        offset = ImageFileDirectory_v2(head).next
        while offset and len(pages) < MAX_PAGES and offset not in {page.offset for page in pages}:
            tags = _read_tags(stream, head, offset)
            pages.append(_describe(tags, len(pages), offset))
            offset = tags.next
    except DECODER_ERRORS:
        pass  # it is no TIFF, or damaged
    return pages


def _read_head(stream: BinaryIO) -> bytes:
    stream.seek(0)
    head = stream.read(8)
    return head + (stream.read(8) if head[2:3] == b"+" else b"")  # of BigTIFF


def _read_tags(stream: BinaryIO, head: bytes, offset: int) -> ImageFileDirectory_v2:
    """Return a page's tags, which may be as large as the file."""
    tags = ImageFileDirectory_v2(head)
    stream.seek(offset)
    tags.load(stream)
    return tags


def _describe(tags: ImageFileDirectory_v2, number: int, offset: int) -> TiffPage:
    """Return what is kept of a page's tags."""

    def whole(tag: Base, default: int = 0) -> int:
        value = tags.get(tag, default)
        return value if isinstance(value, int) else default

    values = np.ravel(tags.get(Base.BitsPerSample, 1)).tolist()
    bits = {value for value in values if isinstance(value, int)}
    channels = whole(Base.SamplesPerPixel, 1)
    by_channel = whole(Base.PlanarConfiguration) == _BY_CHANNEL
    floats = _FLOAT in np.ravel(tags.get(Base.SampleFormat, 1))
    known = whole(Base.PhotometricInterpretation) in _GREY_OR_RGB
    is_readable = (channels, *bits) in _OPENCV_KINDS
    return TiffPage(
        number=number,
        offset=offset,
        size=(whole(Base.ImageWidth), whole(Base.ImageLength)),
        is_reduced=bool(whole(Base.NewSubfileType) & 1),
        needs_opencv=floats and known and is_readable and not by_channel,
        is_mixed_up=by_channel and channels > 1 and max(bits, default=1) > 8,
    )


def stored_values(picture: Image.Image) -> NDArray[Any]:
    """Return the pixels of a loaded grey picture of more than 8 bits, of a TIFF by its own tags.

    Pillow reads unsigned 32 bits as signed, and leaves 16 bits of which 0 is white inverted.
    """
    values, tags = np.asarray(picture), getattr(picture, "tag_v2", {})
    if _integers(tags, 32) and not _is_signed(tags) and values.dtype == np.int32:
        return values.view(np.uint32)
    if values.dtype == np.uint16 and tags.get(Base.PhotometricInterpretation) == _WHITE_IS_ZERO:
        return (1 << bits_in_use(values)) - 1 - values
    return values


def shift_signed(picture: Image.Image, pixels: UInt8Array) -> UInt8Array:
    """Return the pixels of a loaded picture with 8 bits a channel, from black to white.

    A TIFF may state them from -128 to 127, which Pillow reads as 128 to 255 and 0 to 127.
    """
    tags = getattr(picture, "tag_v2", {})
    return pixels ^ np.uint8(128) if _integers(tags, 8) and _is_signed(tags) else pixels


def _integers(tags: Mapping[int, Any], bits: int) -> bool:
    return bool((np.ravel(tags.get(Base.BitsPerSample, ())) == bits).any()) and not bool(
        (np.ravel(tags.get(Base.SampleFormat, ())) == _FLOAT).any()
    )


def _is_signed(tags: Mapping[int, Any]) -> bool:
    return bool((np.ravel(tags.get(Base.SampleFormat, ())) == _SIGNED).any())


def read_page(
    stream: BinaryIO, page: TiffPage, max_pixels: int | None
) -> tuple[Image.Image, list[str]]:
    """Return a page that needs OpenCV, which turns it upright, as RGB of 8 bits, and notices.

    Args:
        stream: The file.
        page: The page of the file.
        max_pixels: Most pixels, if fewer than `MAX_FLOAT_PIXELS`.

    Raises:
        ImageError: It is damaged, too large, or holds no numbers.
    """
    require_size(page.size, min(max_pixels or MAX_FLOAT_PIXELS, MAX_FLOAT_PIXELS))
    values = decode_full_depth(stream, page.number)
    if values is None:
        raise ImageError(_(DAMAGED))
    pixels, notices = (float_pixels if values.dtype.kind == "f" else reduce_16_bits)(values)
    picture = Image.fromarray(pixels)
    tags = _read_tags(stream, _read_head(stream), page.offset)
    picture.info["icc_profile"] = tags.get(Base.InterColorProfile)
    return picture, notices
