"""What a batch reads: files, folders, patterns, lists and addresses; each file once."""

import glob
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from fer.batch.transient_errors import errors_of, with_retries
from fer.paths import IMAGE_SUFFIXES, PHOTO_OR_VIDEO, VIDEO_SUFFIXES, files_in, printable, real_path

LIST_SUFFIX = ".txt"
"""Ending of a file that lists others, a line each."""

ID_DIGITS = 16
"""Hexadecimal digits of a file's id: of a million files, two share one in 37 million batches."""

ANNOTATED = "annotated"
"""Folder in that of the results for copies with boxes, which are no input."""

_LOCAL = "file://"


@dataclass(frozen=True)
class InputFile:
    """A photo or a video.

    Attributes:
        location: Its absolute path, or its address as fsspec takes it.
    """

    location: str

    @property
    def source(self) -> str:
        """Its location as text."""
        return printable(self.location)

    @property
    def source_id(self) -> str:
        """What stays the same as long as its location does."""
        return hashlib.sha256(os.fsencode(self.location)).hexdigest()[:ID_DIGITS]

    @property
    def is_remote(self) -> bool:
        """Whether it is an address instead of a path."""
        return "://" in self.location

    @property
    def is_video(self) -> bool:
        """Whether its name ends as a video's does; GIFs count as photos."""
        suffix = _suffix(self.location)
        return suffix in VIDEO_SUFFIXES and suffix not in IMAGE_SUFFIXES


@dataclass(frozen=True)
class Shard:
    """A share of all files, by their ids.

    Attributes:
        number: Which share, from 1 to `count`.
        count: Number of shards of the batch.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: There is no such shard.
        """
        if not 1 <= self.number <= self.count:
            raise ValueError(
                f"There is no shard {self.number} of {self.count}; they are counted from 1, as in "
                "3/64."
            )

    def __contains__(self, file: InputFile) -> bool:
        """Return whether a file belongs to it."""
        return int(file.source_id, 16) % self.count == self.number - 1

    def __str__(self) -> str:
        """Return it as it is given on the command line."""
        return f"{self.number}/{self.count}"


@dataclass
class InputFiles:
    """The files of a batch.

    Attributes:
        files: Input files, sorted by location.
        unreadable: Names of folders that can't be read or hold nothing, and why, in a sentence.
    """

    files: list[InputFile] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def find_input_files(given: Sequence[str], output: Path) -> InputFiles:
    """Return the files that some paths, patterns, lists and addresses name.

    Folders are searched with those inside them for what ends as photos and videos do; any other
    file is taken whatever its name. Lines of a list that name no file stay, to be reported, and so
    do links that lead nowhere.

    Args:
        given: Sources as on the command line.
        output: Folder of the results; files inside it are no input.

    Raises:
        ValueError: What is given names no file, or an address can't be reached.
    """
    found = InputFiles()
    locations: dict[str, str] = {}  # by what a path really leads to
    for text in given:
        for location in _expand(text, output, found.unreadable):
            locations.setdefault(_identity(location), location)
    if found.unreadable and not locations:
        raise ValueError(": ".join(next(iter(found.unreadable.items()))))
    if not locations:  # an empty list, or a folder of results that is its own only source
        raise ValueError(f"{printable(' '.join(given))[:200]} names no photo and no video.")
    found.files = [InputFile(location) for location in sorted(locations.values())]
    return found


def _expand(text: str, output: Path, unreadable: dict[str, str]) -> Iterator[str]:
    """Yield the locations of the files that a word of the command line names."""
    path = Path(text)
    if path.suffix.lower() == LIST_SUFFIX and path.is_file():
        for line in _lines(path):
            yield from _expand_one(line, output, unreadable, listed=True)
    else:
        yield from _expand_one(text, output, unreadable, listed=False)


def _lines(path: Path) -> list[str]:
    """Return the lines of a list that aren't empty; names needn't be of UTF-8."""
    try:
        text = os.fsdecode(path.read_bytes()).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    except OSError as error:
        raise ValueError(f"The list {path} can't be read: {error.strerror}.") from error
    return [line.strip() for line in text.split("\n") if line.strip()]


def _expand_one(text: str, output: Path, unreadable: dict[str, str], listed: bool) -> Iterator[str]:
    if text.startswith(_LOCAL):
        text = unquote(text.removeprefix(_LOCAL))
    if "\0" in text:
        raise ValueError(f"{printable(text)[:200]} is no name of a file; save lists as UTF-8.")
    if "://" in text:
        yield from _expand_address(text, listed)
        return
    matched = [text]
    if glob.has_magic(text) and not os.path.lexists(text):
        results = real_path(output)
        matched = sorted(
            name for name in _match(text) if results not in Path(os.path.realpath(name)).parents
        )
        if not matched and listed:
            matched = [text]
        elif not matched:
            raise ValueError(f"Nothing matches {text}; check the pattern.")
    for name in matched:
        if os.path.isdir(name):
            yield from _search(Path(name), output, unreadable, is_named=name == text)
        elif listed or os.path.lexists(name):
            yield _absolute(name)
        else:
            raise ValueError(f"There is no file {printable(name)}; check the path.")


