"""Smoothing by track: an exponential moving average (EMA) and label hysteresis."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from supervision import Detections

from fer.array_types import Float32Array, FloatArray
from fer.vision.detections import probabilities, track_ids
from fer.vision.quality import TURNED_AWAY_FROM
from fer.vision.track_memory import recent

MIN_PROBABILITY = 1e-6
"""Least probability, so that its logarithm is finite."""

YAW_MARGIN = 5.0
"""Degrees below `TURNED_AWAY_FROM` at which a face that was turned away is so no longer."""


@dataclass(frozen=True)
class _FaceState:
    """What is known of one face.

    Attributes:
        log_probabilities: Its mean log-probabilities, (7,).
        expression: Class index.
        yaw: Its mean yaw in degrees; NaN where it isn't known.
        turned_away: Whether it is turned too far away to be named.
        time: When it was seen last, in seconds.
    """

    log_probabilities: FloatArray
    expression: int
    yaw: float
    turned_away: bool
    time: float


class ExpressionSmoother:
    """Averages each face's log-probabilities and yaw over time, with label hysteresis.

    One smoother per visitor or video.

    Args:
        half_life: Seconds after which the weight of an old prediction is halved.
        margin: Lead in probability that another expression needs to take over.
        max_age: Seconds for which a face that isn't seen is remembered.
    """

    def __init__(self, half_life: float = 0.25, margin: float = 0.1, max_age: float = 1.0) -> None:
        """Start without tracks.

        Raises:
            ValueError: A number is negative, or `half_life` is 0.
        """
        if half_life <= 0 or margin < 0 or max_age < 0:
            raise ValueError(
                "half_life is above 0 seconds, margin and max_age are 0 or more; "
                f"got {half_life}, {margin} and {max_age}."
            )
        self.half_life, self.margin, self.max_age = half_life, margin, max_age
        self._faces: Mapping[int, _FaceState] = {}

    def update(
        self, detections: Detections, time: float, uncertain_below: float = 1.0
    ) -> Detections:
        """Replace each face's probabilities and yaw by their average over time.

        Args:
            detections: Faces of this frame with `tracker_id`, `data["probabilities"]` (n, 7) and
                `data["yaw"]` (n,) as far as known.
            time: Seconds on any clock that doesn't go back.
            uncertain_below: An expression at or above this probability replaces one below it even
                without `margin`.

        Returns:
            The same faces and no others, with `data["probabilities"]` averaged, rows summing to 1,
            `data["expression"]` int (n,), the class index of each face, `data["yaw"]` averaged and
            `data["turned_away"]` bool (n,).
        """
        rows, ids = probabilities(detections), track_ids(detections)
        yaws = np.asarray(detections.data.get("yaw", np.full(len(rows), np.nan)), np.float64)
        known = recent(self._faces, time, self.max_age)
        current = {
            track_id: self._smooth(known.get(track_id), row, yaw, time, uncertain_below)
            for track_id, row, yaw in zip(ids, rows, yaws.tolist(), strict=True)
        }
        self._faces = known | current
        faces = [current[track_id] for track_id in ids]
        averaged = [_softmax(face.log_probabilities) for face in faces]
        smoothed = np.array(averaged, np.float32).reshape(rows.shape)
        data = {
            **detections.data,
            "probabilities": smoothed,
            "expression": np.array([face.expression for face in faces], int),
            "yaw": np.array([face.yaw for face in faces], np.float32),
            "turned_away": np.array([face.turned_away for face in faces], bool),
        }
        return replace(detections, data=data)

    def _smooth(
        self,
        face: _FaceState | None,
        row: Float32Array,
        yaw: float,
        time: float,
        uncertain_below: float,
    ) -> _FaceState:
        """Return the state of a track after another prediction."""
        log_probabilities = np.log(np.maximum(row, MIN_PROBABILITY))
        if face is None:
            turned = abs(yaw) >= TURNED_AWAY_FROM
            return _FaceState(log_probabilities, int(log_probabilities.argmax()), yaw, turned, time)
        kept = 0.5 ** ((time - face.time) / self.half_life)
        mean = kept * face.log_probabilities + (1 - kept) * log_probabilities
        averaged = _softmax(mean)
        best = int(averaged.argmax())
        leads = averaged[best] - averaged[face.expression] >= self.margin
        leads |= averaged[face.expression] < uncertain_below <= averaged[best]
        mean_yaw = yaw if np.isnan(face.yaw) else kept * face.yaw + (1 - kept) * yaw
        limit = TURNED_AWAY_FROM - YAW_MARGIN * face.turned_away
        expression = best if leads else face.expression
        return _FaceState(mean, expression, mean_yaw, abs(mean_yaw) >= limit, time)


def _softmax(log_probabilities: FloatArray) -> FloatArray:
    exps = np.exp(log_probabilities - log_probabilities.max())
    softmax: FloatArray = exps / exps.sum()
    return softmax
