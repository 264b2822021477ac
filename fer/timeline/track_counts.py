"""Tallies by bin and track in compact arrays: two hours of fifty faces are about 26 MB."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fer.array_types import Int64Array
from fer.timeline.counts import COUNT_COLUMNS

MAX_TRACKS_PER_BIN = 50
"""Series kept of one bin in the person view: those with the lowest numbers."""

ROW_BYTES = 68
"""Memory of a packed tally: its track and its squares of 8 bytes, 13 counts of 4."""

PACKED_BIN_BYTES = 500
"""Memory of a packed bin beside its tallies: three arrays, their tuple and its key."""

_SQUARES = COUNT_COLUMNS.index("squares")
_INT32_MAX = np.iinfo(np.int32).max


class _PackedBin(NamedTuple):
    """The tallies of one bin: tracks (t,), squares (t,), and the other counts (t, 14)."""

    tracks: Int64Array
    squares: Int64Array
    others: np.ndarray

    @classmethod
    def pack(cls, tallies: Mapping[int, Int64Array]) -> "_PackedBin":
        """Pack tallies by track; counts that don't fit 32 bits keep 64."""
        tracks = sorted(tallies)
        rows = np.array([tallies[track] for track in tracks], np.int64)
        others = np.delete(rows, _SQUARES, axis=1)
        if others.max(initial=0) <= _INT32_MAX:
            others = others.astype(np.int32)
        return cls(np.array(tracks, np.int64), rows[:, _SQUARES].copy(), others)

    def rows(self) -> Int64Array:
        """Return the tallies, int64 (t, 15)."""
        return np.insert(self.others.astype(np.int64), _SQUARES, self.squares, axis=1)


class TrackCounts:
    """Tallies int64 (15,) by bin and track, of up to `MAX_TRACKS_PER_BIN` tracks a bin.

    All bins are packed but the one counted last.
    """

    def __init__(self) -> None:
        self._packed: dict[int, _PackedBin] = {}
        self._open_bin: int | None = None
        self._open: dict[int, Int64Array] = {}

    @property
    def nbytes(self) -> int:
        """Approximate memory."""
        rows = len(self._open) + sum(len(packed.tracks) for packed in self._packed.values())
        return ROW_BYTES * rows + PACKED_BIN_BYTES * len(self._packed)

    def add(self, number: int, tracks: Sequence[int], rows: Sequence[Int64Array]) -> None:
        """Add tallies of tracks to those of a bin; the lowest track ids are kept.

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
        """Yield each bin with its tracks (t,) and their tallies (t, 15), rising in both."""
        parts = dict(self._packed)
        if self._open and self._open_bin is not None:
            parts[self._open_bin] = _PackedBin.pack(self._open)
        for number in sorted(parts):
            yield number, parts[number].tracks, parts[number].rows()

    def arrays(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return bins (r,), tracks (r,) and tallies (r, 15), by bin and by track."""
        parts = list(self.bins())
        none = np.zeros(0, np.int64)
        return (
            np.repeat(
                np.array([number for number, _, _ in parts], np.int64),
                [len(tracks) for _, tracks, _ in parts],
            ),
            np.concatenate([none, *(tracks for _, tracks, _ in parts)]),
            np.concatenate([none.reshape(0, len(COUNT_COLUMNS)), *(rows for *_, rows in parts)]),
        )
