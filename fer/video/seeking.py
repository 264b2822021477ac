"""Single frames from anywhere in a video that can be sought."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from fer.array_types import UInt8Array
from fer.i18n import gettext as _
from fer.video.container import VideoError, demux, open_container, video_stream


def frames_at(path: Path, times: Sequence[float]) -> list[UInt8Array]:
    """Return the frames that are on the screen at some times.

    It is meant for files of `VideoWriter`: others may lack the index to seek by, and their frames
    are neither set upright nor tone-mapped here.

    Args:
        path: An MP4 file.
        times: Seconds from the first frame; after the end, the last frame is returned.

    Returns:
        RGB uint8 (h, w, 3), one for each time.

    Raises:
        VideoError: The file can't be read.
    """
    with open_container(path, any_size=True) as container:
        stream = video_stream(container)
        stream.thread_type = "NONE"  # for a few frames, threads cost more than they save
        return [_frame_at(container, stream, time) for time in times]


def _frame_at(container: InputContainer, stream: VideoStream, time: float) -> UInt8Array:
    found = None
    if stream.time_base:
        wanted = (stream.start_time or 0) + round(time / stream.time_base)
        container.seek(wanted, stream=stream)
        for frame in _decode_frames(container, stream):
            if found is not None and (frame.pts or 0) > wanted:
                break
            found = frame
    if found is None:
        raise VideoError(
            _("The video has no picture at %(time)s seconds that can be read.", time=f"{time:.1f}")
        )
    return np.asarray(found.to_ndarray(format="rgb24"), np.uint8)


def _decode_frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in demux(container, stream):
        try:
            yield from stream.decode(packet)
        except av.FFmpegError:
            continue  # the frames around it will do
