"""The front door for videos: any file becomes upright RGB frames with times, and back to MP4."""

from fer.video.container import (
    FORMATS,
    MAX_BYTES,
    MAX_SECONDS,
    MAX_SIDE,
    SUFFIXES,
    VideoError,
    VideoInfo,
)
from fer.video.reader import Frame, VideoReader, check_video
from fer.video.seeking import frames_at
from fer.video.writer import VideoWriter

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_SECONDS",
    "MAX_SIDE",
    "SUFFIXES",
    "Frame",
    "VideoError",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "check_video",
    "frames_at",
]
