"""Which errors of a source are transient, such as a lost connection, and which are the file's."""

import sys
import zlib
from collections.abc import Callable
from gzip import BadGzipFile
from lzma import LZMAError
from tarfile import TarError
from time import sleep
from typing import TypeVar
from zipfile import BadZipFile

from fer.paths import is_lost_mount

PAUSES = (1.0, 4.0, 16.0)
"""Seconds to wait before something is tried again."""

LIBRARY_ERRORS = (
    ("aiohttp", "ClientError"),  # http
    ("azure.core.exceptions", "AzureError"),
    ("botocore.exceptions", "BotoCoreError"),  # s3
    ("botocore.exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("httpx", "HTTPError"),
    ("httpx2", "HTTPError"),  # hf
    ("paramiko.ssh_exception", "SSHException"),
)
"""Errors of the libraries under fsspec that are no `OSError`, by their modules."""

ARCHIVE_ERRORS = (BadZipFile, BadGzipFile, TarError, zlib.error, LZMAError, RuntimeError)
"""Errors of a damaged archive; RuntimeError is that of an encrypted or unsupported one."""

_DAMAGED = (
    "Invalid data stream",  # of bzip2
    "Compressed file ended before the end-of-stream marker was reached",
)
"""What Python states of a damaged archive in an OSError or EOFError of no kind of its own."""

_PERMANENT = (
    *ARCHIVE_ERRORS,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
    ValueError,
    ImportError,
)

_PASSING_STATUS = (401, 408, 425, 429)
"""Transient HTTP statuses below 500: an expired token, a slow network, too many requests."""


T = TypeVar("T")


class UnreachableError(Exception):
    """A file can't be read at the moment, and may be later; the message is one sentence."""


def remote_errors() -> tuple[type[BaseException], ...]:
    """Return what reading a remote file may raise; only libraries that are loaded can."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in LIBRARY_ERRORS)
    return (OSError, EOFError, ValueError, ImportError, *filter(None, found))


def errors_of(address: str) -> tuple[type[BaseException], ...]:
    """Return what reading or listing an address may raise, perhaps inside an archive."""
    return remote_errors() + (ARCHIVE_ERRORS if "::" in address else ())


def with_retries(work: Callable[[], T], note_progress: Callable[[], None] = lambda: None) -> T:
    """Return the result of some work with a source, retried after transient errors.

    Args:
        work: Raises one of `remote_errors` where it fails.
        note_progress: Called before each attempt.

    Raises:
        Exception: What it has failed with in the end.
    """
    for pause in PAUSES:
        note_progress()
        try:
            return work()
        except remote_errors() as error:
            if not is_transient(error):
                raise
        sleep(pause)
    note_progress()
    return work()


def is_transient(error: BaseException) -> bool:
    """Return whether an error of `remote_errors` is transient."""
    status = _status(error)
    if status is not None:
        return status >= 500 or status in _PASSING_STATUS
    return not isinstance(error, _PERMANENT) and str(error) not in _DAMAGED


def raise_if_mount_lost(error: BaseException) -> None:
    """Raise what a file fails with that is on this machine, but whose folder has gone away.

    Args:
        error: The error of reading the file, or what was raised in place of it.

    Raises:
        UnreachableError: It is so.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and is_lost_mount(cause):
            raise UnreachableError(f"{cause.strerror}.") from error
        cause = cause.__context__


def _status(error: BaseException) -> int | None:
    """Return the status of a server's response, wherever a library keeps it."""
    places = ((error, "status"), (getattr(error, "response", None), "status_code"), (error, "code"))
    for owner, name in places:
        if isinstance(status := getattr(owner, name, None), int):
            return status
    return None
