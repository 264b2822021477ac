"""Opening a video file: which formats are accepted, how large a file may be, which track is read.

A format is recognised by its content, not by the file's name. FFmpeg, through PyAV, would also
follow playlists to other files and addresses; only the formats below are tried, and only the file
itself is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.paths import VIDEO_FORMATS

MAX_BYTES = 500_000_000
"""Larger files are refused."""

MAX_SIDE = 4096
"""Videos with a longer side, in pixels, are refused before a frame is decoded."""

_Stream = TypeVar("_Stream", AudioStream, VideoStream)

_OPTIONS = {
    "format_whitelist": "mov,matroska,avi,gif,mpegts,mpeg,flv,asf,ogg",
    "protocol_whitelist": "file",
    "max_pixels": str(MAX_SIDE * MAX_SIDE),
}
DISCONTINUOUS_FORMATS = ("mpegts", "mpeg")
"""FFmpeg's names of the formats whose time stamps may be discontinuous: a recorder's clock may leap
from one scene to the next. They state no duration either; FFmpeg estimates it from their first and
last time stamps."""

MAX_GAP = 60.0
"""Seconds without pictures or sound that count as a leap of the clock in those formats; in others
they are a gap, which sound isn't continued across."""

MAX_BACKWARD_STEP, MAX_BACKWARD_STEP_DISCONTINUOUS = 1.0, 0.25
"""Seconds by which a time stamp may go back on the same clock, and those in discontinuous formats,
whose scenes may be short, such as pieces of a broadcast that were joined."""

DECODER_THREADS = 2
"""Threads of a decoder; each holds frames in memory."""

_MAX_LANGUAGE_LENGTH = 8
"""Letters of a language code; longer texts in its place are not quoted."""


class VideoError(ValueError):
    """A video that can't be used; the message names what is wrong and what to do."""


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video before its frames are read.

    Attributes:
        width: Width of its upright frames, in pixels.
        height: Height of its upright frames, in pixels.
        duration: Seconds from its first frame to the end of its last; None if unknown.
        frame_rate: Mean frames per second.
        has_audio: Whether there is sound.
    """

    width: int
    height: int
    duration: float | None
    frame_rate: float
    has_audio: bool


def open_container(path: str | Path, unlimited: bool = False) -> InputContainer:
    """Open a video file of an accepted format; it is a context manager that closes it.

    Args:
        path: The file.
        unlimited: Whether it may have more bytes than are accepted from visitors.

    Raises:
        VideoError: There is no such file, it is too large, or it is no video.
    """
    _check_file(Path(path), unlimited)
    # PyAV's default, which torchvision before 0.26 changes when it is imported. A decoder's thread
    # that logs an error waits for the GIL; what closes the decoder holds the GIL and waits for it.
    av.logging.set_level(None)
    try:
        return av.open(f"file:{path}", options=_OPTIONS)
    except av.error.ArgumentError:  # FFmpeg recognises the format, and it isn't in the list
        raise VideoError(
            _(
                "The file can't be read as a video: it is of a kind that isn't accepted. Save it "
                "as MP4 (H.264), or choose an %(formats)s.",
                formats=_(VIDEO_FORMATS),
            )
        ) from None
    except PermissionError:
        raise VideoError(_("The file can't be opened; check its permissions.")) from None
    except (av.FFmpegError, UnicodeError):
        raise _unreadable() from None


def _unreadable() -> VideoError:
    return VideoError(
        _(
            "The file can't be read as a video: it may be cut off or damaged, or of another "
            "kind than %(formats)s. Save it as MP4 (H.264), or choose another one.",
            formats=_(VIDEO_FORMATS),
        )
    )


def max_backward_step(container: InputContainer) -> float:
    """Return the seconds by which a time stamp may go back without being another clock's."""
    is_discontinuous = container.format.name in DISCONTINUOUS_FORMATS
    return MAX_BACKWARD_STEP_DISCONTINUOUS if is_discontinuous else MAX_BACKWARD_STEP


def video_stream(container: InputContainer, threads: int = DECODER_THREADS) -> VideoStream:
    """Return the video track that is read, ready to be decoded.

    Args:
        container: The file, opened.
        threads: Number of threads that decode it.

    Raises:
        VideoError: There is none, it is of an unknown kind, or its frames are too large.
    """
    streams = _video_streams(container)
    stream = _best_stream(container, "video", streams)
    if streams and (stream is None or not has_decoder(stream)):
        raise VideoError(_("The video's pictures are of an unknown kind; save it as MP4 (H.264)."))
    if stream is None:
        if container.streams.audio:
            raise VideoError(
                _("The file holds sound but no pictures; choose a video with a picture.")
            )
        if container.streams.data and not container.streams.video:
            raise _unreadable()  # mostly an MP4 whose index is cut off, before a track has its kind
        raise VideoError(_("The file holds no pictures; choose a video with a picture."))
    check_size(stream)
    stream.codec_context.options = {"max_pixels": _OPTIONS["max_pixels"]}
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    return stream


