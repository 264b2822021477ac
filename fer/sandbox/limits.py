"""What a worker may use, how it gives up the rest, and what the page has to see to itself."""

import os
import resource
import secrets
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fer.sandbox import kernel

_SYSTEM = ("/usr", "/lib", "/lib64", "/proc/cpuinfo", "/sys/devices/system/cpu")
"""Where libraries, fonts and facts about the processor are, beside Python's own folders."""

MAX_THREADS = 256 + 8 * (os.cpu_count() or 1)
"""Threads of a worker: those of the networks and codecs grow with the cores."""

MAX_FILES = 1000
"""Files and folders of a worker, together with what it has open."""

_DEPTH = 4
"""Levels of folders that are left as they are; a worker needs one below its own."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one worker.

    Attributes:
        memory: Bytes of address space on top of what a worker starts with.
        cpu: Seconds of CPU time, of all its threads together.
        file_size: Bytes of a file that it may write.
        open_files: Number of files that may be open.
        nice: Steps by which others go first on a busy machine.
        readable: Folders and files that it may read, besides libraries.
        writable: The one folder that it may write; its temporary files go there, too.
    """

    memory: int
    cpu: float
    file_size: int = 0
    open_files: int = 64
    nice: int = 0
    readable: tuple[Path, ...] = ()
    writable: Path | None = None


def confine(limits: Limits) -> list[str]:
    """Bound the calling process and take rights away from it, for good.

    What this machine lacks is left out: it is up to the caller to report it.

    Returns:
        What couldn't be had, a phrase each; empty on a current Linux.
    """
    os.umask(0o077)
    os.nice(limits.nice)
    if limits.writable is not None:
        tempfile.tempdir = str(limits.writable)
        os.chdir(limits.writable)
    steps: dict[str, Callable[[], None]] = {
        "an end with the page": lambda: kernel.die_with_parent(signal.SIGKILL),
        "a bound on memory": lambda: _bound(resource.RLIMIT_AS, _size() + limits.memory),
        "bounds on time and files": lambda: _bound_rest(limits),
        "a bound on rights": kernel.set_no_new_privs,
        "an end of root's rights": kernel.drop_capabilities,
        "a bound on files that are read": lambda: kernel.restrict_with_landlock(
            *_allowed_files(limits)
        ),
        "a filter on system calls": kernel.install_seccomp_filter,
    }
    missing = []
    for name, step in steps.items():
        try:
            step()
        except (OSError, ValueError) as error:
            missing.append(f"{name} ({error})")
    return missing


def bound_cpu(seconds: float) -> None:
    """Bound the CPU time of the calling process, of all its threads together; it can only fall."""
    _bound(resource.RLIMIT_CPU, max(1, round(seconds)))


def _size() -> int:
    """Return the bytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _bound(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _bound_rest(limits: Limits) -> None:
    bound_cpu(limits.cpu)
    _bound(resource.RLIMIT_FSIZE, limits.file_size)
    _bound(resource.RLIMIT_NOFILE, limits.open_files)
    _bound(resource.RLIMIT_CORE, 0)


def _allowed_files(limits: Limits) -> tuple[list[Path], list[Path]]:
    """Return what may be read and what may be written."""
    package = Path(__file__).parents[1]
    libraries = [package, *map(Path, (sys.prefix, sys.base_prefix, *_SYSTEM))]
    writable = [] if limits.writable is None else [limits.writable]
    return [*libraries, *limits.readable], writable


def excess(pid: int, folder: Path | None, max_bytes: float) -> str:
    """Return what a worker has too much of; "" if nothing.

    Args:
        pid: Id of its process.
        folder: Folder that it may write, if any.
        max_bytes: Most bytes of all files there, and of those that it has open, also if they are
            deleted.

    Raises:
        OSError: The worker hides something, or is about to end.
    """
    try:
        if len(os.listdir(f"/proc/{pid}/task")) > MAX_THREADS:
            return "threads"
        paths = list(islice(_used_files(pid, folder), MAX_FILES + 1))
    except FileNotFoundError:  # it has ended, or this is no Linux
        return ""
    if len(paths) > MAX_FILES:
        return "files"
    return "bytes" if sum(_sizes(paths).values()) > max_bytes else ""


def can_flatten(folder: Path) -> bool:
    """Return whether `flatten` would leave alone all that is in a folder already.

    Anybody may have an analysis write to a folder with other files, which are none of a worker's.
    """
    level = [folder]
    try:
        for _ in range(_DEPTH + 1):
            level = [inner for outer in level for inner in _folders_in(outer)]
            if any(map(_is_shut, level)):
                return False
    except OSError:
        return False
    return not level


def flatten(folder: Path) -> None:
    """Let folders be removed that a worker, which has ended, has left in its own one.

    Those that it has shut are opened, and those that it has nested deeply are moved up: functions
    of Python call themselves for each level.
    """
    level = [folder]
    for _ in range(_DEPTH):
        level = [inner for outer in level for inner in _open_folders_in(outer)]
    while level:
        for inner in _open_folders_in(level.pop()):
            level.append(folder / secrets.token_urlsafe(8))
            with suppress(OSError):
                inner.rename(level[-1])


def _open_folders_in(folder: Path) -> list[Path]:
    """Find the folders in one, and let them be listed and removed."""
    found = []
    with suppress(OSError):
        found = _folders_in(folder)
    for inner in found:
        with suppress(OSError):
            if _is_shut(inner):
                inner.chmod(0o700)
    return found


def _is_shut(folder: Path) -> bool:
    """Return whether a folder's owner lacks a right to it."""
    return folder.lstat().st_mode & 0o700 != 0o700


def _folders_in(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _used_files(pid: int, folder: Path | None) -> Iterator[Path]:
    """Find what is in a folder, and what a process has open."""
    yield from Path(f"/proc/{pid}/fd").iterdir()
    for inner, folders, names in os.walk(folder, onerror=_raise) if folder is not None else ():
        yield from (Path(inner, name) for name in (*folders, *names))


def _raise(error: OSError) -> None:
    """Raise an error of a folder that can't be listed, unless it has been deleted."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _sizes(paths: Iterable[Path]) -> dict[tuple[int, int], int]:
    """Return the bytes on the disk of regular files, one with several names once."""
    sizes = {}
    for path in paths:
        with suppress(OSError):  # it has been closed or deleted
            status = path.stat(follow_symlinks=path.parts[1] == "proc")
            if stat.S_ISREG(status.st_mode):
                sizes[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sizes
