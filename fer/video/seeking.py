"""Single frames out of the middle of a video that can be wound to any place."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from fer.video.container import VideoError, open_container, video_stream


def frames_at(path: Path, times: Sequence[float]) -> list[np.ndarray]:
    """Return the frames that are shown at some times.

    It is meant for what `VideoWriter` has written: other files may lack the marks to wind by, and
    frames come as they lie in the file.

    Args:
        path: An MP4 file.
        times: Seconds from the first frame; later than the end is the last frame.

    Returns:
        RGB uint8 (h, w, 3), one a time.

    Raises:
        VideoError: The file can't be read.
    """
    with open_container(path, any_size=True) as container:
        stream = video_stream(container)
        stream.thread_type = "NONE"  # a few frames here and there; nothing to do ahead
        return [_frame_at(container, stream, time) for time in times]


def _frame_at(container: InputContainer, stream: VideoStream, time: float) -> np.ndarray:
    wanted = (stream.start_time or 0) + round(time / stream.time_base)
    container.seek(wanted, stream=stream)
    found = None
    for frame in _decode_frames(container, stream):
        if found is not None and frame.pts > wanted:
            break
        found = frame
    if found is None:
        raise VideoError(f"The video has no picture at {time:.1f} seconds that can be read.")
    return found.to_ndarray(format="rgb24")


def _decode_frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in container.demux(stream):
        try:
            yield from stream.decode(packet)
        except av.FFmpegError:
            continue  # the frames around it will do
