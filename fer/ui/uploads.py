"""What visitors upload: who may use which file, how much there may be, and when it goes.

Gradio names an upload's folder by its content, so whoever knows a file's bytes could ask whether
somebody uploaded it, and knows its path. Here each upload has a folder of a random name: to know
its path is the right to use it, and the first session that does so keeps it for itself. All times
are those of a monotonic clock, so a jump of the computer's clock deletes nothing.
"""

import functools
import os
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fer.temp_folder import LOCK, TempFolder, claim_folder

MAX_AGE = 3000
"""Seconds for which an upload, and what was made of one, is kept while its page is open."""

MAX_AGE_AFTER_LEAVING = 780
"""Seconds for which an upload is kept after its visitor left; the page may only have been reloaded.

With the time between two sweeps it is less than the quarter of an hour that the README names.
"""

SWEEP_INTERVAL = 60
"""Seconds between two sweeps."""

LEASE = 120
"""Seconds after its last use in which an upload isn't removed to make room for others."""

NO_ROOM = "There is no room for uploads just now; try again in a few minutes."

_BLOCK = 64 * 1024
"""Bytes that a file counts for besides its own when senders are compared."""


class NoRoomError(OSError):
    """An upload doesn't fit; the message may be shown to a visitor."""

    def __init__(self) -> None:
        super().__init__(NO_ROOM)


@dataclass(frozen=True)
class Quota:
    """How much may lie in the folder in all.

    Args:
        bytes: Of uploads and of what is made of them.
        files: Uploads.
        reserve: Share of the disk that stays free, or `max_reserve` bytes where that is less.
    """

    bytes: int = 8_000_000_000
    files: int = 4000
    reserve: float = 0.05
    max_reserve: int = 1_000_000_000


@dataclass(eq=False)
class Upload:
    """One file, received or still being received.

    Args:
        path: Its file, alone in a folder of a random name.
        sender: The network address that sent it; only for sharing the room.
        made: When its reception began or, later, ended.
        size: Bytes so far.
        session: The session that used it first.
        used: When it was used last.
        left: When the visitor left; None as long as their page is open.
        complete: Whether all of it is here.
    """

    path: Path
    sender: str
    made: float
    size: int = 0
    session: str | None = None
    used: float = float("-inf")
    left: float | None = None
    complete: bool = False

    def expired(self, now: float) -> bool:
        """Return whether it is to be removed."""
        left = self.left is not None and now - self.left > MAX_AGE_AFTER_LEAVING
        return self.complete and (left or now - self.made > MAX_AGE)


