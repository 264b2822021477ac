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
        tags: Of the page, as Pillow reads them.
    """

    number: int
    tags: ImageFileDirectory_v2

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._whole(Base.ImageWidth), self._whole(Base.ImageLength)

    @property
    def is_reduced(self) -> bool:
        """Whether it states to be a smaller copy of another picture in the file."""
        return bool(self._whole(Base.NewSubfileType) & 1)

    @property
    def needs_opencv(self) -> bool:
        """Whether it is of floats in colour, or of 64 bits."""
        floats = _FLOAT in np.ravel(self.tags.get(Base.SampleFormat, 1))
        known = self._whole(Base.PhotometricInterpretation) in _GREY_OR_RGB
        deep = self._bits != [32] and set(self._bits) <= {32, 64}
        return floats and known and deep and not self._by_channel

    @property
    def is_mixed_up(self) -> bool:
        """Whether both would read noise, as channels of 16 bits are stored one after the other."""
        return self._by_channel and len(self._bits) > 1 and max(self._bits) > 8

    @property
    def _bits(self) -> list[int]:
        bits = np.ravel(self.tags.get(Base.BitsPerSample, 1)).tolist()
        return [number for number in bits if isinstance(number, int)]

    @property
    def _by_channel(self) -> bool:
        return self._whole(Base.PlanarConfiguration) == _BY_CHANNEL

    def _whole(self, tag: Base) -> int:
        value = self.tags.get(tag, 0)
        return value if isinstance(value, int) else 0


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
        head = stream.read(8)
        head += stream.read(8) if head[2:3] == b"+" else b""  # of BigTIFF
        offset = ImageFileDirectory_v2(head).next
        while offset and len(pages) < MAX_PAGES:
            stream.seek(offset)
            tags = ImageFileDirectory_v2(head)
            tags.load(stream)
            pages.append(TiffPage(len(pages), tags))
            offset = tags.next
    except DECODER_ERRORS:
        pass  # it is no TIFF, or damaged
    return pages


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
    picture.info["icc_profile"] = page.tags.get(Base.InterColorProfile)
    return picture, notices
