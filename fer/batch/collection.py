"""What is in the tables of a batch, in words and as spreadsheets."""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fer.batch.manifest import read_manifest
from fer.batch.store import copy_name, is_readable, read_rows
from fer.output_files import check_output_folder, new_file, no_formula
from fer.recording.frame_table import arrow_file
from fer.terminal import count_of

if TYPE_CHECKING:
    import pyarrow as pa

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Start of a CSV by which spreadsheets recognise UTF-8."""

SPREADSHEETS = "csv"
"""Folder of the spreadsheets."""

LISTED_ERRORS = 5
"""Refused files that are listed one by one."""


@dataclass(frozen=True)
class BatchSummary:
    """What is in the tables of a folder.

    Attributes:
        photos: Number of photos that were read.
        videos: Number of videos that were read.
        faces: Number of rows of faces.
        noticed: Number of files with a notice on how they were read.
        refused: Every other file, with its reason.
    """

    photos: int
    videos: int
    faces: int
    noticed: int
    refused: Sequence[str]

    def __str__(self) -> str:
        """Return it in words, a line for each of the first refused files."""
        lines = [
            f"{count_of(self.photos, 'photo')} and {count_of(self.videos, 'video')} are read, with "
            f"{count_of(self.faces, 'row')} of faces."
        ]
        if self.noticed:
            noticed = f"{count_of(self.noticed, 'file')} read with a notice"
            lines.append(f"{noticed}; see the table `files`.")
        if self.refused:
            lines.append(f"{count_of(len(self.refused), 'file')} could not be read:")
            lines += [f"  {line}" for line in self.refused[:LISTED_ERRORS]]
        if (more := len(self.refused) - LISTED_ERRORS) > 0:
            lines.append(f"  and {more:,} more; see the table `files`.")
        return "\n".join(lines)


def file_rows(folder: Path) -> "pa.Table":
    """Return the table `files` of a folder.

    Raises:
        ValueError: It is no folder of `fer run`.
    """
    return _read_files(folder, _complete_parts(folder))


def summarise_batch(files: "pa.Table", source_ids: Collection[str] | None = None) -> BatchSummary:
    """Return what is in the tables of a folder.

    Args:
        files: Rows as `file_rows` returns them.
        source_ids: Ids of the files that count; all if left out.
    """
    if source_ids is not None:
        files = files.filter([name in source_ids for name in files["source_id"].to_pylist()])
    kinds, errors = files["kind"].to_pylist(), files["error"].to_pylist()
    faces = sum(count or 0 for count in files["faces"].to_pylist())
    read = [kind for kind, error in zip(kinds, errors, strict=True) if error is None]
    sources = zip(files["source"].to_pylist(), errors, strict=True)
    refused = sorted(f"{source}: {error}" for source, error in sources if error)
    noticed = sum(bool(notice) for notice in files["notice"].to_pylist())
    return BatchSummary(read.count("photo"), read.count("video"), faces, noticed, refused)


def _complete_parts(folder: Path) -> list[str]:
    """Return the names of the parts that count in a folder."""
    return sorted(path.name for path in (folder / "files").glob("[!.]*.parquet"))


def _read_files(folder: Path, parts: Sequence[str]) -> "pa.Table":
    import pyarrow as pa

    from fer.batch.rows import files_schema

    if read_manifest(folder) is None:
        raise ValueError(f"{folder} holds no tables of `fer run`: it has no manifest.json.")
    _require_readable(folder / "files", parts)
    tables = [read_rows(folder / "files" / name) for name in parts]
    return pa.concat_tables([files_schema().empty_table(), *tables])


def _require_readable(table: Path, parts: Sequence[str]) -> None:
    """Refuse a table of which a part can't be read.

    Raises:
        ValueError: There is one.
    """
    for path in (table / name for name in parts):
        if path.is_file() and not is_readable(path):
            raise ValueError(
                f"{path} is damaged; give the `fer run` that made it once more, which makes it "
                "again."
            )


def write_spreadsheets(folder: Path) -> list[Path]:
    """Write the tables of a folder as CSV, and return the files.

    `files.csv` has all files, `photos_faces.csv` and `photos_timeline.csv` those of photos, and
    each video has files named after it. In the class view there is none of single faces.

    Raises:
        ValueError: It is no folder of `fer run`.
        fer.output_files.OutputError: A file can't be written.
    """
    parts = _complete_parts(folder)  # once: a `fer run` that is at work adds others meanwhile
    files = _read_files(folder, parts)
    target = folder / SPREADSHEETS
    check_output_folder(target)
    written = [_write(target / "files.csv", iter([files]))]
    columns = (files[name].to_pylist() for name in ("source_id", "source", "kind", "error"))
    videos = {
        source_id: None if error else copy_name(source, source_id)
        for source_id, source, kind, error in zip(*columns, strict=True)
        if kind == "video"
    }
    for table in ("faces", "timeline"):
        _require_readable(folder / table, parts)
        written += _write_table(folder, table, parts, target, videos)
    return written


def _write_table(
    folder: Path,
    table: str,
    parts: Sequence[str],
    target: Path,
    videos: dict[str, str | None],
) -> Iterator[Path]:
    """Write a table as a file for all photos, and one for each video."""
    photos: list[Path] = []
    for name in parts:
        path = folder / table / name
        if not path.is_file():  # it has no rows
            continue
        # A part has the rows of a video, or of photos.
        source_id = read_rows(folder / "files" / name, ["source_id"])["source_id"][0].as_py()
        if source_id not in videos:
            photos.append(path)
        elif stem := videos[source_id]:
            yield _write(target / f"{stem}_{table}.csv", _batches(path))
    if photos:
        batches = (batch for path in photos for batch in _batches(path))
        yield _write(target / f"photos_{table}.csv", batches)


def _batches(path: Path) -> "Iterator[pa.Table]":
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    with arrow_file(path, "rb") as file, ParquetFile(file) as rows:
        yield rows.schema_arrow.empty_table()
        for batch in rows.iter_batches():
            yield pa.Table.from_batches([batch])


def _write(path: Path, tables: "Iterator[pa.Table]") -> Path:
    """Write tables that follow one another, at least one, as CSV."""
    with new_file(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number, table in enumerate(tables):
            if not number:
                file.write(BYTE_ORDER_MARK)
                writer.writerow(table.column_names)
            writer.writerows(zip(*map(_cells, table.columns), strict=True))
    return path


def _cells(column: "pa.ChunkedArray") -> list[str | float | None]:
    """Return a column's cells; of float32 the digits that it holds: 0.9, not 0.899999976."""
    import pyarrow as pa

    if column.type == pa.float32():
        return list(column.cast(pa.string()).to_pylist())
    return [no_formula(value) for value in column.to_pylist()]
