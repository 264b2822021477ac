"""Length and frame rate of a video, measured by the time stamps of all its packets."""

from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from fer.video.container import (
    DISCONTINUOUS_FORMATS,
    MAX_GAP,
    demux,
    max_backward_step,
    open_container,
    video_stream,
)

STATED_BY_TRACK = ("mov,mp4,m4a,3gp,3g2,mj2", "avi", "gif")
"""Formats that state the length of each track. Others state at most the end of the longest one,
partly on a clock of their own, and what a browser records states nothing."""

RATE_TOLERANCE = 0.1
"""Share by which a measured frame rate may differ from the stated one, as first and last time
stamps are uncertain."""


DEFAULT_FRAME_RATE = 25.0
"""Frames per second where neither time stamps nor the file tell them."""

MAX_FRAME_RATE = 121.0
"""Frames per second; of those that state more, some have one time stamp for all frames."""


def measure_length(path: str | Path, rate: float | None) -> tuple[float | None, float | None]:
    """Return the seconds of the pictures and their mean rate, measured on the whole file.

    Args:
        path: The file.
        rate: Its stated frame rate, for streams with few time stamps that differ; it isn't believed
            beyond `MAX_FRAME_RATE`.
    """
    if rate and rate > MAX_FRAME_RATE:
        rate = None
    count = stamped = 0
    last: int | None = None
    with open_container(path, unlimited=True) as container:
        stream = video_stream(container)
        spans = _ClockSpans(container)
        try:
            for packet in demux(container, stream):
                if packet.is_discard:  # cut off by an edit list
                    continue
                count += packet.size > 0
                if packet.pts is not None:
                    stamped += packet.pts != last
                    last = packet.pts
                    spans.add(packet)
        except av.FFmpegError:
            pass  # what comes before the damage counts
    if 2 * stamped < count and (rate or stamped == 1):
        rate = rate or DEFAULT_FRAME_RATE
        return count / rate, rate
    seconds = spans.seconds()
    if seconds <= 0:
        return None, None
    measured = count / seconds
    return seconds, rate if rate and abs(measured / rate - 1) < RATE_TOLERANCE else measured


class _ClockSpans:
    """Adds up how long a stream is whose time stamps may be discontinuous.

    Args:
        container: Its file.
    """

    def __init__(self, container: InputContainer) -> None:
        # There a time long after the one before is another clock's, elsewhere it is a gap.
        self._is_discontinuous = container.format.name in DISCONTINUOUS_FORMATS
        self._max_backward_step = max_backward_step(container)
        # Durations are times from one decoding to the next, but for that of the last packet.
        self._by_decoding = container.format.name in STATED_BY_TRACK
        self._last_duration = 0.0
        self._last: float | None = None
        self._spans: list[tuple[float, float]] = []
        self._count = self._endless = 0

    def add(self, packet: "Packet[VideoStream]") -> None:
        """Count a packet that has a time stamp."""
        base = packet.time_base
        start = float((packet.pts or 0) * base)
        self._last_duration = float((packet.duration or 0) * base)
        end = start if self._by_decoding else start + self._last_duration
        self._count += 1
        decoded = None if packet.dts is None else float(packet.dts * base)
        if not self._spans or (decoded is not None and self._has_leapt(decoded)):
            self._spans.append((start, end))
        first, last = self._spans[-1]
        self._spans[-1] = min(first, start), max(last, end)
        self._endless += not packet.duration
        self._last = self._last if decoded is None else decoded

    def _has_leapt(self, decoded: float) -> bool:
        if self._last is None:
            return False
        set_back = decoded < self._last - self._max_backward_step
        return set_back or (self._is_discontinuous and decoded > self._last + MAX_GAP)

    def seconds(self) -> float:
        """Return the sum of the lengths between discontinuities."""
        seconds = sum(end - start for start, end in self._spans)
        if self._by_decoding:
            seconds += self._last_duration * len(self._spans)
        steps = self._count - len(self._spans)
        # Where packets state no duration, the last one of each span is as long as the others.
        if self._endless == self._count and steps > 0:
            seconds += seconds / steps * len(self._spans)
        return seconds
