"""Copying the sound of a video into another file, in sync with the pictures as before.

AAC and MP3 are copied packet by packet, as MP4 allows them and browsers play them; everything else
is decoded and encoded as AAC, with silence where the time stamps leave a gap. Where the stamps leap
the sound ends, as it does a minute after the pictures. Sound that can't be read never costs the
pictures: it is left out with a warning.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias, TypeVar

import av
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.video.container import (
    DISCONTINUOUS_FORMATS,
    MAX_GAP,
    VideoError,
    audio_stream,
    demux,
    describe_other_audio,
    has_decoder,
    max_backward_step,
    open_container,
)
from fer.video.timestamps import GapDetector, first_frame_time

_AudioPacket: TypeAlias = "Packet[AudioStream]"
_Media = TypeVar("_Media", "Packet[AudioStream]", av.AudioFrame)

_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_MIN_MP3_RATE = 16_000
"""MP4 allows no MP3 of fewer samples per second."""

_MIN_VIDEO_OFFSET = 0.05
"""Seconds by which a sound may start early without the pictures having to wait for it."""

_DAMAGED = N_("Parts of the sound are damaged and left out.")

TAIL = 60.0
"""Seconds for which the sound may continue after the pictures."""

_UNREADABLE = (av.FFmpegError, ValueError, TypeError, ArithmeticError, LookupError)
"""What PyAV raises for sound that it can't decode, copy or encode."""


