"""Which files a command reads, of those that it is given and in folders; names of their results."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fer.paths import VIDEO, FileKind, files_in, printable, real_path

IS_OUTPUT = "It is the folder of the results, which may hold some already."
"""Why a folder isn't searched that a shell's * names among others."""


def find_files(
    kind: FileKind, given: Sequence[Path], output: Path | None, unreadable: dict[str, str]
) -> dict[Path, Path]:
    """Return the files, each once, with their paths inside the folder they were found in.

    Args:
        kind: Searched for in folders; a file that is given is taken whatever its name.
        given: Files and folders.
        output: Folder of the results; what is inside it is no input, unless it is the only one.
        unreadable: Gets the folders that can't be read or hold nothing of this kind, and why, in a
            sentence each.

    Raises:
        ValueError: A file is missing, or nothing is found.
    """
    found: dict[Path, Path] = {}
    seen_before: set[Path] = set()
    for path in given:
        name = printable(path)
        if not os.path.lexists(path):
            raise ValueError(f"There is no file {name}; check the path.")
        if output and len(given) > 1 and path.is_dir() and real_path(path) == real_path(output):
            unreadable[name] = IS_OUTPUT
            continue
        inside, closed = files_in(path, kind, output) if path.is_dir() else ([path], {})
        unreadable |= {printable(folder): why for folder, why in closed.items()}
        if not inside and path not in closed:
            unreadable[name] = kind.none_found
        for file in inside:
            if (real := real_path(file)) not in seen_before:
                seen_before.add(real)
                found[file] = file.relative_to(path) if path.is_dir() else Path(file.name)
    if not found:
        raise ValueError(": ".join(next(iter(unreadable.items()))))
    return found


def find_videos(given: Sequence[Path], output: Path, refused: dict[str, str]) -> dict[Path, Path]:
    """Return the videos, as `find_files` does, without annotated copies in folders.

    Those of an earlier run are there where --output is the folder of the recordings.
    """
    from fer.recording.outputs import FILE_NAMES

    videos = find_files(VIDEO, given, output, refused)
    recordings = {
        path: name
        for path, name in videos.items()
        if path in given
        or path.name != FILE_NAMES["video"]
        or not path.with_name(FILE_NAMES["json"]).exists()
    }
    return recordings or videos


def free_name(name: Path, make_name: Callable[[str], str], taken: set[str]) -> Path:
    """Return the name of a file's result, with a number if another one has it.

    Args:
        name: The file's own; two that differ in case or ending only would have one result.
        make_name: Makes the result's name of the file's without its ending.
        taken: Names that are in use, in lower case; the one returned is added.
    """
    number, free = 1, name.with_name(make_name(name.stem))
    while str(free).casefold() in taken:
        number += 1
        free = name.with_name(make_name(f"{name.stem}-{number}"))
    taken.add(str(free).casefold())
    return free


def describe_refused(kind: str, reasons: Mapping[str, str]) -> str:
    """Return why none of a command's files can be read, in a line for each if there are several.

    Args:
        kind: "photo" or "video".
        reasons: The sentence for each name.
    """
    lines = [f"{name}: {why}" for name, why in reasons.items()]
    separator = " " if len(lines) == 1 else "\n"
    return separator.join([f"No {kind} can be read.", *lines])
