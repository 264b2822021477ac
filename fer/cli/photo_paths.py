"""Which photos `fer photo` reads, and where their marked copies go."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fer.paths import IMAGE_SUFFIXES, files_below, printable


def find_photos(
    given: Sequence[Path], output: Path | None = None, unreadable: dict[str, str] | None = None
) -> dict[Path, Path]:
    """Return the photos, each once, with their paths inside the folder they were found in.

    Args:
        given: Files and folders.
        output: Folder of the results; pictures inside it are no input.
        unreadable: Gets the folders that can't be read, and why, in a sentence each.

    Raises:
        ValueError: A file is missing, or a folder holds no photo.
    """
    found: dict[Path, Path] = {}
    seen_before: set[Path] = set()
    for path in given:
        inside, closed = photos_in(path, output) if path.is_dir() else ([path], {})
        if path in closed:
            raise ValueError(f"{path}: {closed[path]}")
        if unreadable is not None:
            unreadable |= {printable(folder): why for folder, why in closed.items()}
        if not inside:
            raise ValueError(
                f"{path} holds no photo; looked for were files that end in "
                f"{', '.join(IMAGE_SUFFIXES)}."
            )
        for photo in inside:
            if not photo.exists():
                raise ValueError(f"There is no file {photo}; check the path.")
            if photo.resolve() not in seen_before:
                seen_before.add(photo.resolve())
                found[photo] = photo.relative_to(path) if path.is_dir() else Path(photo.name)
    return found


def photos_in(folder: Path, output: Path | None) -> tuple[list[Path], dict[Path, str]]:
    """Return the pictures in a folder and those inside it, and why which of these can't be read.

    Hidden folders and that of the results are left out.
    """
    results = output.resolve() if output else None
    if results and folder.resolve() not in results.parents:
        results = None
    files, unreadable = files_below(folder)
    photos = [
        path
        for path in files
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        if results is None or results not in path.resolve().parents
    ]
    return photos, unreadable


def marked_paths(photos: Mapping[Path, Path], output: Path) -> dict[Path, Path]:
    """Return where the marked copy of each photo goes, each to a place of its own.

    Raises:
        ValueError: A photo would be overwritten.
    """
    sources = {photo.resolve() for photo in photos}
    places: dict[Path, Path] = {}
    taken: set[str] = set()
    for photo, name in photos.items():
        place = places[photo] = output / free_name(name, taken)
        if place.resolve() in sources:
            raise ValueError(f"The photo {place} would be overwritten; choose another --output.")
    return places


def free_name(name: Path, taken: set[str]) -> Path:
    """Return the name of a photo's marked copy, with a number if another one has it.

    Args:
        name: The photo's own; two that differ in case or ending only would have one copy.
        taken: Names that are in use, in lower case; the one returned is added.
    """
    number, free = 1, name.with_name(f"{name.stem}-faces.jpg")
    while str(free).casefold() in taken:
        number += 1
        free = name.with_name(f"{name.stem}-{number}-faces.jpg")
    taken.add(str(free).casefold())
    return free
