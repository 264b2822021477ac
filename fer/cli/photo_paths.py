"""Which photos `fer photo` reads, and where their annotated copies go."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fer.cli.input_paths import find_files, free_name
from fer.paths import PHOTO


def find_photos(
    given: Sequence[Path], output: Path | None = None, unreadable: dict[str, str] | None = None
) -> dict[Path, Path]:
    """Return the photos, as `fer.cli.input_paths.find_files` does."""
    return find_files(PHOTO, given, output, unreadable)


def annotated_paths(photos: Mapping[Path, Path], output: Path) -> dict[Path, Path]:
    """Return where the annotated copy of each photo goes, each to a place of its own.

    Raises:
        ValueError: A photo would be overwritten.
    """
    sources = {photo.resolve() for photo in photos}
    places: dict[Path, Path] = {}
    taken: set[str] = set()
    for photo, name in photos.items():
        place = places[photo] = output / free_name(name, "{}-faces.jpg".format, taken)
        if place.resolve() in sources:
            raise ValueError(f"The photo {place} would be overwritten; choose another --output.")
    return places
