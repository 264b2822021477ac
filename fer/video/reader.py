"""Reading a video frame by frame; nothing but the current frame is kept.

Times are the file's own (a phone or a screen recorder doesn't film at a steady rate), turned
frames are set upright, pixels are made square, and transparent areas are laid on white.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Stream

from fer.array_types import UInt8Array
from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.paths import is_lost_mount
from fer.video.container import (
    DECODER_THREADS,
    VideoError,
    VideoInfo,
    demux,
    open_container,
    video_stream,
)
from fer.video.conversion import FrameConverter
from fer.video.header import (
    MAX_FRAMES,
    MAX_SECONDS,
    check_frame_count,
    fit_size,
    max_frames,
    max_frames_until,
    read_video_info,
)
from fer.video.read_counts import ReadCounts, is_repetition, lists_all_frames
from fer.video.timestamps import MAX_JUMP, FrameStamps, corrector_for

_SEEK_MARGINS = 1.0, 20.0
"""Seconds before a time from which a frame is sought: files are sought by when a frame is decoded,
and some have a key frame in ten seconds only."""

_MAX_SKIPPED = 1000
"""Frames that are decoded on the way to one of a sample: 20 seconds of 50 a second."""

_StampedFrame = tuple[av.VideoFrame, float | None]
"""A decoded frame and its seconds on the file's own clock, None if unknown."""


@dataclass(frozen=True)
class Frame:
    """One frame of a video.

    Attributes:
        image: RGB uint8 (h, w, 3), upright.
        time: Seconds from the video's first frame; rises from frame to frame.
        duration: Seconds for which it is on the screen, as far as the file states them.
    """

    image: UInt8Array
    time: float
    duration: float


