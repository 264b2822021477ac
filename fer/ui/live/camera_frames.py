"""Validation of camera frames before they are decoded: format, size, metadata and scans.

Frames reach the handler as they were sent, by a server function of the page: Gradio neither opens a
path in them nor writes them to disk nor decodes or keeps them. Nor does a decoder meet them as they
were sent: EXIF data of 120 KB may take gigabytes to parse, so that only what the pixels need is
left of a frame's header.
"""

import base64
import binascii
import re
import struct
from itertools import islice
from typing import Any

from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.images import ImageError
from fer.timeline.formatting import format_decimal

MAX_JPEG_BYTES = 1_500_000
"""Bytes of a frame; one of 640 x 480 pixels has about 50,000."""

MAX_PIXELS = 2_100_000
"""1920 x 1080 pixels: some cameras have no smaller size."""

MAX_SCANS = 12
"""Browsers send one; progressive JPEG files have about ten, and each is decoded in full."""

MAX_SEGMENTS = 100
"""Segments before the first scan, and from it on: about ten, unless the file is made to keep a
parser busy."""

MAX_HEADER_BYTES = 4000
"""Bytes of those that are kept; tables take about 600."""

DATA_URL_PREFIX = "data:image/jpeg;base64,"
"""What a frame begins with as the page sends it."""

_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of the segments that hold the size (SOF)."""

_KEPT = {*_SIZES, 0xC4, 0xDB, 0xDD, 0xE0, 0xEE}
"""Markers of the segments that decoding needs: size, tables, restart interval, and what describes
the colours (JFIF, Adobe)."""

_DROPPED = {*range(0xE1, 0xF0), 0xFE} - _KEPT
"""Metadata and comments. There may be nothing else before the first scan (SOS)."""

_SCAN = 0xDA

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""What is no picture data within a scan: neither a byte 255 of its own nor a restart marker."""

_MALFORMED = N_(
    "The camera's picture can't be read; it must be a JPEG as browsers send it. Press Stop, then "
    "Start camera; if that doesn't help, try another browser."
)


def frame_bytes(payload: Any) -> bytes:
    """Return the JPEG file in what the page sends as a frame, without metadata and not decoded.

    Args:
        payload: A dictionary whose `url` is a data URL, and which names no file.

    Raises:
        ImageError: The payload is anything else, or the picture is not a JPEG, is too large in
            bytes or pixels or has too many scans.
    """
    url = payload.get("url") if isinstance(payload, dict) else None
    if (
        not isinstance(url, str)
        or not url.startswith(DATA_URL_PREFIX)
        or payload.get("path") is not None
    ):
        raise ImageError(_(_MALFORMED))
    if len(url) > MAX_JPEG_BYTES * 4 // 3 + len(DATA_URL_PREFIX) + 4:
        raise ImageError(
            _(
                "The camera's picture has more than %(most)s MB; choose a lower resolution for "
                "the camera.",
                most=format_decimal(MAX_JPEG_BYTES / 1e6),
            )
        )
    try:
        content = base64.b64decode(url[len(DATA_URL_PREFIX) :], validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise ImageError(_(_MALFORMED)) from None
    return _checked(content)


def _checked(content: bytes) -> bytes:
    """Return a JPEG without metadata.

    Raises:
        ImageError: It can't be decoded in a few milliseconds, or is no JPEG.
    """
    header, scans = _split(content)
    sizes = [segment for segment in header if segment[1] in _SIZES]
    if len(sizes) != 1 or sum(map(len, header)) > MAX_HEADER_BYTES or len(sizes[0]) < 9:
        raise ImageError(_(_MALFORMED))
    height, width = struct.unpack_from(">HH", sizes[0], 5)
    if width * height > MAX_PIXELS:
        raise ImageError(
            _(
                "The camera's picture is too large (%(width)s x %(height)s); choose a lower "
                "resolution for the camera, 1920 x 1080 at most.",
                width=format_count(width),
                height=format_count(height),
            )
        )
    markers = [found[0][1] for found in islice(_MARKER.finditer(scans), MAX_SEGMENTS + 1)]
    if len(markers) > MAX_SEGMENTS or markers.count(_SCAN) > MAX_SCANS:
        raise ImageError(_(_MALFORMED))
    return b"".join((b"\xff\xd8", *header, scans))


def _split(content: bytes) -> tuple[list[bytes], bytes]:
    """Return the segments that decoding needs, and all from the first scan on.

    Raises:
        ImageError: It is no JPEG, or its header is damaged or as no browser writes it.
    """
    kept: list[bytes] = []
    at = 2 if content.startswith(b"\xff\xd8\xff") else len(content)
    for _segment in range(MAX_SEGMENTS):
        if at + 4 > len(content) or content[at] != 0xFF:
            break
        marker, length = struct.unpack_from(">BH", content, at + 1)
        if marker == _SCAN:
            return kept, content[at:]
        if marker not in _KEPT | _DROPPED or length < 2:
            break
        if marker in _KEPT:
            kept.append(content[at : at + 2 + length])
        at += 2 + length
    raise ImageError(_(_MALFORMED))
