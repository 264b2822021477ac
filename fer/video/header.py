"""Metadata in the header of a video file: size, length and frame rate; else they are measured."""

from dataclasses import replace
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.video.container import (
    DISCONTINUOUS_FORMATS,
    MAX_SIDE,
    VideoError,
    VideoInfo,
    audio_stream,
    check_size,
)
from fer.video.measured_length import (
    DEFAULT_FRAME_RATE,
    MAX_FRAME_RATE,
    RATE_TOLERANCE,
    STATED_BY_TRACK,
    measure_length,
)

MAX_SECONDS = 2 * 60 * 60
"""Longer videos are refused."""

MAX_FRAMES = 500_000
"""Videos of more frames are refused; two hours of 60 a second have fewer."""

MAX_PIXELS = 500_000_000_000
"""Videos of more pixels, of all frames together, are refused: two hours of 1920 x 1080 at 30 frames
a second, or of 4096 x 4096 at 4."""

MAX_PIXEL_RATE = 500_000_000
"""Pixels a second, of 4096 x 2048 at 60 frames, above which a video may have at most four times
what it states on average."""

_MAX_START = 1.0
"""Seconds on the file's own clock after which a stated duration isn't believed, as programs differ
in what it counts from."""

_MIN_FRAME_RATE = 1 / 60
_MAX_PIXEL_ASPECT = 4.0


def read_video_info(
    path: str | Path,
    container: InputContainer,
    stream: VideoStream,
    start: float,
    unlimited: bool = False,
    video_info: VideoInfo | None = None,
) -> VideoInfo:
    """Return what a file states, sizes in its own pixels before they are made square or turned.

    Args:
        path: The file.
        container: The file, opened.
        stream: Its video track; the first frame was decoded, before which sizes may be unknown.
        start: Seconds on the file's own clock at which the first frame is presented.
        unlimited: Whether it may be longer, and have more frames, than is accepted from visitors.
        video_info: What was found before, so that its length needn't be measured again.

    Raises:
        VideoError: The video is too large, too long, or of too many frames for their size.
    """
    size = check_size(stream)
    if not unlimited:
        check_frame_count(stream)
    rate = None if stream.average_rate is None else float(stream.average_rate)
    duration = _stated_duration(container, stream, start)
    if video_info is not None:
        duration, rate = video_info.duration, video_info.frame_rate
    elif not duration or (rate and rate > MAX_FRAME_RATE):
        duration, rate = measure_length(path, rate)
    if duration and duration > MAX_SECONDS and not unlimited:
        raise VideoError(
            _(
                "The video is too long (%(length)s minutes); at most %(most)s minutes are "
                "accepted: cut it.",
                length=format_count(duration / 60),
                most=format_count(MAX_SECONDS // 60),
            )
        )
    return VideoInfo(
        width=size[0],
        height=size[1],
        duration=duration,
        frame_rate=max(_MIN_FRAME_RATE, rate or DEFAULT_FRAME_RATE),
        has_audio=audio_stream(container) is not None,
    )


def max_frames(size: tuple[int, int]) -> int:
    """Return how many frames of a width and height are accepted."""
    return min(MAX_FRAMES, MAX_PIXELS // max(1, size[0] * size[1]))


def max_frames_until(time: float, info: VideoInfo) -> float:
    """Return how many frames are accepted up to a time, in seconds from the first one.

    Else a short video could take as long as one of hours, and no queue could know.
    """
    rate = max(MAX_PIXEL_RATE / (info.width * info.height), 4 * info.frame_rate)
    return rate * (time + 5)


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
                frames=format_count(stream.frames),
                width=format_count(size[0]),
                height=format_count(size[1]),
                most=format_count(max_frames(size)),
            )
        )


def fit_size(info: VideoInfo, pixel_aspect: float, max_side: int | None) -> VideoInfo:
    """Return the size in square pixels, and within a longest side.

    Args:
        info: Properties with the size in the file's own pixels.
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
    if not container.duration or container.format.name in DISCONTINUOUS_FORMATS:
        return None
    start, duration = (container.start_time or 0) / av.time_base, container.duration / av.time_base
    # A duration may be the time of the end. Matroska's is; after a late start it is hard to know,
    # and a file that is whole must not be reported as cut off.
    is_end = container.format.name == "matroska,webm" or _MAX_START < start < duration
    return start, duration if is_end else start + duration


def _stated_duration(container: InputContainer, stream: VideoStream, start: float) -> float | None:
    """Return the seconds that the header states of the pictures, None unless it can be believed."""
    if container.format.name not in STATED_BY_TRACK or start > _MAX_START or _is_uneven(stream):
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
    even = not mean or not usual or abs(mean / usual - 1) < RATE_TOLERANCE
    return stream.codec_context.has_b_frames and not even
