"""Smoothing of the roll angles of the faces in a stream, by an exponential moving average."""

from dataclasses import dataclass, replace

import numpy as np
from supervision import Detections, box_iou_batch

from fer.array_types import Float32Array, FloatArray
from fer.vision.detections import boxes, track_ids
from fer.vision.pose import face_rolls
from fer.vision.track_memory import recent

SMOOTHING_TIME = 0.15
"""Seconds over which roll is averaged: landmarks tremble from frame to frame, by a degree or two,
and a head takes longer to tilt."""


@dataclass(frozen=True)
class _Observation:
    """Where a face was last, (4,) in pixels, how it was tilted, as a direction, and when."""

    xyxy: Float32Array
    direction: complex
    time: float


class RollSmoother:
    """Smooths the roll of each face of one stream; one per visitor or video.

    Args:
        max_age: Seconds for which a face that isn't seen is remembered.
    """

    def __init__(self, max_age: float = 1.0) -> None:
        self.max_age = max_age
        self._observations: dict[int, _Observation] = {}

    def update(self, faces: Detections, time: float) -> Detections:
        """Return tracked faces with their rolls averaged over time.

        Args:
            faces: n faces with `tracker_id` and landmarks.
            time: Seconds on any clock that doesn't go back.

        Returns:
            A copy with `data["roll"]` in degrees, float32 (n,).
        """
        measured = np.exp(1j * np.radians(face_rolls(faces))).tolist()
        known = recent(self._observations, time, self.max_age)
        seen = [
            _see(known.get(track), xyxy, direction, time)
            for track, xyxy, direction in zip(track_ids(faces), boxes(faces), measured, strict=True)
        ]
        self._observations = known | dict(zip(track_ids(faces), seen, strict=True))
        return replace(faces, data={**faces.data, "roll": _rolls(seen)})

    def predict_rolls(self, xyxy: FloatArray) -> Float32Array:
        """Return how faces are tilted that are expected at some places.

        Args:
            xyxy: (n, 4) boxes.

        Returns:
            Degrees (n,) of the face that was last where each box is; 0 where there was none.
        """
        observations = list(self._observations.values())
        if not len(xyxy) or not observations:
            return np.zeros(len(xyxy), np.float32)
        overlap = box_iou_batch(
            xyxy, np.stack([observation.xyxy for observation in observations])
        )  # (n, m)
        rolls = _rolls(observations)[overlap.argmax(axis=1)]
        return np.where(overlap.max(axis=1) > 0, rolls, 0).astype(np.float32)


def _see(
    before: _Observation | None, xyxy: Float32Array, direction: complex, time: float
) -> _Observation:
    if before is None:
        return _Observation(xyxy, direction, time)
    kept = float(np.exp((before.time - time) / SMOOTHING_TIME))
    return _Observation(xyxy, kept * before.direction + (1 - kept) * direction, time)


def _rolls(observations: list[_Observation]) -> Float32Array:
    """Return degrees (n,)."""
    directions = np.array([observation.direction for observation in observations], complex)
    return np.asarray(np.degrees(np.angle(directions)), np.float32)
