"""Writing H.264 in MP4 as every browser plays it, with each frame's own time."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from fer.array_types import UInt8Array
from fer.output_files import OutputError, is_write_error
from fer.video.audio import AudioTrack
from fer.video.container import VideoError

_TICKS = 90_000
"""Units of time in a second; whole for 24, 25, 30, 50 and 60 frames per second and for NTSC's."""

_X264 = {
    "preset": "ultrafast",
    "crf": "23",
    "x264-params": "subme=1:deblock=0,0:keyint=120",
}
"""Near the file size of the next slower preset at three quarters of its time; players can seek to
each 120th frame."""

_BT709, _BT601, _LIMITED = 1, 6, 1
"""AVColorPrimaries and AVColorTransferCharacteristic; AVColorSpace; AVColorRange."""


_AT_ONCE = {"movflags": "+faststart"}
"""Options of MP4 that plays while it is downloaded: in the end its index is put first."""

_RECOVERABLE = {
    "movflags": "+hybrid_fragmented",
    "frag_duration": "1000000",
    "flush_packets": "1",
}
"""Options of MP4 that is complete after each second, wherever its writing stops."""


class VideoWriter(AbstractContextManager["VideoWriter"]):
    """Writes frames as they come; leaves no file when its block ends in an error, by default.

    `warning` is what of the sound couldn't be kept, in sentences, or None.

    Args:
        path: The MP4 file to write.
        width: Width of each frame, in pixels; an odd one is padded by a column.
        height: Height of each frame, in pixels; an odd one is padded by a row.
        source: The video whose sound is added, at its own times; None for none.
        start: Seconds of the source at which the frames' times begin.
        recoverable: Whether what was written until then is kept after an error, and can be played,
            also where the process is killed.

    Raises:
        VideoError: The source can't be read or, later on, its sound or frames aren't accepted.
        OutputError: Later on, the disk can't be written to.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        source: Path | None = None,
        start: float = 0.0,
        recoverable: bool = False,
    ) -> None:
        """Open the file."""
        self._path = Path(path)
        self._size = width, height
        self._recoverable = recoverable
        self._last_pts: int | None = None
        self._duration = 0
        options = _RECOVERABLE if recoverable else _AT_ONCE
        self._container = av.open(f"file:{path}", "w", format="mp4", container_options=options)
        self._stream = self._add_video_stream()
        self._audio: AudioTrack | None = None
        try:
            if source is not None:
                self._audio = AudioTrack(source, self._container, start)
        except ValueError:
            self._discard()
            raise

    def _add_video_stream(self) -> av.VideoStream:
        width, height = self._size
        stream = self._container.add_stream("libx264", rate=30, options=_X264)
        context = stream.codec_context
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, _TICKS)
        context.color_primaries = context.color_trc = _BT709
        context.colorspace, context.color_range = _BT601, _LIMITED
        context.thread_count = 1  # the caller has threads of its own
        return stream

    @property
    def warning(self) -> str | None:
        """What of the sound couldn't be kept."""
        return self._audio.warning if self._audio else None

    @property
    def video_offset(self) -> float:
        """Seconds by which frames come later in the file than `write` was given, as sound precedes
        them."""
        return self._audio.video_offset if self._audio else 0.0

    @property
    def sound_end(self) -> float:
        """Seconds, as `write` is given them, at which the finished file's sound ends, or 0."""
        if not self._audio:
            return 0.0
        # A difference of times in microseconds has no further digits.
        return max(0.0, round(self._audio.end - self._audio.video_offset, 6))

    def end_sound_with_pictures(self) -> None:
        """Leave out the sound after the last frame: the source's pictures go on, too."""
        if self._audio:
            self._audio.tail = 0.0

    def write(self, image: UInt8Array, time: float, duration: float | None = None) -> None:
        """Write the next frame.

        Args:
            image: RGB uint8 (h, w, 3) of the size given before.
            time: Seconds from the first frame, later than the last one's.
            duration: Seconds on the screen, in case it is the last.

        Raises:
            ValueError: The picture has another size.
        """
        if image.shape != (self._size[1], self._size[0], 3):
            raise ValueError(
                f"Frames are {self._size[0]} x {self._size[1]} RGB, not of shape {image.shape}."
            )
        if self._audio:
            self._mux(self._audio.packets_until(time))
            time += self._audio.video_offset
        frame = _to_yuv(image)
        frame.pts = self._pts(time)
        frame.time_base = Fraction(1, _TICKS)
        self._duration = round((duration or 0) * _TICKS)
        self._encode(frame)

    def _encode(self, frame: VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            packet.duration = self._duration  # only the last one's counts in MP4
            self._mux([packet])

    def _mux(self, packets: Iterable["Packet[Any]"]) -> None:
        for packet in packets:
            try:
                self._container.mux_one(packet)
            except av.FFmpegError as error:
                raise self._write_error(error) from error

    def _write_error(self, error: av.FFmpegError) -> OutputError | VideoError:
        """Return the error of the disk, or of this video alone, whose packets aren't accepted."""
        name, reason = self._path.name, OSError(error.errno, error.strerror)
        kept = " The file holds what was recorded until then." if self._recoverable else ""
        if not is_write_error(reason):
            return VideoError(f"{name} can't be written: {error.strerror}.{kept}")
        failure = OutputError.from_os_error(Path(name), reason)
        return OutputError(f"{failure}{kept}", failure.reason, failure.disk_full)

    def _pts(self, time: float) -> int:
        pts = round(time * _TICKS)
        if self._last_pts is not None:
            pts = max(pts, self._last_pts + 1)
        self._last_pts = pts
        return pts

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Finish the file; after an error remove it, unless it is recoverable."""
        if kind is not None:
            self._discard()
            return
        try:
            self._finish()
        except BaseException:
            self._discard()
            raise

    def _finish(self) -> None:
        self._encode(None)
        if self._audio:
            self._mux(self._audio.rest(((self._last_pts or 0) + self._duration) / _TICKS))
            self._audio.close()
        try:
            self._container.close()
        except av.FFmpegError as error:
            raise self._write_error(error) from error

    def _discard(self) -> None:
        if self._audio:
            self._audio.close()
        try:
            self._container.close()
        except av.FFmpegError:
            pass  # an index of nothing can't be written
        finally:
            if not self._recoverable:
                self._path.unlink(missing_ok=True)


def _to_yuv(image: UInt8Array) -> VideoFrame:
    """Return RGB uint8 (h, w, 3) as YUV 4:2:0 by BT.601, padded to even sides."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420), np.uint8)
    if planes.shape[0] % 6:  # PyAV wraps buffers of heights divisible by four only
        return VideoFrame.from_ndarray(planes, format="yuv420p")
    return VideoFrame.from_numpy_buffer(planes, format="yuv420p")
