"""What a whole timeline comes to: means, the index with its error, moments, and single tracks."""

from dataclasses import dataclass

import numpy as np

from fer.labels import EXPRESSIONS
from fer.timeline.moments import Moment, find_moments
from fer.timeline.tally import figures, pooled_error
from fer.timeline.timeline import LEAST_FACES, Timeline
from fer.timeline.words import percent, signed, span


@dataclass(frozen=True)
class TrackSummary:
    """One track of the person view, over all its bins.

    Args:
        track: Its number.
        seconds: Length of the bins in which it was seen.
        mean: Mean share of each expression, 0 to 1, by name; NaN where no reading was judged.
        index: Mean positive-negative index, -1 to 1.
        uncertain: Share of its readings that were uncertain.
        small: Share of its readings that were too small to judge.
    """

    track: int
    seconds: float
    mean: dict[str, float]
    index: float
    uncertain: float
    small: float


@dataclass(frozen=True)
class Summary:
    """A whole timeline. Figures about expressions are NaN where nothing may or can be shown.

    Args:
        view: "class" or "person".
        seconds: Seconds watched.
        shown: Seconds of them with figures; the others had no face or, in the class view, too few.
        faces: Mean number of faces in a frame.
        mean: Mean share of each expression over all judged readings, 0 to 1, by name.
        index: Mean positive-negative index, -1 to 1; see `fer.timeline.tally`.
        index_error: Its standard error, from the number of faces.
        uncertain: Share of the judged readings that were uncertain.
        small: Share of all faces that were too small to judge.
        moments: The strongest changes, by time.
        tracks: One entry a track; empty in the class view.
    """

    view: str
    seconds: float
    shown: float
    faces: float
    mean: dict[str, float]
    index: float
    index_error: float
    uncertain: float
    small: float
    moments: tuple[Moment, ...]
    tracks: tuple[TrackSummary, ...]

    @property
    def sentence(self) -> str:
        """The summary in words, ending with a full stop; also for nothing, or nothing to show."""
        if not self.seconds:
            return "Nothing was recorded."
        if not self.faces:
            return f"No face was found in {span(self.seconds)}."
        start = f"In {span(self.seconds)}, with {self.faces:.1f} faces on average,"
        if not self.shown:
            return f"{start} there is no figure to show: {self._reason}"
        index = f"{signed(self.index)}"
        if np.isfinite(self.index_error):
            index += f" \N{PLUS-MINUS SIGN} {self.index_error:.2f}"
        return (
            f"{start} the expressions looked {_strongest(self.mean)}; the positive-negative "
            f"index was {index}."
        )

    @property
    def _reason(self) -> str:
        if self.view == "class":
            return (
                f"class figures need {LEAST_FACES} faces large enough to judge in every picture of "
                "a second."
            )
        return "all faces were too small to judge."


def summarise(timeline: Timeline) -> Summary:
    """Sum a timeline up, in its own view.

    All means are over readings, so that a minute with many faces weighs more than one with few.
    """
    tallies = timeline.tallies()[1]
    total = {name: column[0] for name, column in figures(tallies.sum(axis=0)[None]).items()}
    return Summary(
        view=timeline.view,
        seconds=timeline.seconds,
        shown=float((figures(tallies)["judged"] > 0).sum() * timeline.bin_seconds),
        faces=float(total["faces"]),
        mean=_means(total),
        index=float(total["index"]),
        index_error=pooled_error(tallies),
        uncertain=float(total["uncertain"]),
        small=float(total["small"]),
        moments=find_moments(timeline),
        tracks=_tracks(timeline),
    )


def _means(columns: dict[str, np.ndarray]) -> dict[str, float]:
    return {name: float(columns[name]) for name in EXPRESSIONS}


def _tracks(timeline: Timeline) -> tuple[TrackSummary, ...]:
    _, tracks, rows = timeline.track_tallies()
    found = []
    for track in np.unique(tracks).tolist():
        own = rows[tracks == track]
        total = {name: column[0] for name, column in figures(own.sum(axis=0)[None]).items()}
        shares = {name: float(total[name]) for name in ("index", "uncertain", "small")}
        seconds = len(own) * timeline.bin_seconds
        found.append(TrackSummary(track, seconds, _means(total), **shares))
    return tuple(found)


def _strongest(mean: dict[str, float]) -> str:
    """Return the two largest shares: "neutral (61 %) and happy (22 %)", but none of 0 %."""
    told = [name for name, share in mean.items() if percent(share) != percent(0)]
    names = sorted(told, key=mean.get, reverse=True)[:2]
    return " and ".join(f"{name} ({percent(mean[name])})" for name in names)
