"""Moments: stretches in which one expression stood clearly above the minute before.

The method, in words. The mean share of an expression over the next `WINDOW_SECONDS` seconds is
compared with its mean over the `BASELINE_SECONDS` seconds before. It has risen if it is higher by
`MIN_RISE` and by `MIN_RISE_IN_STDS` standard deviations of the bins before; so what comes and goes
all the time is no moment. The moment starts with the first bin above the middle between both
levels, and ends when the following `RECOVERY_SECONDS` seconds lie below that middle on average, or
with a gap: in the view of a class any second without a figure, for one person more than
`WINDOW_SECONDS` seconds. Left out are moments shorter than `MIN_DURATION`, and those that only
bring back what another moment had driven out: that is its end, not news. Of moments that overlap,
the one that rose most is kept.
"""

from dataclasses import dataclass

import numpy as np

from fer.array_types import Float64Array, FloatArray
from fer.i18n import gettext as _
from fer.labels import EXPRESSIONS
from fer.timeline.expression_statistics import compute_statistics
from fer.timeline.face_counts import Counts
from fer.timeline.formatting import (
    format_decimal,
    format_duration,
    format_percent,
    format_time,
)
from fer.timeline.timeline import TIME_TOLERANCE, Timeline

WINDOW_SECONDS, BASELINE_SECONDS, RECOVERY_SECONDS = 5.0, 60.0, 3.0
"""Seconds that are compared, seconds before with which they are compared, and seconds below the
middle that end a moment."""

MIN_BASELINE = 10.0
"""Seconds with statistics needed before a moment; without them nothing is known to be new."""

MIN_RISE, MIN_RISE_IN_STDS = 0.15, 5.0
"""Least rise: in share, and in standard deviations of the bins before."""

MIN_DURATION = 3.0
"""Seconds."""

CROWD_CHANGE = 0.5, 0.2
"""Faces, and share of the faces before: a change by both is mentioned, as it may be the cause."""

MAX_MOMENTS = 8
"""Moments reported: the strongest."""


@dataclass(frozen=True)
class Moment:
    """A rise of one expression over the whole picture.

    Args:
        start: Seconds from the start of the recording.
        end: Seconds; the end of the last bin above.
        expression: One of the seven.
        before: Mean share in the minute before, 0 to 1.
        after: Mean share from start to end, 0 to 1.
        faces_before: Mean number of faces to classify in the minute before.
        faces_after: Mean number of faces to classify from start to end.

    All means are over seconds, not over readings.
    """

    start: float
    end: float
    expression: str
    before: float
    after: float
    faces_before: float
    faces_after: float

    @property
    def sentence(self) -> str:
        """For example "At 12:40 surprise rose from 5% to 38% for 20 s."."""
        return _(
            "At %(time)s %(expression)s rose from %(before)s to %(after)s for "
            "%(duration)s%(crowd)s.",
            time=format_time(self.start),
            expression=_(self.expression),
            before=format_percent(self.before),
            after=format_percent(self.after),
            duration=format_duration(self.end - self.start),
            crowd=self._crowd_note,
        )

    @property
    def _crowd_note(self) -> str:
        """How the number of faces changed: who came or went may be all that happened."""
        change = abs(self.faces_after - self.faces_before)
        if change < max(CROWD_CHANGE[0], CROWD_CHANGE[1] * self.faces_before):
            return ""
        return _(
            ", while the faces to classify went from %(before)s to %(after)s",
            before=format_decimal(self.faces_before),
            after=format_decimal(self.faces_after),
        )


def find_moments(timeline: Timeline) -> tuple[Moment, ...]:
    """Return the strongest moments, by time; none overlap, and in none is a bin withheld."""
    numbers, counts = timeline.included().counts()
    shown = compute_statistics(counts)
    known = shown["classified"] > 0
    times = numbers[known] * timeline.bin_seconds
    gap = max(WINDOW_SECONDS if timeline.view == "person" else 0.0, timeline.bin_seconds)
    series = {
        name: _Series(times, shown[name][known], timeline.bin_seconds, gap) for name in EXPRESSIONS
    }
    faces = (shown["classified"] / shown["frames"])[known]
    crowd = _Series(times, faces, timeline.bin_seconds, gap)
    found = [
        Moment(*place, name, *levels, crowd.mean_before(place[0]), crowd.mean_within(*place))
        for name, shares in series.items()
        for place, levels in shares.rises()
    ]
    news = [moment for moment in found if not _is_return(moment, found, series)]
    return _strongest(news)


