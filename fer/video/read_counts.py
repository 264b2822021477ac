"""Counts of what was read of a video, and what of it couldn't be read, in sentences.

An AVI's index (`idx1`) shows whether its last frames are missing or empty: for a picture that
doesn't change many recorders write empty chunks, which FFmpeg passes over. They count in the header
like other frames, as do those of a file that is cut off, which has no index.
"""

from dataclasses import dataclass
from pathlib import Path
from struct import unpack
from typing import Any

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from fer.i18n import format_count, localized_number
from fer.i18n import gettext as _
from fer.video.container import describe_other_videos
from fer.video.header import MAX_FRAMES, stated_span
from fer.video.timestamps import MAX_JUMP

_INDEX_ENTRY = np.dtype([("chunk", "S4"), ("rest", "V12")])

_MAX_INDEX_BYTES = 10 * MAX_FRAMES * _INDEX_ENTRY.itemsize
"""Most bytes of an index that is read: sound has entries, too."""

_MAX_CHUNKS = 100
"""Most chunks that are read before the index; there are about four."""


@dataclass
class ReadCounts:
    """What has been read of a video so far; times are on the file's own clock.

    Attributes:
        packets: Packets of the video that hold anything.
        undecodable: Packets of the video that couldn't be decoded.
        frames: Frames that were decoded.
        damaged: Decoded frames that are damaged.
        read_until: Seconds up to which anything was read.
        video_until: Seconds up to which packets of the video were read.
        has_late_stream: Whether a track appeared that the header doesn't list.
        ends_repeated: Whether the last packet of the video is empty: the frame before stays.
    """

    packets: int = 0
    undecodable: int = 0
    frames: int = 0
    damaged: int = 0
    read_until: float = 0.0
    video_until: float = 0.0
    has_late_stream: bool = False
    ends_repeated: bool = False

    def extend(self, time: float) -> None:
        """Note that the file was read up to a time."""
        self.read_until = max(self.read_until, time)

    def note_packet(self, packet: "Packet[Stream]", is_video: bool) -> None:
        """Note a packet of the video or of another track."""
        end = 0.0
        if packet.pts is not None:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
        self.extend(end)
        if is_video:
            self.packets += packet.size > 0
            if packet.size or is_repetition(packet):
                self.ends_repeated = not packet.size
            self.video_until = max(self.video_until, end)

    def reach_end(self, time: float) -> None:
        """Note that the video was read to its end, at a time."""
        self.extend(time)
        self.video_until = max(self.video_until, time)

    def note_late_stream(self) -> None:
        """Note that a track appeared that the header doesn't list."""
        self.has_late_stream = True

    def describe_file(
        self,
        container: InputContainer,
        stream: VideoStream,
        max_frames: int,
        max_seconds: int | None,
    ) -> str | None:
        """Return which tracks and which end of a file weren't read, in sentences; None if all were.

        Args:
            container: The file, which was read to its end.
            stream: Its video.
            max_frames: Frames that were read at most.
            max_seconds: Seconds after which reading was stopped; None if it wasn't.
        """
        sentences = [describe_other_videos(container, stream)]
        if self.has_late_stream:
            sentences.append(
                _("A track that appears late in the file, such as its sound, is left out.")
            )
        start, end = stated_span(container) or (0.0, 0.0)
        if end - self.read_until > MAX_JUMP:
            lengths = self.read_until - start, end - start
            digits = 0 if lengths[1] >= 10 else 1
            read, stated = (localized_number(f"{length:.{digits}f}") for length in lengths)
            sentences.append(
                _("The file ends after %(read)s of %(stated)s seconds.", read=read, stated=stated)
            )
        if self.frames > max_frames:
            sentences.append(
                _("Only the first %(most)s pictures were read.", most=format_count(max_frames))
            )
        if max_seconds is not None:
            sentences.append(
                _("Only the first %(most)s minutes were read.", most=max_seconds // 60)
            )
        return " ".join(filter(None, sentences)) or None

    def describe_lost_frames(
        self, stream: VideoStream, frame_rate: float, whole: bool
    ) -> str | None:
        """Return how many frames couldn't be read or are damaged, in sentences; None if none.

        Args:
            stream: The video.
            frame_rate: Mean frames per second.
            whole: Whether it was read from its beginning to its end.
        """
        total = self.packets
        if whole and self._is_cut_off(stream, frame_rate):
            total = max(stream.frames, total)
        missing = self.undecodable + total - self.packets
        sentences = []
        if missing:
            sentences.append(
                _(
                    "%(missing)s of %(total)s pictures could not be read.",
                    missing=format_count(missing),
                    total=format_count(total),
                )
            )
        if self.damaged:
            sentences.append(
                _(
                    "%(damaged)s of %(total)s pictures are damaged.",
                    damaged=format_count(self.damaged),
                    total=format_count(total),
                )
            )
        return " ".join(sentences) or None

    def _is_cut_off(self, stream: VideoStream, frame_rate: float) -> bool:
        """Return whether frames are missing at the end.

        The number of frames in the header doesn't suffice: a trimmed video may hide some.
        """
        if not stream.duration or not stream.time_base:
            return False
        end = float(((stream.start_time or 0) + stream.duration) * stream.time_base)
        return end - self.video_until > 2 / frame_rate


def is_repetition(packet: "Packet[Any]") -> bool:
    """Return whether a packet is empty, by which Theora leaves the frame before on the screen.

    Those without a time flush a decoder.
    """
    return not packet.size and packet.pts is not None


def lists_all_frames(path: str | Path, stream: VideoStream) -> bool:
    """Return whether a file is an AVI whose index lists each frame that the header counts.

    Args:
        path: The file.
        stream: Its video track.
    """
    entries = np.frombuffer(_read_index(Path(path)), _INDEX_ENTRY)["chunk"]
    names = [b"%02d%s" % (stream.index, kind) for kind in (b"dc", b"db")]
    listed = int(np.isin(entries, names).sum())
    return 0 < stream.frames <= listed


def _read_index(path: Path) -> bytes:
    """Return the entries of the first index, whole ones only; none where there is no index."""
    with path.open("rb") as file:
        riff, _size, form = unpack("<4sI4s", file.read(12).ljust(12))
        for _ in range(_MAX_CHUNKS if (riff, form) == (b"RIFF", b"AVI ") else 0):
            name, size = unpack("<4sI", file.read(8).ljust(8))
            if name == b"idx1":
                content = file.read(min(size, _MAX_INDEX_BYTES))
                return content[: len(content) - len(content) % _INDEX_ENTRY.itemsize]
            file.seek(size + size % 2, 1)
    return b""
