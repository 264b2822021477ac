"""Summary of a whole timeline: means, the index with its error, moments, and single tracks."""

from dataclasses import dataclass, replace

import numpy as np

from fer.array_types import Float64Array, Int64Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS
from fer.timeline.expression_statistics import compute_statistics, pooled_error, weight_bins_equally
from fer.timeline.face_counts import Counts
from fer.timeline.formatting import (
    format_decimal,
    format_duration,
    format_percent,
    format_signed,
)
from fer.timeline.moments import Moment, find_moments
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES

_TRACK_SHARES = ("index", "uncertain", "small", "turned")


@dataclass(frozen=True)
class TrackSummary:
    """One track of the person view, over all its bins.

    Args:
        track: Its number.
        seconds: How long it was seen.
        mean: Mean share of each expression, 0 to 1, by name; NaN where no reading was classified.
        index: Mean positive-negative index, -1 to 1.
        uncertain: Share of its readings that were uncertain.
        small: Share of its readings that were too small to classify.
        turned: Share of its readings that were turned away.
    """

    track: int
    seconds: float
    mean: dict[str, float]
    index: float
    uncertain: float
    small: float
    turned: float


@dataclass(frozen=True)
class Summary:
    """A whole timeline. Statistics of expressions are NaN where they are withheld or unknown.

    Args:
        view: "class" or "person".
        seconds: Seconds watched, without those that are left out.
        shown_seconds: Seconds of them with statistics; the others had no face or, in the class
            view, too few.
        faces: Mean number of faces in a frame.
        mean: Mean share of each expression over all classified readings, 0 to 1, by name.
        index: Mean positive-negative index, -1 to 1; see `fer.timeline.face_counts`.
        index_error: Its standard error, from the number of faces.
        uncertain: Share of the classified readings that were uncertain.
        small: Share of all faces that were too small to classify.
        turned: Share of all faces that were large enough but turned away.
        moments: The strongest changes, by time.
        tracks: One entry per track; empty in the class view.
        left_out: Seconds that marks leave out.
    """

    view: str
    seconds: float
    shown_seconds: float
    faces: float
    mean: dict[str, float]
    index: float
    index_error: float
    uncertain: float
    small: float
    turned: float
    moments: tuple[Moment, ...]
    tracks: tuple[TrackSummary, ...]
    left_out: float = 0.0

    def longest_tracks(self, max_tracks: int) -> list[TrackSummary]:
        """Return up to `max_tracks` tracks, those seen longest, by track id."""
        longest = sorted(self.tracks, key=lambda track: -track.seconds)[:max_tracks]
        return sorted(longest, key=lambda track: track.track)

    @property
    def is_partial(self) -> bool:
        """Whether only a part has statistics; durations are compared as they are displayed."""
        return format_duration(self.shown_seconds) != format_duration(self.seconds)

    @property
    def sentence(self) -> str:
        """The summary in words, ending with a full stop; also for nothing, or nothing to show."""
        if self.left_out:
            rest = replace(self, left_out=0.0).sentence if self.seconds else _("No second counts.")
            left = _("Left out: %(duration)s.", duration=format_duration(self.left_out))
            return f"{rest} {left}"
        if not self.seconds:
            return _("Nothing was recorded.")
        if not self.faces:
            return _("No face was found in %(duration)s.", duration=format_duration(self.seconds))
        if not self.shown_seconds:
            return f"{self._watched_note} {self._withheld_reason}"
        start = self._enough_faces_note if self.is_partial else self._watched_note
        return _(
            "%(start)s %(expressions)s; the positive-negative index was %(index)s.",
            start=start,
            expressions=self._expressions_note,
            index=self._index_text,
        )

    @property
    def _watched_note(self) -> str:
        return _(
            "In %(duration)s, with %(faces)s faces on average,",
            duration=format_duration(self.seconds),
            faces=format_decimal(self.faces)
            if self.faces >= 0.1
            else _("under %(least)s", least=format_decimal(0.1)),
        )

    @property
    def _enough_faces_note(self) -> str:
        shown, whole = format_duration(self.shown_seconds), format_duration(self.seconds)
        if self.view == "class":
            text = N_("In %(shown)s of %(whole)s there were %(least)s faces or more to classify:")
        else:
            text = N_("In %(shown)s of %(whole)s there was a face to classify:")
        return _(text, shown=shown, whole=whole, least=MIN_FACES)

    @property
    def _expressions_note(self) -> str:
        strongest = _("the expressions looked %(strongest)s", strongest=_strongest(self.mean))
        if self.uncertain <= 0.5:
            return strongest
        return _(
            "%(share)s of the readings were uncertain, and on average %(strongest)s",
            share=format_percent(self.uncertain),
            strongest=strongest,
        )

    @property
    def _index_text(self) -> str:
        index = format_signed(self.index)
        if np.isfinite(self.index_error):
            error = format_decimal(self.index_error, 2)
            index += f" \N{PLUS-MINUS SIGN} {error} ({_('standard error')})"
        return index

    @property
    def _withheld_reason(self) -> str:
        if self.view == "class":
            return _(
                "there is no figure to show: class figures need %(least)s faces to classify in "
                "every picture of a second, large enough and not turned away.",
                least=MIN_FACES,
            )
        if self.small > 0 and self.turned > 0:
            text = N_(
                "there is no figure to show: all faces were too small to classify or turned away."
            )
        elif self.small > 0:
            text = N_("there is no figure to show: all faces were too small to classify.")
        else:
            text = N_("there is no figure to show: all faces were turned away.")
        return _(text)


