"""Opening a video file: what is taken, how large it may be, and what its header says.

Everything is told by content, not by name. FFmpeg, through PyAV, would also follow playlists to
other files and addresses; only the formats below are tried, and only the file itself is read.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

MAX_BYTES = 500_000_000
"""Larger files are refused."""

MAX_SECONDS = 2 * 60 * 60
"""Longer videos are refused."""

MAX_SIDE = 4096
"""Videos with a longer side, in pixels, are refused before a frame is decoded."""

MAX_FRAMES = 500_000
"""Videos of more frames are refused; two hours of 60 a second have fewer."""

MAX_PIXELS = 500_000_000_000
"""Videos of more pixels, of all frames together, are refused: two hours of 1920 x 1080 at 30 frames
a second, or of 4096 x 4096 at 4."""

SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".gif")
"""The usual names of what is read."""

FORMATS = "MP4, MOV, WebM, MKV, AVI or GIF"
"""What is read, for people."""

_OPTIONS = {
    "format_whitelist": "mov,matroska,avi,gif",
    "protocol_whitelist": "file",
    "max_pixels": str(MAX_SIDE * MAX_SIDE),
}
_DECODER_THREADS = 2
"""Of a decoder; each holds frames in memory."""

_DEFAULT_FRAME_RATE, _LEAST_RATE = 25.0, 1 / 60
_MAX_PIXEL_ASPECT = 4.0


class VideoError(ValueError):
    """A video that can't be used; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video before its frames are read.

    Attributes:
        width: Of its upright frames, in pixels.
        height: Of its upright frames, in pixels.
        duration: Seconds from its first frame to the end of its last; None if unknown.
        frame_rate: Mean frames a second.
        has_audio: Whether there is sound.
    """

    width: int
    height: int
    duration: float | None
    frame_rate: float
    has_audio: bool


def open_container(path: str | Path, any_size: bool = False) -> InputContainer:
    """Open a video file of an accepted format; it is a context manager that closes it.

    Args:
        path: The file.
        any_size: Whether it may be larger than what is taken from visitors.

    Raises:
        VideoError: There is no such file, it is too large, or it is no video.
    """
    _check_file(Path(path), any_size)
    try:
        return av.open(f"file:{path}", options=_OPTIONS)
    except (av.FFmpegError, UnicodeError):
        raise VideoError(
            f"The file can't be read as a video (it may be cut off); choose an {FORMATS}."
        ) from None


def video_stream(container: InputContainer) -> VideoStream:
    """Return the stream with the pictures, ready to be decoded.

    Raises:
        VideoError: There is none, it is of an unknown kind, or its pictures are too large.
    """
    streams = _video_streams(container)
    stream = _best_stream(container, streams)
    if streams and (stream is None or stream.codec_context is None):
        raise VideoError("The video's pictures are of an unknown kind; save it as MP4 (H.264).")
    if stream is None:
        holds = "sound but no pictures" if container.streams.audio else "no pictures"
        raise VideoError(f"The file holds {holds}; choose a video with a picture.")
    size = stream.codec_context.width, stream.codec_context.height
    if max(size) > MAX_SIDE:
        raise VideoError(
            f"The video is too large ({size[0]:,} x {size[1]:,}); a side is at most "
            f"{MAX_SIDE:,} pixels: save it smaller."
        )
    stream.codec_context.options = {"max_pixels": _OPTIONS["max_pixels"]}
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = _DECODER_THREADS
    return stream


def _video_streams(container: InputContainer) -> list[VideoStream]:
    """Return the streams with pictures, without covers such as a song's."""
    streams = container.streams.video
    return [stream for stream in streams if not stream.disposition & Disposition.attached_pic]


def _best_stream(container: InputContainer, candidates: list[VideoStream]) -> VideoStream | None:
    """Return FFmpeg's choice, or the first one if that is a cover."""
    best = container.streams.best("video")
    return best if best is None or best in candidates else next(iter(candidates), None)


def read_header(path: str | Path, container: InputContainer, stream: VideoStream) -> VideoInfo:
    """Return what the file says of itself, sizes as its pixels lie in the file.

    Raises:
        VideoError: The video is too long, or of too many frames for their size.
    """
    size = stream.codec_context.width, stream.codec_context.height
    _require_little_work(stream.frames, size)
    duration, rate = _header_duration(container, stream), stream.average_rate
    if not duration:
        duration, rate = _scan_packets(path)
    if duration and duration > MAX_SECONDS:
        raise VideoError(
            f"The video is too long ({duration / 60:,.0f} minutes); at most "
            f"{MAX_SECONDS // 60:,} minutes are taken: cut it."
        )
    return VideoInfo(
        width=size[0],
        height=size[1],
        duration=duration,
        frame_rate=max(_LEAST_RATE, float(rate or _DEFAULT_FRAME_RATE)),
        has_audio=container.streams.best("audio") is not None,
    )


def most_frames(size: tuple[int, int]) -> int:
    """Return how many frames of a width and height are taken."""
    return min(MAX_FRAMES, MAX_PIXELS // max(1, size[0] * size[1]))


def _require_little_work(frames: int, size: tuple[int, int]) -> None:
    if frames > most_frames(size):
        raise VideoError(
            f"The video has too many frames ({frames:,} of {size[0]:,} x {size[1]:,} pixels); at "
            f"most {most_frames(size):,} of this size are taken: cut it or save it smaller."
        )


def fit_size(info: VideoInfo, pixel_aspect: float, max_side: int | None) -> VideoInfo:
    """Return the size in square pixels, and within a longest side.

    Args:
        info: With the size as it lies in the file.
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


def _check_file(path: Path, any_size: bool) -> None:
    shown = str(path)[:200]
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        raise VideoError(f"There is no file {shown}; check the path.") from None
    if not path.is_file():
        raise VideoError(f"{shown} is no file; name one video.")
    if size == 0:
        raise VideoError("The file is empty (0 bytes); choose another video.")
    if size > MAX_BYTES and not any_size:
        raise VideoError(
            f"The file is too large ({size / 1e6:,.0f} MB); at most {MAX_BYTES / 1e6:,.0f} MB "
            "are taken: cut the video or save it smaller."
        )


def _header_duration(container: InputContainer, stream: VideoStream) -> float | None:
    """Return the seconds that the header states, of the pictures if it can tell them apart."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _scan_packets(path: str | Path) -> tuple[float | None, float | None]:
    """Return the seconds of the pictures and their mean rate, found by a walk through the file.

    What a browser records doesn't state its length.
    """
    starts: list[int] = []
    end = 0
    with open_container(path) as container:
        stream = video_stream(container)
        try:
            for packet in container.demux(stream):
                if packet.pts is not None:
                    starts.append(packet.pts)
                    end = max(end, packet.pts + (packet.duration or 0))
        except av.FFmpegError:
            pass  # what comes before the damage counts
    seconds = float((end - min(starts)) * stream.time_base) if starts else 0.0
    return (seconds, len(starts) / seconds) if seconds > 0 else (None, None)
