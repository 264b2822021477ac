"""Atomic output files, in folders that are checked before the work starts, and texts as CSV."""

import csv
import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import Any

from fer.paths import printable

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula, full-width signs included."""

_FULL = (errno.ENOSPC, errno.EDQUOT)

_CANNOT_WRITE = (*_FULL, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
"""What an `OSError` of a disk or folder that can't be written to has as its `errno`."""

_TRIED_BYTES = 4096
"""A block of most file systems: fewer bytes may fit where the disk is full."""


_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)
"""How an address begins, of whose slashes a path keeps one; drives of Windows have one letter."""


class OutputError(ValueError):
    """A file can't be written; the message is one sentence.

    Attributes:
        reason: Why, as the end of a sentence.
        disk_full: Whether the reason is a full disk, on which the next file will fail too.
    """

    def __init__(self, message: str, reason: str = "", disk_full: bool = False) -> None:
        super().__init__(message)
        self.reason, self.disk_full = reason or message, disk_full

    @classmethod
    def from_os_error(cls, path: Path, error: OSError) -> "OutputError":
        """Return the error of a file or folder that can't be written."""
        reason = describe(error)
        return cls(f"{printable(path)} can't be written: {reason}", reason, is_full(error))


def is_full(error: OSError) -> bool:
    """Return whether the disk, or the user's share of it, is full."""
    return error.errno in _FULL


def is_write_error(error: OSError) -> bool:
    """Return whether an error is of writing: a full disk, or a folder without permission."""
    return error.errno in _CANNOT_WRITE


def describe(error: OSError) -> str:
    """Return the reason and what to do, as the end of a sentence."""
    if is_full(error):
        return "the disk is full; make room, or name a folder on another one."
    if error.errno == errno.ENAMETOOLONG:
        return "its name is too long; shorten it."
    return f"{error.strerror or error}; name another folder."


@contextmanager
def output_folder(folder: Path) -> Iterator[Path]:
    """Make a folder, and try to write into it, before the work of the block.

    After an error in the block the folders that were made here are removed if they are empty.

    Raises:
        OutputError: Nothing can be written there.
    """
    with _made_folder(folder):
        try:
            with TemporaryFile(dir=folder) as file:
                file.write(bytes(_TRIED_BYTES))
        except OSError as error:
            raise OutputError.from_os_error(folder, error) from error
        yield folder


def check_output_folder(folder: Path) -> None:
    """Try to write into a folder, which is made later, when there is something to write.

    Raises:
        OutputError: Nothing can be written there.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    with output_folder(folder):
        _remove_empty(missing)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield where to write a file, which replaces `path` when the block is done.

    After an error nothing is left of it, nor of the folders that were made for it.

    Raises:
        OutputError: It can't be written.
    """
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise OutputError(f"{printable(path)} is a device or a pipe; name a file.")
    unfinished = path.with_name(f".new-{path.name}")  # with its suffix, which names the format
    with _made_folder(path.parent):
        try:
            yield unfinished
            _flush_to_disk(unfinished)  # or a power cut could leave an empty file of this name
            unfinished.replace(path)
        except BaseException as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise OutputError.from_os_error(path, error) from error
            raise


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; text as UTF-8, with its line ends as they are.

    Raises:
        OutputError: It can't be written.
    """
    with new_file(path) as unfinished:
        unfinished.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def _made_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those around it; remove the new ones that are empty after an error.

    Raises:
        OutputError: It can't be made.
    """
    missing: list[Path] = []
    if _ADDRESS.match(str(folder)) and not folder.exists():
        address = _ADDRESS.sub(r"\1://", printable(folder), count=1)
        raise OutputError(
            f"{address} is an address, and results are written to folders only; name one, into "
            "which such a storage may be mounted."
        )
    try:
        missing += [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        files = [path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()]
        file = printable(files[0] if files else folder)
        raise OutputError(f"{file} is a file; name a folder for the results.") from error
    except OSError as error:
        _remove_empty(missing)
        raise OutputError.from_os_error(folder, error) from error
    try:
        yield
    except BaseException:
        _remove_empty(missing)
        raise


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # it holds something by now
            folder.rmdir()


def no_formula(value: str | float | None) -> str | float | None:
    """Return a cell that a spreadsheet takes as text where it is text; numbers stay numbers.

    File names may begin as a formula does, and opening a table would compute it.
    https://owasp.org/www-community/attacks/CSV_Injection

    >>> no_formula("=1+1.jpg"), no_formula("a=1.jpg"), no_formula(-1.5)
    ("'=1+1.jpg", 'a=1.jpg', -1.5)
    """
    formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if formula else value


def csv_text(
    rows: Iterable[Iterable[str | float | None]], delimiter: str = ",", line_end: str = "\n"
) -> str:
    """Return rows as CSV without formulas, see `no_formula`; None is an empty cell."""
    lines: list[str] = []
    row_sink: Any = SimpleNamespace(write=lines.append)
    # Rows that end with both are those in which cells with either are quoted.
    writer = csv.writer(row_sink, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows(map(no_formula, row) for row in rows)
    return "".join(line.removesuffix("\r\n") + line_end for line in lines)
