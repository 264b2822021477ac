"""Faces over time, counted in bins of a second; memory grows with the length, not with the frames.

A timeline is recorded in one of two views, and keeps nothing that its view doesn't show:

- "class": the whole picture only. A bin with a frame that has fewer than `MIN_FACES` faces to
  classify, large enough and not turned away, is *withheld*: its frames and faces are counted, but
  no expression in it is kept. So no table, file, plot or summary is of fewer faces. That is a
  minimum group size, not a proof of anonymity: who compares two seconds that differ by one face, or
  knows the other faces' expressions, may still infer one.
- "person": each track by its id, too; nobody is identified.

Gaps are gaps: a bin without frames is absent, and one with frames but no face has 0 faces and NaN
for all statistics of expressions; these are defined in `fer.timeline.expression_statistics`.
"""

import math
from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from supervision import Detections

from fer.array_types import Int64Array
from fer.labels import EXPRESSIONS
from fer.timeline.expression_statistics import compute_statistics
from fer.timeline.face_counts import COUNT_COLUMNS, counts_per_face
from fer.timeline.formatting import shortened
from fer.timeline.marks import Mark, left_out_ranges
from fer.timeline.track_counts import TrackCounts, mean_quality, sum_quality
from fer.timeline.withholding import MIN_FACES, aggregate_frame, withhold_expressions
from fer.vision.detections import track_ids

if TYPE_CHECKING:
    from pandas import DataFrame

VIEWS = ("class", "person")
"""What a timeline can be recorded for."""

TIME_TOLERANCE = 1e-9
"""Share of a bin by which a time may fall short of its start: 0.3 / 0.1 isn't quite 3."""

MAX_BIN_SECONDS = 600.0
"""Seconds; what is summed up in a longer bin might not fit 64 bits."""

TRACK_COLUMNS = ("frames", "classified", *EXPRESSIONS, "uncertain", "small", "index", "turned")
"""Columns of one track in one bin; a single face has no standard error over faces."""

BIN_BYTES = 338
"""Memory of a bin's counts: 15 numbers of 8 bytes, and what Python needs for an array by a key."""


