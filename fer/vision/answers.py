"""Not reading a face again that hasn't changed since it was read a moment ago.

`python -m benchmarks.answers` measures that this costs no accuracy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fer.array_types import Float32Array, UInt8Array

SIDE = 16
"""Side in pixels of the small copies by which faces are compared."""

CHANGED = 14.0
"""Root mean square difference of two copies, 0 to 255, from which on a face has changed."""


@dataclass(frozen=True)
class _Answer:
    """What was read of one face, (7,), of which small copy, and when."""

    probabilities: Float32Array
    copy: Float32Array
    time: float


class RecentAnswers:
    """Remembers what was read of each face; one a visitor or video.

    A face is read again when it has changed, and at the latest after `longest` seconds; of faces
    that have not changed, those read longest ago come first, so that the work spreads over frames.
    What is shown is averaged over a longer time than `shortest`, so a face that changes in every
    frame of a fast camera isn't read in every one.

    Args:
        longest: Seconds for which an answer may stand; 0 reads each face in each frame.
        shortest: Seconds for which an answer stands even if the face changes.
    """

    def __init__(self, longest: float = 0.3, shortest: float = 0.05) -> None:
        """Remember nothing yet.

        Raises:
            ValueError: A time is negative.
        """
        for name, seconds in (("longest", longest), ("shortest", shortest)):
            if seconds < 0:
                raise ValueError(f"{name} is 0 seconds or more, not {seconds}.")
        self.longest = longest
        self.shortest = shortest
        self._answers: dict[int, _Answer] = {}
        self._time = 0.0
        self._owed = 0.0  # faces to read, by the time gone by

    def read(
        self,
        numbers: Sequence[int],
        crops: Sequence[UInt8Array],
        time: float,
        classify: Callable[[Sequence[UInt8Array]], Float32Array],
    ) -> Float32Array:
        """Return each face's probabilities, asking for as few of them as will do.

        Args:
            numbers: n track numbers; the faces of other numbers are forgotten.
            crops: Their squares, RGB uint8 (s, s, 3) each.
            time: Seconds on any clock that doesn't go back.
            classify: Turns some of the crops into float32 (m, 7).

        Returns:
            float32 (n, 7).
        """
        copies = [_copy(crop) for crop in crops]
        due = self._due(numbers, copies, time)
        self._time = time
        fresh = classify([crops[index] for index in due])
        now = {n: self._answers[n] for n in numbers if n in self._answers}
        for index, probabilities in zip(due, fresh, strict=True):
            now[numbers[index]] = _Answer(probabilities, copies[index], time)
        self._answers = now
        rows = [now[number].probabilities for number in numbers]
        return np.array(rows, np.float32).reshape(-1, fresh.shape[1])

    def _due(self, numbers: Sequence[int], copies: list[Float32Array], time: float) -> list[int]:
        """Return the indices of the faces to read now."""
        ages = [self._age(number, copy, time) for number, copy in zip(numbers, copies, strict=True)]
        by_age = sorted(range(len(ages)), key=lambda index: -ages[index])
        if self.longest:
            self._owed = self._owed % 1 + len(ages) * (time - self._time) / self.longest
        share = int(self._owed)
        return sorted(i for rank, i in enumerate(by_age) if rank < share or ages[i] >= self.longest)

    def _age(self, number: int, copy: Float32Array, time: float) -> float:
        """Return how old a face's answer is; infinite where there is none that still holds."""
        answer = self._answers.get(number)
        if answer is None:
            return np.inf
        age = time - answer.time
        changed = age >= self.shortest and np.sqrt(np.square(copy - answer.copy).mean()) > CHANGED
        return np.inf if changed else age


def _copy(crop: UInt8Array) -> Float32Array:
    """Return a small grey copy, float32 (SIDE, SIDE)."""
    small = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    grey: Float32Array = small.astype(np.float32).mean(axis=2)
    return grey