class VideoReader(AbstractContextManager["VideoReader"]):
    """Reads a video's frames in their order, once.

    `info` is available from the start, and so are `scale`, pixels of the file for each pixel of a
    frame, and `first_stamp`, the first frame's seconds on the file's own clock. After the last
    frame, `file_warning` states what else than single frames wasn't read, or is None.

    Args:
        path: A video of an accepted format, recognised by content.
        max_side: Frames are shrunk to this longest side, in pixels, while they are decoded; None
            leaves them as they are. `info` has the size of what comes out.
        unlimited: Whether the limits of bytes, length and frames for visitors' files are lifted.
        threads: Number of threads that decode it.
        video_info: `info` of an earlier reader of this file, so that its length is known.

    Raises:
        VideoError: The file is no video, holds no frame, or is too large or too long.
        OSError: The folder that it is in has gone away, also later, while frames are read.
    """

    def __init__(
        self,
        path: str | Path,
        max_side: int | None = None,
        unlimited: bool = False,
        threads: int = DECODER_THREADS,
        video_info: VideoInfo | None = None,
    ) -> None:
        """Open the file and decode its first frame."""
        self.file_warning: str | None = None
        self._lost: str | None = None
        self._ended = False
        self.path, self._unlimited, self._threads = path, unlimited, threads
        self._video_info = video_info
        self._container = open_container(path, unlimited)
        try:
            self._open_stream(max_side)
        except BaseException:
            self._container.close()
            raise

    @property
    def unread(self) -> int:
        """Pictures so far that couldn't be decoded, or are damaged."""
        return self._counts.undecodable + self._counts.damaged

    @property
    def warning(self) -> str | None:
        """What wasn't read so far, in sentences, or None."""
        lost = self._lost if self._ended else self._describe_lost_frames(whole=False)
        return " ".join(filter(None, (lost, self.file_warning))) or None

    def _open_stream(self, max_side: int | None) -> None:
        self._stream = video_stream(self._container, self._threads)
        if not self._unlimited:
            check_frame_count(self._stream)
        self._counts = ReadCounts()
        self._max_frames = sys.maxsize if self._unlimited else MAX_FRAMES
        self._max_seconds = math.inf if self._unlimited else MAX_SECONDS
        self._stamps = FrameStamps(self._container)
        self._decoded = self._decode()
        first = next(self._decoded, None)
        if first is None:
            raise VideoError(_("The video holds no picture that can be read; choose another one."))
        self._first_frame = first
        self.first_stamp = first[1] or 0.0
        path, container, stream = self.path, self._container, self._stream
        header = read_video_info(
            path, container, stream, self.first_stamp, self._unlimited, video_info=self._video_info
        )
        self._header = header  # with the size of the file's own frames
        if not self._unlimited:
            self._max_frames = max_frames((header.width, header.height))
        self.info = fit_size(header, float(self._stream.sample_aspect_ratio or 1), max_side)
        self.scale = header.height / self.info.height
        self._converter = FrameConverter(first[0], (self.info.width, self.info.height))
        if self._converter.is_rotated:
            self.info = replace(self.info, width=self.info.height, height=self.info.width)

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield each frame that can be read."""
        corrector = corrector_for(self._container, 1 / self.info.frame_rate, self.info.duration)
        waiting: tuple[av.VideoFrame, float] | None = None
        too_long = False
        for frame, stamp in chain([self._first_frame], self._decoded):
            time = corrector.correct(stamp)
            too_long = time > self._max_seconds
            if too_long:
                break
            self._check_density(time)
            # If a clock is set back, the packets' own stamps don't state how far the pictures go.
            self._counts.extend(self.first_stamp + time + self._duration(frame, time))
            if waiting:
                yield self._frame(*waiting)
            waiting = frame, time
        if waiting:
            yield self._frame(*waiting) if too_long else self._last_frame(*waiting)
        self._note_losses(whole=True, max_seconds=MAX_SECONDS if too_long else None)

    def _check_density(self, time: float) -> None:
        """Refuse a video of far more frames up to a time than its length and rate let expect."""
        if self._unlimited or self._counts.frames <= max_frames_until(time, self._header):
            return
        raise VideoError(
            _(
                "The video has too many pictures in a second (%(number)s in the first "
                "%(seconds)s s); save it with a steady rate, such as 30 a second.",
                number=format_count(self._counts.frames),
                seconds=format_count(math.ceil(time)),
            )
        )

    def _last_frame(self, frame: av.VideoFrame, time: float) -> Frame:
        """Return the last frame of the file, which empty chunks leave on the screen to its end."""
        last, end = self._frame(frame, time), self.info.duration or 0.0
        stays = lists_all_frames(self.path, self._stream) or self._counts.ends_repeated
        if time + last.duration >= end or not stays:
            return last
        self._counts.reach_end(self.first_stamp + end)
        return replace(last, duration=end - time)

    def frames_from(self, start: float) -> Iterator[Frame]:
        """Yield the frame that is on the screen at a time, and those after it.

        Only for files whose times are known without reading them from their beginning: those of
        which `fer.video.seeking.frame_times` knows them.

        Args:
            start: Seconds from the first frame.
        """
        step = 1 / self.info.frame_rate
        corrector = corrector_for(self._container, step, self.info.duration, self.first_stamp)
        waiting: tuple[av.VideoFrame, float] | None = None
        for frame, stamp in self._decode_from(start + self.first_stamp):
            time = corrector.correct(stamp)
            if waiting and time > start:
                yield self._frame(*waiting)
            waiting = frame, time
        if waiting:
            yield self._frame(*waiting)
        self._note_losses(whole=False)

    def _note_losses(self, whole: bool, max_seconds: int | None = None) -> None:
        """Note what wasn't read, when the file is read to its end."""
        counts, stream = self._counts, self._stream
        self._lost, self._ended = self._describe_lost_frames(whole), True
        self.file_warning = counts.describe_file(
            self._container, stream, self._max_frames, max_seconds
        )

    def _describe_lost_frames(self, whole: bool) -> str | None:
        return self._counts.describe_lost_frames(self._stream, self.info.frame_rate, whole)

    def _frame(self, frame: av.VideoFrame, time: float) -> Frame:
        return Frame(self._converter.convert(frame), time, self._duration(frame, time))

    def can_seek(self, time: float) -> bool:
        """Return whether frames at a time, in seconds, are reached without reading all before."""
        return self._sought(time + self.first_stamp) is not None

    def _decode_from(self, stamp: float) -> Iterator[_StampedFrame]:
        """Yield frames from one on that is presented at or before a time of the file's clock."""
        frames = self._sought(stamp)
        if frames is None:
            self._container.close()
            self._container = open_container(self.path, self._unlimited)
            self._stream = video_stream(self._container, self._threads)
            frames = self._decode()
        return frames

    def _sought(self, stamp: float) -> Iterator[_StampedFrame] | None:
        base = self._stream.time_base or 1
        for margin in _SEEK_MARGINS:
            wanted = max(self.first_stamp, stamp - margin)
            try:
                self._container.seek(round(wanted / base), stream=self._stream)
            except av.FFmpegError:
                return None
            frames = self._decode()
            first = next(frames, None)
            if first and first[1] is not None and first[1] <= stamp:
                return chain([first], frames)
        return None

    def sample(self, times: Sequence[float]) -> Iterator[UInt8Array]:
        """Yield frames from about some times, upright, in place of all of them.

        As far as the file can be sought in; where it can't, the first frame comes alone.

        Args:
            times: Seconds from the first frame, rising; no frame is from before the first of them.
        """
        first, found = self.first_stamp + times[0], False
        for stamp in (self.first_stamp + time for time in times):
            frames = self._sought(stamp) if stamp > self.first_stamp else iter([self._first_frame])
            for frame, shown in islice(frames or (), _MAX_SKIPPED):
                if shown is None or shown >= first:
                    found = True
                    yield self._converter.convert(frame)
                    break
        if not found:
            yield self._converter.convert(self._first_frame[0])

    def _decode(self) -> Iterator[_StampedFrame]:
        """Yield the frames as they are in the file, and count those that can't be decoded."""
        try:
            for packet in demux(self._container, on_late_stream=self._counts.note_late_stream):
                if self._counts.frames > self._max_frames:
                    return
                self._counts.note_packet(packet, is_video := packet.stream is self._stream)
                if is_video:
                    yield from self._decode_packet(packet)
        except av.FFmpegError as error:
            if isinstance(error, OSError) and is_lost_mount(error):
                raise
            return  # the file ends in the middle

    def _decode_packet(self, packet: "Packet[Stream]") -> Iterator[_StampedFrame]:
        if is_repetition(packet):
            return
        self._stamps.add(packet)
        try:
            frames = self._stream.decode(packet)
        except av.FFmpegError:
            self._counts.undecodable += 1
            return
        for frame in frames:
            self._counts.damaged += frame.is_corrupt
            self._counts.frames += 1
            if self._counts.frames <= self._max_frames:
                yield frame, self._stamps.stamp(frame)

    def _duration(self, frame: av.VideoFrame, time: float) -> float:
        """Return for how many seconds a frame is on the screen."""
        base = frame.time_base or 0
        stated = float(frame.duration * base) if frame.duration else None
        duration = stated or 1 / self.info.frame_rate
        # What comes after the stated end has no influence on the length of the video.
        left = (self.info.duration or 0.0) - time
        return min(duration, left if left > 0 else MAX_JUMP)


def check_video(path: str | Path, unlimited: bool = False) -> VideoInfo:
    """Return what is known of a video whose first frame can be read; arguments as of `VideoReader`.

    Raises:
        VideoError: The file is no video, holds no frame, or is too large or too long.
    """
    with VideoReader(path, unlimited=unlimited) as reader:
        return reader.info
