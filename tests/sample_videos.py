"""Small videos made for tests: any times, container, codec, orientation and sound."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

from fer.video import VideoReader

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 180, 30), (30, 30, 200), (240, 240, 240)
TICK_STEPS = 1000
SOUND_RATE = 48_000
STEADY = [i / 25 for i in range(10)]
UNSTEADY = [0, 0.04, 0.1, 0.5, 0.52, 1.3]


def grey(index: int, size: tuple[int, int]) -> np.ndarray:
    """A frame that tells its number by its brightness."""
    return np.full((size[1], size[0], 3), 20 + index * 8 % 220, np.uint8)


def noisy(index: int, size: tuple[int, int]) -> np.ndarray:
    """A frame that can't be compressed, so that all take about as many bytes."""
    return np.random.default_rng(index).integers(0, 256, (size[1], size[0], 3), np.uint8)


def corners(index: int, size: tuple[int, int]) -> np.ndarray:
    """Red, green / blue, white: tells how the picture is turned."""
    width, height = size
    image = np.full((height, width, 3), WHITE, np.uint8)
    image[: height // 2, : width // 2] = RED
    image[: height // 2, width // 2 :] = GREEN
    image[height // 2 :, : width // 2] = BLUE
    return image


def make_film(
    path: Path,
    times: Sequence[float],
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    picture: Callable[[int, tuple[int, int]], np.ndarray] = grey,
    last: float = 0.04,
    reordered: int = 0,
    display: tuple[float, bool] | None = None,
    sound: str | None = None,
    sound_start: float = 0.0,
    sound_seconds: float = 2.0,
    sound_rate: int = SOUND_RATE,
    pixel_aspect: Fraction | None = None,
    form: dict[str, str] | None = None,
) -> Path:
    """Write a video whose frames are shown at `times`, the last one for `last` seconds."""
    with av.open(str(path), "w", container_options=form or {}) as container:
        stream = container.add_stream(codec, rate=TICK_STEPS if codec == "gif" else 25)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = Fraction(1, 100 if codec == "gif" else TICK_STEPS)
        if codec == "mpeg4":  # knows steady rates only
            stream.codec_context.time_base = Fraction(1, 25)
        if codec == "libx264":
            stream.codec_context.options = {"bf": str(reordered), "g": "10", "crf": "10"}
        if pixel_aspect:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if display:
            stream.set_display_rotation(display[0], hflip=display[1])
        tone = container.add_stream(sound, rate=sound_rate, layout="mono") if sound else None
        if tone is not None:
            _write_sound(container, tone, sound_start, sound_seconds)
        _write_pictures(container, stream, times, size, picture, last)
    return path


def _write_pictures(container, stream, times, size, picture, last) -> None:
    base = stream.codec_context.time_base
    for index, time in enumerate(times):
        image = picture(index, size)
        form = "rgba" if image.shape[2] == 4 else "rgb24"
        frame = av.VideoFrame.from_ndarray(image, form).reformat(format=stream.pix_fmt)
        frame.pts, frame.time_base = round(time / base), base
        for packet in stream.encode(frame):
            container.mux(packet)
    for packet in stream.encode(None):
        packet.duration = round(last / packet.time_base)
        container.mux(packet)


def _write_sound(container, stream, start: float, seconds: float) -> None:
    """Write silence, and a tone for the second half."""
    rate = stream.rate
    count = round(seconds * rate)
    wave = np.sin(np.arange(count) * (2 * np.pi * 440 / rate)) * 0.5
    wave[: count // 2] = 0
    samples = (wave * 32_000).astype(np.int16)[None]
    for at in range(0, count, 1024):
        frame = av.AudioFrame.from_ndarray(samples[:, at : at + 1024], "s16", "mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start * rate) + at
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def add_cover(container) -> av.VideoStream:
    """Add a stream for a picture such as a song's cover; its header comes before any packet."""
    cover = container.add_stream("mjpeg", rate=25)
    cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
    cover.disposition = Disposition.attached_pic
    return cover


def write_cover(container, cover: av.VideoStream) -> None:
    """Write the one picture of a cover."""
    container.mux(cover.encode(av.VideoFrame.from_ndarray(grey(0, (320, 240)))))
    container.mux(cover.encode(None))


def with_a_gap(source: Path, path: Path, after: float, seconds: float) -> Path:
    """Copy a video, with what sounds later than `after` put off by `seconds`."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio" and packet.pts * packet.time_base > after:
                packet.pts += round(seconds / packet.time_base)
                packet.dts = packet.pts
            packet.stream = streams[packet.stream.index]
            new.mux(packet)
    return path


def set_back(path: Path, after: float, seconds: float) -> Path:
    """Set the clock of a Matroska file back in the middle; no muxer writes such a file."""
    data, at = bytearray(path.read_bytes()), 0
    while (at := data.find(b"\x1f\x43\xb6\x75", at + 1)) > 0:  # a cluster
        stamp = data.find(b"\xe7\x82", at, at + 24) + 2  # its time, in two bytes but for the first
        time = int.from_bytes(data[stamp : stamp + 2], "big")
        if stamp > at and time > after * TICK_STEPS:
            data[stamp : stamp + 2] = (time - round(seconds * TICK_STEPS)).to_bytes(2, "big")
    path.write_bytes(data)
    return path


def tone_starts(path: Path) -> float:
    """Return the seconds from the first picture to where the tone sets in."""
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray().astype(float)).reshape(-1)
            loud = loud / (32_768 if frame.format.name.startswith("s16") else 1)
            if (loud > 0.1).any():
                return frame.time + loud.argmax() / frame.sample_rate - picture
    raise AssertionError("There is no tone.")


def frames_of(path: Path, **options) -> tuple[VideoReader, list]:
    """Read a video with `VideoReader(path, **options)`: the reader when it is done, its frames."""
    with VideoReader(path, **options) as reader:
        return reader, list(reader)
