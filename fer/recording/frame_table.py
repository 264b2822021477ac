"""Every face of every analysed frame, for the person view: recorded as rows, saved as tables.

During the analysis rows of fixed size go to a file, so that memory doesn't grow with the length;
afterwards they are read in chunks and saved as CSV or Parquet. A class has no such table: a face
that is in one frame and not in the next could be picked out of it.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from supervision import Detections

from fer.labels import EXPRESSIONS, TURNED_AWAY, UNCERTAIN
from fer.output_files import new_file
from fer.timeline.annotation_tiers import TOO_SMALL
from fer.timeline.serialization import mark_columns
from fer.timeline.timeline import Timeline
from fer.vision.boxes import box_sizes
from fer.vision.detections import (
    boxes,
    confidences,
    expression_labels,
    probabilities,
    track_ids,
)
from fer.vision.quality import QUALITY_COLUMNS, quality_table

if TYPE_CHECKING:
    import pyarrow as pa
    from pandas import DataFrame

LABELS = (*EXPRESSIONS, UNCERTAIN, TURNED_AWAY, TOO_SMALL)
"""What a face's `label` can be."""

BOX_COLUMNS = ("left", "top", "right", "bottom")

FRAME_ROW = np.dtype(
    [
        ("time", "<f8"),
        ("track", "<i4"),
        *((name, "<f4") for name in BOX_COLUMNS),
        ("confidence", "<f4"),
        ("label", "u1"),
        *((name, "<f4") for name in (*EXPRESSIONS, *QUALITY_COLUMNS)),
    ]
)
"""A face in a frame: seconds, track, box in the recording's pixels, the detector's confidence, the
index of its label, its probabilities and its quality measures, `size` in the recording's pixels."""

FORMATS = {"frames": "_frames.csv", "parquet": "_frames.parquet"}
"""End of the file's name by format."""

CHUNK_ROWS = 50_000
"""Rows in memory at a time."""


def labels_of(faces: Detections, small: float, uncertain_below: float) -> list[str]:
    """Return one of `LABELS` per face; those whose side is under `small` pixels are too small."""
    is_small = box_sizes(boxes(faces)) < small
    names = expression_labels(faces, uncertain_below)
    return [TOO_SMALL if one else name for one, name in zip(is_small, names, strict=True)]


def require_pyarrow() -> None:
    """Check that tables of parquet can be read and written.

    Raises:
        ValueError: pyarrow isn't installed, as where requirements-lite.txt is.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise ValueError("Tables of parquet need pyarrow: pip install pyarrow.") from error


def arrow_file(path: Path, mode: str) -> "pa.OSFile":
    """Open a file for pyarrow, which takes the name `lesson-10:30/a` for an address.

    Not by Python, whose files pyarrow's threads may be using still when the process ends: a crash.
    """
    import pyarrow as pa

    return pa.OSFile(os.fsencode(path), mode)  # bytes: a name needn't be of UTF-8


class FrameRecorder:
    """Writes the rows of an analysis.

    Args:
        file: Where they go.
        scale: Pixels of the recording per pixel of what is analysed.
        small: A face whose side has fewer analysed pixels is too small to classify.
        uncertain_below: Least probability at which an expression is named.
    """

    def __init__(self, file: BinaryIO, scale: float, small: float, uncertain_below: float) -> None:
        self._file, self._scale = file, scale
        self._small, self._uncertain_below = small, uncertain_below

    def add(self, faces: Detections, time: float) -> None:
        """Write a row for each tracked face of a frame.

        Args:
            faces: Faces as for `fer.timeline.timeline.Timeline.add`, `size` in the recording's
                pixels.
            time: Seconds from the first picture.
        """
        rows = np.empty(len(faces), FRAME_ROW)
        rows["time"], rows["track"] = time, track_ids(faces)
        for name, column in zip(BOX_COLUMNS, (boxes(faces) * self._scale).T, strict=True):
            rows[name] = column
        rows["confidence"] = confidences(faces)
        labels = labels_of(faces, self._small, self._uncertain_below)
        rows["label"] = [LABELS.index(name) for name in labels]
        for name, column in zip(EXPRESSIONS, probabilities(faces).T, strict=True):
            rows[name] = column
        for name, column in zip(QUALITY_COLUMNS, quality_table(faces).T, strict=True):
            rows[name] = column
        self._file.write(rows.tobytes())


def read_frames(path: Path) -> Iterator["DataFrame"]:
    """Yield the rows of a recorder's file as tables, in chunks; one without a row if there is none.

    Raises:
        ValueError: The file holds something else.
    """
    if path.stat().st_size % FRAME_ROW.itemsize:
        raise ValueError(f"{path.name} has no whole number of rows.")
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(CHUNK_ROWS * FRAME_ROW.itemsize), b"")
        yield _table(next(chunks, b""))
        yield from map(_table, chunks)


def _table(chunk: bytes) -> "DataFrame":
    from pandas import DataFrame

    rows = np.frombuffer(chunk, FRAME_ROW)
    table = DataFrame({name: rows[name] for name in FRAME_ROW.names or ()})
    labels = np.array([*LABELS, ""], object)
    return table.assign(label=labels[np.minimum(rows["label"], len(LABELS))])


def write_frame_tables(
    path: Path, folder: Path, stem: str, formats: Iterable[str], timeline: Timeline
) -> list[Path]:
    """Write the rows of a recorder's file as tables and return their paths.

    Args:
        path: The recorder's file.
        folder: Where they go.
        stem: Beginning of their names.
        formats: Some of `FORMATS`.
        timeline: The recording's; with marks, the tables have two columns more, as its CSV.
    """
    wanted = [name for name in FORMATS if name in set(formats)]
    paths = [folder / f"{stem}{FORMATS[name]}" for name in wanted]
    writers = {"frames": _write_csv, "parquet": _write_parquet}
    for name, target in zip(wanted, paths, strict=True):
        with new_file(target) as unfinished:
            tables = (_with_marks(table, timeline) for table in read_frames(path))
            writers[name](tables, unfinished)
    return paths


def _with_marks(table: "DataFrame", timeline: Timeline) -> "DataFrame":
    if not timeline.marks:
        return table
    return table.assign(**mark_columns(timeline, table["time"].to_numpy()))


def _write_csv(tables: Iterator["DataFrame"], path: Path) -> None:
    for number, table in enumerate(tables):
        table.to_csv(
            path, mode="a" if number else "w", header=not number, index=False, lineterminator="\n"
        )


def _write_parquet(tables: Iterator["DataFrame"], path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    with ExitStack() as stack:
        file, writer = stack.enter_context(arrow_file(path, "wb")), None
        for table in tables:
            rows = pa.Table.from_pandas(table, preserve_index=False)
            writer = writer or stack.enter_context(ParquetWriter(file, rows.schema))
            writer.write_table(rows)
