"""Reading a video frame by frame; nothing but the current frame is kept.

Times are the file's own (a phone or a screen recorder doesn't film at a steady rate), turned
pictures are set upright, pixels are made square, and transparent parts are laid on white.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
from PIL import Image

from fer.video.container import (
    MAX_SECONDS,
    VideoError,
    VideoInfo,
    fit_size,
    most_frames,
    open_container,
    read_header,
    video_stream,
)

_MIN_STEP = 1e-3
"""Seconds between frames whose time stamps don't rise."""

_MAX_JUMP = 1.0
"""Seconds by which a time stamp has to be off to count as another clock's."""

_UNSPECIFIED_COLORSPACE = 2
"""AVColorSpace of a file that doesn't say."""


@dataclass(frozen=True)
class Frame:
    """One picture of a video.

    Attributes:
        image: RGB uint8 (h, w, 3), upright.
        time: Seconds from the video's first frame; rises from frame to frame.
        duration: Seconds for which it is shown, as far as the file says.
    """

    image: np.ndarray
    time: float
    duration: float


class VideoReader:
    """Reads a video's frames in their order, once.

    `info` is known from the start, and so is `scale`, pixels of the file for each pixel of a frame.
    After the last frame, `warning` is a sentence that says how much couldn't be read, or None.

    Args:
        path: An MP4, MOV, WebM, MKV, AVI or GIF file, told by content.
        max_side: Frames are shrunk to this longest side, in pixels, while they are decoded; None
            leaves them as they are. `info` says the size of what comes out.

    Raises:
        VideoError: The file is no video, holds no frame, or is too large or too long.
    """

    def __init__(self, path: str | Path, max_side: int | None = None) -> None:
        """Open the file and decode its first frame."""
        self.warning: str | None = None
        self._container = open_container(path)
        try:
            self._open_stream(path, max_side)
        except BaseException:
            self._container.close()
            raise

    def _open_stream(self, path: str | Path, max_side: int | None) -> None:
        self._stream = video_stream(self._container)
        self._header = read_header(path, self._container, self._stream)
        self._packet_count = self._undecodable = self._damaged = self._count = 0
        self._most = most_frames((self._header.width, self._header.height))
        self._read_until = self._video_until = 0.0
        self._decoded = self._decode()
        self._first_frame = next(self._decoded, None)
        if self._first_frame is None:
            raise VideoError("The video holds no picture that can be read; choose another one.")
        self._matrix = _display_matrix(self._first_frame)
        self._unrotated = fit_size(self._header, _pixel_aspect(self._stream), max_side)
        self.scale = self._header.height / self._unrotated.height
        self.info = self._unrotated
        if _is_rotated(self._matrix):
            self.info = replace(
                self._unrotated, width=self._unrotated.height, height=self._unrotated.width
            )

    def __enter__(self) -> "VideoReader":
        """Return the reader itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield each frame that can be read."""
        clock = _TimestampCorrector(1 / self.info.frame_rate, self.info.duration)
        time, start = 0.0, self._first_frame.time or 0.0
        for frame in chain([self._first_frame], self._decoded):
            read = self._to_frame(frame, clock)
            time = read.time
            if time > MAX_SECONDS:
                break
            # A clock that is set back hides in the packets' own stamps how far the pictures go.
            self._read_until = max(self._read_until, start + time + read.duration)
            yield read
        self.warning = self._loss_warning(time)

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Yield the pictures as they lie in the file, and count what can't be had."""
        try:
            for packet in self._container.demux():
                self._read_until = max(self._read_until, _end_time(packet))
                if self._count > self._most:
                    return
                if packet.stream is self._stream:
                    self._packet_count += packet.size > 0
                    self._video_until = max(self._video_until, _end_time(packet))
                    yield from self._decode_packet(packet)
        except av.FFmpegError:
            return  # the file ends in the middle

    def _decode_packet(self, packet: av.Packet) -> Iterator[av.VideoFrame]:
        try:
            frames = self._stream.decode(packet)
        except av.FFmpegError:
            self._undecodable += 1
            return
        for frame in frames:
            self._damaged += frame.is_corrupt
            self._count += 1
            if self._count <= self._most:
                yield frame

    def _to_frame(self, frame: av.VideoFrame, clock: "_TimestampCorrector") -> Frame:
        base = frame.time_base or 0
        time = clock.correct(None if frame.pts is None else float(frame.pts * base))
        duration = float(frame.duration * base) if frame.duration else 1 / self.info.frame_rate
        # What comes after the stated end has no say in how long the video is.
        left = (self.info.duration or 0.0) - time
        duration = min(duration, left if left > 0 else _MAX_JUMP)
        return Frame(_apply_display_matrix(self._letterboxed(frame), self._matrix), time, duration)

    def _letterboxed(self, frame: av.VideoFrame) -> np.ndarray:
        """Return RGB uint8 (h, w, 3) of the working size, not yet turned.

        A picture of another form than the first, as of a phone that was turned, gets black bars.
        """
        width, height = self._unrotated.width, self._unrotated.height
        inner_width, inner_height = self._fitted_size(frame)
        pixels = self._to_rgb(frame, inner_width, inner_height)
        if (inner_width, inner_height) == (width, height):
            return pixels
        left, top = (width - inner_width) // 2, (height - inner_height) // 2
        barred = np.zeros((height, width, 3), np.uint8)
        barred[top : top + inner_height, left : left + inner_width] = pixels
        return barred

    def _fitted_size(self, frame: av.VideoFrame) -> tuple[int, int]:
        """Return width and height at which a picture keeps its form within the working size."""
        first, width, height = self._first_frame, self._unrotated.width, self._unrotated.height
        form = width / height * (frame.width / frame.height) / (first.width / first.height)
        return min(width, max(1, round(height * form))), min(height, max(1, round(width / form)))

    def _to_rgb(self, frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
        """Return RGB uint8 (height, width, 3)."""
        size = {"width": width, "height": height}
        shrunk = frame.width > width
        wanted = {**size, "interpolation": "AREA" if shrunk else "BILINEAR"}
        if size == {"width": frame.width, "height": frame.height}:
            wanted = {}
        if frame.format.has_palette or any(part.is_alpha for part in frame.format.components):
            see_through = Image.fromarray(frame.to_ndarray(format="rgba", **wanted), "RGBA")
            white = Image.new("RGBA", see_through.size, "white")
            return np.array(Image.alpha_composite(white, see_through).convert("RGB"))
        # Where a file doesn't say, players take large pictures as BT.709.
        if frame.colorspace == _UNSPECIFIED_COLORSPACE and frame.height >= 720:
            wanted["src_colorspace"] = "ITU709"
        return frame.to_ndarray(format="rgb24", **wanted)

    def _is_cut_off(self) -> bool:
        """Return whether pictures are missing at the end.

        The number of pictures in the header doesn't tell: a trimmed video may hide some.
        """
        stream = self._stream
        if not stream.duration:
            return False
        end = float(((stream.start_time or 0) + stream.duration) * stream.time_base)
        return end - self._video_until > 2 / self.info.frame_rate

    def _loss_warning(self, time: float) -> str | None:
        """Return what couldn't be read, as one sentence a kind."""
        sentences = []
        total = (
            max(self._stream.frames, self._packet_count)
            if self._is_cut_off()
            else self._packet_count
        )
        missing = self._undecodable + total - self._packet_count
        if missing:
            sentences.append(f"{missing:,} of {total:,} pictures could not be read.")
        if self._damaged:
            sentences.append(f"{self._damaged:,} of {total:,} pictures are damaged.")
        whole = (self._container.duration or 0) / av.time_base
        if whole - self._read_until > _MAX_JUMP:
            sentences.append(f"The file ends after {self._read_until:.0f} of {whole:.0f} seconds.")
        if self._count > self._most:
            sentences.append(f"Only the first {self._most:,} pictures were read.")
        if time > MAX_SECONDS:
            sentences.append(f"Only the first {MAX_SECONDS // 60} minutes were read.")
        return " ".join(sentences) or None


class _TimestampCorrector:
    """Makes times that rise out of time stamps that may be missing, repeated or set back.

    Args:
        step: Usual seconds between frames.
        end: Seconds after which no frame should come; None if unknown.
    """

    def __init__(self, step: float, end: float | None) -> None:
        self._step = step
        self._end = end
        self._offset: float | None = None
        self._last = -step

    def correct(self, stamp: float | None) -> float:
        """Return the seconds from the first frame; `stamp` is what the file says."""
        usual = self._last + self._step
        if stamp is None:
            time = usual
        elif self._offset is None:
            time = usual
            self._offset = usual - stamp
        else:
            time = stamp + self._offset
            if self._is_another_clock(time):
                self._offset, time = usual - stamp, usual
            time = max(time, self._last + _MIN_STEP)
        self._last = time
        return time

    def _is_another_clock(self, time: float) -> bool:
        too_late = self._end is not None and time > max(self._end, self._last) + _MAX_JUMP
        return time < self._last - _MAX_JUMP or too_late


def _end_time(packet: av.Packet) -> float:
    """Return the seconds at which a packet's content ends."""
    if packet.pts is None:
        return 0.0
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


def _pixel_aspect(stream: av.VideoStream) -> float:
    return float(stream.sample_aspect_ratio or 1)


def _display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """Return how the picture is turned, as int (2, 2): (x, y) lies at (x, y) @ matrix."""
    try:
        side = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # there is some of a kind that PyAV doesn't know, such as Exif
        return _turn(frame.rotation)
    if side is None:
        return np.eye(2, dtype=int)
    return np.sign(np.frombuffer(bytes(side), np.int32).reshape(3, 3)[:2, :2])


def _turn(degrees: float) -> np.ndarray:
    """Return the display matrix of a picture to be turned counter-clockwise, int (2, 2)."""
    angle = np.radians(-degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.rint([[cos, sin], [-sin, cos]]).astype(int)


def _is_rotated(matrix: np.ndarray) -> bool:
    return matrix[0, 0] == 0 and matrix[0, 1] != 0


def _apply_display_matrix(pixels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn and mirror (h, w, 3) as the display matrix says."""
    if _is_rotated(matrix):
        pixels, matrix = cv2.transpose(pixels), matrix[::-1]
    if matrix[0, 0] < 0:
        pixels = cv2.flip(pixels, 1)
    return cv2.flip(pixels, 0) if matrix[1, 1] < 0 else pixels


def check_video(path: str | Path) -> VideoInfo:
    """Return what is known of a video whose first frame can be read.

    Raises:
        VideoError: The file is no video, holds no frame, or is too large or too long.
    """

    with VideoReader(path) as reader:
        return reader.info
