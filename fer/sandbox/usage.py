"""What a worker uses that the kernel bounds by file or by user only, seen from the page."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

MAX_THREADS = 256 + 8 * (os.cpu_count() or 1)
"""Threads of a worker: those of the networks and codecs grow with the cores."""

MAX_FILES = 1000
"""Files and folders of a worker, together with what it has open."""


def excess(pid: int, folder: Path, max_bytes: int) -> str:
    """Return what a worker has too much of; "" if nothing.

    Args:
        pid: Its process.
        folder: Which it may write.
        max_bytes: Of all files there, and of those that it has open, also if they are deleted;
            those that its parent has open as well, such as the page's log, are not its own.
    """
    try:
        if len(os.listdir(f"/proc/{pid}/task")) > MAX_THREADS:
            return "threads"
        paths = list(islice(_files(pid, folder), MAX_FILES + 1))
        inherited = _sizes(_open_files(_parent(pid)))
    except FileNotFoundError:  # it has ended, or this is no Linux
        return ""
    except OSError as error:
        return f"to hide ({error})"
    if len(paths) > MAX_FILES:
        return "files"
    own = {file: size for file, size in _sizes(paths).items() if file not in inherited}
    return "bytes" if sum(own.values()) > max_bytes else ""


def _parent(pid: int) -> int:
    """Return the number of a process's parent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def _open_files(pid: int) -> Iterator[Path]:
    yield from Path(f"/proc/{pid}/fd").iterdir()


def _files(pid: int, folder: Path) -> Iterator[Path]:
    """Find what is in a folder, and what a process has open."""
    yield from _open_files(pid)
    for inner, folders, names in os.walk(folder):
        yield from (Path(inner, name) for name in (*folders, *names))


def _sizes(paths: Iterable[Path]) -> dict[tuple[int, int], int]:
    """Return the bytes on the disk of regular files, one with several names once."""
    sizes = {}
    for path in paths:
        with suppress(OSError):  # it has been closed or deleted
            status = path.stat(follow_symlinks=path.parts[1] == "proc")
            if stat.S_ISREG(status.st_mode):
                sizes[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sizes
