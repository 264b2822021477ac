"""The stretch of a recording that is analysed: from a start to an end, or all of it."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from fer.i18n import gettext as _
from fer.timeline.formatting import format_exact_time
from fer.timeline.marks import Mark, clipped, parse_time
from fer.video import Frame, VideoError, VideoReader
from fer.video.seeking import frame_times


@dataclass(frozen=True)
class Span:
    """Seconds of a recording; what comes out counts its times from the start.

    Attributes:
        start: Seconds from the first picture.
        end: Seconds from the first picture; infinite for the recording's end.
    """

    start: float = 0.0
    end: float = math.inf

    def __post_init__(self) -> None:
        """Check the times.

        Raises:
            VideoError: They are no times, or the end isn't after the start.
        """
        if not (math.isfinite(self.start) and self.start >= 0 and self.end > self.start):
            raise VideoError(
                _("The end of what is analysed must be after its start, at 0 or later.")
            )

    def length(self, duration: float | None) -> float | None:
        """Return its seconds in a recording of a duration; None if unknown.

        Raises:
            VideoError: It starts after the recording's end.
        """
        if duration is not None and self.start >= duration:
            raise VideoError(
                _(
                    "The recording ends at %(end)s, before %(start)s, where the analysis should "
                    "start.",
                    end=format_exact_time(duration),
                    start=format_exact_time(self.start),
                )
            )
        end = self.end if duration is None else min(self.end, duration)
        return end - self.start if math.isfinite(end) else None

    def frames(
        self,
        reader: VideoReader,
        skipped: float = 0.0,
        can_seek: bool | None = None,
        note_progress: Callable[[], object] = lambda: None,
    ) -> Iterator[Frame]:
        """Yield the frames that are on the screen within it, with times from its start.

        Args:
            reader: Reader of the recording.
            skipped: Seconds from its start that are left out; times are the same as without.
            can_seek: Whether the file may be read from its middle on; None finds that out.
            note_progress: Called on the way to its first frame, which may be long.

        Raises:
            VideoError: There is none.
        """
        begin, yielded = self.start + skipped, False
        frames = self._read(reader, begin, can_seek, note_progress)
        for frame, following in pairwise(chain(frames, [None])):
            if frame is None or frame.time >= self.end:
                break
            stop = frame.time + frame.duration
            if stop <= begin and following is not None:
                stop = following.time  # until then it stays, whatever the file states
            if stop <= begin:
                note_progress()
                continue
            time = max(frame.time, self.start)
            length = min(stop, self.end) - time
            yield replace(frame, time=time - self.start, duration=length)
            yielded = True
        if not yielded:
            raise VideoError(
                _(
                    "The recording has no picture at %(time)s or later.",
                    time=format_exact_time(self.start),
                )
            )

    def _read(
        self,
        reader: VideoReader,
        start: float,
        can_seek: bool | None,
        note_progress: Callable[[], object],
    ) -> Iterable[Frame]:
        """Return the frames from about a time on, without reading those before if possible."""
        if not start:
            return reader
        if can_seek is None:
            # What is tried might move the reader's own place.
            with VideoReader(reader.path, unlimited=True, video_info=reader.info) as probe:
                can_seek = frame_times(probe, note_progress) is not None
        return reader.frames_from(start) if can_seek else reader

    def marks(self, marks: Iterable[Mark]) -> Iterator[Mark]:
        """Clip a recording's marks to the span; their times then count from its start."""
        return clipped(marks, self.start, self.end, -self.start)


WHOLE = Span()
"""All of a recording."""


def parse_span(start_at: object, end_at: object) -> Span:
    """Return the span between two times as visitors type them; "" or None for no limit.

    Raises:
        VideoError: One is no time, or the end isn't after the start.
    """
    start, end = (_parse_limit(typed) for typed in (start_at, end_at))
    return Span(0.0 if start is None else start, math.inf if end is None else end)


def _parse_limit(typed: object) -> float | None:
    if typed is None or not str(typed).strip():
        return None
    seconds = parse_time(str(typed)[:20])
    if seconds is None:
        raise VideoError(_("Start and end are times such as 90 or 1:30."))
    return seconds
