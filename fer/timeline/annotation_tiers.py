"""A timeline as tiers of annotated intervals, from which every export for other programs is made.

An interval is a run of bins with the same state: of one track in the person view, of the whole
picture in the class view, whose bins are withheld as everywhere (`fer.timeline.face_counts`). So no
export holds more than the timeline itself does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby, pairwise

import numpy as np

from fer.array_types import Int64Array
from fer.i18n import SOURCE, use_language
from fer.labels import EXPRESSIONS, TURNED_AWAY, UNCERTAIN
from fer.timeline.expression_statistics import Statistics, compute_statistics
from fer.timeline.marks import EVENT, Mark, clipped, marks_end
from fer.timeline.moments import find_moments
from fer.timeline.timeline import Timeline

TOO_SMALL, WITHHELD, NO_FACE = "too small", "withheld", "no face"

STATES = {
    **{name: f"{name} has the largest mean probability" for name in EXPRESSIONS},
    UNCERTAIN: "more than half of the readings are uncertain",
    TURNED_AWAY: "no reading: turned too far away from the camera to classify",
    TOO_SMALL: "no reading: too small to classify",
    WITHHELD: "class view: fewer than five faces to classify",
    NO_FACE: "class view: no face in the picture",
}
"""What a track or a class can be in, and when it is."""

CLASS_TIER, MOMENT_TIER, EVENT_TIER = "class", "moments", "events"

RISES = {f"rise in {name}": f"{name} is clearly above the minute before" for name in EXPRESSIONS}
"""Labels of moments."""

DECIMALS = 3
"""Times are whole milliseconds, shares whole thousandths: what all formats can hold."""


@dataclass(frozen=True)
class Interval:
    """One row of the table.

    Attributes:
        tier: What it is about: a track ("face 3"), the class, the moments, or marks of a kind.
        start: Seconds, of whole milliseconds.
        end: Seconds, of whole milliseconds; equal to the start for a point in time.
        label: One of `STATES`, `RISES` or `fer.timeline.marks.KINDS`.
        share: Mean probability of the labelled expression, 0 to 1; None for another label.
        text: A sentence or note; "" for none.
    """

    tier: str
    start: float
    end: float
    label: str
    share: float | None = None
    text: str = ""


@dataclass(frozen=True)
class IntervalTable:
    """The intervals of a recording.

    Attributes:
        rows: Rows by start and tier; those of a tier don't overlap.
        duration: Seconds of the annotated video, up to its last picture or a mark in its sound.
        media: File name of the annotated video; "" without one.
    """

    rows: tuple[Interval, ...]
    duration: float
    media: str = ""

    def tiers(self) -> dict[str, list[Interval]]:
        """Return the rows by tier, in the order in which the tiers begin."""
        tiers: dict[str, list[Interval]] = {}
        for row in self.rows:
            tiers.setdefault(row.tier, []).append(row)
        return tiers


def interval_table(
    timeline: Timeline,
    end: float | None = None,
    video_offset: float = 0.0,
    media: str = "",
    sound_end: float = 0.0,
) -> IntervalTable:
    """Return a timeline's intervals, with times in its annotated video.

    What is left out has no state there; its moments and its marks have tiers of their own.

    Args:
        timeline: What was recorded.
        end: Seconds at which the recording ended; None takes the last bin as full.
        video_offset: Seconds by which the annotated video is later than the timeline.
        media: File name of the annotated video.
        sound_end: Seconds at which its sound ends; marks may be in it after the last picture.
    """
    whole, timeline = timeline, timeline.included()
    states = _track_states(timeline) if timeline.view == "person" else _class_states(timeline)
    with use_language(SOURCE):  # other programs read it
        rises = [
            Interval(MOMENT_TIER, moment.start, moment.end, f"rise in {moment.expression}", None,
                     moment.sentence)
            for moment in find_moments(timeline)
        ]  # fmt: skip
    numbers = whole.counts()[0]
    last = (int(numbers[-1]) + 1) * timeline.bin_seconds if len(numbers) else 0.0
    last = last if end is None else end
    rows = [_placed(row, last, video_offset) for row in (*states, *rises)]
    rows = [row for row in rows if row.end > row.start]
    marked = marks_end(timeline.marks, max(last, sound_end))
    rows += _mark_rows(clipped(timeline.marks, 0.0, marked, video_offset))
    rows.sort(key=lambda row: (row.start, row.tier))
    duration = max([round(last + video_offset, DECIMALS), *(row.end for row in rows)])
    return IntervalTable(tuple(rows), duration, media)


def _mark_rows(marks: Iterable[Mark]) -> Iterator[Interval]:
    """Yield a row for each mark; those of a kind that overlap are in tiers of their own."""
    ends: dict[str, float] = {}
    events: dict[float, list[str]] = {}
    for mark in marks:
        if mark.kind == EVENT:
            events.setdefault(mark.start, []).append(mark.text)
            continue
        lanes = (f"{mark.kind} {n}" if n > 1 else mark.kind for n in count(1))
        tier = next(lane for lane in lanes if ends.get(lane, 0.0) <= mark.start)
        ends[tier] = mark.end
        yield Interval(tier, mark.start, mark.end, mark.kind, None, mark.text)
    for time, texts in events.items():  # a tier has one point at a time
        yield Interval(EVENT_TIER, time, time, EVENT, None, "; ".join(filter(None, texts)))


def _placed(row: Interval, end: float, video_offset: float) -> Interval:
    """Return an interval that ends with the recording, in the annotated video's time."""
    start, stop = (round(min(time, end) + video_offset, DECIMALS) for time in (row.start, row.end))
    return replace(row, start=start, end=stop)


