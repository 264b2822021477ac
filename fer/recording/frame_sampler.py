"""Adaptive frame sampling: which frames of a video are analysed.

Regular samples are taken at a constant rate and counted in the timeline. Extra samples are taken
where faces move fast or are lost, and at cuts; they keep the tracks and are not counted, so that
every second of a timeline has as many samples as any other. In the long run they are at most half
as many as the regular ones.
"""

from collections.abc import Iterator

import numpy as np
from supervision import Detections

from fer.vision.boxes import box_centers, box_sizes
from fer.vision.detections import boxes, track_ids

TIME_TOLERANCE = 1e-3
"""Seconds by which a frame may come too soon, as times in files are rounded."""

FAST_MOVE = 0.7
"""Sizes of a face from one sample to the next from which on it moves fast: beyond 1 it could only
be followed by its appearance."""

EXTRA_SHARE, MAX_EXTRA = 0.5, 10.0
"""Extra samples that each regular one allows for, and those saved up at most."""

FAST_RATE = 3
"""Times the regular rate, at most, at which samples are taken while faces move fast."""


class FrameSampler:
    """Decides which frames are analysed.

    Args:
        rate: Regular samples per second.
        next_time: Seconds from which on the first one is due.
    """

    def __init__(self, rate: float, next_time: float = 0.0) -> None:
        self.step, self.next_time = 1 / rate, next_time
        self._extra, self._last_time, self._fast = MAX_EXTRA / 2, 0.0, False
        self._before: Detections | None = None

    def is_regular(self, time: float) -> bool:
        """Return whether a regular sample is due."""
        return time >= self.next_time - TIME_TOLERANCE

    def is_extra(self, time: float, cut: bool) -> bool:
        """Return whether an extra sample is due: after a cut, or where faces move fast."""
        elapsed = time - self._last_time  # below 0 where the last one counts for a little later
        late = elapsed >= self.step / FAST_RATE - TIME_TOLERANCE
        return self._extra >= 1 and elapsed > 0 and (cut or (self._fast and late))

    def begin_regular(self, time: float) -> float:
        """Note a regular sample, and return the time for which it counts."""
        counted = max(time, self.next_time)  # where a second begins
        self.next_time = max(self.next_time + self.step, time + self.step / 2)
        self._extra = min(self._extra + EXTRA_SHARE, MAX_EXTRA)
        return counted

    def repeats(self, until: float) -> Iterator[float]:
        """Yield when a frame that is displayed up to a time, in seconds, is to be analysed again.

        Each is a regular sample.
        """
        while self.next_time <= until - self.step + TIME_TOLERANCE:
            yield self.next_time
            self.next_time += self.step

    def begin_extra(self) -> None:
        """Note an extra sample."""
        self._extra -= 1

    def note(self, faces: Detections, time: float) -> None:
        """Learn from a sample how fast its faces move."""
        before, self._before, self._last_time = self._before, faces, time
        self._fast = before is not None and _is_fast(before, faces)


def _is_fast(before: Detections, after: Detections) -> bool:
    """Return whether a face moved far, or was lost."""
    old, new = track_ids(before), track_ids(after)
    if not set(old) <= set(new):
        return True
    if not old:
        return False
    _, first, second = np.intersect1d(old, new, return_indices=True)
    moved = box_centers(boxes(after))[second] - box_centers(boxes(before))[first]
    sizes = box_sizes(boxes(after))[second]
    return bool((np.linalg.norm(moved, axis=1) > FAST_MOVE * sizes).any())
