"""How a video is split into segments that are analysed each by itself.

Which frames of a video are regular samples depends on the frames' times alone. So the sampling
schedule of the whole video is computed once, without decoding it, and each segment starts with its
state there: the merged segments have the same samples as the video analysed in one piece.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from fer.array_types import Float64Array
from fer.batch.tasks import WHOLE_SEGMENT, BatchSettings, Segment, VideoPlan
from fer.recording.frame_sampler import FrameSampler
from fer.recording.span import Span
from fer.video import VideoReader
from fer.video.seeking import frame_times

MIN_LAST_SHARE = 0.25
"""Share of a segment's length below which the rest of a video belongs to the segment before."""


def plan_video(
    path: Path,
    settings: BatchSettings,
    identity: str,
    note_progress: Callable[[], None] = lambda: None,
) -> VideoPlan:
    """Return the segments of a video.

    A video whose frames can't be reached without reading all before is one segment.

    Args:
        path: Where it is on this machine.
        settings: The batch's settings.
        identity: The video's, as in `VideoPlan`.
        note_progress: Called while its frames are counted.

    Raises:
        fer.video.VideoError: It can't be read, or is over where its analysis should start.
    """
    with VideoReader(path, unlimited=True, threads=1) as reader:
        note_progress()
        info, times = reader.info, frame_times(reader, note_progress)
    settings.span.length(info.duration)  # refuses a start after the end
    segments: Sequence[Segment] = [WHOLE_SEGMENT]
    if times is not None and settings.annotated is None:
        segments = list(_split(_times_within(times, settings.span), settings)) or [WHOLE_SEGMENT]
    return VideoPlan(info, times is not None, segments, identity)


def _times_within(times: Float64Array, span: Span) -> Float64Array:
    """Return the times of the frames within a span, from its start, as `Span.frames` has them."""
    first = max(0, int(np.searchsorted(times, span.start, side="right")) - 1)
    shown = times[first : int(np.searchsorted(times, span.end))]
    return np.maximum(shown, span.start) - span.start


def _split(times: Float64Array, settings: BatchSettings) -> Iterator[Segment]:
    """Yield the segments of frames at some times, (n,), rising."""
    if not len(times):
        return
    step, overlap = settings.segment_seconds, settings.overlap
    count = max(1, math.floor(times[-1] / step + 1 - MIN_LAST_SHARE))
    starts = [number * step for number in range(count)]
    read_from = [max(0, start - overlap) for start in starts]
    samples = due_samples(times.tolist(), read_from, settings.rate)
    for number, (start, begin, sample) in enumerate(zip(starts, read_from, samples, strict=True)):
        end = start + step if number + 1 < count else math.inf
        yield Segment(number, start, end, float(begin), sample)


def due_samples(times: Iterable[float], moments: Sequence[float], rate: float) -> list[float]:
    """Return when, at each of some moments, the next regular sample of a video is due.

    Args:
        times: Times of the video's frames, in seconds, rising.
        moments: Seconds, rising.
        rate: Regular samples per second.
    """
    schedule, due = FrameSampler(rate), [0.0 for moment in moments if moment <= 0]
    for number, time in enumerate(times):
        while len(due) < len(moments) and moments[len(due)] <= time:
            due.append(_due_at(schedule, moments[len(due)], number > 0))
        _due_at(schedule, time, number > 0)
        if schedule.is_regular(time):
            schedule.begin_regular(time)
    while len(due) < len(moments):
        due.append(_due_at(schedule, moments[len(due)], True))
    return due


def _due_at(schedule: FrameSampler, moment: float, shown: bool) -> float:
    """Let a frame stay on the screen up to a moment; return when the next sample is due then."""
    if shown:
        for _ in schedule.repeats(moment):
            pass
    return schedule.next_time
