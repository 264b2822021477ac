"""Seeking in a video: when its frames are presented, without decoding them, and single frames."""

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np

from fer.array_types import Float64Array, UInt8Array
from fer.video.container import demux, open_container, video_stream
from fer.video.reader import VideoReader
from fer.video.timestamps import MAX_JUMP, MIN_STEP

_SOUGHT_FORMATS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
"""FFmpeg's names of the formats that store when each frame is presented, and are sought by that."""


def frame_times(
    reader: VideoReader, note_progress: Callable[[], object] = lambda: None
) -> Float64Array | None:
    """Return the times of a file's frames as `VideoReader` yields them, (n,), rising.

    None where the file has to be read from its beginning for them: its format stores them
    otherwise, its clock doesn't rise, or it can't be sought.

    Args:
        reader: Reader of the file.
        note_progress: Called for each packet, as a large file takes minutes over a network.
    """
    stamps = _stamps(reader, note_progress)
    if stamps is None:
        return None
    times = np.sort(stamps) - reader.first_stamp
    end = reader.info.duration or times[-1]
    steady = times[0] == 0 and times[-1] <= end + MAX_JUMP and (np.diff(times) >= MIN_STEP).all()
    return times if steady and reader.can_seek(float(times[-1])) else None


def _stamps(reader: VideoReader, note_progress: Callable[[], object]) -> Float64Array | None:
    """Return the packets' times on the file's own clock, (n,) in their order; None if unknown."""
    with open_container(reader.path, unlimited=True) as container:
        if container.format.name not in _SOUGHT_FORMATS:
            return None
        stream, stamps = video_stream(container), []
        try:
            for packet in demux(container, stream):
                note_progress()
                if packet.size and not packet.is_discard:
                    if packet.pts is None:
                        return None
                    stamps.append(float(packet.pts * packet.time_base))
        except av.FFmpegError:
            return None  # the file ends in the middle
    return np.array(stamps) if stamps else None


def frames_at(path: Path, times: Sequence[float]) -> list[UInt8Array]:
    """Return the frames that are on the screen at some times.

    Args:
        path: A file whose `frame_times` are known, as those of `VideoWriter` are.
        times: Seconds from the first frame; after the end, the last frame is returned.

    Returns:
        RGB uint8 (h, w, 3), one for each time.

    Raises:
        VideoError: The file can't be read.
    """
    with VideoReader(path, unlimited=True, threads=1) as reader:
        # A file's times are rounded to its clock's.
        return [next(reader.frames_from(time + MIN_STEP / 2)).image for time in times]
