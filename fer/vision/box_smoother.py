"""Smoothing of boxes and landmarks by track, with the One Euro filter (Casiez et al., CHI 2012).

That is a low-pass filter whose cutoff frequency rises with the speed of what it follows: the box of
a still face doesn't tremble, that of a moving one doesn't lag behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from supervision import Detections

from fer.array_types import Float32Array, Float64Array
from fer.vision.detections import boxes, track_ids
from fer.vision.track_memory import recent

MIN_CUTOFF = 0.5
"""Cutoff frequency in Hz for a face that is still."""

CUTOFF_PER_SPEED = 10.0
"""Hz by which the cutoff rises for each face size per second. Less makes the box of a swaying head
lag, more lets the box of a still one tremble; chosen on a face that stood, swayed and started."""

SPEED_CUTOFF = 1.0
"""Cutoff frequency in Hz of the filter of the speed itself."""

MIN_ELAPSED = 1e-3
"""Seconds that are taken to lie between two frames at least."""


@dataclass(frozen=True)
class _Observation:
    """Where a face was: points (2 + landmarks, 2), their pixels per second, and when."""

    points: Float64Array
    velocities: Float64Array
    time: float


class BoxSmoother:
    """Filters the boxes and landmarks of each face of one stream; one per visitor or video.

    Args:
        max_age: Seconds for which a face that isn't seen is remembered.
    """

    def __init__(self, max_age: float = 1.0) -> None:
        self.max_age = max_age
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        self._observations: dict[int, _Observation] = {}

    def update(self, faces: Detections, time: float) -> Detections:
        """Return tracked faces where they are, without the detector's noise.

        Args:
            faces: n faces with `tracker_id`, with or without landmarks.
            time: Seconds on any clock that doesn't go back.

        Returns:
            A copy with filtered `xyxy` and `data["landmarks"]`, float32.
        """
        tracks, measured = track_ids(faces), _points(faces)
        known = recent(self._observations, time, self.max_age)
        observations = [
            self._see(known.get(track), points, time)
            for track, points in zip(tracks, measured, strict=True)
        ]
        self._observations = known | dict(zip(tracks, observations, strict=True))
        return _with_points(faces, [observation.points for observation in observations])

    def _see(self, before: _Observation | None, points: Float64Array, time: float) -> _Observation:
        if before is None or len(before.points) != len(points):
            return _Observation(points, np.zeros_like(points), time)
        elapsed = max(time - before.time, MIN_ELAPSED)
        moved = points - before.points
        change = _weight(SPEED_CUTOFF, elapsed) * (moved / elapsed - before.velocities)
        velocities = before.velocities + change
        length = np.sqrt(np.prod(points[1] - points[0]))  # of the box, in pixels
        speed = np.linalg.norm(velocities[:2], axis=1).mean() / max(length, 1.0)
        weight = _weight(MIN_CUTOFF + CUTOFF_PER_SPEED * float(speed), elapsed)
        return _Observation(before.points + weight * moved, velocities, time)


def _weight(cutoff: float, elapsed: float) -> float:
    """Return a new value's share in the output of a low-pass filter of first order."""
    return float(-np.expm1(-2 * np.pi * cutoff * elapsed))


def _points(faces: Detections) -> Float64Array:
    """Return two opposite corners of each box and its landmarks, (n, 2 + landmarks, 2)."""
    corners = boxes(faces).reshape(-1, 2, 2)
    landmarks = np.asarray(faces.data.get("landmarks", corners[:, :0]), np.float64)
    return np.concatenate([corners, landmarks], axis=1)


def _with_points(faces: Detections, points: Sequence[Float64Array]) -> Detections:
    if not points:
        return faces
    smoothed: Float32Array = np.stack(points).astype(np.float32)  # (n, 2 + landmarks, 2)
    data = dict(faces.data)
    if "landmarks" in data:
        data["landmarks"] = smoothed[:, 2:]
    return replace(faces, xyxy=smoothed[:, :2].reshape(-1, 4), data=data)
