"""Files behind addresses: photos as bytes, videos as a copy on this machine while they are read."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from fer.batch.input_files import InputFile, in_a_line


class RemoteFileError(OSError):
    """A file behind an address can't be had; the message is one sentence."""


def read_bytes(file: InputFile) -> bytes:
    """Return the content of a file behind an address.

    Raises:
        RemoteFileError: It can't be had.
    """
    import fsspec  # only addresses need it

    try:
        with fsspec.open(file.location, "rb") as stream:
            return bytes(stream.read())
    except (OSError, ValueError, ImportError) as error:
        raise RemoteFileError(f"The file can't be read: {in_a_line(error)}") from error


class LocalCopies:
    """Keeps a copy of the video behind an address that was read last; the next one replaces it."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._location = ""

    def path(self, file: InputFile) -> Path:
        """Return where a file is on this machine.

        Raises:
            RemoteFileError: It can't be had.
        """
        if not file.is_remote:
            return Path(file.location)
        if self._folder is None or file.location != self._location:
            self._fetch(file)
        return Path(self._folder.name if self._folder else "", "video")

    def _fetch(self, file: InputFile) -> None:
        import fsspec

        self.close()
        self._folder = TemporaryDirectory(prefix="fer-video-", ignore_cleanup_errors=True)
        try:
            with (
                fsspec.open(file.location, "rb") as stream,
                open(Path(self._folder.name, "video"), "wb") as copy,
            ):
                shutil.copyfileobj(stream, copy, 1 << 20)
        except (OSError, ValueError, ImportError) as error:
            self.close()
            raise RemoteFileError(f"The file can't be read: {in_a_line(error)}") from error
        self._location = file.location

    def close(self) -> None:
        """Remove the copy."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = None
