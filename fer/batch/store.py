"""The folder of a batch: tables in parts, each written whole or not at all; what is there is done.

    manifest.json           the network, the options, the versions
    files/PART.parquet      one row per file
    timeline/PART.parquet   one row per second of a video, and one per photo
    faces/PART.parquet      one row per face; not in the class view
    .SHARD.unfinished/      segments of videos that aren't complete yet, one folder a shard
    annotated/NAME...       copies with boxes, see `copy_name`

A part has one name in all tables, and none in a table of which it has no rows. That in `files`
comes last: without it the others don't count, and are removed at the next start, as are parts of
which one is damaged.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from fer.batch.input_files import InputFile, Shard, file_name
from fer.batch.tasks import Segment, SegmentRows, SegmentTask, TableRows
from fer.output_files import OutputError, new_file
from fer.paths import printable
from fer.recording.exports import export_stem
from fer.recording.frame_table import arrow_file
from fer.terminal import with_progress

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = ("faces", "timeline", "files")
"""In the order in which a part is written to them."""

_SMALL = 1 << 20
"""Bytes of a part up to which all of it is read to see whether it can be."""

_FACTS = b"facts"
"""Key of a segment's facts in the metadata of its timeline."""

_SHORT_ID = 8
"""Digits of a source's id in names: files of one name may be in two folders."""


class BatchStore:
    """One shard's parts of the tables in a folder.

    Args:
        folder: The batch's folder.
        shard: The shard of these parts; no two processes write those of one shard at a time.

    Attributes:
        damaged: Parts that were removed because they can't be read, as `table/name`.
    """

    def __init__(self, folder: Path, shard: Shard) -> None:
        self.folder = folder
        self._name = f"{shard.number:04d}-of-{shard.count:04d}"
        # No folder that shards share: one could remove it as another is about to write into it.
        self._unfinished = folder / f".{self._name}.unfinished"
        self.damaged: list[str] = []

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from this shard within the block; what killed ones left is removed.

        Raises:
            ValueError: Another one is at work on it.
            OutputError: The folder can't be written to.
        """
        lock = FileLock(self.folder / f".{self._name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(describe_holder(lock)) from None
        except OSError as error:
            raise OutputError.from_os_error(self.folder, error) from error
        try:
            self._remove_leftovers()
            yield
        finally:
            lock.release()

    def _remove_leftovers(self) -> None:
        """Remove unfinished files, and parts that are damaged or aren't in all tables."""
        for path in self._unfinished.glob("*.parquet"):
            path.unlink()
        self.damaged = []
        for path in with_progress(self._parts("files"), "Checking the tables", "part"):
            order = ("files", "timeline", "faces")  # what the others' rows should be is in `files`
            damaged = next((table for table in order if self._is_damaged(table, path.name)), None)
            if damaged:
                path.unlink()
                self.damaged.append(f"{damaged}/{path.name}")
        complete = {path.name for path in self._parts("files")}
        for table in TABLES:
            for path in self._parts(table):
                if path.name not in complete:
                    path.unlink()

    def _is_damaged(self, table: str, name: str) -> bool:
        """Return whether a part can't be read, or is missing though there are rows for it."""
        path, files = self.folder / table / name, self.folder / "files" / name
        if path.is_file():
            return not is_readable(path)
        if table == "faces" and not path.parent.is_dir():  # as in the class view
            return False
        # What was read has rows of the timeline, too, and what was refused has no frames.
        column = "faces" if table == "faces" else "frames"
        return any(read_rows(files, [column])[column].to_pylist())

    def _parts(self, table: str) -> list[Path]:
        return sorted((self.folder / table).glob(f"{self._name}-*.parquet"))

    def done(self) -> set[str]:
        """Return the ids of the files that are in the tables."""
        tables = (read_rows(path, ["source_id"]) for path in self._parts("files"))
        return {source_id for table in tables for source_id in table["source_id"].to_pylist()}

    def write(self, files: Sequence[InputFile], rows: TableRows) -> None:
        """Write the rows of some files as a part.

        Raises:
            OutputError: It can't be written.
        """
        faces = None if rows.faces is None else [rows.faces]
        self._write(files, lambda: rows.files, [rows.timeline], faces)

    def write_video(
        self,
        file: InputFile,
        row: "Callable[[], pa.Table]",
        timeline: "Iterable[pa.Table]",
        faces: "Iterable[pa.Table] | None",
    ) -> None:
        """Write the rows of a video as a part, and remove its segments.

        Args:
            file: The video.
            row: Returns its row, when the others are written.
            timeline: Tables that follow one another.
            faces: Tables of faces that follow one another; None in the class view.

        Raises:
            OutputError: It can't be written.
        """
        self._write([file], row, timeline, faces)
        shutil.rmtree(self._unfinished / file.source_id, ignore_errors=True)

    def _write(
        self,
        files: Sequence[InputFile],
        row: "Callable[[], pa.Table]",
        timeline: "Iterable[pa.Table]",
        faces: "Iterable[pa.Table] | None",
    ) -> None:
        digest = hashlib.sha256("".join(file.source_id for file in files).encode()).hexdigest()
        name = f"{self._name}-{digest[:16]}.parquet"
        if faces is not None:
            self._write_part("faces", name, faces)
        self._write_part("timeline", name, timeline)
        self._write_part("files", name, [row()])

    def _write_part(self, table: str, name: str, rows: "Iterable[pa.Table]") -> None:
        """Write a part elsewhere and move it: some programs read what has any name in a table.

        One without rows is left out, as `datasets` can't read such a file.
        """
        whole = self._unfinished / f"{table}-{name}"
        if not _write_parquet(whole, rows):
            whole.unlink()
            return
        try:
            (self.folder / table).mkdir(exist_ok=True)
            whole.replace(self.folder / table / name)
        except OSError as error:
            raise OutputError.from_os_error(self.folder / table, error) from error

    def write_segment(self, task: SegmentTask, rows: SegmentRows) -> None:
        """Keep a segment until its video is complete.

        Raises:
            OutputError: It can't be written.
        """
        folder = self._segment_folder(task.file, task.identity, task.segment)
        if rows.faces is not None and rows.overlap is not None:
            _write_parquet(folder / "faces.parquet", [rows.faces])
            _write_parquet(folder / "overlap.parquet", [rows.overlap])
        facts = {_FACTS: json.dumps(rows.facts).encode()}
        _write_parquet(folder / "timeline.parquet", [rows.timeline.replace_schema_metadata(facts)])

    def has_segment(self, task: SegmentTask) -> bool:
        """Return whether a segment is there; one that is damaged is not."""
        folder = self._segment_folder(task.file, task.identity, task.segment)
        parts = list(folder.glob("[!.]*.parquet"))
        return folder / "timeline.parquet" in parts and all(map(is_readable, parts))

    def drop_other_segments(self, file: InputFile, identity: str) -> None:
        """Remove the segments of a video that was in the place of this one."""
        for folder in (self._unfinished / file.source_id).glob("*"):
            if folder.name != identity:
                shutil.rmtree(folder, ignore_errors=True)

    def read_segment(self, file: InputFile, identity: str, segment: Segment) -> SegmentRows:
        """Return the rows of a segment that is there."""
        folder = self._segment_folder(file, identity, segment)
        timeline = read_rows(folder / "timeline.parquet")
        facts = json.loads(timeline.schema.metadata[_FACTS])
        timeline = timeline.replace_schema_metadata(None)
        if not (folder / "faces.parquet").is_file():
            return SegmentRows(timeline, None, None, facts)
        faces, overlap = (read_rows(folder / f"{name}.parquet") for name in ("faces", "overlap"))
        return SegmentRows(timeline, faces, overlap, facts)

    def _segment_folder(self, file: InputFile, identity: str, segment: Segment) -> Path:
        """Return where a segment is kept; elsewhere if the video has other segments now."""
        times = repr((segment.start, segment.end, segment.next_sample)).encode()
        name = f"{segment.number:05d}-{hashlib.sha256(times).hexdigest()[:8]}"
        return self._unfinished / file.source_id / identity / name

    def clear(self) -> None:
        """Remove the folder of segments, when all videos are complete."""
        shutil.rmtree(self._unfinished, ignore_errors=True)


