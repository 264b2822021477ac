"""The tables' columns, and their rows from what was seen in a frame or photo."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from supervision import Detections

from fer.array_types import Float32Array
from fer.batch.input_files import InputFile
from fer.labels import EXPRESSIONS
from fer.recording.frame_table import BOX_COLUMNS
from fer.timeline.expression_statistics import compute_statistics
from fer.timeline.face_counts import COUNT_COLUMNS
from fer.timeline.timeline import Timeline
from fer.vision.detections import boxes, confidences, probabilities, track_ids
from fer.vision.quality import QUALITY_COLUMNS, quality_table

if TYPE_CHECKING:
    import pyarrow as pa

POINTS = ("eye_left", "eye_right", "nose", "mouth_left", "mouth_right")
"""Landmarks, left and right as seen."""

LANDMARK_COLUMNS = tuple(f"{point}_{axis}" for point in POINTS for axis in "xy")

NUMBER_COLUMNS = (
    *BOX_COLUMNS,
    "confidence",
    *LANDMARK_COLUMNS,
    *EXPRESSIONS,
    *QUALITY_COLUMNS,
)
"""Columns of a face that are float32; all in the file's own pixels where they are lengths."""

FILE_FACTS = {
    "kind": "string",
    "width": "int64",
    "height": "int64",
    "duration": "float64",
    "start": "float64",
    "frames": "int64",
    "faces": "int64",
    "tracks": "int64",
    "notice": "string",
    "error": "string",
}
"""Columns of a file beside its ids, and their types."""

_IDS = {"source_id": "string", "source": "string"}

_TIMELINE_INTEGERS = ("frames", "classified")


def faces_schema() -> "pa.Schema":
    """Return the columns of `faces`: one row per face in a photo or in an analysed frame."""
    import pyarrow as pa  # only needed where there are tables, as everywhere here

    known = {"time": "float64", "track": "int32", "face": "int32", "expression": "string"}
    return pa.schema(_IDS | known | dict.fromkeys(NUMBER_COLUMNS, "float32"))


def timeline_schema() -> "pa.Schema":
    """Return the columns of `timeline`: one row per second of a video, and one per photo."""
    import pyarrow as pa

    names = compute_statistics(np.zeros((0, len(COUNT_COLUMNS)), np.int64))
    types = {name: "int64" if name in _TIMELINE_INTEGERS else "float64" for name in names}
    return pa.schema(_IDS | {"time": "float64"} | types)


def files_schema() -> "pa.Schema":
    """Return the columns of `files`: one row per file, also without faces, also refused."""
    import pyarrow as pa

    return pa.schema(_IDS | FILE_FACTS)


class FaceRows:
    """Collects rows of `faces`."""

    def __init__(self) -> None:
        self._files: list[InputFile] = []
        self._numbers = [np.empty((0, len(NUMBER_COLUMNS)), np.float32)]
        self._times: list[float | None] = []
        self._tracks: list[int | None] = []
        self._faces: list[int] = []
        self._labels: list[str] = []

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._labels)

    def add(
        self,
        file: InputFile,
        faces: Detections,
        labels: Sequence[str],
        time: float | None = None,
        scale: float = 1.0,
    ) -> None:
        """Add the faces of a frame, or of a photo.

        Args:
            file: The photo or video.
            faces: The faces, `size` in pixels of the file.
            labels: Each face's label.
            time: Seconds of a frame; None for a photo, whose faces have no tracks.
            scale: Pixels of the file per pixel of what was analysed.
        """
        count = len(faces)
        self._files += [file] * count
        self._numbers.append(_numbers(faces, scale))
        self._times += [time] * count
        self._tracks += [None] * count if time is None else track_ids(faces)
        self._faces += range(1, count + 1)
        self._labels += labels

    def table(self) -> "pa.Table":
        """Return the rows as `faces_schema` has them."""
        import pyarrow as pa

        numbers = np.ascontiguousarray(np.concatenate(self._numbers).T)
        columns: dict[str, Any] = {
            **_ids(self._files),
            "time": self._times,
            "track": self._tracks,
            "face": self._faces,
            "expression": self._labels,
            **{
                name: pa.array(column, from_pandas=True)
                for name, column in zip(NUMBER_COLUMNS, numbers, strict=True)
            },
        }
        return pa.table(columns, faces_schema())


class TimelineRows:
    """Collects rows of `timeline`."""

    def __init__(self) -> None:
        self._files: list[InputFile] = []
        self._times: list[float] = []
        self._counts = [np.empty((0, len(COUNT_COLUMNS)), np.int64)]

    def add(self, file: InputFile, timeline: Timeline) -> None:
        """Add all bins of a file's timeline, as far as its view shows them."""
        numbers, counts = timeline.counts()
        self._files += [file] * len(numbers)
        self._times += (numbers * timeline.bin_seconds).tolist()
        self._counts.append(counts)

    def table(self) -> "pa.Table":
        """Return the rows as `timeline_schema` has them."""
        import pyarrow as pa

        statistics = compute_statistics(np.concatenate(self._counts))
        columns: dict[str, Any] = {
            **_ids(self._files),
            "time": self._times,
            **{name: pa.array(column, from_pandas=True) for name, column in statistics.items()},
        }
        return pa.table(columns, timeline_schema())


def _ids(files: Sequence[InputFile]) -> dict[str, list[str]]:
    known = {file: (file.source_id, file.source) for file in set(files)}
    return {name: [known[file][index] for file in files] for index, name in enumerate(_IDS)}


def _numbers(faces: Detections, scale: float) -> Float32Array:
    """Return `NUMBER_COLUMNS` of faces, float32 (n, c); NaN where something isn't known."""
    unknown = np.full((len(faces), len(LANDMARK_COLUMNS)), np.nan, np.float32)
    points = np.asarray(faces.data.get("landmarks", unknown), np.float32).reshape(unknown.shape)
    columns = (
        boxes(faces) * scale,
        confidences(faces),
        points * scale,
        probabilities(faces),
        quality_table(faces),
    )
    return np.column_stack(columns).astype(np.float32)


def file_table(rows: Sequence[tuple[InputFile, Mapping[str, Any]]]) -> "pa.Table":
    """Return the rows of `files`, with what is known of each; the rest is null."""
    import pyarrow as pa

    records = [
        {
            "source_id": file.source_id,
            "source": file.source,
            "kind": "video" if file.is_video else "photo",
            **facts,
        }
        for file, facts in rows
    ]
    return pa.Table.from_pylist(records, files_schema())
