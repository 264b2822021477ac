"""Metadata in the header of a video file: size, length and frame rate."""

from dataclasses import replace
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from fer.i18n import gettext as _
from fer.video.container import (
    LEAPING_FORMATS,
    MAX_GAP,
    MAX_SIDE,
    VideoError,
    VideoInfo,
    audio_stream,
    check_size,
    demux,
    max_backward_step,
    open_container,
    video_stream,
)

MAX_SECONDS = 2 * 60 * 60
"""Longer videos are refused."""

MAX_FRAMES = 500_000
"""Videos of more frames are refused; two hours of 60 a second have fewer."""

MAX_PIXELS = 500_000_000_000
"""Videos of more pixels, of all frames together, are refused: two hours of 1920 x 1080 at 30 frames
a second, or of 4096 x 4096 at 4."""

_STATED_BY_TRACK = ("mov,mp4,m4a,3gp,3g2,mj2", "avi", "gif")
"""Formats that state the length of each track. Others state at most the end of the longest one,
partly on a clock of their own, and what a browser records states nothing."""

_MAX_START = 1.0
"""Seconds on the file's own clock after which a stated duration isn't believed, as programs differ
in what it counts from."""

_RATE_TOLERANCE = 0.1
"""Share by which a measured frame rate may differ from the stated one, as first and last time
stamps are uncertain."""

_DEFAULT_FRAME_RATE, _MIN_FRAME_RATE = 25.0, 1 / 60
_MAX_PIXEL_ASPECT = 4.0


def read_header(
    path: str | Path,
    container: InputContainer,
    stream: VideoStream,
    start: float,
    any_size: bool = False,
    known: VideoInfo | None = None,
) -> VideoInfo:
    """Return what a file states, sizes in its own pixels before they are made square or turned.

    Args:
        path: The file.
        container: The file, opened.
        stream: Its video track; the first frame was decoded, before which sizes may be unknown.
        start: Seconds on the file's own clock at which the first frame is presented.
        any_size: Whether it may be longer than what is accepted from visitors.
        known: What was found before, so that its length needn't be measured again.

    Raises:
        VideoError: The video is too large, too long, or of too many frames for their size.
    """
    size = check_size(stream)
    if not any_size:
        check_frame_count(stream)
    rate = None if stream.average_rate is None else float(stream.average_rate)
    duration = _stated_duration(container, stream, start)
    if known is not None:
        duration, rate = known.duration, known.frame_rate
    elif not duration:
        duration, rate = _scan_packets(path, rate)
    if duration and duration > MAX_SECONDS and not any_size:
        raise VideoError(
            _(
                "The video is too long (%(length)s minutes); at most %(most)s minutes are "
                "accepted: cut it.",
                length=f"{duration / 60:,.0f}",
                most=f"{MAX_SECONDS // 60:,}",
            )
        )
    return VideoInfo(
        width=size[0],
        height=size[1],
        duration=duration,
        frame_rate=max(_MIN_FRAME_RATE, rate or _DEFAULT_FRAME_RATE),
        has_audio=audio_stream(container) is not None,
    )


