"""Pages of TIFFs, and those among them that OpenCV reads, as Pillow refuses or mixes them up."""

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.images.color import decode_deep
from fer.images.opening import DAMAGED, DECODER_ERRORS, UNKNOWN_TIFF, ImageError
from fer.images.pixels import float_pixels, reduce_16_bits

MAX_PAGES = 32
"""Pages among which the largest is chosen."""

_GREY_OR_RGB = (1, 2)
"""PhotometricInterpretation: grey from black to white, and RGB."""

_BY_CHANNEL, _FLOAT = 2, 3
"""PlanarConfiguration of channels that are stored one after the other; SampleFormat."""


@dataclass(frozen=True)
class TiffPage:
    """A page of a TIFF.

    Attributes:
        number: From 0.
        offset: Of its tags in the file.
        size: Width and height in pixels.
        is_reduced: Whether it states to be a smaller copy of another picture in the file.
        needs_opencv: Whether it is of floats in colour, or of 64 bits.
        is_mixed_up: Whether both would read noise, as channels of 16 bits are stored one after the
            other.
    """

    number: int
    offset: int
    size: tuple[int, int]
    is_reduced: bool
    needs_opencv: bool
    is_mixed_up: bool


def choose_page(stream: BinaryIO) -> tuple[TiffPage | None, list[str]]:
    """Return the largest page of a TIFF, and what else it holds in sentences; None of another file.

    Args:
        stream: The file, at its start, where it is again afterwards.

    Raises:
        ImageError: The page is of a kind that can't be read.
    """
    pages = _read_pages(stream)
    stream.seek(0)
    if not pages:
        return None, []
    areas = [page.size[0] * page.size[1] for page in pages]
    largest = pages[areas.index(max(areas))]
    if largest.is_mixed_up:
        raise ImageError(_(UNKNOWN_TIFF))
    notices = []
    if len(pages) > 1:
        known = len(pages) < MAX_PAGES
        count = _("%(pages)s pages") if known else _("%(pages)s pages or more")
        if min(areas) == max(areas):
            text = N_("The file holds %(count)s; only the first is read.")
        else:
            text = N_("The file holds %(count)s; only the largest (page %(page)s) is read.")
        notices.append(_(text, count=count % {"pages": len(pages)}, page=largest.number + 1))
    if largest.is_reduced:
        text = N_("Only a small copy of the picture, which the file holds, is read.")
        notices.append(_(text))
    return largest, notices


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
    bits = [value for value in values if isinstance(value, int)]
    by_channel = whole(Base.PlanarConfiguration) == _BY_CHANNEL
    floats = _FLOAT in np.ravel(tags.get(Base.SampleFormat, 1))
    known = whole(Base.PhotometricInterpretation) in _GREY_OR_RGB
    deep = bits != [32] and set(bits) <= {32, 64}
    return TiffPage(
        number=number,
        offset=offset,
        size=(whole(Base.ImageWidth), whole(Base.ImageLength)),
        is_reduced=bool(whole(Base.NewSubfileType) & 1),
        needs_opencv=floats and known and deep and not by_channel,
        is_mixed_up=by_channel and len(bits) > 1 and max(bits) > 8,
    )


def read_page(stream: BinaryIO, page: TiffPage) -> tuple[Image.Image, list[str]]:
    """Return a page that needs OpenCV, which turns it upright, as RGB of 8 bits, and notices.

    Raises:
        ImageError: It is damaged, too large, or holds no numbers.
    """
    values = decode_deep(stream, page.number)
    if values is None:
        raise ImageError(_(DAMAGED))
    pixels, notices = (float_pixels if values.dtype.kind == "f" else reduce_16_bits)(values)
    picture = Image.fromarray(pixels)
    tags = _read_tags(stream, _read_head(stream), page.offset)
    picture.info["icc_profile"] = tags.get(Base.InterColorProfile)
    return picture, notices
