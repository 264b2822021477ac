"""HEIC files made for tests: a picture as HEVC in the boxes of ISO/IEC 23008-12."""

import io
import struct

import av
import numpy as np

X265_PARAMETERS = "log-level=none:info=0:pools=none:frame-threads=1:bframes=0:rc-lookahead=0"
"""Without `info=0`, the muxer fails now and then."""


def heic(
    picture: np.ndarray,
    quarter_turns: int = 0,
    size: tuple[int, int] | None = None,
    colors: tuple[int, int] = (1, 13),
) -> bytes:
    """Return RGB uint8 (h, w, 3) as a HEIC file; sides are multiples of 16.

    Args:
        picture: The picture.
        quarter_turns: By how many quarters the file's `irot` turns it, anticlockwise.
        size: Width and height that the header states; the picture's own if None.
        colors: Primaries and transfer that it states, of ITU-T H.273.
    """
    configuration, coded = _hevc(picture)
    width, height = size or (picture.shape[1], picture.shape[0])
    properties = [
        configuration,
        _box(b"ispe", struct.pack(">III", 0, width, height)),
        _box(b"irot", bytes([quarter_turns])),
        _box(b"colr", struct.pack(">4sHHHB", b"nclx", *colors, 6, 0)),
    ]
    brands = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    start = len(brands) + len(_meta(properties, 0, len(coded))) + 8
    return brands + _meta(properties, start, len(coded)) + _box(b"mdat", coded)


def _hevc(picture: np.ndarray) -> tuple[bytes, bytes]:
    """Return the decoder's configuration as a box, and the picture's units."""
    file = io.BytesIO()
    with av.open(file, "w", "mp4") as container:
        stream = container.add_stream("libx265", rate=1)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"x265-params": X265_PARAMETERS, "crf": "10"}
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    content = file.getvalue()
    return _find(content, b"hvcC"), _find(content, b"mdat")[8:]


def _find(content: bytes, kind: bytes) -> bytes:
    start = content.index(kind) - 4
    return content[start : start + int.from_bytes(content[start : start + 4], "big")]


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _meta(properties: list[bytes], start: int, length: int) -> bytes:
    associations = bytes([len(properties), *(0x80 | i + 1 for i in range(len(properties)))])
    item = _box(b"infe", struct.pack(">IHH4sx", 2 << 24, 1, 0, b"hvc1"))
    boxes = (
        _box(b"hdlr", struct.pack(">II4s12xx", 0, 0, b"pict")),
        _box(b"pitm", struct.pack(">IH", 0, 1)),
        _box(b"iloc", struct.pack(">IHHHHHII", 0, 0x4400, 1, 1, 0, 1, start, length)),
        _box(b"iinf", struct.pack(">IH", 0, 1) + item),
        _box(
            b"iprp",
            _box(b"ipco", b"".join(properties))
            + _box(b"ipma", struct.pack(">IIH", 0, 1, 1) + associations),
        ),
    )
    return _box(b"meta", bytes(4) + b"".join(boxes))
