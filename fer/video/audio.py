"""The sound of a video goes with its pictures into another file, at the same time as before.

AAC and MP3 are copied packet by packet, as MP4 takes them and browsers play them; everything else
is decoded and encoded as AAC, with silence where the time stamps leave a gap. Where the stamps leap
the sound ends, as it does a minute after the pictures. Sound that can't be read never costs the
pictures: it is left out with a warning.
"""

import ctypes
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import OutputContainer

from fer.video.container import VideoError, open_container, video_stream

_Media = TypeVar("_Part", av.Packet, av.AudioFrame)
_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_MIN_MP3_RATE = 16_000
"""MP4 takes no MP3 of fewer samples a second."""

_MIN_LEAD = 0.05
"""Seconds by which a sound may start early without the pictures having to wait for it."""

_MAX_GAP = 60.0
"""Seconds without sound that are filled or waited for."""

_DAMAGED = "Parts of the sound are damaged and left out."

_TAIL = 60.0
"""Seconds for which the sound may go on after the pictures."""

_UNREADABLE = (av.FFmpegError, ValueError, TypeError, ArithmeticError, LookupError)
"""What PyAV raises for sound that it can't make anything of."""

_MAX_BACKWARD_STEP = 1.0
"""Seconds by which a time stamp may go back without the sound ending there."""


class AudioTrack:
    """The sound of a video, in packets for a new file.

    `lead` is how many seconds after the sound the first picture starts, where that is audible;
    `warning` says in a sentence what of the sound couldn't be kept, or is None.

    Args:
        source: A video file; one without sound gives no packets.
        output: The new file; a stream is added to it.

    Raises:
        VideoError: The source can't be read.
    """

    def __init__(self, source: Path, output: OutputContainer) -> None:
        """Open the source and add the stream."""
        self.lead = 0.0
        self.warning: str | None = None
        self._container = open_container(source)
        self._packets: Iterator[av.Packet] = iter(())
        self._pending: av.Packet | None = None
        stream = self._container.streams.best("audio")
        if stream is None:
            return
        if stream.codec_context is None:
            self._warn("The sound is of an unknown kind and left out.")
            return
        try:
            self._open_stream(source, stream, output)
        except _UNREADABLE as error:
            if isinstance(error, VideoError):
                raise
            self._warn("The sound can't be read and is left out.")

    def _open_stream(self, source: Path, stream: AudioStream, output: OutputContainer) -> None:
        first_picture = _first_frame_time(source)
        early = first_picture - float((stream.start_time or 0) * stream.time_base)
        self.lead = early if early > _MIN_LEAD else 0.0
        self._shift = self.lead - first_picture
        if _can_be_copied(stream):
            copy = output.add_stream_from_template(stream)
            self._packets = self._while_readable(self._copy_packets(stream, copy))
            return
        source_layout = _layout(stream)
        if " channels (" in source_layout.name:  # such as "8 channels (FL+FR+...)"
            self._warn("The sound's channels are in an order of their own; it is left out.")
            return
        rate = stream.rate if stream.rate in _RATES else _RATES[0]
        layout = "mono" if source_layout.nb_channels == 1 else "stereo"
        encoder = output.add_stream("aac", rate=rate, layout=layout)
        encoded = self._encode_packets(stream, encoder, max(0.0, self.lead - early))
        self._packets = self._while_readable(encoded)

    def packets_until(self, time: float) -> Iterator[av.Packet]:
        """Yield the packets up to a time of the new file, in seconds, that weren't given yet."""
        while True:
            packet = self._pending or next(self._packets, None)
            self._pending = packet
            if packet is None or float(packet.pts * packet.time_base) > time:
                return
            self._pending = None
            yield packet

    def rest(self, end: float) -> Iterator[av.Packet]:
        """Yield the packets that weren't given yet, up to a while after the pictures' end."""
        yield from self.packets_until(end + _TAIL)
        if self._pending is not None:
            self._warn("The sound goes on for more than a minute after the pictures; it ends then.")

    def close(self) -> None:
        """Close the source."""
        self._container.close()

    def _warn(self, sentence: str) -> None:
        """Add a sentence to the warning, once."""
        if sentence not in (self.warning or ""):
            self.warning = " ".join(filter(None, (self.warning, sentence)))

    def _while_readable(self, packets: Iterator[av.Packet]) -> Iterator[av.Packet]:
        """Yield packets up to where the sound turns out to be unreadable."""
        try:
            yield from packets
        except _UNREADABLE:
            self._warn("The sound can't be read to its end.")

    def _shift_timestamps(self, parts: Iterable[_Media]) -> Iterator[_Media]:
        """Yield packets or frames at their times in the new file, up to where these leap."""
        order = _GapDetector(self.lead)
        for part in parts:
            if part.pts is not None:
                part.pts += round(self._shift / part.time_base)
                leap = order.check(float(part.pts * part.time_base), _duration(part))
                if leap:
                    self._warn(leap)
                    return
            yield part

    def _demux(self, stream: AudioStream) -> Iterator[av.Packet]:
        try:
            yield from self._container.demux(stream)
        except av.FFmpegError:
            self._warn("The sound breaks off early, as it does in the source.")

    def _copy_packets(self, stream: AudioStream, output: AudioStream) -> Iterator[av.Packet]:
        last = None
        for packet in self._shift_timestamps(self._demux(stream)):
            if packet.pts is None:
                continue
            packet.dts = packet.pts
            if last is None or packet.dts > last:
                last = packet.dts
                packet.stream = output
                yield packet

    def _encode_packets(
        self, stream: AudioStream, encoder: AudioStream, start: float
    ) -> Iterator[av.Packet]:
        context = encoder.codec_context
        context.open()
        resampler = av.AudioResampler(
            *(context.format, context.layout, context.rate, context.frame_size),
            options={"async": "1", "first_pts": str(round(start * context.rate))},
        )
        for frame in self._shift_timestamps(self._decode_frames(stream)):
            try:
                resampled = resampler.resample(frame)
            except ValueError:  # the sound changes its form
                self._warn("The sound changes its form in the middle; only its start is kept.")
                break
            for part in resampled:
                yield from self._encode(encoder, part)
        for part in [*resampler.resample(None), None]:
            yield from self._encode(encoder, part)

    def _encode(self, encoder: AudioStream, part: av.AudioFrame | None) -> list[av.Packet]:
        """Return packets; there are none of samples that are no numbers."""
        try:
            return encoder.encode(part)
        except av.FFmpegError:
            self._warn(_DAMAGED)
            return []

    def _decode_frames(self, stream: AudioStream) -> Iterator[av.AudioFrame]:
        end = 0.0
        for packet in self._demux(stream):
            try:
                frames = stream.decode(packet)
            except av.FFmpegError:
                self._warn(_DAMAGED)
                continue
            for frame in frames:
                if frame.pts is None:  # it follows the one before, as in WMA
                    frame.time_base = Fraction(1, frame.sample_rate)
                    frame.pts = round(end * frame.sample_rate)
                end = float(frame.pts * frame.time_base) + _duration(frame)
                yield frame


