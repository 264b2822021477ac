"""Following faces from frame to frame: each gets a number and keeps it.

Boxes are joined to the faces known so far by the Hungarian method (Kuhn 1955), as in SORT (Bewley
et al. 2016, https://arxiv.org/abs/1602.00763), but by distance and size instead of overlap: between
two frames of a slow stream a face may leave its own box. How a face moves and how long it is
remembered is told in seconds; how far it may be from where it was expected is not, so that a slow
stream loses fast faces sooner.

There is no recognition: a face that was out of view for long is a new track.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment
from supervision import Detections

from fer.array_types import Float32Array, FloatArray
from fer.vision.detections import boxes

MAX_COST = 1.0
"""Largest difference between a face and where it was expected, as `matching_cost` counts it."""

MIN_MEMORY_FRAMES = 2.5
"""Frames for which a face is remembered at least, however slowly they come,"""

MAX_MEMORY = 5.0
"""but for no more seconds than these."""

VELOCITY_DECAY = 0.15
"""Seconds in which an unseen face loses all but 37 % of its speed: heads nod and stop."""

VELOCITY_SMOOTHING = 0.5
"""Share of the old velocity that is kept at each sight of a face."""


@dataclass(frozen=True)
class _Track:
    """One face: where it was seen last, in pixels, when, and how it moved, in pixels a second."""

    track_id: int
    xyxy: Float32Array
    velocity: FloatArray
    last_seen: float

    def predict(self, time: float) -> FloatArray:
        """Return the box at a later time, which it reached ever more slowly."""
        travel_time: float = VELOCITY_DECAY * -np.expm1((self.last_seen - time) / VELOCITY_DECAY)
        return self.xyxy + np.tile(self.velocity, 2) * travel_time

    def update(self, xyxy: Float32Array, time: float) -> "_Track":
        """Return the face after another sight of it."""
        elapsed = max(time - self.last_seen, 1e-3)
        velocity = (_box_centers(xyxy[None]) - _box_centers(self.xyxy[None]))[0] / elapsed
        kept = VELOCITY_SMOOTHING * self.velocity + (1 - VELOCITY_SMOOTHING) * velocity
        return replace(self, xyxy=xyxy, velocity=kept, last_seen=time)


class FaceTracker:
    """Numbers the faces of one stream; one tracker a visitor or video.

    Args:
        memory: Seconds for which a face that isn't seen keeps its number; more where frames come
            so seldom that this is hardly one.
    """

    def __init__(self, memory: float = 1.0) -> None:
        """Start without tracks.

        Raises:
            ValueError: `memory` is negative.
        """
        if memory < 0:
            raise ValueError(f"memory is 0 seconds or more, not {memory}.")
        self.memory = memory
        self.reset()

    def reset(self) -> None:
        """Forget all tracks; ids start at 1 again."""
        self._tracks: list[_Track] = []
        self._next_id, self._last_time = 1, np.inf

    def predict(self, time: float) -> Float32Array:
        """Return where the faces are expected that are remembered.

        Args:
            time: Seconds on the clock of `update`.

        Returns:
            float32 (n, 4) boxes as xyxy.
        """
        expected = [track.predict(time) for track in self._active_tracks(time)]
        return np.array(expected, np.float32).reshape(-1, 4)

    def update(self, detections: Detections, time: float) -> Detections:
        """Give each face the number of the one it continues, or a new one.

        Call once a frame, also when nothing was detected: that is how lost faces are forgotten.

        Args:
            detections: Faces in this frame, n of them; n may be 0.
            time: Seconds on any clock that doesn't go back.

        Returns:
            A copy with `tracker_id`, int (n,), in the order given.
        """
        self._tracks, self._last_time = self._active_tracks(time), time
        tracks = self._assign(boxes(detections), time)
        current = {track.track_id for track in tracks}
        self._tracks = tracks + [track for track in self._tracks if track.track_id not in current]
        track_ids = np.array([track.track_id for track in tracks], int)
        return replace(detections, tracker_id=track_ids)

    def _active_tracks(self, time: float) -> list[_Track]:
        """Return the faces that aren't forgotten at the time of the next frame."""
        missed = min(MIN_MEMORY_FRAMES * (time - self._last_time), MAX_MEMORY)
        memory = max(self.memory, missed)
        return [track for track in self._tracks if time - track.last_seen <= memory]

    def _assign(self, found: Float32Array, time: float) -> list[_Track]:
        """Return one track a box, in the boxes' order."""
        known = self._tracks
        continued: dict[int, _Track] = {}
        if known and len(found):
            predicted = np.stack([track.predict(time) for track in known])
            cost = matching_cost(predicted, found)
            rows, columns = linear_sum_assignment(np.minimum(cost, MAX_COST))
            continued = {
                column: known[row].update(found[column], time)
                for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
                if cost[row, column] < MAX_COST
            }
        return [
            continued.get(index) or self._new_track(box, time) for index, box in enumerate(found)
        ]

    def _new_track(self, xyxy: Float32Array, time: float) -> _Track:
        track_id, self._next_id = self._next_id, self._next_id + 1
        return _Track(track_id, xyxy, np.zeros(2), time)


def matching_cost(ones: FloatArray, others: FloatArray) -> FloatArray:
    """Compare each box with each other box: 0 for the same, 1 for a face's size away.

    Args:
        ones: (n, 4) boxes as xyxy.
        others: (m, 4).

    Returns:
        (n, m): the distance of the centres in mean sizes, plus the logarithm of the sizes' ratio.
    """
    sizes, other_sizes = _box_sizes(ones)[:, None], _box_sizes(others)[None, :]
    offsets = _box_centers(ones)[:, None] - _box_centers(others)[None, :]
    distance: FloatArray = np.linalg.norm(offsets, axis=2)
    return 2 * distance / (sizes + other_sizes) + np.abs(np.log(sizes / other_sizes))


def _box_centers(xyxy: FloatArray) -> FloatArray:
    return (xyxy[:, :2] + xyxy[:, 2:]) / 2


def _box_sizes(xyxy: FloatArray) -> FloatArray:
    """Return the boxes' mean sides, at least a pixel."""
    areas: FloatArray = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    return np.sqrt(np.maximum(areas, 1.0))
