"""Validation of camera frames before they are decoded: format, size and number of scans.

Frames reach the handler as they were sent, by a server function of the page: Gradio neither opens a
path in them nor writes them to disk nor decodes or keeps them.
"""

import base64
import binascii
import struct
from typing import Any

from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.images import ImageError

MAX_JPEG_BYTES = 1_500_000
"""Bytes of a frame; one of 640 x 480 pixels has about 50,000."""

MAX_PIXELS = 2_100_000
"""1920 x 1080 pixels: some cameras have no smaller size."""

MAX_SCANS = 12
"""Browsers send one; progressive JPEG files have about ten, and each is decoded in full."""

MAX_SEGMENTS = 100
"""Segments before the size: about ten, unless the file is made to keep the parser busy."""

_PREFIX = "data:image/jpeg;base64,"
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of the segments that hold the size (SOF)."""

_WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xDA), 0xFF}
"""What may follow FF without a length, which decoders pass over; browsers write none of it."""

_MALFORMED = N_(
    "The camera's picture can't be read; it must be a JPEG as browsers send it. Press Stop, then "
    "Start camera; if that doesn't help, try another browser."
)


def frame_bytes(payload: Any) -> bytes:
    """Return the JPEG file in what the page sends as a frame; only its header has been parsed.

    Args:
        payload: A dictionary whose `url` is a data URL, and which names no file.

    Raises:
        ImageError: The payload is anything else, or the picture is not a JPEG, is too large in
            bytes or pixels or has too many scans.
    """
    url = payload.get("url") if isinstance(payload, dict) else None
    if not isinstance(url, str) or not url.startswith(_PREFIX) or payload.get("path") is not None:
        raise ImageError(_(_MALFORMED))
    if len(url) > MAX_JPEG_BYTES * 4 // 3 + len(_PREFIX) + 4:
        raise ImageError(
            _(
                "The camera's picture has more than %(most)s MB; choose a lower resolution for "
                "the camera.",
                most=f"{MAX_JPEG_BYTES / 1e6:.1f}",
            )
        )
    try:
        content = base64.b64decode(url[len(_PREFIX) :], validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise ImageError(_(_MALFORMED)) from None
    _check_size(content)
    return content


def _check_size(content: bytes) -> None:
    """Raise ImageError unless the JPEG's header allows decoding it in a few milliseconds."""
    width, height = _jpeg_size(content)
    if width * height > MAX_PIXELS:
        raise ImageError(
            _(
                "The camera's picture is too large (%(width)s x %(height)s); choose a lower "
                "resolution for the camera, 1920 x 1080 at most.",
                width=f"{width:,}",
                height=f"{height:,}",
            )
        )
    # Within a scan FF is never followed by DA; metadata may hold the pair by chance, though.
    if content.count(b"\xff\xda") > MAX_SCANS or b"MPF\x00" in content:
        raise ImageError(_(_MALFORMED))


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Return a JPEG's width and height, by walking its segments.

    Raises:
        ImageError: It is no JPEG, or its header is damaged.
    """
    at = 2 if content.startswith(b"\xff\xd8\xff") else len(content)
    for _segment in range(MAX_SEGMENTS):
        if at + 9 > len(content) or content[at] != 0xFF:
            break
        marker, length = struct.unpack_from(">BH", content, at + 1)
        if marker in _SIZES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        if marker == 0xDA or marker in _WITHOUT_LENGTH or length < 2:
            break
        at += 2 + length
    raise ImageError(_(_MALFORMED))