def summarise(timeline: Timeline, end: float | None = None) -> Summary:
    """Sum a timeline up, in its own view.

    Each face weighs alike, once in each second, however many frames that had: a minute with many
    faces weighs more than one with few.

    Args:
        timeline: What was recorded.
        end: Seconds at which the recording ended; None takes the last bin as full.
    """
    whole, timeline = timeline, timeline.included()
    numbers, counts = timeline.counts()
    total = mean_statistics(timeline)
    lengths = _lengths(numbers, timeline.bin_seconds, end)
    watched = _lengths(whole.counts()[0], timeline.bin_seconds, end).sum()
    return Summary(
        view=timeline.view,
        seconds=float(lengths.sum()),
        shown_seconds=float(lengths[compute_statistics(counts)["classified"] > 0].sum()),
        faces=total["faces"],
        mean={name: total[name] for name in EXPRESSIONS},
        index=total["index"],
        index_error=pooled_error(weight_bins_equally(counts)),
        uncertain=total["uncertain"],
        small=total["small"],
        turned=total["turned"],
        moments=find_moments(timeline),
        tracks=_tracks(timeline, compute_statistics(counts)["frames"], lengths),
        left_out=float(watched - lengths.sum()),
    )


def mean_statistics(timeline: Timeline) -> dict[str, float]:
    """Return the statistics of the whole timeline; see `compute_statistics`.

    Each face weighs alike, once in each second.
    """
    whole = weight_bins_equally(timeline.included().counts()[1]).sum(axis=0)
    return {name: column.item() for name, column in compute_statistics(whole[None]).items()}


def _lengths(numbers: Int64Array, bin_seconds: float, end: float | None) -> Float64Array:
    """Return how many seconds of each bin lie before the end, float64 (b,)."""
    starts = numbers * bin_seconds
    left = np.full(len(numbers), np.inf) if end is None else end - starts
    return np.clip(left, 0.0, bin_seconds)


def _tracks(timeline: Timeline, frames: Counts, lengths: Float64Array) -> tuple[TrackSummary, ...]:
    """Return the tracks' summaries.

    Args:
        timeline: What was recorded.
        frames: Frames of each bin, (b,).
        lengths: Seconds of each bin, (b,).
    """
    numbers, tracks, rows = timeline.track_counts()
    places = np.searchsorted(timeline.counts()[0], numbers)
    weighted = weight_bins_equally(rows, frames[places])
    order = np.argsort(tracks, kind="stable")
    found, starts = np.unique(tracks[order], return_index=True)
    if not len(found):
        return ()
    totals = compute_statistics(np.add.reduceat(weighted[order], starts))
    seconds = np.add.reduceat((weighted[:, 0] * lengths[places])[order], starts)
    columns = {name: totals[name].tolist() for name in (*EXPRESSIONS, *_TRACK_SHARES)}
    return tuple(
        TrackSummary(
            track,
            length,
            {name: columns[name][row] for name in EXPRESSIONS},
            **{name: columns[name][row] for name in _TRACK_SHARES},
        )
        for row, (track, length) in enumerate(zip(found.tolist(), seconds.tolist(), strict=True))
    )


def _strongest(mean: dict[str, float]) -> str:
    """Return the two largest shares: "neutral (61%) and happy (22%)", but none of 0%."""
    nonzero = [name for name, share in mean.items() if format_percent(share) != format_percent(0)]
    names = sorted(nonzero, key=lambda name: mean[name], reverse=True)[:2]
    parts = [f"{_(name)} ({format_percent(mean[name])})" for name in names]
    return _("%(one)s and %(other)s", one=parts[0], other=parts[1]) if parts[1:] else "".join(parts)