def demux(
    container: InputContainer,
    *streams: Stream,
    on_late_stream: Callable[[], None] = lambda: None,
) -> "Iterator[Packet[Any]]":
    """Yield the packets of some streams, of all if none is given; then empty ones that flush.

    A stream that only appears in the middle of a file, as sound may in an FLV, is left out: PyAV
    lists streams when it opens the file, and raises IndexError at the end for later ones.

    Args:
        container: The file, opened.
        streams: Some of its streams.
        on_late_stream: Called at the end of a file that has such a stream.

    Raises:
        av.FFmpegError: The file is damaged.
    """
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets, None)
        except IndexError:
            on_late_stream()
            return
        if packet is None:
            return
        yield packet


def check_size(stream: VideoStream) -> tuple[int, int]:
    """Return width and height of a video track in its own pixels, 0 as long as unknown.

    Raises:
        VideoError: They are too large.
    """
    size = stream.codec_context.width, stream.codec_context.height
    if max(size) > MAX_SIDE:
        raise VideoError(
            _(
                "The video is too large (%(width)s x %(height)s); a side is at most %(most)s "
                "pixels: save it smaller.",
                width=format_count(size[0]),
                height=format_count(size[1]),
                most=format_count(MAX_SIDE),
            )
        )
    return size


def audio_stream(container: InputContainer) -> AudioStream | None:
    """Return the sound track that is kept, None if there is none."""
    return _best_stream(container, "audio", list(container.streams.audio))


def describe_other_videos(container: InputContainer, stream: VideoStream) -> str | None:
    """Return a sentence about the video tracks that aren't read, None if there are none."""
    streams = _video_streams(container)
    if len(streams) < 2:
        return None
    return _(
        "The file holds %(tracks)s video tracks; only track %(number)s (%(width)s x %(height)s "
        "pixels) is read.",
        tracks=len(streams),
        number=streams.index(stream) + 1,
        width=stream.codec_context.width,
        height=stream.codec_context.height,
    )


def describe_other_audio(container: InputContainer, stream: AudioStream) -> str | None:
    """Return a sentence about the sound tracks that aren't kept, None if there are none."""
    streams = container.streams.audio
    if len(streams) < 2:
        return None
    language = (stream.language or "") if stream.language != "und" else ""
    stated = f" ({language})" if _is_language(language) else ""
    return _(
        "The file holds %(tracks)s sound tracks; only track %(number)s%(language)s is kept.",
        tracks=len(streams),
        number=streams.index(stream) + 1,
        language=stated,
    )


def _is_language(code: str) -> bool:
    return code.isascii() and code.isalpha() and len(code) <= _MAX_LANGUAGE_LENGTH


def has_decoder(stream: Stream) -> bool:
    """Return whether FFmpeg can decode a stream; PyAV's types don't provide for one it can't."""
    return getattr(stream, "codec_context", None) is not None


def _video_streams(container: InputContainer) -> list[VideoStream]:
    """Return the streams with pictures, without covers such as a song's."""
    streams = container.streams.video
    return [stream for stream in streams if not stream.disposition & Disposition.attached_pic]


def _best_stream(
    container: InputContainer, kind: Literal["video", "audio"], candidates: list[_Stream]
) -> _Stream | None:
    """Return FFmpeg's choice, or the first one if that is a cover or can't be decoded."""
    best = container.streams.best(kind)
    if best is None:
        return None
    known = [one for one in candidates if has_decoder(one)] or candidates
    return next((one for one in known if one == best), next(iter(known), None))


def _check_file(path: Path, unlimited: bool) -> None:
    shortened = str(path)[:200]
    try:
        size = path.stat().st_size
    except PermissionError:
        raise VideoError(
            _("%(file)s can't be opened; check its permissions.", file=shortened)
        ) from None
    except (OSError, ValueError):
        raise VideoError(_("There is no file %(file)s; check the path.", file=shortened)) from None
    if not path.is_file():
        raise VideoError(_("%(file)s is not a file; give the path of one video.", file=shortened))
    if size == 0:
        raise VideoError(_("The file is empty (0 bytes); choose another video."))
    if size > MAX_BYTES and not unlimited:
        raise VideoError(
            _(
                "The file is too large (%(size)s MB); at most %(most)s MB are accepted: cut the "
                "video or save it smaller.",
                size=format_count(size / 1e6),
                most=format_count(MAX_BYTES / 1e6),
            )
        )
