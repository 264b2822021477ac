"""Which errors of a source are transient, such as a lost connection, and which are the file's."""

import errno
import sys
from collections.abc import Callable
from time import sleep
from typing import TypeVar

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

_PERMANENT = (
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
    ValueError,
    ImportError,
)

_PASSING_STATUS = (401, 408, 425, 429)
"""Of HTTP, below 500: a token that has expired, a slow network, too many requests."""

_MOUNT_LOST = (
    *(errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH),
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.ECONNRESET, errno.EMFILE, errno.ENFILE),
)
"""What files in a mounted network folder fail with while its server is away."""


T = TypeVar("T")


class UnreachableError(Exception):
    """A file can't be read at the moment, and may be later; the message is one sentence."""


def remote_errors() -> tuple[type[BaseException], ...]:
    """Return what reading behind an address may raise; only libraries that are loaded can."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in LIBRARY_ERRORS)
    return (OSError, EOFError, ValueError, ImportError, *filter(None, found))


def with_retries(work: Callable[[], T], note_progress: Callable[[], None] = lambda: None) -> T:
    """Return what some work with a source does, retried after transient errors.

    Args:
        work: Raises one of `remote_errors` where it fails.
        note_progress: Called before each attempt.

    Raises:
        Exception: What it has failed with in the end.
    """
    for pause in (*PAUSES, None):
        note_progress()
        try:
            return work()
        except remote_errors() as error:
            if pause is None or not is_transient(error):
                raise
        sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def is_transient(error: BaseException) -> bool:
    """Return whether an error of `remote_errors` is transient."""
    status = _status(error)
    if status is not None:
        return status >= 500 or status in _PASSING_STATUS
    return not isinstance(error, _PERMANENT)


def is_lost_mount(error: OSError) -> bool:
    """Return whether a file on this machine fails because the folder it is in has gone away."""
    return error.errno in _MOUNT_LOST


def _status(error: BaseException) -> int | None:
    """Return the status that a server has answered with, wherever a library keeps it."""
    places = ((error, "status"), (getattr(error, "response", None), "status_code"), (error, "code"))
    for owner, name in places:
        if isinstance(status := getattr(owner, name, None), int):
            return status
    return None