def _is_return(moment: Moment, found: list[Moment], series: dict[str, "_Series"]) -> bool:
    """Return whether an expression only comes back to its level before another moment."""
    own = series[moment.expression]
    return any(
        moment.after < own.mean_before(other.start) + MIN_RISE
        for other in found
        if abs(other.end - moment.start) <= WINDOW_SECONDS and other.start < moment.start
    )


def _strongest(found: list[Moment]) -> tuple[Moment, ...]:
    kept: list[Moment] = []
    for moment in sorted(found, key=lambda moment: moment.before - moment.after):
        if len(kept) < MAX_MOMENTS and all(
            moment.end <= other.start or moment.start >= other.end for other in kept
        ):
            kept.append(moment)
    return tuple(sorted(kept, key=lambda moment: moment.start))


Rise = tuple[tuple[float, float], tuple[float, float]]
"""Seconds (start, end) and mean shares (before, after)."""


class _Series:
    """One expression: times in seconds, ascending, and shares or counts of faces, both (n,).

    Between two bins of a moment lie `gap` seconds at most.
    """

    def __init__(self, times: FloatArray, shares: Counts, bin_seconds: float, gap: float) -> None:
        self.times, self.shares, self.bin_seconds = times, shares, bin_seconds
        self.gap = gap
        self.forward_means = self._means(WINDOW_SECONDS)
        self.recovery_means = self._means(RECOVERY_SECONDS)

    def _means(self, seconds: float) -> Float64Array:
        """Return the mean share of the seconds from each bin on."""
        ends = np.searchsorted(self.times, self.times + max(seconds, self.bin_seconds) - 1e-9)
        sums = np.concatenate([[0.0], np.cumsum(self.shares)])
        starts = np.arange(len(self.times))
        means: Float64Array = (sums[ends] - sums[starts]) / (ends - starts)
        return means

    def mean_before(self, time: float) -> float:
        """Return the mean share in the minute before a time that has bins before it."""
        first, last = np.searchsorted(self.times, (time - BASELINE_SECONDS, time))
        return float(self.shares[first:last].mean())

    def mean_within(self, start: float, end: float) -> float:
        """Return the mean share from a time to another."""
        first, last = np.searchsorted(self.times, (start - TIME_TOLERANCE, end - TIME_TOLERANCE))
        return float(self.shares[first:last].mean())

    def rises(self) -> list[Rise]:
        """Return ((start, end), (before, after)) of each moment."""
        found = []
        place = 0
        while place < len(self.times):
            end = place
            if (before := self._baseline(place)) is not None:
                start, end = self._bounds(place, before)
                if end > start and (rise := self._rise(start, end, before)):
                    found.append(rise)
            place = max(end, place + 1)
        return found

    def _baseline(self, place: int) -> float | None:
        """Return the mean of the minute before, if what follows is clearly higher."""
        if self.forward_means[place] < MIN_RISE:
            return None
        first = np.searchsorted(self.times, self.times[place] - BASELINE_SECONDS)
        earlier = self.shares[first:place]
        if len(earlier) * self.bin_seconds < MIN_BASELINE or len(earlier) < 2:
            return None
        before = earlier.mean()
        rise = max(MIN_RISE, MIN_RISE_IN_STDS * earlier.std(ddof=1))
        return float(before) if self.forward_means[place] - before >= rise else None

    def _bounds(self, place: int, before: float) -> tuple[int, int]:
        """Return the first bin of the rise and the one after its last."""
        near = self.times < self.times[place] + WINDOW_SECONDS
        near[:place] = False
        middle = (before + self.forward_means[near].max()) / 2
        above = np.flatnonzero(near & (self.shares >= middle))
        if len(above) == 0:
            return place, place
        start = above[0]
        steps = np.diff(self.times[start:], append=np.inf)
        over = (self.recovery_means[start:] < middle) & (self.shares[start:] < middle)
        gaps = np.flatnonzero(steps > self.gap + 1e-9)[0] + 1
        ends = np.flatnonzero(over)
        return start, start + min(ends[0] if len(ends) else gaps, gaps)

    def _rise(self, start: int, end: int, before: float) -> Rise | None:
        times = float(self.times[start]), float(self.times[end - 1] + self.bin_seconds)
        after = float(self.shares[start:end].mean())
        long_enough = times[1] - times[0] >= MIN_DURATION
        return (times, (before, after)) if long_enough and after - before >= MIN_RISE else None
