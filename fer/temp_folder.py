"""Temporary folders of a process, removed with all that is in them.

The page's is `<GRADIO_TEMP_DIR or the system's>/fer-<user>/<random>`, for its user alone. A process
holds a lock on its folder as long as it runs, so what a killed one left can be recognised and
removed at the next start, while another process of the same user keeps its own.
"""

import atexit
import logging
import os
import platform
import secrets
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize, get_temp_dir
from pathlib import Path
from types import FrameType

from filelock import FileLock

logger = logging.getLogger(__name__)

LOCK = ".lock"
"""Name of the lock file in each process's folder and in the folder of all of them."""

VARIABLE = "GRADIO_TEMP_DIR"

SOCKETS = "fer-sockets"
"""Name of the folder for sockets."""

MAX_SOCKET_FOLDER = 70
"""Letters of the path of a folder for sockets; multiprocessing adds 32 and those of a name."""

_claimed: dict[str, "TempFolder"] = {}
"""The folders of this process; more than one only where the variable was changed."""


class TempFolder:
    """One process's folder.

    Args:
        root: The folder of all processes of this user.
    """

    def __init__(self, root: Path) -> None:
        """Choose a name; nothing is made yet."""
        self.root = root
        self.path = root / secrets.token_urlsafe(8)
        self._lock: FileLock | None = None
        self._process = os.getpid()

    def prepare(self) -> None:
        """Make the folder and lock it, unless that is done; what dead processes left is removed.

        Raises:
            OSError: The disk is full or read-only.
        """
        if self._lock is not None and self.path.is_dir():
            return
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self.root / LOCK, timeout=20):  # no other process is starting meanwhile
            self.path.mkdir(mode=0o700, exist_ok=True)
            # Of the process: a thread's lock asks whether that is alive when it is collected, which
            # Python 3.12 never answers where the collection runs as another thread starts.
            self._lock = FileLock(self.path / LOCK, thread_local=False)
            self._lock.acquire(timeout=0)
            remove_unlocked(folder for folder in self.root.iterdir() if folder != self.path)

    def remove(self) -> None:
        """Remove the folder; a thread may be writing into it, so what is new is removed as well."""
        if os.getpid() != self._process:  # a forked worker ends, not the page
            return
        for _ in range(3):
            shutil.rmtree(self.path, ignore_errors=True)
            if not self.path.exists():
                return


def claim_folder() -> TempFolder:
    """Return this process's folder, made on first use, and point Gradio to it.

    Gradio makes a folder as soon as a page is built, in what the variable named when it was
    imported: so a program calls this first of all. Where no folder can be made, it is no error yet.
    """
    set_by_user = os.environ.get(VARIABLE)
    if set_by_user in _claimed:
        return _claimed[set_by_user]
    folder = _make(set_by_user)
    os.environ[VARIABLE] = str(folder.path)
    _claimed[str(folder.path)] = folder
    atexit.register(folder.remove)
    return folder


def claim_socket_folder() -> None:
    """Have multiprocessing keep its sockets in a folder that is removed as this process's own is.

    By itself it leaves one in the system's folder wherever a signal ends the process. The page's
    own folder won't do: its files are deleted by age, and a socket's path has at most 107 bytes.
    """
    folder = TempFolder(_root(Path(tempfile.gettempdir()), SOCKETS))
    if SOCKETS in _claimed or len(str(folder.path)) > MAX_SOCKET_FOLDER:
        return
    try:
        folder.prepare()
    except OSError as error:
        logger.warning("No folder for sockets can be made in %s: %s", folder.root.parent, error)
        return
    usual, tempfile.tempdir = tempfile.tempdir, str(folder.path)
    try:
        get_temp_dir()  # which it keeps
    finally:
        tempfile.tempdir = usual
    _claimed[SOCKETS] = folder
    Finalize(None, folder.remove, exitpriority=-200)  # after multiprocessing has removed its own


def work_folder(name: str) -> TempFolder:
    """Return a folder for the work of this process, in the system's for temporary files.

    Args:
        name: Name of the work; folders of that name that killed processes left on this machine are
            removed.

    Raises:
        OSError: It can't be made.
    """
    # Machines that share a folder may not see each other's locks.
    folder = TempFolder(_root(Path(tempfile.gettempdir()), f"{name}-{platform.node()}"))
    folder.prepare()
    return folder


def _make(set_by_user: str | None) -> TempFolder:
    """Return a folder in the one that was set, or else in the system's."""
    for base in filter(None, (set_by_user, tempfile.gettempdir())):
        folder = TempFolder(_root(Path(base)))
        try:
            folder.prepare()
        except OSError as error:
            logger.warning("No temporary folder can be made in %s: %s", base, error)
        else:
            break
    return folder


def remove_on_termination(end_work: Callable[[], None] | None = None) -> None:
    """Remove this process's folders also when SIGTERM ends it; call it in the main thread.

    Args:
        end_work: Called first, to end what writes into the folders.
    """

    def remove_and_end(number: int, frame: FrameType | None) -> None:
        if end_work is not None:
            end_work()
        for folder in _claimed.values():
            folder.remove()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, remove_and_end)


def _root(base: Path, name: str = "fer") -> Path:
    """Return the folder of all of this user's processes; another user's of that name isn't used."""
    with suppress(OSError):
        base.mkdir(parents=True, exist_ok=True)
        base = base.resolve()
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    root = base / f"{name}-{user}"
    if _is_own(root):
        return root
    return base / f"{name}-{user}-{secrets.token_urlsafe(8)}"


def _is_own(root: Path) -> bool:
    """Return whether a folder is this user's alone, or may be made."""
    with suppress(OSError):
        root.mkdir(mode=0o700)
    try:
        found = root.lstat()
    except OSError:
        return True
    private = not found.st_mode & 0o077 if hasattr(os, "getuid") else True
    mine = found.st_uid == os.getuid() if hasattr(os, "getuid") else True
    return stat.S_ISDIR(found.st_mode) and private and mine


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder within the block, where the file system has locks."""
    lock = FileLock(folder / LOCK)
    with suppress(OSError):
        lock.acquire(timeout=0)
    try:
        yield
    finally:
        lock.release()


def remove_unlocked(folders: Iterable[Path]) -> None:
    """Remove those of some folders that no running process holds."""
    for folder in folders:
        if folder.is_symlink() or not folder.is_dir():
            continue
        with suppress(OSError), FileLock(folder / LOCK, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
