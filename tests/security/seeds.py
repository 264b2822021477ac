"""Whole pictures and videos of all kinds that are taken, to be damaged."""

import io
from functools import cache

import numpy as np
from PIL import Image

from tests.security.pictures import picture, video


@cache
def picture_seeds() -> tuple[bytes, ...]:
    """Return pictures in all formats, and in the modes and with the extras that decoders know."""
    plain = [
        picture(kind, 64, 48)
        for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")
    ]
    grey = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 20
    exif = Image.Exif()
    exif[0x0112] = 6
    return (
        *plain,
        picture("JPEG", 64, 48, progressive=True),
        picture("JPEG", 64, 48, exif=exif.tobytes(), icc_profile=b"\x00" * 200),
        picture("PNG", 64, 48, optimize=True),
        picture("TIFF", 64, 48, compression="tiff_lzw"),
        picture("TIFF", 64, 48, compression="tiff_adobe_deflate"),
        picture("WEBP", 64, 48, lossless=True),
        _saved(Image.fromarray(grey), "PNG"),
        _saved(Image.fromarray(grey.astype(np.float32) / grey.max()), "TIFF"),
        _saved(Image.new("CMYK", (64, 48), (9, 99, 0, 20)), "JPEG"),
        _saved(Image.new("1", (64, 48), 1), "PNG"),
        _saved(Image.new("P", (64, 48), 3), "GIF", transparency=3),
        _saved(Image.new("RGBA", (64, 48), (9, 9, 9, 99)), "PNG"),
        _saved(Image.new("L", (64, 48), 7), "PPM"),
        _saved(Image.new("RGB", (64, 48)), "GIF", save_all=True, append_images=_frames()),
        _saved(Image.new("RGB", (64, 48)), "PNG", save_all=True, append_images=_frames()),
        _saved(Image.new("RGB", (64, 48)), "TIFF", save_all=True, append_images=_frames()),
    )


@cache
def video_seeds() -> tuple[bytes, ...]:
    """Return videos in all containers that are taken, with and without sound."""
    kinds = (
        ("mp4", "libx264", None),
        ("mp4", "libx264", "aac"),
        ("mov", "mpeg4", "pcm_s16le"),
        ("webm", "libvpx", "libopus"),
        ("matroska", "libx264", "flac"),
        ("matroska", "ffv1", "pcm_f32le"),
        ("avi", "mpeg4", "mp3"),
        ("avi", "mjpeg", "pcm_s16le"),
        ("gif", "gif", None),
        ("mpegts", "libx264", "aac"),
        ("mpeg", "mpeg2video", "mp2"),
        ("vob", "mpeg2video", "ac3"),
        ("flv", "flv", None),
        ("flv", "libx264", "aac"),
        ("asf", "wmv2", "mp3"),
        ("ogg", "libvpx", "libopus"),
        ("3gp", "libx264", "aac"),
    )
    return tuple(video(container, codec, 1.0, sound) for container, codec, sound in kinds)


def _frames() -> list[Image.Image]:
    return [Image.new("RGB", (64, 48), (90 * index, 20, 30)) for index in range(2)]


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
