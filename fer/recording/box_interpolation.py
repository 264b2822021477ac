"""Linear interpolation of boxes for the frames from one analysed frame to the next."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from supervision import Detections

from fer.video import Frame
from fer.vision.detections import boxes, select, track_ids

MAX_BUFFERED_BYTES = 400_000_000
"""Bytes of frames that are buffered until the next analysed one: 64 of 1920 x 1080.

That is a second of 60 frames, or a fifth of a second in slow motion of 240 frames per second.
"""


class BoxInterpolator:
    """Buffers frames until the faces of the next analysed frame are known.

    Args:
        max_bytes: Bytes of buffered frames; beyond that, the oldest gets the boxes of the frame
            analysed last.
    """

    def __init__(self, max_bytes: int = MAX_BUFFERED_BYTES) -> None:
        """Start with no frame."""
        self._max_bytes = max_bytes
        self._last_analyzed: tuple[float, Detections] | None = None
        self._buffer: deque[Frame] = deque()

    def add(
        self,
        frame: Frame,
        faces: Detections | None,
        confirmed_ids: Mapping[int, int] = MappingProxyType({}),
        cut_time: float = -np.inf,
    ) -> Iterator[tuple[Frame, Detections]]:
        """Add the next frame; yield those whose faces are known now, in order.

        Args:
            frame: Later than the one before; the first must be analysed.
            faces: Faces with `tracker_id`, see `confirmed_faces`; None if the frame wasn't
                analysed.
            confirmed_ids: Track ids, see `confirmed_faces`.
            cut_time: Seconds of the latest frame after a cut, across which no box is interpolated.
        """
        if faces is not None:
            yield from self._release(frame.time, faces, confirmed_ids, cut_time)
            self._last_analyzed = frame.time, faces
        self._buffer.append(frame)
        if len(self._buffer) * frame.image.nbytes > self._max_bytes:
            yield self._buffer.popleft(), confirmed_faces(self._last_faces(), confirmed_ids)

    def _release(
        self, time: float, faces: Detections, confirmed_ids: Mapping[int, int], cut_time: float
    ) -> Iterator[tuple[Frame, Detections]]:
        """Yield the frames from the last analysed one up to the next, with its time and faces."""
        if self._last_analyzed is None:
            return
        start, seen = self._last_analyzed
        before, after = confirmed_faces(seen, confirmed_ids), confirmed_faces(faces, confirmed_ids)
        while self._buffer:
            held = self._buffer.popleft()
            if start < cut_time <= time:
                yield held, before if held.time < cut_time else after
            else:
                fraction = (held.time - start) / (time - start)
                yield held, interpolate_boxes(before, after, fraction)

    def flush(self) -> Iterator[tuple[Frame, Detections]]:
        """Yield the frames from the last analysed one on."""
        while self._buffer:
            yield self._buffer.popleft(), confirmed_faces(self._last_faces(), {})

    def _last_faces(self) -> Detections:
        """Return the faces of the frame that was analysed last.

        Raises:
            ValueError: There is none, though the first frame has to be analysed.
        """
        if self._last_analyzed is None:
            raise ValueError("The first frame has to be analysed.")
        return self._last_analyzed[1]


def confirmed_faces(faces: Detections, confirmed_ids: Mapping[int, int]) -> Detections:
    """Return the faces that count.

    Args:
        faces: Faces with `tracker_id`; those that were detected once so far have a negative one.
        confirmed_ids: Maps negative track ids to those that some of the faces got later.

    Returns:
        The faces with positive ids, and those that got one, with that.
    """
    known = track_ids(faces)
    if min(known, default=1) > 0:
        return faces
    ids = np.array([one if one > 0 else confirmed_ids.get(one, 0) for one in known])
    return select(replace(faces, tracker_id=ids), ids > 0)


def interpolate_boxes(before: Detections, after: Detections, fraction: float) -> Detections:
    """Return the faces a `fraction`, 0 to 1, of the way from one frame to another.

    Boxes of faces in both frames are interpolated; everything else is as in the nearer frame.
    """
    near, far, weight = (
        (before, after, fraction) if fraction < 0.5 else (after, before, 1 - fraction)
    )
    if len(near) == 0 or len(far) == 0:
        return near
    _, here, there = np.intersect1d(track_ids(near), track_ids(far), return_indices=True)
    xyxy = boxes(near).copy()
    xyxy[here] += weight * (boxes(far)[there] - xyxy[here])
    return replace(near, xyxy=xyxy)
