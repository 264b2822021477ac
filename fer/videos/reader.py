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

from fer.videos.door import (
    MAX_SECONDS,
    VideoError,
    fitted,
    header,
    most_frames,
    open_container,
    pictures,
)

_LEAST_STEP = 1e-3
"""Seconds between frames whose time stamps don't rise."""

_JUMP = 1.0
"""Seconds by which a time stamp has to be off to count as another clock's."""

_UNSPECIFIED = 2
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
            self._start(path, max_side)
        except BaseException:
            self._container.close()
            raise

    def _start(self, path: str | Path, max_side: int | None) -> None:
        self._stream = pictures(self._container)
        self._stated = header(path, self._container, self._stream)
        self._packets = self._lost = self._damaged = self._count = 0
        self._most = most_frames((self._stated.width, self._stated.height))
        self._reached = self._pictured = 0.0
        self._decoded = self._decode()
        self._first = next(self._decoded, None)
        if self._first is None:
            raise VideoError("The video holds no picture that can be read; choose another one.")
        self._matrix = _display_matrix(self._first)
        self._flat = fitted(self._stated, _pixel_width(self._stream), max_side)
        self.scale = self._stated.height / self._flat.height
        self.info = self._flat
        if _is_on_its_side(self._matrix):
            self.info = replace(self._flat, width=self._flat.height, height=self._flat.width)

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
        clock = _Clock(1 / self.info.rate, self.info.duration)
        time, start = 0.0, self._first.time or 0.0
        for frame in chain([self._first], self._decoded):
            read = self._frame(frame, clock)
            time = read.time
            if time > MAX_SECONDS:
                break
            # A clock that is set back hides in the packets' own stamps how far the pictures go.
            self._reached = max(self._reached, start + time + read.duration)
            yield read
        self.warning = self._losses(time)

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Yield the pictures as they lie in the file, and count what can't be had."""
        try:
            for packet in self._container.demux():
                self._reached = max(self._reached, _end(packet))
                if self._count > self._most:
                    return
                if packet.stream is self._stream:
                    self._packets += packet.size > 0
                    self._pictured = max(self._pictured, _end(packet))
                    yield from self._decode_packet(packet)
        except av.FFmpegError:
            return  # the file ends in the middle

    def _decode_packet(self, packet: av.Packet) -> Iterator[av.VideoFrame]:
        try:
            frames = self._stream.decode(packet)
        except av.FFmpegError:
            self._lost += 1
            return
        for frame in frames:
            self._damaged += frame.is_corrupt
            self._count += 1
            if self._count <= self._most:
                yield frame

    def _frame(self, frame: av.VideoFrame, clock: "_Clock") -> Frame:
        base = frame.time_base or 0
        time = clock.read(None if frame.pts is None else float(frame.pts * base))
        duration = float(frame.duration * base) if frame.duration else 1 / self.info.rate
        # What comes after the stated end has no say in how long the video is.
        left = (self.info.duration or 0.0) - time
        duration = min(duration, left if left > 0 else _JUMP)
        return Frame(_upright(self._pixels(frame), self._matrix), time, duration)

    def _pixels(self, frame: av.VideoFrame) -> np.ndarray:
        """Return RGB uint8 (h, w, 3) of the working size, not yet turned.

        A picture of another form than the first, as of a phone that was turned, gets black bars.
        """
        width, height = self._flat.width, self._flat.height
        inner_width, inner_height = self._inner_size(frame)
        pixels = self._converted(frame, inner_width, inner_height)
        if (inner_width, inner_height) == (width, height):
            return pixels
        left, top = (width - inner_width) // 2, (height - inner_height) // 2
        barred = np.zeros((height, width, 3), np.uint8)
        barred[top : top + inner_height, left : left + inner_width] = pixels
        return barred

    def _inner_size(self, frame: av.VideoFrame) -> tuple[int, int]:
        """Return width and height at which a picture keeps its form within the working size."""
        first, width, height = self._first, self._flat.width, self._flat.height
        form = width / height * (frame.width / frame.height) / (first.width / first.height)
        return min(width, max(1, round(height * form))), min(height, max(1, round(width / form)))

    def _converted(self, frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
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
        if frame.colorspace == _UNSPECIFIED and frame.height >= 720:
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
        return end - self._pictured > 2 / self.info.rate

    def _losses(self, time: float) -> str | None:
        """Return what couldn't be read, as one sentence a kind."""
        said = []
        total = max(self._stream.frames, self._packets) if self._is_cut_off() else self._packets
        missing = self._lost + total - self._packets
        if missing:
            said.append(f"{missing:,} of {total:,} pictures could not be read.")
        if self._damaged:
            said.append(f"{self._damaged:,} of {total:,} pictures are damaged.")
        whole = (self._container.duration or 0) / av.time_base
        if whole - self._reached > _JUMP:
            said.append(f"The file ends after {self._reached:.0f} of {whole:.0f} seconds.")
        if self._count > self._most:
            said.append(f"Only the first {self._most:,} pictures were read.")
        if time > MAX_SECONDS:
            said.append(f"Only the first {MAX_SECONDS // 60} minutes were read.")
        return " ".join(said) or None


class _Clock:
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

    def read(self, stamp: float | None) -> float:
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
            time = max(time, self._last + _LEAST_STEP)
        self._last = time
        return time

    def _is_another_clock(self, time: float) -> bool:
        too_late = self._end is not None and time > max(self._end, self._last) + _JUMP
        return time < self._last - _JUMP or too_late


def _end(packet: av.Packet) -> float:
    """Return the seconds at which a packet's content ends."""
    if packet.pts is None:
        return 0.0
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


def _pixel_width(stream: av.VideoStream) -> float:
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


def _is_on_its_side(matrix: np.ndarray) -> bool:
    return matrix[0, 0] == 0 and matrix[0, 1] != 0


def _upright(pixels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn and mirror (h, w, 3) as the display matrix says."""
    if _is_on_its_side(matrix):
        pixels, matrix = cv2.transpose(pixels), matrix[::-1]
    if matrix[0, 0] < 0:
        pixels = cv2.flip(pixels, 1)
    return cv2.flip(pixels, 0) if matrix[1, 1] < 0 else pixels
