"""Sums by bin and track: rows of counts, and the quality measures of the track's face.

They are in compact arrays: two hours of fifty faces are about 31 MB. Quality measures are summed in
whole numbers, as the counts are; to a pixel, degree or percent, for they aren't known any better.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from supervision import Detections

from fer.array_types import Float64Array, Int64Array
from fer.labels import EXPRESSIONS
from fer.timeline.face_counts import COUNT_COLUMNS
from fer.vision.quality import QUALITY_COLUMNS, quality_table

QUALITY_SUMS = ("measured", *QUALITY_COLUMNS)
"""What is summed up of a track's quality: its measured readings, and over these each measure."""

QUALITY_SCALES = np.array(
    [100 if name in ("brightness", "clipped") else 1 for name in QUALITY_COLUMNS]
)
"""What a measurement of 1 counts."""

TRACK_SUMS = (*COUNT_COLUMNS, *QUALITY_SUMS)
"""Columns of a track's row."""

MAX_TRACKS_PER_BIN = 50
"""Series kept of one bin in the person view: those with the lowest numbers."""

ROW_BYTES = 340
"""Memory of a row that isn't packed yet, about."""

PACKED_BIN_BYTES = 600
"""Memory of a packed bin beside its rows: four arrays, their tuple and its key."""

_SQUARES = TRACK_SUMS.index("squares")
_PROBABILITIES = [TRACK_SUMS.index(name) for name in EXPRESSIONS]
_REST = np.delete(np.arange(len(TRACK_SUMS)), [*_PROBABILITIES, _SQUARES])
"""Columns of large numbers, and the others, which mostly fit 16 bits."""


class _PackedBin(NamedTuple):
    """The rows of one bin: tracks (t,), squares (t,), probabilities (t, 7), the rest (t, r)."""

    tracks: Int64Array
    squares: Int64Array
    probabilities: np.ndarray
    rest: np.ndarray

    @classmethod
    def pack(cls, counts: Mapping[int, Int64Array]) -> "_PackedBin":
        """Pack the rows by track, in as few bytes as hold their counts."""
        tracks = sorted(counts)
        rows = np.array([counts[track] for track in tracks], np.int64)
        parts = _narrow(rows[:, _PROBABILITIES]), _narrow(rows[:, _REST])
        return cls(np.array(tracks, np.int64), rows[:, _SQUARES].copy(), *parts)

    def rows(self) -> Int64Array:
        """Return the rows, int64 (t, 22)."""
        rows = np.empty((len(self.tracks), len(TRACK_SUMS)), np.int64)
        rows[:, _SQUARES], rows[:, _PROBABILITIES] = self.squares, self.probabilities
        rows[:, _REST] = self.rest
        return rows

    @property
    def nbytes(self) -> int:
        """Memory, about."""
        return PACKED_BIN_BYTES + sum(array.nbytes for array in self)


def _narrow(rows: Int64Array) -> np.ndarray:
    """Return whole numbers in the narrowest type that holds them, a copy."""
    largest = np.abs(rows).max(initial=0)
    kinds = (np.int16, np.int32)
    return rows.astype(next((kind for kind in kinds if largest <= np.iinfo(kind).max), np.int64))


class TrackCounts:
    """Rows by bin and track, of up to `MAX_TRACKS_PER_BIN` tracks per bin.

    A row is int64 (22,) with the columns `TRACK_SUMS`. All bins are packed but the one counted
    last.
    """

    def __init__(self) -> None:
        self._packed: dict[int, _PackedBin] = {}
        self._open_bin: int | None = None
        self._open: dict[int, Int64Array] = {}

    @property
    def nbytes(self) -> int:
        """Approximate memory."""
        packed = sum(packed.nbytes for packed in self._packed.values())
        return packed + ROW_BYTES * len(self._open)

    def add(self, number: int, tracks: Sequence[int], rows: Sequence[Int64Array]) -> None:
        """Add rows of tracks to those of a bin; the lowest track ids are kept.

        Which these are does not depend on the order of the frames.
        """
        if number != self._open_bin:
            self._open_another(number)
        for track, row in zip(tracks, rows, strict=True):
            self._open[track] = self._open[track] + row if track in self._open else row
        if len(self._open) > MAX_TRACKS_PER_BIN:
            for track in sorted(self._open)[MAX_TRACKS_PER_BIN:]:
                del self._open[track]

    def _open_another(self, number: int) -> None:
        if self._open and self._open_bin is not None:
            self._packed[self._open_bin] = _PackedBin.pack(self._open)
        packed = self._packed.pop(number, None)
        self._open_bin = number
        self._open = (
            {} if packed is None else dict(zip(packed.tracks.tolist(), packed.rows(), strict=True))
        )

    def bins(self) -> Iterator[tuple[int, Int64Array, Int64Array]]:
        """Yield each bin with its tracks (t,) and their rows (t, 22), rising in both."""
        parts = dict(self._packed)
        if self._open and self._open_bin is not None:
            parts[self._open_bin] = _PackedBin.pack(self._open)
        for number in sorted(parts):
            yield number, parts[number].tracks, parts[number].rows()

    def arrays(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return bins (r,), tracks (r,) and rows (r, 22), by bin and by track."""
        parts = list(self.bins())
        none = np.zeros(0, np.int64)
        if not parts:
            return none, none, none.reshape(0, len(TRACK_SUMS))
        return (
            np.repeat(
                np.array([number for number, _, _ in parts], np.int64),
                [len(tracks) for _, tracks, _ in parts],
            ),
            np.concatenate([tracks for _, tracks, _ in parts]),
            np.concatenate([rows for *_, rows in parts]),
        )


def sum_quality(faces: Detections) -> Int64Array:
    """Return each face's `QUALITY_SUMS`, int64 (n, 7); zeros where something wasn't measured."""
    measured = quality_table(faces) * QUALITY_SCALES
    known = np.isfinite(measured).all(axis=1)
    values = np.rint(np.where(known[:, None], measured, 0)).astype(np.int64)
    return np.column_stack([known.astype(np.int64), values])


def mean_quality(sums: Int64Array) -> dict[str, Float64Array]:
    """Return `QUALITY_COLUMNS`, float64 (r,) each, from sums (r, 7); NaN where nothing is known."""
    readings = sums[:, :1].astype(np.float64)
    # One division, rounded once: two give 0.5900000000000001 for 0.59.
    means = sums[:, 1:] / (QUALITY_SCALES * np.where(readings > 0, readings, np.nan))
    return dict(zip(QUALITY_COLUMNS, means.T, strict=True))
