"""Reader of an AVI's index (`idx1`), which shows whether its last frames are missing or empty.

For a picture that doesn't change many recorders write empty chunks, which FFmpeg passes over. They
count in the header like other frames, as do those of a file that is cut off, which has no index.
"""

from pathlib import Path
from struct import unpack

import numpy as np
from av.video.stream import VideoStream

from fer.video.header import MAX_FRAMES

_ENTRY = np.dtype([("chunk", "S4"), ("rest", "V12")])

_MAX_BYTES = 10 * MAX_FRAMES * _ENTRY.itemsize
"""Of an index that is read: sound has entries, too."""


_MAX_CHUNKS = 100
"""Before the index; there are about four."""


def lists_all_frames(path: str | Path, stream: VideoStream) -> bool:
    """Return whether a file is an AVI whose index lists each frame that the header counts.

    Args:
        path: The file.
        stream: Its video track.
    """
    entries = np.frombuffer(_read_index(Path(path)), _ENTRY)["chunk"]
    names = [b"%02d%s" % (stream.index, kind) for kind in (b"dc", b"db")]
    listed = int(np.isin(entries, names).sum())
    return 0 < stream.frames <= listed


def _read_index(path: Path) -> bytes:
    """Return the entries of the first index, whole ones only; none where there is no index."""
    with path.open("rb") as file:
        riff, _size, form = unpack("<4sI4s", file.read(12).ljust(12))
        for _ in range(_MAX_CHUNKS if (riff, form) == (b"RIFF", b"AVI ") else 0):
            name, size = unpack("<4sI", file.read(8).ljust(8))
            if name == b"idx1":
                content = file.read(min(size, _MAX_BYTES))
                return content[: len(content) - len(content) % _ENTRY.itemsize]
            file.seek(size + size % 2, 1)
    return b""