@dataclass(eq=False)
class UploadStore:
    """All uploads of this process.

    Args:
        folder: The process's own temporary folder.
        quota: How much may lie in it.
        clock: Returns seconds, monotonic.
    """

    folder: TempFolder
    quota: Quota = Quota()
    clock: Callable[[], float] = time.monotonic
    _uploads: dict[str, Upload] = field(default_factory=dict)
    _public: frozenset[str] = frozenset()
    _busy: list[Callable[[], set[Path]]] = field(default_factory=list)
    _seen: dict[Path, float] = field(default_factory=dict)
    _others: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def uploads(self) -> Path:
        """The folder of uploads."""
        return self.folder.path / "uploads"

    @property
    def recordings(self) -> Path:
        """The folder of what is made of recordings, a folder each."""
        return self.folder.path / "recordings"

    def publish(self, paths: Iterator[Path] | list[Path]) -> None:
        """Let everybody use these files, the page's examples."""
        self._public |= {str(path) for path in paths}

    def watch(self, busy: Callable[[], set[Path]]) -> None:
        """Ask a function at each sweep which folders are being worked in; these stay."""
        self._busy.append(busy)

    def begin(self, name: str, sender: str) -> Upload:
        """Return a new upload with its empty file.

        Args:
            name: The file's name, without a path and of allowed characters only.
            sender: The network address.

        Raises:
            NoRoomError: There is no room for another file.
            OSError: The disk is full or read-only.
        """
        path = self.uploads / secrets.token_urlsafe(16) / name
        upload = Upload(path, sender, self.clock())
        try:
            self.folder.prepare()
            with self._lock:
                self._make_room(0, sender)
                self._uploads[str(path)] = upload
            path.parent.mkdir(mode=0o700, parents=True)
            path.touch(mode=0o600)
        except OSError:
            self.discard(upload)
            raise
        return upload

    def grow(self, upload: Upload, size: int) -> None:
        """Count bytes that are about to be written; older uploads are removed where they must.

        Raises:
            NoRoomError: There is no room for them.
        """
        with self._lock:
            self._make_room(size, upload.sender)
            upload.size += size

    def finish(self, upload: Upload) -> None:
        """Let the upload be used, from now on."""
        upload.made, upload.complete = self.clock(), True

    def discard(self, upload: Upload) -> None:
        """Remove an upload with its folder."""
        with self._lock:
            self._uploads.pop(str(upload.path), None)
        shutil.rmtree(upload.path.parent, ignore_errors=True)

    def use(self, path: object, session: str | None) -> bool:
        """Return whether a session may use a file, which from then on is this session's alone.

        Whether any other file exists is not even looked at, so neither the reply nor its time
        depend on that.

        Args:
            path: What a request names as a path.
            session: The session's hash; None for a request without one.
        """
        if not isinstance(path, str):
            return False
        if path in self._public:
            return True
        with self._lock:
            upload = self._uploads.get(path)
            if upload is None or not upload.complete or not _is_plain_file(upload.path):
                return False
            if upload.session not in (None, session):
                return False
            upload.session, upload.used, upload.left = session, self.clock(), None
            return True

    def serves(self, path: str) -> bool:
        """Return whether a file may be fetched: whoever knows its path has it from us."""
        if path in self._public:
            return True
        upload = self._uploads.get(path)
        if upload is not None:
            return upload.complete and _is_plain_file(upload.path)
        made = Path(path)
        return str(made) == path and made.parent.parent == self.recordings and _is_plain_file(made)

    def release(self, session: str | None) -> None:
        """Note that a visitor has left; their uploads go a while later unless they are used."""
        with self._lock:
            for upload in self._uploads.values():
                if session is not None and upload.session == session and upload.left is None:
                    upload.left = self.clock()

    def sweep(self) -> None:
        """Remove what has expired, whoever made it, and folders that nothing is left in."""
        now = self.clock()
        for upload in list(self._uploads.values()):
            if upload.expired(now) or (upload.complete and not upload.path.exists()):
                self.discard(upload)
        entries = self._entries()
        busy = set[Path]().union(*(folders() for folders in self._busy))
        self._seen = {entry: self._seen.get(entry, now) for entry in entries}
        self._seen.update(dict.fromkeys(busy & set(entries), now))
        sizes = {entry: _size(entry) for entry in entries}
        self._others = sum(sizes.values())
        for entry in sorted(set(entries) - busy, key=self._seen.__getitem__):
            too_much = self._others > self.quota.bytes // 2
            if too_much or now - self._seen[entry] > MAX_AGE:
                _remove(entry)
                self._others -= sizes[entry]

    def _entries(self) -> list[Path]:
        """Return what lies in the folder and is no registered upload."""
        parents = (self.uploads, self.recordings)
        inner = [entry for parent in parents for entry in _children(parent)]
        outer = [entry for entry in _children(self.folder.path) if entry not in parents]
        with self._lock:  # last: an upload is registered before its folder is made
            known = {upload.path.parent for upload in self._uploads.values()}
        return [entry for entry in inner + outer if entry not in known and entry.name != LOCK]

    def _make_room(self, size: int, sender: str) -> None:
        """Remove old uploads until so many bytes fit; those of whoever has the most come first."""
        removable = [upload for upload in self._uploads.values() if self._removable(upload)]
        if self._lack(size) > sum(upload.size for upload in removable):
            raise NoRoomError  # to remove them all would not help
        held = Counter({sender: size})
        for upload in self._uploads.values():
            held[upload.sender] += upload.size + _BLOCK
        while self._lack(size) > 0 or len(self._uploads) >= self.quota.files + (size > 0):
            if not removable:
                raise NoRoomError
            oldest = max(removable, key=lambda upload: (held[upload.sender], -upload.made))
            removable.remove(oldest)
            held[oldest.sender] -= oldest.size + _BLOCK
            self.discard(oldest)

    def _removable(self, upload: Upload) -> bool:
        return upload.complete and self.clock() - upload.used > LEASE

    def _lack(self, size: int) -> int:
        """Return how many bytes have to go before so many more fit."""
        used = sum(upload.size for upload in self._uploads.values()) + self._others
        disk = shutil.disk_usage(self.folder.path)
        reserve = min(self.quota.max_reserve, int(disk.total * self.quota.reserve))
        return max(used + size - self.quota.bytes, reserve + size - disk.free)


def page_store() -> UploadStore:
    """Return the uploads of this process's folder."""
    return _store(claim_folder())


@functools.cache
def _store(folder: TempFolder) -> UploadStore:
    return UploadStore(folder)


def _is_plain_file(path: Path) -> bool:
    """Return whether it is a regular file, reached without a link."""
    try:
        return path.is_file() and os.path.realpath(path, strict=True) == str(path)
    except (OSError, ValueError):
        return False


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _size(entry: Path) -> int:
    """Return the bytes of a file or of all files in a folder."""
    files = [entry] if not entry.is_dir() else entry.rglob("*")
    total = 0
    for file in files:
        with suppress(OSError):
            total += file.lstat().st_size
    return total


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with suppress(OSError):
            entry.unlink()
