"""Faces of the frames between two that were analysed: their boxes glide from one to the other."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from supervision import Detections

from fer.video import Frame

MAX_BUFFERED_BYTES = 400_000_000
"""Bytes of frames that wait for the next analysed one: 64 of 1920 x 1080.

That is a second of 60 frames, or a fifth of a second in slow motion of 240 frames a second.
"""


class BoxInterpolator:
    """Holds frames back until it is known where their faces are going.

    Args:
        max_bytes: Bytes of frames held back; beyond that, the oldest gets the boxes of the frame
            analysed last.
    """

    def __init__(self, max_bytes: int = MAX_BUFFERED_BYTES) -> None:
        """Start with no frame."""
        self._max_bytes = max_bytes
        self._last_analyzed: tuple[float, Detections] | None = None
        self._buffer: deque[Frame] = deque()

    def add(self, frame: Frame, faces: Detections | None) -> Iterator[tuple[Frame, Detections]]:
        """Take the next frame, and give those whose faces are known now, in their order.

        Args:
            frame: Later than the one before; the first must be analysed.
            faces: With `tracker_id`; None if the frame wasn't analysed.
        """
        if faces is None:
            self._buffer.append(frame)
            if len(self._buffer) * frame.image.nbytes > self._max_bytes:
                yield self._buffer.popleft(), self._last_analyzed[1]
            return
        while self._buffer:
            held = self._buffer.popleft()
            start, before = self._last_analyzed
            fraction = (held.time - start) / (frame.time - start)
            yield held, interpolate_boxes(before, faces, fraction)
        self._last_analyzed = frame.time, faces
        yield frame, faces

    def flush(self) -> Iterator[tuple[Frame, Detections]]:
        """Give the frames after the last analysed one."""
        while self._buffer:
            yield self._buffer.popleft(), self._last_analyzed[1]


def interpolate_boxes(before: Detections, after: Detections, fraction: float) -> Detections:
    """Return the faces a `fraction`, 0 to 1, of the way from one frame to another.

    Boxes of a face in both move steadily; everything else is as in the nearer frame.
    """
    near, far, weight = (
        (before, after, fraction) if fraction < 0.5 else (after, before, 1 - fraction)
    )
    if len(near) == 0 or len(far) == 0:
        return near
    _, here, there = np.intersect1d(near.tracker_id, far.tracker_id, return_indices=True)
    boxes = near.xyxy.copy()
    boxes[here] += weight * (far.xyxy[there] - near.xyxy[here])
    return replace(near, xyxy=boxes)