class AudioTrack:
    """The sound of a video, in packets for a new file.

    `video_offset` is how many seconds after the sound the first picture starts, where that is
    audible; `end`, at how many seconds of the new file the packets yielded until now end;
    `warning` is what of the sound isn't kept, in sentences, or None; `tail`, the seconds for which
    it may continue after the pictures, may be changed.

    Args:
        source: A video file; one without sound has no packets.
        output: The new file; a stream is added to it.
        start: Seconds of the pictures at which the new file begins; sound before is left out.

    Raises:
        VideoError: The source can't be read.
    """

    def __init__(self, source: Path, output: OutputContainer, start: float) -> None:
        """Open the source and add the stream."""
        self.video_offset = self.end = 0.0
        self._start, self.tail = start, TAIL
        self.warning: str | None = None
        self._container = open_container(source, unlimited=True)  # its reader refuses large ones
        self._packets: Iterator[_AudioPacket] = iter(())
        self._pending: _AudioPacket | None = None
        stream = audio_stream(self._container)
        if stream is None:
            if self._container.streams.audio:
                self._warn(_("The sound starts too late to be recognised; it is left out."))
            return
        if not has_decoder(stream):
            self._warn(_("The sound is of an unknown kind and left out."))
            return
        try:
            self._open_stream(source, stream, output)
        except _UNREADABLE as error:
            if isinstance(error, VideoError):
                self._container.close()
                raise
            self._warn(_("The sound can't be read and is left out."))

    def _open_stream(self, source: Path, stream: AudioStream, output: OutputContainer) -> None:
        self._warn(describe_other_audio(self._container, stream))
        first_picture = first_frame_time(source)
        early = first_picture - (_seconds(stream.start_time, stream) or 0.0)
        early += self._start
        self.video_offset = (
            early if _MIN_VIDEO_OFFSET < early <= MAX_GAP and not self._start else 0.0
        )
        self._shift = self.video_offset - first_picture - self._start
        if early > MAX_GAP and not self._start:
            self._warn(
                _("The sound starts more than a minute before the pictures; it is cut there.")
            )
        if _can_be_copied(stream):
            copy = output.add_stream_from_template(stream)
            self._packets = self._while_readable(self._copy_packets(stream, copy))
            return
        source_layout = _layout(stream)
        if " channels (" in source_layout.name:  # such as "8 channels (FL+FR+...)"
            self._warn(_("The sound's channels are in an order of their own; it is left out."))
            return
        rate = stream.rate if stream.rate in _RATES else _RATES[0]
        layout = "mono" if source_layout.nb_channels == 1 else "stereo"
        encoder = output.add_stream("aac", rate=rate, layout=layout)
        encoded = self._encode_packets(stream, encoder, max(0.0, self.video_offset - early))
        self._packets = self._while_readable(encoded)

    def packets_until(self, time: float) -> Iterator[_AudioPacket]:
        """Yield the next packets up to a time of the new file, in seconds."""
        while True:
            packet = self._pending or next(self._packets, None)
            self._pending = packet
            if packet is None or (_seconds(packet.pts, packet) or 0.0) > time:
                return
            self._pending = None
            self.end = (_seconds(packet.pts, packet) or 0.0) + _duration(packet)
            yield packet

    def rest(self, end: float) -> Iterator[_AudioPacket]:
        """Yield the remaining packets, up to a while after the pictures' end."""
        yield from self.packets_until(end + self.tail)
        if self._pending is not None and self.tail:
            self._warn(
                _("The sound lasts for more than a minute after the pictures; it is cut there.")
            )

    def close(self) -> None:
        """Close the source."""
        self._container.close()

    def _warn(self, sentence: str | None) -> None:
        """Add a sentence to the warning, once."""
        if sentence and sentence not in (self.warning or ""):
            self.warning = " ".join(filter(None, (self.warning, sentence)))

    def _while_readable(self, packets: Iterator[_AudioPacket]) -> Iterator[_AudioPacket]:
        """Yield packets until the sound turns out to be unreadable."""
        try:
            yield from packets
        except _UNREADABLE:
            self._warn(_("The sound can't be read to its end."))

    def _shift_timestamps(self, media: Iterable[_Media]) -> Iterator[_Media]:
        """Yield packets or frames at their times in the new file, until a gap ends the sound."""
        gaps = GapDetector(self.video_offset, max_backward_step(self._container))
        for item in media:
            if item.pts is not None:
                base = item.time_base or Fraction(1)
                item.pts += round(self._shift / base)
                start, length = float(item.pts * base), _duration(item)
                if start + length < -_MIN_VIDEO_OFFSET:
                    continue  # before the pictures, and too early for them to wait
                warning = gaps.check(start, length)
                if warning and self._container.format.name in DISCONTINUOUS_FORMATS:
                    delay = gaps.end - start  # another scene, which follows the one before
                    self._shift += delay
                    item.pts += round(delay / base)
                    warning = gaps.check(gaps.end, length)
                if warning:
                    self._warn(warning)
                    return
            yield item

    def _demux(self, stream: AudioStream) -> Iterator[_AudioPacket]:
        try:
            yield from demux(self._container, stream)
        except av.FFmpegError:
            self._warn(_("The sound breaks off early, as it does in the source."))

    def _copy_packets(self, stream: AudioStream, output: AudioStream) -> Iterator[_AudioPacket]:
        last: int | None = None
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
    ) -> Iterator[_AudioPacket]:
        context = encoder.codec_context
        context.open()
        resampler = av.AudioResampler(
            context.format,
            context.layout,
            context.rate,
            context.frame_size,
            options={"async": "1", "first_pts": str(round(start * context.rate))},
        )
        for decoded in self._shift_timestamps(self._decode_frames(stream)):
            try:
                resampled = resampler.resample(decoded)
            except ValueError:  # the sound changes its sample format
                self._warn(_("The sound changes its format in the middle; only its start is kept."))
                break
            for frame in resampled:
                yield from self._encode(encoder, frame)
        for rest in [*resampler.resample(None), None]:
            yield from self._encode(encoder, rest)

    def _encode(self, encoder: AudioStream, frame: av.AudioFrame | None) -> list[_AudioPacket]:
        """Return the packets of a frame; samples that are NaN have none."""
        try:
            return encoder.encode(frame)
        except av.FFmpegError:
            self._warn(_(_DAMAGED))
            return []

    def _decode_frames(self, stream: AudioStream) -> Iterator[av.AudioFrame]:
        """Yield frames, each with a time in samples: a resampler takes the first frame's unit."""
        end = 0.0
        for packet in self._demux(stream):
            try:
                frames = stream.decode(packet)
            except av.FFmpegError:
                self._warn(_(_DAMAGED))
                continue
            for frame in frames:
                # One without a time follows the one before: all of WMA in AVI, the last in WMV.
                start = end if frame.pts is None else frame.time or 0.0
                frame.time_base = Fraction(1, frame.sample_rate)
                frame.pts = round(start * frame.sample_rate)
                end = start + _duration(frame)
                yield frame


def _seconds(stamp: int | None, owner: _AudioPacket | AudioStream) -> float | None:
    """Return a time stamp of a packet or a stream in seconds."""
    return None if stamp is None or not owner.time_base else float(stamp * owner.time_base)


def _duration(media: _AudioPacket | av.AudioFrame) -> float:
    """Return the seconds of sound in a packet or a frame."""
    if isinstance(media, av.AudioFrame):
        return media.samples / media.sample_rate
    return float((media.duration or 0) * media.time_base)


def _can_be_copied(stream: AudioStream) -> bool:
    codec = stream.codec_context.codec.canonical_name
    if codec == "mp3":
        return stream.rate >= _MIN_MP3_RATE
    return codec == "aac" and bool(stream.codec_context.extradata)


def _layout(stream: AudioStream) -> AudioLayout:
    """Return the order of a stream's channels; the only safe way to read it.

    PyAV frees a custom order, such as a file may state, once for each object that it makes of it,
    which would end the process. This object is never freed.
    """
    layout = stream.codec_context.layout
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return layout
