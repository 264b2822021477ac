"""How well tracked faces agree with a full detection of the same frame, face by face.

A full detection is the measure, frame by frame. Who is who in it comes from the scene where that is
known, and else from `Links`, which chains full detections by their distance, over short gaps, too.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from supervision import box_iou_batch

from fer.vision.boxes import box_centers, box_sizes

IOU = 0.5
"""Least overlap of two boxes of one face."""


def pairs(ones: np.ndarray, others: np.ndarray, least: float = IOU) -> list[tuple[int, int]]:
    """Return which box is which other one: the pairs with the largest overlap in all.

    Args:
        ones: (n, 4) boxes as xyxy.
        others: (m, 4).
        least: Least overlap of a pair.
    """
    overlap = box_iou_batch(ones, others)
    rows, columns = linear_sum_assignment(-overlap)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if overlap[row, column] >= least
    ]


MAX_GAP_SECONDS = 1.0
"""Seconds for which a face may be missed by full detections, and is still the same."""

MOVED = 1.0
"""Sizes of a face by which its middle may have moved since it was last detected. Overlap wouldn't
do: somebody who walks past moves by half a face between two frames."""


def distances(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how far apart the middles of boxes are, in the mean size of both, (n, m).

    Args:
        ones: (n, 4) boxes as xyxy.
        others: (m, 4).
    """
    apart = np.linalg.norm(box_centers(ones)[:, None] - box_centers(others), axis=2)
    return apart / ((box_sizes(ones)[:, None] + box_sizes(others)) / 2)


class Links:
    """Numbers full detections by which of the second before is nearest."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[np.ndarray, float]] = {}
        self._next = 1

    def update(self, xyxy: np.ndarray, time: float) -> np.ndarray:
        """Return each box's number, int (n,).

        Args:
            xyxy: The frame's full detection, float32 (n, 4).
            time: Seconds from the scene's start.
        """
        fresh = {one: seen for one, seen in self._seen.items() if time - seen[1] <= MAX_GAP_SECONDS}
        known, boxes = list(fresh), np.array([box for box, _ in fresh.values()], np.float32)
        apart = distances(boxes.reshape(-1, 4), xyxy)
        nearest = zip(*linear_sum_assignment(np.minimum(apart, 2 * MOVED)), strict=True)
        same = {column: known[row] for row, column in nearest if apart[row, column] <= MOVED}
        ids = [same[index] if index in same else self._new() for index in range(len(xyxy))]
        self._seen = fresh | {one: (box, time) for one, box in zip(ids, xyxy, strict=True)}
        return np.array(ids, int)

    def _new(self) -> int:
        self._next += 1
        return self._next - 1


@dataclass
class Agreement:
    """Counts over the frames of one scene.

    Attributes:
        faces: Faces of the full detections.
        matched: Of these, faces that were tracked, too.
        extra: Tracked faces that no full detection has.
        switches: Times a face got another track id, or one that had been another face's.
        face_seconds: How long the faces were watched, summed over them.
    """

    faces: int = 0
    matched: int = 0
    extra: int = 0
    switches: int = 0
    face_seconds: float = 0.0
    _numbers: dict[int, int] = field(default_factory=dict)
    _owners: dict[int, int] = field(default_factory=dict)
    _seen: dict[int, float] = field(default_factory=dict)

    def add(
        self,
        time: float,
        full: np.ndarray,
        ids: np.ndarray,
        tracked: np.ndarray,
        numbers: np.ndarray,
    ) -> None:
        """Count one frame.

        Args:
            time: Seconds from the scene's start.
            full: Boxes of the full detection, float32 (n, 4).
            ids: Their true identities, int (n,); 0 is unknown.
            tracked: Boxes of the tracked faces, float32 (m, 4).
            numbers: Their `tracker_id`, int (m,).
        """
        joined = pairs(full, tracked)
        self.faces += len(full)
        self.matched += len(joined)
        self.extra += len(tracked) - len(joined)
        for row, column in joined:
            face, number = int(ids[row]), int(numbers[column])
            if face:
                kept = self._numbers.get(face, number) == number
                self.switches += not (kept and self._owners.get(number, face) == face)
                self._numbers[face], self._owners[number] = number, face
        for face in filter(None, map(int, ids)):
            self.face_seconds += time - self._seen.get(face, time)
            self._seen[face] = time

    def figures(self) -> dict[str, float | int | None]:
        """Return the shares and rates; None where nothing was there to count."""
        minutes = self.face_seconds / 60
        return {
            "faces": self.faces,
            "recall": round(self.matched / self.faces, 4) if self.faces else None,
            "missed": round(1 - self.matched / self.faces, 4) if self.faces else None,
            "extra": round(self.extra / self.faces, 4) if self.faces else None,
            "id_switches": self.switches,
            "face_minutes": round(minutes, 3),
            "id_switches_per_face_minute": round(self.switches / minutes, 3) if minutes else None,
        }


def named(full: np.ndarray, truth: np.ndarray, ids: np.ndarray, least: float = 0.4) -> np.ndarray:
    """Return the identities of the faces of a full detection; 0 is a box that matches none.

    Args:
        full: Boxes, float32 (n, 4).
        truth: Boxes of the faces that are there, float32 (m, 4).
        ids: Their identities, int (m,), from 1.
        least: Least overlap of a box with its face.

    Returns:
        int (n,).
    """
    result = np.zeros(len(full), int)
    for row, column in pairs(full, truth, least):
        result[row] = ids[column]
    return result


@dataclass
class Delays:
    """How long each new face waits for its box.

    Args:
        starts: From a face's number to the second at which it appears.
    """

    starts: dict[int, float]
    found: dict[int, float] = field(default_factory=dict)

    def add(self, time: float, truth: np.ndarray, ids: np.ndarray, boxes: np.ndarray) -> None:
        """Look at one frame's boxes, float32 (n, 4); the rest is as in `named`."""
        for face in named(boxes, truth, ids).tolist():
            if face in self.starts:
                self.found.setdefault(face, time - self.starts[face])

    def figures(self) -> dict[str, float | int | None]:
        """Return mean and longest delay in seconds, and how many never got a box."""
        delays = list(self.found.values())
        return {
            "newcomers": len(self.starts),
            "never_boxed": len(self.starts) - len(delays),
            "mean_delay": round(float(np.mean(delays)), 3) if delays else None,
            "longest_delay": round(max(delays), 3) if delays else None,
        }
