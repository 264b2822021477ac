"""Time stamps: of frames, corrected so that they rise, and of sound, which ends where they leap."""

import math
from collections import deque
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet

from fer.i18n import gettext as _
from fer.video.container import (
    DISCONTINUOUS_FORMATS,
    MAX_BACKWARD_STEP,
    MAX_GAP,
    demux,
    max_backward_step,
    open_container,
    video_stream,
)

_DECODE_ORDER_FORMATS = ("avi", "asf")
"""FFmpeg's names of the formats that store when a packet is decoded, not when it is presented."""

_MAX_PENDING = 1000
"""Packets that wait for their frame; decoders hold back fewer than a hundred."""

MIN_STEP = 1e-3
"""Seconds from a frame to the next where time stamps don't rise."""

MAX_REPEATED = 1
"""Times that a time stamp is repeated on end; after that it counts as missing."""

MAX_JUMP = 1.0
"""Seconds by which a time stamp has to be off to count as another clock's."""


class FrameStamps:
    """The time stamps of decoded frames, on the file's own clock.

    AVI and ASF store no presentation times, so that a stream with B-frames decodes to frames with
    each other's stamps. There the n-th frame gets the n-th packet's stamp, as packets are in the
    file in the order of their decoding.
    """

    def __init__(self, container: InputContainer) -> None:
        self._in_decode_order = container.format.name in _DECODE_ORDER_FORMATS
        self._pending: deque[int] = deque(maxlen=_MAX_PENDING)
        self._decoder_delay: int | None = None

    def add(self, packet: "Packet[Any]") -> None:
        """Register a packet before it is decoded."""
        if self._in_decode_order and packet.size and packet.dts is not None:
            self._pending.append(packet.dts)

    def stamp(self, frame: av.VideoFrame) -> float | None:
        """Return a frame's seconds on the file's clock, None if unknown; each frame once."""
        stamp = self._next_pending(frame) if self._in_decode_order else frame.pts
        return None if stamp is None or not frame.time_base else float(stamp * frame.time_base)

    def _next_pending(self, frame: av.VideoFrame) -> int | None:
        # `frame.dts` is of the last packet before the frame came out; frames that were flushed at
        # the end of the file have none. If packets came in the meantime, frames were lost.
        if frame.dts is not None and frame.dts in self._pending:
            newest = self._pending.index(frame.dts)
            if self._decoder_delay is None:
                self._decoder_delay = newest
            for _ in range(newest - self._decoder_delay):
                self._pending.popleft()
        return self._pending.popleft() if self._pending else None


class TimestampCorrector:
    """Makes times that rise out of time stamps that may be missing, repeated or set back.

    Args:
        step: Usual seconds from frame to frame.
        end: Seconds after which no frame is expected; None if unknown.
        tolerance: Seconds by which a time stamp may be off steady steps without being followed.
        max_gap: Seconds without a frame after which a time stamp counts as another clock's.
        origin: The first frame's time stamp, where it isn't the first that is corrected.
        max_backward_step: Seconds by which a time stamp may go back on the same clock.
    """

    def __init__(
        self,
        step: float,
        end: float | None,
        tolerance: float = 0.0,
        max_gap: float = math.inf,
        origin: float | None = None,
        max_backward_step: float = MAX_BACKWARD_STEP,
    ) -> None:
        self._step = step
        self._end = end
        self._tolerance, self._max_gap = tolerance, max_gap
        self._max_backward_step = max_backward_step
        self._offset = None if origin is None else 0.0 - origin
        self._last = -step if origin is None else -math.inf
        self._stamp: float | None = None
        self._repeated = 0

    def correct(self, stamp: float | None) -> float:
        """Return the seconds from the first frame to one with a time stamp of the file."""
        usual = self._last + self._step
        self._repeated = self._repeated + 1 if stamp == self._stamp else 0
        self._stamp = stamp
        if stamp is None or self._repeated > MAX_REPEATED:
            time = usual
        elif self._offset is None:
            time = usual
            self._offset = usual - stamp
        else:
            time = stamp + self._offset
            if self._is_another_clock(time):
                self._offset, time = usual - stamp, usual
            if abs(time - usual) <= self._tolerance:
                time = usual
            time = max(time, self._last + MIN_STEP)
        self._last = time
        return time

    def _is_another_clock(self, time: float) -> bool:
        too_late = self._end is not None and time > max(self._end, self._last) + MAX_JUMP
        set_back = time < self._last - self._max_backward_step
        return set_back or time > self._last + self._max_gap or too_late


def corrector_for(
    container: InputContainer, step: float, end: float | None, origin: float | None = None
) -> TimestampCorrector:
    """Return what corrects the time stamps of a file's frames.

    Args:
        container: The file.
        step: Usual seconds from frame to frame.
        end: Seconds after which no frame is expected; None if unknown.
        origin: The first frame's time stamp, where it isn't the first that is corrected.
    """
    # MPEG program streams state the time of a frame a pack; FFmpeg infers the others, some of them
    # as of the frame before or after; so may the first be, which the others count from. Together
    # that is two steps, and a little for clocks that round.
    tolerance = 2.05 * step if container.format.name == "mpeg" else 0.0
    max_gap = MAX_GAP if container.format.name in DISCONTINUOUS_FORMATS else math.inf
    backward = max_backward_step(container)
    return TimestampCorrector(step, end, tolerance, max_gap, origin, backward)


class GapDetector:
    """Detects where the times of a sound are discontinuous.

    `end` is the second at which the sound so far ends.

    Args:
        pictures: Seconds at which the first picture is presented.
        max_backward_step: Seconds by which a time may go back on the same clock.
    """

    def __init__(self, pictures: float, max_backward_step: float) -> None:
        self._max_backward_step = max_backward_step
        self._last: float | None = None
        self.end = pictures

    def check(self, start: float, length: float) -> str | None:
        """Return a sentence if the sound has to end before the next packet or frame, else None.

        Args:
            start: Start of the next packet or frame, in seconds.
            length: Its length, in seconds.
        """
        far = start - self.end > MAX_GAP
        end = _format_minutes(self.end)
        if self._last is None and far:
            return _("The sound starts more than a minute after the pictures and is left out.")
        if far:
            return _(
                "The sound stops for more than a minute after %(time)s; what comes later is left "
                "out.",
                time=end,
            )
        if self._last is not None and start < self._last - self._max_backward_step:
            return _(
                "The sound's times go back after %(time)s; what comes later is left out.", time=end
            )
        if self._last is None or start > self._last:
            self._last, self.end = start, start + length
        return None


def _format_minutes(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def first_frame_time(source: Path) -> float:
    """Return the seconds, on the file's own clock, at which its first frame is presented.

    Raises:
        VideoError: The file can't be read.
    """
    with open_container(source, unlimited=True) as container:
        stream, stamps = video_stream(container), FrameStamps(container)
        for packet in demux(container, stream):
            stamps.add(packet)
            try:
                frames = stream.decode(packet)
            except av.FFmpegError:
                continue
            if frames:
                return stamps.stamp(frames[0]) or 0.0
    return 0.0