def _class_states(timeline: Timeline) -> Iterator[Interval]:
    numbers, counts = timeline.counts()
    statistics = compute_statistics(counts)
    labels = [_class_state(statistics, row) for row in range(len(numbers))]
    return _runs(CLASS_TIER, numbers, labels, statistics, timeline.bin_seconds)


def _track_states(timeline: Timeline) -> Iterator[Interval]:
    numbers, tracks, counts = timeline.track_counts()
    order = np.argsort(tracks, kind="stable")  # by track, of which there may be thousands
    numbers, statistics = numbers[order], compute_statistics(counts[order])
    found, starts = np.unique(tracks[order], return_index=True)
    ends = pairwise([*starts.tolist(), len(order)])
    for track, (first, last) in zip(found.tolist(), ends, strict=True):
        rows = slice(first, last)
        own = {name: column[rows] for name, column in statistics.items()}
        labels = [_track_state(own, row) for row in range(last - first)]
        yield from _runs(f"face {track}", numbers[rows], labels, own, timeline.bin_seconds)


def _class_state(statistics: Statistics, row: int) -> str:
    if not statistics["faces"][row] > 0:
        return NO_FACE
    return _named_state(statistics, row) if statistics["classified"][row] else WITHHELD


def _track_state(statistics: Statistics, row: int) -> str:
    if statistics["classified"][row]:
        return _named_state(statistics, row)
    return TURNED_AWAY if statistics["turned"][row] >= statistics["small"][row] else TOO_SMALL


def _named_state(statistics: Statistics, row: int) -> str:
    if statistics["uncertain"][row] > 0.5:
        return UNCERTAIN
    return max(EXPRESSIONS, key=lambda name: float(statistics[name][row]))


def _runs(
    tier: str,
    numbers: Int64Array,
    labels: Sequence[str],
    statistics: Statistics,
    bin_seconds: float,
) -> Iterator[Interval]:
    """Yield an interval for each run of bins, without a gap, that have the same label."""
    starts = numbers - np.arange(len(numbers))  # alike as long as there is no gap
    keys = list(zip(starts.tolist(), labels, strict=True))
    for (_, label), run in groupby(range(len(keys)), key=keys.__getitem__):
        places = list(run)
        share = float(statistics[label][places].mean()) if label in EXPRESSIONS else None
        yield Interval(
            tier,
            int(numbers[places[0]]) * bin_seconds,
            (int(numbers[places[-1]]) + 1) * bin_seconds,
            label,
            None if share is None else round(share, DECIMALS),
        )
