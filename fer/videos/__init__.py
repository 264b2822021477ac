"""The front door for videos: any file becomes upright RGB frames with times, and back to MP4."""

from fer.videos.door import (
    FORMATS,
    MAX_BYTES,
    MAX_SECONDS,
    MAX_SIDE,
    SUFFIXES,
    VideoError,
    VideoInfo,
    check_video,
)
from fer.videos.reader import Frame, VideoReader
from fer.videos.seeking import frames_at
from fer.videos.writer import VideoWriter

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
