"""Prediction cache: a face that hasn't changed for a moment isn't classified again.

`python -m benchmarks.prediction_cache` measures that this costs no accuracy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fer.array_types import Float32Array, UInt8Array

THUMBNAIL_SIDE = 16
"""Side in pixels of the small copies by which faces are compared."""

CHANGE_THRESHOLD = 14.0
"""Root mean square difference of two copies, 0 to 255, from which on a face has changed."""


@dataclass(frozen=True)
class _Prediction:
    """One face's probabilities, (7,), the small copy of its crop, and when it was classified."""

    probabilities: Float32Array
    thumbnail: Float32Array
    time: float


class PredictionCache:
    """Keeps each face's last prediction; one per visitor or video.

    A face is classified again when it has changed, and at the latest after `max_age` seconds; of
    faces that have not changed, those classified longest ago come first, so that the work spreads
    over frames. Predictions are averaged over a longer time than `min_age`, so a face that changes
    in every frame of a fast camera isn't classified in every one.

    Args:
        max_age: Longest use of a prediction in seconds; 0 classifies each face in each frame.
        min_age: Seconds for which a prediction is used even if the face changes.
    """

    def __init__(self, max_age: float = 0.3, min_age: float = 0.05) -> None:
        """Start without predictions.

        Raises:
            ValueError: A time is negative.
        """
        for name, seconds in (("max_age", max_age), ("min_age", min_age)):
            if seconds < 0:
                raise ValueError(f"{name} is 0 seconds or more, not {seconds}.")
        self.max_age = max_age
        self.min_age = min_age
        self._predictions: dict[int, _Prediction] = {}
        self._time = 0.0
        self._budget = 0.0  # faces to classify, by the time gone by

    def predict(
        self,
        track_ids: Sequence[int],
        crops: Sequence[UInt8Array],
        time: float,
        classify: Callable[[Sequence[UInt8Array]], Float32Array],
    ) -> Float32Array:
        """Return each face's probabilities, classifying as few faces as will do.

        Args:
            track_ids: n track ids; the faces of other ids are forgotten.
            crops: Their squares, RGB uint8 (s, s, 3) each.
            time: Seconds on any clock that doesn't go back.
            classify: Turns some of the crops into float32 (m, 7).

        Returns:
            float32 (n, 7).
        """
        thumbnails = [_thumbnail(crop) for crop in crops]
        due = self._stale(track_ids, thumbnails, time)
        self._time = time
        fresh = classify([crops[index] for index in due])
        current = {
            track: self._predictions[track] for track in track_ids if track in self._predictions
        }
        for index, probabilities in zip(due, fresh, strict=True):
            current[track_ids[index]] = _Prediction(probabilities, thumbnails[index], time)
        self._predictions = current
        rows = [current[track_id].probabilities for track_id in track_ids]
        return np.array(rows, np.float32).reshape(-1, fresh.shape[1])

    def _stale(
        self, track_ids: Sequence[int], thumbnails: list[Float32Array], time: float
    ) -> list[int]:
        """Return the indices of the faces to classify now."""
        ages = [
            self._age(track_id, thumbnail, time)
            for track_id, thumbnail in zip(track_ids, thumbnails, strict=True)
        ]
        by_age = sorted(range(len(ages)), key=lambda index: -ages[index])
        if self.max_age:
            self._budget = self._budget % 1 + len(ages) * (time - self._time) / self.max_age
        share = int(self._budget)
        return sorted(i for rank, i in enumerate(by_age) if rank < share or ages[i] >= self.max_age)

    def _age(self, track_id: int, thumbnail: Float32Array, time: float) -> float:
        """Return the age of a face's prediction; infinite where none is valid."""
        prediction = self._predictions.get(track_id)
        if prediction is None:
            return np.inf
        age = time - prediction.time
        changed = (
            age >= self.min_age
            and np.sqrt(np.square(thumbnail - prediction.thumbnail).mean()) > CHANGE_THRESHOLD
        )
        return np.inf if changed else age


def _thumbnail(crop: UInt8Array) -> Float32Array:
    """Return a small grey copy, float32 (THUMBNAIL_SIDE, THUMBNAIL_SIDE)."""
    small = cv2.resize(crop, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    grey: Float32Array = small.astype(np.float32).mean(axis=2)
    return grey