def max_frames(size: tuple[int, int]) -> int:
    """Return how many frames of a width and height are accepted."""
    return min(MAX_FRAMES, MAX_PIXELS // max(1, size[0] * size[1]))


def check_frame_count(stream: VideoStream) -> None:
    """Refuse a video track that states too many frames for their size.

    Raises:
        VideoError: It does.
    """
    size = stream.codec_context.width, stream.codec_context.height
    if stream.frames > max_frames(size):
        raise VideoError(
            _(
                "The video has too many frames (%(frames)s of %(width)s x %(height)s pixels); at "
                "most %(most)s of this size are accepted: cut it or save it smaller.",
                frames=f"{stream.frames:,}",
                width=f"{size[0]:,}",
                height=f"{size[1]:,}",
                most=f"{max_frames(size):,}",
            )
        )


def fit_size(info: VideoInfo, pixel_aspect: float, max_side: int | None) -> VideoInfo:
    """Return the size in square pixels, and within a longest side.

    Args:
        info: With the size in the file's own pixels.
        pixel_aspect: A pixel's width over its height, 1 for most videos.
        max_side: Longest side, in pixels; None for any.
    """
    wide = pixel_aspect if 1 / _MAX_PIXEL_ASPECT < pixel_aspect < _MAX_PIXEL_ASPECT else 1
    width, height = info.width * wide, float(info.height)
    shrink = min(1, (max_side or MAX_SIDE) / max(width, height))
    if (wide, shrink) == (1, 1):
        return info
    return replace(
        info, width=_round_to_even(width * shrink), height=_round_to_even(height * shrink)
    )


def _round_to_even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def stated_span(container: InputContainer) -> tuple[float, float] | None:
    """Return start and end of all tracks, in seconds of the file's own clock, if it states them."""
    if not container.duration or container.format.name in LEAPING_FORMATS:
        return None
    start, duration = (container.start_time or 0) / av.time_base, container.duration / av.time_base
    # A duration may be the time of the end. Matroska's is; after a late start it is hard to know,
    # and a file that is whole must not be reported as cut off.
    is_end = container.format.name == "matroska,webm" or _MAX_START < start < duration
    return start, duration if is_end else start + duration


def _stated_duration(container: InputContainer, stream: VideoStream, start: float) -> float | None:
    """Return the seconds that the header states of the pictures, None unless it can be believed."""
    if container.format.name not in _STATED_BY_TRACK or start > _MAX_START or _is_uneven(stream):
        return None
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _is_uneven(stream: VideoStream) -> bool:
    """Return whether frames are decoded in another order than presented, at uneven times.

    The length that is stated of a track is then that of its decoding: where the last frames are
    far apart, as at the end of a screen's recording, it is too short.
    """
    mean, usual = stream.average_rate, stream.base_rate
    even = not mean or not usual or abs(mean / usual - 1) < _RATE_TOLERANCE
    return stream.codec_context.has_b_frames and not even


def _scan_packets(path: str | Path, rate: float | None) -> tuple[float | None, float | None]:
    """Return the seconds of the pictures and their mean rate, measured on the whole file.

    Args:
        path: The file.
        rate: Its stated frame rate, for streams with few time stamps.
    """
    count = stamped = 0
    with open_container(path, any_size=True) as container:
        stream = video_stream(container)
        spans = _ClockSpans(container)
        try:
            for packet in demux(container, stream):
                if packet.is_discard:  # cut off by an edit list
                    continue
                count += packet.size > 0
                if packet.pts is not None:
                    stamped += 1
                    spans.add(packet)
        except av.FFmpegError:
            pass  # what comes before the damage counts
    if rate and 2 * stamped < count:
        return count / rate, rate
    seconds = spans.seconds()
    if seconds <= 0:
        return None, None
    measured = count / seconds
    return seconds, rate if rate and abs(measured / rate - 1) < _RATE_TOLERANCE else measured


class _ClockSpans:
    """Adds up how long a stream is whose clock may leap.

    Args:
        container: Its file.
    """

    def __init__(self, container: InputContainer) -> None:
        # A time long after the one before is a leap there, elsewhere a gap.
        self._leaps = container.format.name in LEAPING_FORMATS
        self._max_backward_step = max_backward_step(container)
        # Durations are times from one decoding to the next, but for that of the last packet.
        self._by_decoding = container.format.name in _STATED_BY_TRACK
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
        return set_back or (self._leaps and decoded > self._last + MAX_GAP)

    def seconds(self) -> float:
        """Return the sum of the lengths, leaps left out."""
        seconds = sum(end - start for start, end in self._spans)
        if self._by_decoding:
            seconds += self._last_duration * len(self._spans)
        steps = self._count - len(self._spans)
        # Where packets state no duration, the last one of each span is as long as the others.
        if self._endless == self._count and steps > 0:
            seconds += seconds / steps * len(self._spans)
        return seconds
