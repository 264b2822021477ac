"""Faces of the frames between two that were analysed: their boxes glide from one to the other."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from supervision import Detections

from fer.videos import Frame

MOST_WAITING = 400_000_000
"""Bytes of frames that wait for the next analysed one: 64 of 1920 x 1080.

That is a second of 60 frames, or a fifth of a second in slow motion of 240 frames a second.
"""


class Gliding:
    """Holds frames back until it is known where their faces are going.

    Args:
        most: Bytes of frames held back; beyond that, the oldest gets the boxes of the frame
            analysed last.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        """Start with no frame."""
        self._most = most
        self._known: tuple[float, Detections] | None = None
        self._waiting: deque[Frame] = deque()

    def add(self, frame: Frame, faces: Detections | None) -> Iterator[tuple[Frame, Detections]]:
        """Take the next frame, and give those whose faces are known now, in their order.

        Args:
            frame: Later than the one before; the first must be analysed.
            faces: With `tracker_id`; None if the frame wasn't analysed.
        """
        if faces is None:
            self._waiting.append(frame)
            if len(self._waiting) * frame.image.nbytes > self._most:
                yield self._waiting.popleft(), self._known[1]
            return
        while self._waiting:
            held = self._waiting.popleft()
            start, before = self._known
            share = (held.time - start) / (frame.time - start)
            yield held, between(before, faces, share)
        self._known = frame.time, faces
        yield frame, faces

    def rest(self) -> Iterator[tuple[Frame, Detections]]:
        """Give the frames after the last analysed one."""
        while self._waiting:
            yield self._waiting.popleft(), self._known[1]


def between(before: Detections, after: Detections, share: float) -> Detections:
    """Return the faces a `share`, 0 to 1, of the way from one frame to another.

    Boxes of a face in both move steadily; everything else is as in the nearer frame.
    """
    near, far, way = (before, after, share) if share < 0.5 else (after, before, 1 - share)
    if len(near) == 0 or len(far) == 0:
        return near
    _, here, there = np.intersect1d(near.tracker_id, far.tracker_id, return_indices=True)
    boxes = near.xyxy.copy()
    boxes[here] += way * (far.xyxy[there] - near.xyxy[here])
    return replace(near, xyxy=boxes)
