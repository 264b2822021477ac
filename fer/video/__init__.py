"""Videos of many formats in as upright RGB frames with times, and out as MP4."""

from fer.video.container import MAX_BYTES, MAX_SIDE, VideoError, VideoInfo
from fer.video.header import MAX_SECONDS
from fer.video.reader import Frame, VideoReader, check_video
from fer.video.seeking import frames_at
from fer.video.writer import VideoWriter

__all__ = [
    "MAX_BYTES",
    "MAX_SECONDS",
    "MAX_SIDE",
    "Frame",
    "VideoError",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "check_video",
    "frames_at",
]