class _GapDetector:
    """Notices where the times of a sound leap instead of going on.

    Args:
        pictures: Seconds at which the first picture is shown.
    """

    def __init__(self, pictures: float) -> None:
        self._last: float | None = None
        self._end = pictures

    def check(self, start: float, length: float) -> str | None:
        """Return a sentence if the sound has to end before what comes next, else None.

        Args:
            start: Of what comes next, in seconds.
            length: Of what comes next, in seconds.
        """
        far = start - self._end > _MAX_GAP
        rest = f"after {_format_minutes(self._end)}; what comes later is left out."
        if self._last is None and far:
            return "The sound starts more than a minute after the pictures and is left out."
        if far:
            return f"The sound stops for more than a minute {rest}"
        if self._last is not None and start < self._last - _MAX_BACKWARD_STEP:
            return f"The sound's times go back {rest}"
        if self._last is None or start > self._last:
            self._last, self._end = start, start + length
        return None


def _format_minutes(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def _duration(part: av.Packet | av.AudioFrame) -> float:
    """Return for how many seconds a packet or a frame sounds."""
    if isinstance(part, av.AudioFrame):
        return part.samples / part.sample_rate
    return float((part.duration or 0) * part.time_base)


def _can_be_copied(stream: AudioStream) -> bool:
    codec = stream.codec_context.codec.canonical_name
    if codec == "mp3":
        return stream.rate >= _MIN_MP3_RATE
    return codec == "aac" and bool(stream.codec_context.extradata)


def _layout(stream: AudioStream) -> AudioLayout:
    """Return the order of a stream's channels, which is not to be asked for in another way.

    PyAV frees an order of its own kind, such as a file may state, once more with each object that
    it makes of it, and so would end the process. This one is never freed.
    """
    layout = stream.codec_context.layout
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return layout


def _first_frame_time(source: Path) -> float:
    """Return the seconds, on the file's own clock, at which its first picture is shown."""
    with open_container(source) as container:
        stream = video_stream(container)
        for packet in container.demux(stream):
            try:
                frame = next(iter(stream.decode(packet)), None)
            except av.FFmpegError:
                continue
            if frame is not None:
                return frame.time or 0.0
    return 0.0
