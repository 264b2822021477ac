"""Remote files: photos as bytes, videos as a copy on this machine while they are read."""

import hashlib
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from fer.batch.input_files import InputFile, file_name, in_a_line
from fer.batch.transient_errors import (
    UnreachableError,
    errors_of,
    is_transient,
    raise_if_mount_lost,
    with_retries,
)
from fer.output_files import is_full
from fer.recording.exports import export_stem
from fer.temp_folder import TempFolder, work_folder

MAX_PHOTO_BYTES = 500_000_000
"""Most bytes of a photo, which is in memory while it is read."""

WORK_FOLDER = "fer-run"
"""Name of the folder for copies, in the system's for temporary files."""

_CHUNK = 1 << 20

T = TypeVar("T")


class UnavailableError(OSError):
    """A file is permanently unavailable; the message is one sentence."""


def read_bytes(file: InputFile, note_progress: Callable[[], None] = lambda: None) -> bytes:
    """Return the content of a photo.

    Args:
        file: What is read.
        note_progress: Called before each attempt.

    Raises:
        UnavailableError: It is permanently unavailable, or too large.
        UnreachableError: It can't at the moment.
        OSError: It is on this machine, and can't be read.
    """
    if file.is_remote:
        content = _fetch(file, _read_photo, note_progress)
    else:
        with open(file.location, "rb") as stream:
            content = _read_photo(stream)
    if len(content) > MAX_PHOTO_BYTES:
        raise UnavailableError(f"The photo has more than {MAX_PHOTO_BYTES // 1_000_000} MB.")
    return content


def _read_photo(stream: IO[bytes]) -> bytes:
    return bytes(stream.read(MAX_PHOTO_BYTES + 1))


def _fetch(file: InputFile, read: Callable[[IO[bytes]], T], note_progress: Callable[[], None]) -> T:
    """Return what `read` makes of a file, retried after transient errors."""
    import fsspec  # only addresses need it

    def attempt() -> T:
        with fsspec.open(file.location, "rb") as stream:
            return read(stream)

    try:
        return with_retries(attempt, note_progress)
    except errors_of(file.location) as error:  # once the libraries are loaded
        if is_transient(error):
            raise UnreachableError(_describe(error)) from error
        if isinstance(error, FileNotFoundError) and f"/{error}::" in file.location:
            raise UnavailableError(f"There is no file {error} in the archive.") from error
        if isinstance(error, FileNotFoundError) and error.errno is None:  # it has only the address
            raise UnavailableError("There is no such file, or its server is away.") from error
        raise UnavailableError(f"The file can't be read: {in_a_line(error)}") from error


def _describe(error: BaseException) -> str:
    """Return why a file can't be read at the moment."""
    if isinstance(error, OSError) and is_full(error):
        return (
            f"there is no room for a copy of it in {tempfile.gettempdir()}; make room, or name a "
            "folder on another disk in TMPDIR."
        )
    return in_a_line(error)


class LocalCopies:
    """Keeps a copy of the remote video that was read last; the next one replaces it.

    Args:
        note_progress: Called as long as something arrives.
    """

    def __init__(self, note_progress: Callable[[], None] = lambda: None) -> None:
        self._note_progress = note_progress
        self._folder: TempFolder | None = None
        self._copied: InputFile | None = None
        self._digest = ""

    def path(self, file: InputFile) -> Path:
        """Return where a file is on this machine, under its own name.

        Raises:
            UnavailableError: It is permanently unavailable.
            UnreachableError: It can't at the moment.
        """
        if not file.is_remote:
            return Path(file.location)
        if file != self._copied or self._folder is None:
            self.close()
            self._digest = _fetch(file, partial(self._copy, _copy_name(file)), self._note_progress)
            self._copied = file
        return Path(self._folder.path if self._folder else "", _copy_name(file))

    def identity(self, file: InputFile) -> str:
        """Return a checksum that changes when the file is replaced; call `path` first.

        Of a file here that is its size and time of change, of a copy its content.

        Raises:
            OSError: It isn't there.
            UnreachableError: The folder it is in has gone away.
        """
        if file.is_remote:
            return self._digest
        try:
            known = Path(file.location).stat()
        except OSError as error:
            raise_if_mount_lost(error)
            raise
        return hashlib.sha256(repr((known.st_size, known.st_mtime_ns)).encode()).hexdigest()[:16]

    def _copy(self, name: str, stream: IO[bytes]) -> str:
        """Write a copy, and return its checksum; nothing is left of one that is cut off."""
        digest = hashlib.sha256()
        folder = work_folder(WORK_FOLDER)
        try:
            with open(folder.path / name, "wb") as copy:
                while chunk := stream.read(_CHUNK):
                    copy.write(chunk)
                    digest.update(chunk)
                    self._note_progress()
        except BaseException:
            folder.remove()
            raise
        self._folder = folder
        return digest.hexdigest()[:16]

    def close(self) -> None:
        """Remove the copy."""
        if self._folder is not None:
            self._folder.remove()
        self._folder = None


def _copy_name(file: InputFile) -> str:
    """Return the name of a copy, after which the results in `annotated` are named, too."""
    name = Path(file_name(file.location))
    return f"{export_stem(name)}{name.suffix}"
