"""The sound of a video goes with its pictures into another file, at the same time as before.

AAC and MP3 are copied packet by packet, as MP4 takes them and browsers play them; everything else
is decoded and encoded as AAC, with silence where the time stamps leave a gap.
"""

from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from fer.videos.door import open_container, pictures

_COPIED = ("aac", "mp3")
_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_TRIMMED = 0.05
"""Seconds by which a sound may start early without the pictures having to wait for it."""


class Sound:
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
        self._waiting: av.Packet | None = None
        stream = self._container.streams.best("audio")
        if stream is not None and stream.codec_context is None:
            self.warning = "The sound is of an unknown kind and left out."
        elif stream is not None:
            self._begin(source, stream, output)

    def _begin(self, source: Path, stream: AudioStream, output: OutputContainer) -> None:
        first_picture = _first_picture(source)
        early = first_picture - float((stream.start_time or 0) * stream.time_base)
        self.lead = early if early > _TRIMMED else 0.0
        self._shift = self.lead - first_picture
        if _can_be_copied(stream):
            self._packets = self._copied(stream, output.add_stream_from_template(stream))
            return
        rate = stream.rate if stream.rate in _RATES else _RATES[0]
        layout = "mono" if stream.channels == 1 else "stereo"
        encoder = output.add_stream("aac", rate=rate, layout=layout)
        self._packets = self._encoded(stream, encoder, max(0.0, self.lead - early))

    def until(self, time: float) -> Iterator[av.Packet]:
        """Yield the packets up to a time of the new file, in seconds, that weren't given yet."""
        while True:
            packet = self._waiting or next(self._packets, None)
            self._waiting = packet
            if packet is None or float(packet.pts * packet.time_base) > time:
                return
            self._waiting = None
            yield packet

    def close(self) -> None:
        """Close the source."""
        self._container.close()

    def _demuxed(self, stream: AudioStream) -> Iterator[av.Packet]:
        try:
            yield from self._container.demux(stream)
        except av.FFmpegError:
            self.warning = "The sound breaks off early, as it does in the source."

    def _copied(self, stream: AudioStream, output: AudioStream) -> Iterator[av.Packet]:
        shift = round(self._shift / stream.time_base)
        last = None
        for packet in self._demuxed(stream):
            if packet.pts is None:
                continue
            packet.pts += shift
            packet.dts = packet.pts
            if last is None or packet.dts > last:
                last = packet.dts
                packet.stream = output
                yield packet

    def _encoded(
        self, stream: AudioStream, encoder: AudioStream, start: float
    ) -> Iterator[av.Packet]:
        context = encoder.codec_context
        context.open()
        resampler = av.AudioResampler(
            *(context.format, context.layout, context.rate, context.frame_size),
            options={"async": "1", "first_pts": str(round(start * context.rate))},
        )
        for frame in self._decoded(stream):
            if frame.pts is not None:
                frame.pts += round(self._shift / frame.time_base)
            try:
                resampled = resampler.resample(frame)
            except ValueError:  # the sound changes its form
                self.warning = "The sound changes its form in the middle; only its start is kept."
                break
            for part in resampled:
                yield from encoder.encode(part)
        for part in resampler.resample(None):
            yield from encoder.encode(part)
        yield from encoder.encode(None)

    def _decoded(self, stream: AudioStream) -> Iterator[av.AudioFrame]:
        for packet in self._demuxed(stream):
            try:
                yield from stream.decode(packet)
            except av.FFmpegError:
                self.warning = "Parts of the sound are damaged and left out."


def _can_be_copied(stream: AudioStream) -> bool:
    codec = stream.codec_context.codec.canonical_name
    return codec in _COPIED and (codec != "aac" or bool(stream.codec_context.extradata))


def _first_picture(source: Path) -> float:
    """Return the seconds, on the file's own clock, at which its first picture is shown."""
    with open_container(source) as container:
        stream = pictures(container)
        for packet in container.demux(stream):
            try:
                frame = next(iter(stream.decode(packet)), None)
            except av.FFmpegError:
                continue
            if frame is not None:
                return frame.time or 0.0
    return 0.0