def describe_holder(lock: FileLock) -> str:
    """Return what keeps a file in the folder of a batch locked, and what to do."""
    folder = Path(lock.lock_file).parent
    at_work = f"Another `fer run` is at work on this in {folder}; wait for its end"
    if not hasattr(lock, "pid"):  # a lock of the system's, which ends with its process
        return f"{at_work}, or name another folder."
    return f"{at_work}, or remove {lock.lock_file} if it was killed on another machine."


def copy_name(source: str, source_id: str) -> str:
    """Return the name, without an ending, of what is made of a file."""
    return f"{export_stem(Path(file_name(source)))}-{source_id[:_SHORT_ID]}"


def read_rows(path: Path, columns: Sequence[str] | None = None) -> "pa.Table":
    """Return the rows of a file of parquet, all columns or some."""
    from pyarrow.parquet import read_table

    with arrow_file(path, "rb") as file:
        return read_table(file, columns=columns)


def is_readable(path: Path) -> bool:
    """Return whether a file of parquet is one, and whole; of a large one its end has to do.

    Raises:
        ValueError: It can't be read, whatever it holds.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with (
            arrow_file(path, "rb") as file,
            ParquetFile(file, page_checksum_verification=True) as rows,
        ):
            if path.stat().st_size <= _SMALL:
                rows.read()
    except (ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            reason = os.strerror(error.errno)  # pyarrow's own sentence names the file again
            raise ValueError(f"{printable(path)} can't be read: {reason}.") from error
        return False
    return True


def _write_parquet(path: Path, tables: "Iterable[pa.Table]") -> int:
    """Write tables that follow one another, at least one, as one file; return its rows."""
    from pyarrow.parquet import ParquetWriter

    remaining = iter(tables)
    first, rows = next(remaining), 0
    with (
        new_file(path) as unfinished,
        arrow_file(unfinished, "wb") as file,
        ParquetWriter(file, first.schema, write_page_checksum=True) as writer,
    ):
        for table in chain([first], remaining):
            rows += table.num_rows
            if table.num_rows:  # an empty group of rows at the beginning is as bad
                writer.write_table(table)
    return rows