class TimelineError(ValueError):
    """An operation that a timeline doesn't support; the message gives the reason and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(shortened(sentence))  # it may quote a file


class Settings(TypedDict):
    """The arguments of a `Timeline`, as its JSON holds them."""

    view: str
    bin_seconds: float
    small: float
    uncertain_below: float


class Timeline:
    """The series of a recording or a live session.

    Args:
        view: "class" or "person".
        bin_seconds: Length of a bin, up to `MAX_BIN_SECONDS` seconds.
        small: A face whose side (the square root of its box's area) has fewer pixels is too small
            to classify: it is counted, but has no part in the distribution.
        uncertain_below: Least probability, 0 to 1, at which an expression is named; the
            classifier's own `uncertain_below`.

    Attributes:
        marks: What people marked, by time; see `fer.timeline.marks`.
    """

    def __init__(
        self,
        view: str = "class",
        bin_seconds: float = 1.0,
        small: float = 40.0,
        uncertain_below: float = 0.4,
    ) -> None:
        """Start with nothing recorded.

        Raises:
            TimelineError: A setting is out of its range.
        """
        if view not in VIEWS:
            raise TimelineError(f"The view is one of {', '.join(VIEWS)}, not {view!r}.")
        if not (0 < bin_seconds <= MAX_BIN_SECONDS and small >= 0 and 0 <= uncertain_below <= 1):
            raise TimelineError(
                f"bin_seconds is above 0 and up to {MAX_BIN_SECONDS:g}, small is 0 or more pixels, "
                f"uncertain_below is 0 to 1; got {bin_seconds}, {small} and {uncertain_below}."
            )
        self.view, self.bin_seconds = view, float(bin_seconds)
        self.small, self.uncertain_below = float(small), float(uncertain_below)
        self.marks: tuple[Mark, ...] = ()
        self._bins: dict[int, Int64Array] = {}
        self._tracks = TrackCounts()

    @property
    def settings(self) -> Settings:
        """The arguments that would build an empty timeline like this one."""
        return {
            "view": self.view,
            "bin_seconds": self.bin_seconds,
            "small": self.small,
            "uncertain_below": self.uncertain_below,
        }

    @property
    def seconds(self) -> float:
        """Seconds watched: the length of all bins that have frames."""
        return len(self._bins) * self.bin_seconds

    @property
    def nbytes(self) -> int:
        """Memory of what was recorded, about."""
        return BIN_BYTES * len(self._bins) + self._tracks.nbytes

    def __len__(self) -> int:
        """Return the number of bins that have frames."""
        return len(self._bins)

    def __eq__(self, other: object) -> bool:
        """Return whether both would be recorded alike and hold exactly the same."""
        if not isinstance(other, Timeline):
            return False
        if self.settings != other.settings or self.marks != other.marks:
            return False
        pairs = zip(_all_counts(self), _all_counts(other), strict=True)
        return all(np.array_equal(one, another) for one, another in pairs)

    def add(self, faces: Detections, time: float) -> None:
        """Count one frame, also when it has no face; frames may come in any order.

        Args:
            faces: n faces with `data["probabilities"]` (n, 7), as far as known
                `data["expression"]`, `data["turned_away"]` and
                `fer.vision.quality.QUALITY_COLUMNS`, (n,) each, and `tracker_id` (n,) for series by
                track; n may be 0.
            time: Seconds from the start of the recording.

        Raises:
            TimelineError: The time is not a number of 0 or more.
            ValueError: The probabilities are missing or out of range.
        """
        if not (math.isfinite(time) and time >= 0):
            raise TimelineError(f"A frame's time is 0 or more seconds, not {time}.")
        number = math.floor(time / self.bin_seconds + TIME_TOLERANCE)
        rows = counts_per_face(faces, self.small, self.uncertain_below)
        self._count_bin(number, aggregate_frame(rows, MIN_FACES if self.view == "class" else 1))
        if self.view == "person" and len(faces) and faces.tracker_id is not None:
            rows = np.hstack([rows, sum_quality(faces)])
            self._tracks.add(number, list(track_ids(faces)), list(rows))

    def _count_bin(self, number: int, row: Int64Array) -> None:
        """Add a row of counts to a bin; withhold the bin where that is due, whatever came first."""
        sums = self._bins[number] + row if number in self._bins else row
        self._bins[number] = withhold_expressions(sums) if self.view == "class" else sums

    def included(self) -> "Timeline":
        """Return this timeline without the bins that its marks leave out; it is not changed."""
        out = self.bins_touching(left_out_ranges(self.marks))
        return self.select_bins(self._bins.keys() - out) if out else self

    def select_bins(self, bins: Set[int]) -> "Timeline":
        """Return a timeline of the bins with these numbers, with all marks."""
        kept = Timeline(**self.settings)
        kept.marks = self.marks
        kept._bins = {number: row for number, row in self._bins.items() if number in bins}
        for number, tracks, rows in self._tracks.bins():
            if number in kept._bins:
                kept._tracks.add(number, tracks.tolist(), list(rows))
        return kept

    def bins_touching(self, ranges: Iterable[tuple[float, float]]) -> set[int]:
        """Return the numbers of the bins that have a moment in common with ranges in seconds."""
        numbers = self.counts()[0]
        starts = (numbers + TIME_TOLERANCE) * self.bin_seconds
        ends = (numbers + 1 - TIME_TOLERANCE) * self.bin_seconds
        touching = np.zeros(len(numbers), bool)
        for start, end in ranges:
            touching |= (start < ends) & (end > starts)
        return set(numbers[touching].tolist())

    def counts(self) -> tuple[Int64Array, Int64Array]:
        """Return the bins' numbers int64 (b,), rising, and their counts int64 (b, 15).

        Bin k spans the seconds from `k * bin_seconds` up to `(k + 1) * bin_seconds`.
        """
        numbers = sorted(self._bins)
        rows = [self._bins[number] for number in numbers]
        return np.array(numbers, np.int64), np.array(rows, np.int64).reshape(-1, len(COUNT_COLUMNS))

    def track_counts(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return bins (r,), track ids (r,) and counts (r, 15), by bin and by track.

        Without any row in the class view: it keeps no tracks.
        """
        bins, tracks, rows = self._tracks.arrays()
        return bins, tracks, rows[:, : len(COUNT_COLUMNS)]

    def track_quality(self) -> Int64Array:
        """Return the rows' `QUALITY_SUMS` of `fer.timeline.track_counts`, (r, 7), in that order."""
        return self._tracks.arrays()[2][:, len(COUNT_COLUMNS) :]

    def restore(
        self, bins: Mapping[int, Int64Array], tracks: Mapping[tuple[int, int], Int64Array]
    ) -> None:
        """Add counts as `counts` gave them by bin, and by bin and track.

        Args:
            bins: Rows of counts (15,).
            tracks: Rows of counts (15,), then the row of `track_quality`, (7,).
        """
        for number, row in bins.items():
            self._count_bin(number, row)
        for (number, track), row in tracks.items():
            self._tracks.add(number, [track], [row])

    def table(self) -> "DataFrame":
        """Return one row per bin that has frames, by time.

        Returns:
            `time` (seconds at the bin's start) and the columns of `compute_statistics` in
            `fer.timeline.expression_statistics`. Figures about expressions are NaN
            where no face was classified and, in the class view, where the bin is withheld.
        """
        from pandas import DataFrame

        numbers, rows = self.counts()
        return DataFrame({"time": numbers * self.bin_seconds, **compute_statistics(rows)})

    def track_table(self) -> "DataFrame":
        """Return one row per bin and track, by time and number.

        Returns:
            `time`, `track` and the columns `TRACK_COLUMNS`, of this track alone; `frames` are those
            in which it was seen. Last the means of `fer.vision.quality.QUALITY_COLUMNS` over these,
            small and turned faces included; NaN where they weren't measured.

        Raises:
            TimelineError: This is the class view, which keeps no tracks.
        """
        from pandas import DataFrame

        if self.view != "person":
            raise TimelineError(
                "The class view keeps no tracks; record with view='person' to follow single faces."
            )
        numbers, tracks, rows = self.track_counts()
        columns = compute_statistics(rows)
        return DataFrame(
            {
                "time": numbers * self.bin_seconds,
                "track": tracks,
                **{name: columns[name] for name in TRACK_COLUMNS},
                **mean_quality(self.track_quality()),
            }
        )


def _all_counts(timeline: Timeline) -> tuple[Int64Array, ...]:
    return (*timeline.counts(), *timeline.track_counts(), timeline.track_quality())
