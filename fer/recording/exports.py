"""A recording's results as files for other programs: its intervals, and its table of frames."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from fer.output_files import new_file
from fer.paths import printable
from fer.recording.frame_table import FORMATS as FRAME_FORMATS
from fer.recording.frame_table import require_pyarrow, write_frame_tables
from fer.recording.outputs import FILE_NAMES, RecordingResult
from fer.timeline import exports
from fer.timeline.annotation_tiers import interval_table

EXPORT_FORMATS = (*exports.FORMATS, *FRAME_FORMATS)
"""Names of all formats."""

MAX_STEM_BYTES = 200
"""Most bytes of the files' stem; most file systems limit a name, endings included, to 255."""


def check_formats(formats: Collection[str], view: str) -> None:
    """Check that some formats exist, that a view has what they hold, and that they can be written.

    Raises:
        ValueError: There is no such format, it is of single faces in the class view, or pyarrow is
            missing for it.
    """
    unknown = [name for name in formats if name not in EXPORT_FORMATS]
    if unknown:
        known = ", ".join(EXPORT_FORMATS)
        raise ValueError(f"There is no export {unknown[0]!r}; there are {known}.")
    single = [name for name in formats if name in FRAME_FORMATS]
    if single and view == "class":
        raise ValueError(
            f"The class view has no export {single[0]!r}, which is of single faces; leave it out, "
            "or use the person view."
        )
    if "parquet" in formats:
        require_pyarrow()


def formats_of(view: str) -> tuple[str, ...]:
    """Return all formats that a view has."""
    return EXPORT_FORMATS if view == "person" else tuple(exports.FORMATS)


def export_stem(source: Path) -> str:
    """Return what the names of a recording's exports begin with: its own, if need be cut."""
    stem = printable(source.stem).encode()[:MAX_STEM_BYTES]
    return stem.decode(errors="ignore") or "recording"


def earlier_exports(folder: Path, stem: str, formats: Collection[str]) -> list[str]:
    """Return the names of a recording's exports in a folder that are of other formats.

    They come from an earlier analysis; somebody may have worked in them since.
    """
    endings = {**exports.FORMATS, **{name: (end,) for name, end in FRAME_FORMATS.items()}}
    names = [
        f"{stem}{end}" for name, ends in endings.items() if name not in formats for end in ends
    ]
    return [name for name in names if (folder / name).exists()]


def name_files(recording: RecordingResult, source: Path) -> RecordingResult:
    """Rename a recording's files after it, "lesson_timeline.csv", and return it with their paths.

    Browsers save them under these names.
    """
    named: dict[str, Any] = {}
    for kind in FILE_NAMES:
        path = getattr(recording, kind)
        if path is not None:
            named[kind] = path.rename(path.with_name(f"{export_stem(source)}_{path.name}"))
    return replace(recording, **named)


def write_exports(
    recording: RecordingResult, folder: Path, stem: str, formats: Collection[str]
) -> list[Path]:
    """Write files for other programs and return their paths.

    Args:
        recording: The recording, with `frames` for the formats of single faces.
        folder: Where they go.
        stem: Beginning of their names.
        formats: Formats, of those that `formats_of` has for the recording's view.
    """
    table = interval_table(
        recording.timeline,
        recording.duration,
        recording.video_offset,
        recording.video.name,
        recording.metadata.sound_end,
    )
    wanted = [name for name in exports.FORMATS if name in formats]
    paths = exports.write_exports(table, folder, stem, wanted)
    if recording.frames is not None:
        paths += write_frame_tables(recording.frames, folder, stem, formats, recording.timeline)
    return paths


def write_archive(recording: RecordingResult, source: Path) -> Path:
    """Write all files for other programs as one ZIP file beside the video and return its path.

    Args:
        recording: The recording, with its files.
        source: The recording, after which the files are named.
    """
    stem, formats = export_stem(source), formats_of(recording.view)
    path = recording.video.with_name(f"{stem}_exports.zip")
    with TemporaryDirectory(dir=path.parent) as folder, new_file(path) as unfinished:
        files = write_exports(recording, Path(folder), stem, formats)
        with ZipFile(unfinished, "w", ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.name)
    return path
