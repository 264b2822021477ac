"""Upload store: access, quota and expiry of visitors' files.

Gradio names an upload's folder by the hash of its content, so whoever has a file could find out
whether it was uploaded, and its path. Here each upload has a folder of a random name: its path is a
capability to use it, and the first session that does so becomes its owner. All times are of a
monotonic clock, so that a jump of the system's clock deletes nothing.
"""

import functools
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fer.temp_folder import LOCK, TempFolder, claim_folder
from fer.ui.serving.upload_limits import MAX_AGE, NoRoomError, Quota, Upload, removal_order


@dataclass(eq=False)
class UploadStore:
    """All uploads of this process.

    Args:
        folder: The process's own temporary folder.
        quota: Limits of its content.
        clock: Returns monotonic seconds.
    """

    folder: TempFolder
    quota: Quota = field(default_factory=Quota)
    clock: Callable[[], float] = time.monotonic
    _uploads: dict[str, Upload] = field(default_factory=dict)
    _public: frozenset[str] = frozenset()
    _busy: list[Callable[[], set[Path]]] = field(default_factory=list)
    _kept: list[Callable[[], set[Path]]] = field(default_factory=list)
    _seen: dict[Path, float] = field(default_factory=dict)
    _bytes: int = 0
    _result_bytes: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def uploads(self) -> Path:
        """The folder of uploads."""
        return self.folder.path / "uploads"

    @property
    def recordings(self) -> Path:
        """The folder of recordings' results, a folder each."""
        return self.folder.path / "recordings"

    def publish(self, paths: Iterator[Path] | list[Path]) -> None:
        """Make files, the page's examples, available to all sessions."""
        self._public |= {str(path) for path in paths}

    def register_busy_folders(self, busy: Callable[[], set[Path]]) -> None:
        """Register a function that returns folders in use, which are never deleted."""
        self._busy.append(busy)

    def register_kept_folders(self, kept: Callable[[], set[Path]]) -> None:
        """Register a function that returns folders that don't age, of uploads or of results.

        They are deleted to make room for others all the same.
        """
        self._kept.append(kept)

    def begin(self, name: str, sender: str) -> Upload:
        """Return a new upload with its empty file.

        Args:
            name: The file's name, without a path and of allowed characters only.
            sender: The network address.

        Raises:
            NoRoomError: The quota or the disk is full.
            OSError: The disk is full or read-only.
        """
        path = self.uploads / secrets.token_urlsafe(16) / name
        upload = Upload(path, sender, self.clock())
        try:
            self.folder.prepare()
            with self._lock:
                self._make_room(files=1)
                self._uploads[str(path)] = upload
            path.parent.mkdir(mode=0o700, parents=True)
            path.touch(mode=0o600)
        except OSError:
            self.discard(upload)
            raise
        return upload

    def grow(self, upload: Upload, size: int) -> None:
        """Count bytes that are about to be written; delete old uploads where these don't fit.

        Raises:
            NoRoomError: The quota or the disk is full.
        """
        with self._lock:
            self._make_room(size)
            upload.size += size
            self._bytes += size

    def finish(self, upload: Upload) -> None:
        """Mark an upload as complete, so that it can be used."""
        upload.received_at, upload.complete = self.clock(), True

    def discard(self, upload: Upload) -> None:
        """Delete an upload with its folder."""
        with self._lock:
            if self._uploads.pop(str(upload.path), None) is not None:
                self._bytes -= upload.size
        shutil.rmtree(upload.path.parent, ignore_errors=True)

    def claim(self, path: object, session: str | None) -> bool:
        """Return whether a session may use a file, whose owner it becomes.

        The disk isn't accessed for unregistered paths, so neither the result nor its time reveals
        whether they exist.

        Args:
            path: A path from a request.
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
            upload.session = session
            return True

    def lease(self, paths: Iterable[str]) -> None:
        """Spare uploads for a while when room is made, as they are being used."""
        with self._lock:
            for upload in filter(None, map(self._uploads.get, paths)):
                upload.used_at, upload.closed_at = self.clock(), None

    def is_downloadable(self, path: str) -> bool:
        """Return whether a file may be fetched: its random path is known to its owner only."""
        if path in self._public:
            return True
        upload = self._uploads.get(path)
        if upload is not None:
            return upload.complete and _is_plain_file(upload.path)
        made = Path(path)
        return str(made) == path and made.parent.parent == self.recordings and _is_plain_file(made)

    def release(self, session: str | None) -> None:
        """Mark a session's page as closed; its uploads expire sooner unless they are used again."""
        with self._lock:
            for upload in self._uploads.values():
                owned = session is not None and upload.session == session
                if owned and upload.closed_at is None:
                    upload.closed_at = self.clock()

    def delete_expired(self) -> None:
        """Delete expired uploads and results, and abandoned folders."""
        now = self.clock()
        busy, kept = (
            set[Path]().union(*(folders() for folders in registered))
            for registered in (self._busy, self._kept)
        )
        for upload in list(self._uploads.values()):
            expired = upload.expired(now) and upload.path.parent not in kept
            if expired or (upload.complete and not upload.path.exists()):
                self.discard(upload)
        entries = self._entries()
        self._seen = {entry: self._seen.get(entry, now) for entry in entries}
        self._seen.update(dict.fromkeys((busy | kept) & set(entries), now))
        sizes = {entry: _size(entry) for entry in entries}
        finished = sorted(set(entries) - busy, key=self._seen.__getitem__)
        # Busy folders don't count against the results' quota.
        total = sum(sizes[entry] for entry in finished)
        for entry in finished:
            if total > self.quota.result_bytes or now - self._seen[entry] > MAX_AGE:
                _remove(entry)
                total -= sizes.pop(entry)
        self._result_bytes = sum(sizes.values())

    def _entries(self) -> list[Path]:
        """Return the entries of the folder that are not registered uploads."""
        parents = (self.uploads, self.recordings)
        inner = [entry for parent in parents for entry in _children(parent)]
        outer = [entry for entry in _children(self.folder.path) if entry not in parents]
        with self._lock:  # last: an upload is registered before its folder is made
            known = {upload.path.parent for upload in self._uploads.values()}
        return [entry for entry in inner + outer if entry not in known and entry.name != LOCK]

    def _make_room(self, size: int = 0, files: int = 0) -> None:
        """Delete uploads until so many bytes and files fit.

        A hundredth of the quota becomes free then, as all uploads are compared for it; of those
        that are leased, only what is needed.
        """
        if self._fits(size, files):
            return
        complete = [upload for upload in self._uploads.values() if upload.complete]
        if self._bytes_short(size) > sum(upload.size for upload in complete):
            raise NoRoomError  # deleting all would not suffice
        by_number = len(self._uploads) + files > self.quota.files
        free, leased = removal_order(complete, by_number, self.clock())
        self._delete(free, size + self.quota.bytes // 100, files + self.quota.files // 100)
        self._delete(leased, size, files)
        if not self._fits(size, files):
            raise NoRoomError

    def _delete(self, uploads: Iterable[Upload], size: int, files: int) -> None:
        """Delete the first of some uploads until so many bytes and files fit."""
        for upload in uploads:
            if self._fits(size, files):
                return
            self.discard(upload)

    def _fits(self, size: int, files: int) -> bool:
        return self._bytes_short(size) <= 0 and len(self._uploads) + files <= self.quota.files

    def _bytes_short(self, size: int) -> int:
        """Return how many bytes must be deleted before `size` more fit."""
        disk = shutil.disk_usage(self.folder.path)
        reserve = min(self.quota.max_reserve, int(disk.total * self.quota.reserve))
        used = self._bytes + min(self._result_bytes, self.quota.result_bytes)
        return max(used + size - self.quota.bytes, reserve + size - disk.free)


@dataclass
class Claims:
    """The uploads that one request names; they are leased once it is accepted.

    Args:
        store: The visitors' uploads.
    """

    store: UploadStore
    _paths: list[str] = field(default_factory=list)

    def claim(self, path: object, session: str | None) -> bool:
        """Return whether a session may use a file, see `UploadStore.claim`."""
        allowed = self.store.claim(path, session)
        if allowed:
            self._paths.append(str(path))
        return allowed

    def lease(self) -> None:
        """Lease the uploads; refused requests must not, or they could block all eviction."""
        self.store.lease(self._paths)


def page_store() -> UploadStore:
    """Return the upload store of this process's folder."""
    return _store(claim_folder())


@functools.cache
def _store(folder: TempFolder) -> UploadStore:
    return UploadStore(folder)


def _is_plain_file(path: Path) -> bool:
    """Return whether a path is a regular file without symbolic links in it."""
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
    total = 0
    folders = os.walk(entry)  # which passes over what is removed meanwhile
    inner = (Path(folder, name) for folder, _, names in folders for name in names)
    for file in inner if entry.is_dir() else [entry]:
        with suppress(OSError):
            total += file.lstat().st_size
    return total


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with suppress(OSError):
            entry.unlink()
