"""Reads pictures and videos in a process of its own, so that one which kills it kills nothing else.

`python -m tests.security.readers` is that process: it reads files from its input and writes a line
about each.
"""

import json
import resource
import select
import struct
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import BinaryIO

from tests.security.server import ROOT

MEMORY = 6 * 2**30
"""Bytes of address space that the process may have."""

MAX_FRAMES = 60
"""Frames of a video that are read and written again."""

READ, SENTENCE, DEAD, FOREIGN = "read", "sentence", "dead", "foreign"
"""What may come of a try: a result, our own sentence, a dead process, any other exception."""

SILENCE_LIMIT = "silent"
"""What may come of a request, too: it is refused, and the reason is not given."""


class Reader:
    """A process that reads files; it is started anew when one has killed it.

    Args:
        patience: Seconds after which a file that isn't read through is given up.
    """

    def __init__(self, patience: float = 20) -> None:
        self.patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, kind: str, content: bytes) -> tuple[str, str]:
        """Return what comes of a file, as one of READ, SENTENCE, DEAD or FOREIGN, and details.

        Args:
            kind: "picture" or "video".
            content: The file.
        """
        process = self._process = self._process or self._start()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(struct.pack(">cI", kind[:1].encode(), len(content)) + content)
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], self.patience)
            line = process.stdout.readline() if ready else b""
        except BrokenPipeError:
            ready, line = [process.stdout], b""
        if line:
            outcome, details = json.loads(line)
            return outcome, details
        self.close()
        how = f"ended with {process.returncode}" if ready else f"no end in {self.patience:g} s"
        return DEAD, how

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.security.readers"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Read files until there are no more."""
    with tempfile.TemporaryDirectory() as name:
        while head := source.read(5):
            kind, size = struct.unpack(">cI", head)
            outcome = read_one(kind, source.read(size), Path(name))
            target.write(json.dumps(outcome).encode() + b"\n")
            target.flush()


def read_one(kind: bytes, content: bytes, folder: Path) -> tuple[str, str]:
    """Return what comes of one file."""
    from fer.images import ImageError, read_image
    from fer.video import VideoError

    try:
        if kind == b"p":
            image = read_image(content)
            assert image.ndim == 3 and image.shape[2] == 3 and image.dtype == "uint8"
        else:
            read_video(content, folder)
    except (ImageError, VideoError) as error:
        return SENTENCE, str(error)
    except Exception as error:  # noqa: BLE001 (which it may be is the question)
        last = traceback.extract_tb(error.__traceback__)[-1]
        return FOREIGN, f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.name})"
    return READ, ""


def read_video(content: bytes, folder: Path) -> None:
    """Read a video's frames and sound and write them again."""
    from fer.video import VideoReader, VideoWriter, check_video

    source = folder / "source.mp4"
    source.write_bytes(content)
    check_video(source)
    with VideoReader(source, 640) as reader:
        info = reader.info
        with VideoWriter(folder / "made.mp4", info.width, info.height, source) as writer:
            for index, frame in enumerate(reader):
                writer.write(frame.image, frame.time, frame.duration)
                if index >= MAX_FRAMES:
                    break


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)
