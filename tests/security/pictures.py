"""Pictures and videos as bytes, for visitors to send."""

import io
from functools import cache

import av
import numpy as np
from PIL import Image


@cache
def picture(kind: str = "JPEG", width: int = 320, height: int = 240, **options: object) -> bytes:
    """Return a picture of smooth colours as a file of a Pillow format."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    pixels = np.stack([across, down, 255 - across], axis=2).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


@cache
def video(
    container: str = "mp4", codec: str = "libx264", seconds: float = 1.0, sound: str | None = None
) -> bytes:
    """Return a video of ten frames a second, 160 x 120, with a tone if there is a sound codec."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=10)
        stream.width, stream.height = 160, 120
        stream.pix_fmt = stream.codec_context.codec.video_formats[0].name
        tone = None if sound is None else output.add_stream(sound, rate=48_000)
        for index in range(round(10 * seconds)):
            pixels = np.full((120, 160, 3), 20 * index % 256, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        output.mux(stream.encode())
        if tone is not None:
            _add_tone(output, tone, seconds)
    return file.getvalue()


def _add_tone(output: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    kind = stream.codec_context.codec.audio_formats[0].name
    resampler = av.AudioResampler(kind, "stereo", 48_000, stream.codec_context.frame_size or 1024)
    times = np.arange(round(48_000 * seconds))
    wave = (8_000 * np.sin(times * 0.05)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], "s16", "stereo")
    frame.sample_rate, frame.pts = 48_000, 0
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        output.mux(stream.encode(part))
    output.mux(stream.encode())