def _match(pattern: str) -> Iterator[str]:
    """Yield what a pattern matches; `**` doesn't follow links to folders, which may form loops."""
    parts = Path(pattern).parts
    if "**" not in parts:
        yield from glob.glob(pattern)
        return
    place = parts.index("**")
    rest = parts[place + 1 :] or ("*",)
    for top in glob.glob(os.path.join(*parts[:place])) if place else ["."]:
        for folder, inside, _ in os.walk(top):
            inside[:] = [name for name in inside if not name.startswith(".")]
            yield from _match(os.path.join(glob.escape(folder), *rest))


def _search(
    folder: Path, output: Path, unreadable: dict[str, str], is_named: bool
) -> Iterator[str]:
    """Yield the files in a folder; that one holds none is stated if it isn't a pattern's."""
    # The shell expands * to the results folder as well if that is next to the files.
    is_output = real_path(folder) == real_path(output)
    results = output / ANNOTATED if is_output else output
    files, closed = files_in(folder, PHOTO_OR_VIDEO, results)
    unreadable |= {printable(path): why for path, why in closed.items()}
    if is_named and not files and not is_output and folder not in closed:
        unreadable[printable(folder)] = PHOTO_OR_VIDEO.none_found
    for file in files:
        yield _absolute(file)


def _absolute(path: str | Path) -> str:
    """Return a path from the root on, of the same file also where ".." follows a link."""
    absolute = os.path.abspath(path)
    if ".." in os.fspath(path) and (real := os.path.realpath(path)) != os.path.realpath(absolute):
        return real
    return absolute


def _expand_address(address: str, listed: bool) -> Iterator[str]:
    """Yield the addresses of the files that one names: a file, a folder or a pattern.

    One of a list that looks like a file is taken for one, as asking for each would take long.

    Raises:
        ValueError: It can't be reached, or names nothing.
    """
    try:
        names = with_retries(lambda: _list_address(address, listed))
    except errors_of(address) as error:  # once the libraries are loaded
        raise ValueError(f"{address} can't be reached: {in_a_line(error)}") from error
    if not names:
        raise ValueError(f"{address} names no photo and no video; check the address.")
    yield from names


def _list_address(address: str, listed: bool) -> list[str]:
    """Return what `_expand_address` yields."""
    from fsspec.core import url_to_fs  # only addresses need it

    system, path = url_to_fs(address)
    if listed and _is_wanted(path) and not glob.has_magic(path):
        names = [path]
    elif glob.has_magic(path) and not system.exists(path):
        names = [name for name in system.glob(path) if not system.isdir(name)]
    elif system.isdir(path):
        names = [name for name in system.find(path) if _is_wanted(name)]
    else:
        names = [path] if system.exists(path) else []
    whole = [name if "://" in name else str(system.unstrip_protocol(name)) for name in names]
    return [name + _archive_of(address) for name in whole]


def _archive_of(address: str) -> str:
    """Return the end of an address inside an archive: of "zip://a.jpg::/b.zip" "::/b.zip"."""
    links = address.split("::")
    while links and "://" not in links[0]:  # simplecache::https://... is no archive
        links.pop(0)
    archive = links[1:]
    if archive:
        scheme, separator, path = archive[-1].rpartition("://")
        if scheme in ("", "file", "local"):  # fsspec expands ~ where it lists files only
            archive[-1] = scheme + separator + _absolute(os.path.expanduser(path))
    return "".join(f"::{link}" for link in archive)


def _is_wanted(name: str) -> bool:
    return _suffix(name) in PHOTO_OR_VIDEO.suffixes


def file_name(location: str) -> str:
    """Return a file's own name; in the web, an address may have a query, and quoted letters."""
    if location.startswith(("http://", "https://")):
        return PurePosixPath(unquote(urlsplit(location).path)).name
    inside = location.split("::")[0] if "://" in location else location  # of an archive, perhaps
    return PurePosixPath(inside).name


def _suffix(location: str) -> str:
    """Return how the name of a file ends, in small letters."""
    return PurePosixPath(file_name(location)).suffix.lower()


def in_a_line(error: BaseException) -> str:
    """Return an error of another library as the end of a sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."


def _identity(location: str) -> str:
    """Return what is the same for all paths of a file."""
    if "://" in location or os.path.islink(location):
        return location if "://" in location else os.path.realpath(location)
    folder, name = os.path.split(location)
    return os.path.join(_real_folder(folder), name)


@cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)
