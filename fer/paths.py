"""File suffixes, the files below a folder, lost mounts, and paths as text: printable, public."""

import errno
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fer.i18n import gettext_noop as N_

IMAGE_SUFFIXES = (
    *(".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif", ".j2k", ".jfif", ".jp2"),
    *(".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".pbm", ".pgm", ".png", ".pnm", ".ppm"),
    *(".tif", ".tiff", ".webp"),
)
"""Endings of what is taken for a picture in a folder, where other files may lie, too."""

VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".webm", ".mkv", ".avi", ".divx", ".gif"),
    *(".mpg", ".mpeg", ".mpe", ".vob", ".ts", ".mts", ".m2ts", ".m2t", ".flv", ".f4v", ".wmv"),
    *(".asf", ".ogv"),
)
"""Usual endings of the videos that are accepted; `fer.video.container` lists their formats."""

VIDEO_FORMATS = N_("MP4, M4V, MOV, 3GP, WebM, MKV, AVI, GIF, MPG, VOB, TS, MTS, FLV, WMV or OGV")
"""The accepted videos, for people."""

_MOUNT_LOST = (
    errno.ESTALE,
    errno.ENOTCONN,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ECONNRESET,
    errno.EMFILE,
    errno.ENFILE,
)
"""What files in a mounted network folder fail with while its server is away."""

SOURCES = ("dataset", "ferplus", "base_model", "name", "model", "output", "config")
"""Keys of metrics and recipes whose value may be a path on this machine."""

_LABELS_OF = re.compile(r"(?<=\blabels of )[^,]+")
"""What a text on labels names as their source."""

_SYSTEM_FILES = {"thumbs.db", "desktop.ini"}


class FileKind(NamedTuple):
    """A kind of files: its name, and the suffixes by which a folder is searched for it."""

    name: str
    suffixes: Sequence[str]

    @property
    def none_found(self) -> str:
        """Why a folder without such files is left out."""
        suffixes = ", ".join(self.suffixes)
        return f"It holds no {self.name}: no file in it ends in {suffixes}."


PHOTO = FileKind("photo", IMAGE_SUFFIXES)
VIDEO = FileKind("video", VIDEO_SUFFIXES)
PHOTO_OR_VIDEO = FileKind("photo or video", tuple(dict.fromkeys(IMAGE_SUFFIXES + VIDEO_SUFFIXES)))


def files_in(
    folder: Path, kind: FileKind, output: Path | None
) -> tuple[list[Path], dict[Path, str]]:
    """Return the files of a kind in a folder and those inside it, and why which can't be read.

    Hidden folders and that of the results are left out, but no link that leads nowhere: whoever
    reads it states that.
    """
    results = real_path(output) if output else None
    if results and real_path(folder) not in results.parents:
        results = None
    files, unreadable = files_below(folder)
    chosen = [
        path
        for path in files
        if path.suffix.lower() in kind.suffixes and not _is_special(path)
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        if results is None or results not in real_path(path).parents
    ]
    return chosen, unreadable


def _is_special(path: Path) -> bool:
    """Return whether it is a pipe, a socket or a device, which may never end."""
    return not os.path.isfile(path) and os.path.exists(path)


def files_below(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """Return the files in a folder and in those inside it, and why which of these can't be read."""
    files: list[Path] = []
    unreadable: dict[Path, str] = {}

    def note(error: OSError) -> None:
        unreadable[Path(error.filename)] = f"The folder can't be read: {error.strerror}."

    for parent, _, names in os.walk(folder, onerror=note):
        files += [Path(parent, name) for name in names]
    return sorted(files), unreadable


def is_hidden(path: Path) -> bool:
    """Return whether a file or folder was put there by a system or a program for itself."""
    marks = (".", "_") if path.is_dir() else "."
    return path.name.startswith(marks) or path.name.lower() in _SYSTEM_FILES


def is_lost_mount(error: OSError) -> bool:
    """Return whether a file can't be read because the folder it is in has gone away."""
    return error.errno in _MOUNT_LOST


def printable(path: str | Path) -> str:
    """Return a path, or a file's name, as text of UTF-8 that stays on one line."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def public_name(source: str) -> str:
    """Return what to call a data set or network in what is published: a Hub id, or a path's end.

    The folders above a file or folder often have names of people.

    >>> public_name("you/net@refs/pr/1"), public_name("/home/jane/faces/"), public_name("../faces")
    ('you/net@refs/pr/1', 'faces', 'faces')
    >>> public_name("data/jane@work/faces")
    'faces'
    """
    source = source.replace("\\", "/")
    name, _, revision = source.partition("@")
    path = Path(name)
    hub_id = len(path.parts) == 2 and not path.anchor and not source.startswith((".", "~"))
    if hub_id and ("/" not in revision or revision.startswith("refs/")):
        return source
    return Path(source).name or source


def without_folders(document: Any) -> Any:
    """Return metrics or a recipe without the folders around what they name, see `SOURCES`."""
    if isinstance(document, list):
        return [without_folders(entry) for entry in document]
    if not isinstance(document, dict):
        return document
    return {key: _public_value(key, value) for key, value in document.items()}


def _public_value(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return without_folders(value)
    if key == "label_set":
        return _LABELS_OF.sub(lambda found: public_name(found[0]), value)
    return public_name(value) if key in SOURCES else value


def real_path(path: Path) -> Path:
    """Return where a path leads; `Path.resolve` raises a RuntimeError where a link forms a loop."""
    return Path(os.path.realpath(path))


def whole_path(path: Path) -> str:
    """Return a path from the root on, as text; at the end of a sentence "." would read as "..".

    >>> whole_path(Path("/results/."))
    '/results'
    """
    return printable(os.path.abspath(path))
