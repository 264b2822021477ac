"""Label placement: where captions go so that they cover no face, by greedy choice of candidates.

The point-feature label placement of cartography, with boxes for points: each caption takes the
first of its candidates that is free. Christensen, Marks and Shieber (1995),
https://doi.org/10.1145/212332.212334.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from fer.array_types import BoolArray, Float32Array, Float64Array, Int64Array
from fer.vision.boxes import box_areas, intersection_areas

_BESIDE, _AWAY = 10, 16
"""Candidates that touch the box, and that a line connects with it."""

_NUMBER, _LEADER, _INSIDE = _BESIDE, 2 * _BESIDE, 2 * _BESIDE + _AWAY
"""Index of the first candidate of each kind; whole captions that touch the box have the first ones.
Within the box, the whole caption comes first, then the number in each corner."""

_DIRECTIONS = np.array([(0, -1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (1, 1), (-1, 1)])
_DISTANCES = 0.8, 2.0
"""Directions from the box of a number with a line, and its distance in heights of the caption."""

FEW_FACES = 4
"""Most faces with captions of any width."""

_MAX_WIDTH = 3.5
"""Widest caption, in widths of its face, where there are more; a wider one is cut to its number."""

_BLOCK = 64
"""Faces whose candidates are compared at a time."""

_MAX_INSIDE, _MAX_INSIDE_ALONE = 0.1, 0.25
"""Largest share of its own face that a whole caption may cover if it fits nowhere else, beside
other faces and in a picture of a single face; such a picture may be as small as its caption."""


@dataclass(frozen=True)
class Placement:
    """Where a caption goes.

    Args:
        xyxy: Left, top, right and bottom edge in pixels.
        number_only: Whether the caption is only the face's number.
        leader: Whether it is away from its box, so that a line must connect them.
    """

    xyxy: tuple[int, int, int, int]
    number_only: bool
    leader: bool


class LabelPlacer:
    """Places the captions of one picture after the other.

    The caption of a tracked face keeps its side of the box as long as it is free there.
    """

    def __init__(self) -> None:
        self._previous: dict[int, int] = {}  # track id -> candidate

    def place(
        self,
        boxes: Float32Array,
        sizes: Int64Array,
        frame: tuple[int, int],
        gap: int,
        track_ids: Sequence[int] | None = None,
        leaders: bool = True,
    ) -> list[Placement]:
        """Return where the caption of each face goes.

        Args:
            boxes: The faces as xyxy in pixels, (n, 4).
            sizes: Width and height in pixels of each whole caption, and of its number, (n, 2, 2).
            frame: Width and height of the picture in pixels.
            gap: Least distance in pixels to other captions and other faces.
            track_ids: The number of each face's track; None where faces aren't tracked.
            leaders: Whether a line may connect a caption with its box.
        """
        unmoved = len(boxes) == 1 and not any(self._previous.values())
        if unmoved and (alone := _place_alone(boxes[0], sizes[0, 0], frame)):
            self._previous = {} if track_ids is None else {track_ids[0]: 0}
            return [alone]
        layout, before = _Layout(boxes, sizes, frame, gap, leaders), self._previous
        faces = range(len(boxes))
        if track_ids is None:
            return [layout.place(face) for face in faces]
        # Tracks that had a caption in the frame before are placed first, and keep it.
        order = sorted(faces, key=lambda face: (track_ids[face] not in before, track_ids[face]))
        placed = {face: layout.place(face, before.get(track_ids[face])) for face in order}
        self._previous = {track_ids[face]: layout.chosen[face] for face in faces}
        return [placed[face] for face in faces]


def _place_alone(box: Float32Array, size: Int64Array, frame: tuple[int, int]) -> Placement | None:
    """Return the first candidate if it is visible: the same as `_Layout` finds, in less time."""
    (left, top, *_), (width, height) = box.tolist(), size.tolist()
    start, above = int(max(0, min(left, frame[0] - width))), floor(top - height)
    if above < 0 or start + width > frame[0] or top > frame[1]:
        return None
    return Placement((start, above, start + width, above + height), False, False)


class _Layout:
    """The captions of one picture, which are placed one by one; arguments as of `place`."""

    def __init__(
        self,
        boxes: Float32Array,
        sizes: Int64Array,
        frame: tuple[int, int],
        gap: int,
        leaders: bool,
    ) -> None:
        self.boxes = boxes.astype(np.float64)
        self.candidates = _candidates(self.boxes, sizes, frame)  # (n, 41, 4)
        self.chosen: dict[int, int] = {}  # face -> candidate
        self._taken, self._margin = np.empty((0, 4)), gap * np.array([-1, -1, 1, 1])
        # New places keep a distance that old ones may lose, so that noise moves no caption.
        self._kept = self._free_of_faces(frame, self.boxes)
        if len(boxes) > FEW_FACES:
            narrow = sizes[:, 0, 0] <= _MAX_WIDTH * (boxes[:, 2] - boxes[:, 0])
            self._kept[:, :_NUMBER] &= narrow[:, None]
        self._free = self._kept & self._free_of_faces(frame, self.boxes + self._margin)
        self._free[:, _LEADER:] &= leaders

    def _free_of_faces(self, frame: tuple[int, int], boxes: Float64Array) -> BoolArray:
        """Return which candidates beside and away from boxes are visible and cover no face."""
        outer = self.candidates[:, :_INSIDE]
        visible = (outer[..., :2] >= 0).all(axis=2) & (outer[..., 2:] <= frame).all(axis=2)
        free: BoolArray = np.asarray(visible, np.bool_)
        for start in range(0, len(outer), _BLOCK):  # so that a thousand faces need little memory
            overlaps = _overlaps(outer[start : start + _BLOCK], boxes)  # (block, 36, n)
            faces = np.arange(len(overlaps))
            overlaps[faces, :_LEADER, start + faces] = False  # a caption may touch its own box
            free[start : start + _BLOCK] &= ~overlaps.any(axis=2)
        return free

    def place(self, face: int, previous: int | None = None) -> Placement:
        """Place a face's caption.

        Args:
            face: Its index.
            previous: The candidate chosen in the frame before.
        """
        choice = self._first_free(face, previous)
        if choice is None:
            choice = self._inside(face)
        self.chosen[face] = choice
        box = self.candidates[face, choice]
        self._taken = np.concatenate([self._taken, box[None]])
        left, top, right, bottom = box.astype(int).tolist()
        return Placement(
            (left, top, right, bottom),
            number_only=choice >= _NUMBER and choice != _INSIDE,
            leader=_LEADER <= choice < _INSIDE,
        )

    def _first_free(self, face: int, previous: int | None) -> int | None:
        """Return the previous candidate, or the first one, if any is free."""
        outer = self.candidates[face, :_INSIDE]
        taken = self._taken + self._margin
        free = np.flatnonzero(self._free[face] & ~_overlaps(outer, taken).any(axis=1))
        best = int(free[0]) if len(free) else None
        if previous is None or previous >= _INSIDE or not self._kept[face, previous]:
            return best
        if best is not None and _kind(best) < _kind(previous):
            return best
        return best if _overlaps(outer[previous], self._taken).any() else previous

    def _inside(self, face: int) -> int:
        """Return the candidate within the box that covers least of other faces and captions."""
        inner = self.candidates[face, _INSIDE:]
        others = np.concatenate([np.delete(self.boxes, face, axis=0), self._taken])
        hidden = intersection_areas(inner, others).sum(axis=1)
        size, whole = box_areas(np.stack([self.boxes[face], inner[0]]))
        if whole > (_MAX_INSIDE if len(self.boxes) > 1 else _MAX_INSIDE_ALONE) * size:
            hidden[0] = np.inf
        return _INSIDE + int(hidden.argmin())


def _kind(candidate: int) -> int:
    """Return 0 for a whole caption, 1 for a number beside its box, 2 for one away from it."""
    return (candidate >= _NUMBER) + (candidate >= _LEADER)


def _candidates(boxes: Float64Array, sizes: Int64Array, frame: tuple[int, int]) -> Float64Array:
    """Return all candidates of each face, whole pixels, (n, 41, 4)."""
    texts, numbers = sizes[:, None, 0], sizes[:, None, 1]  # (n, 1, 2)
    places = [
        (_beside(boxes, texts, frame), texts),
        (_beside(boxes, numbers, frame), numbers),
        (_around(boxes, numbers), numbers),
        (_corners(boxes, texts, frame)[:, :1], texts),
        (_corners(boxes, numbers, frame), numbers),
    ]
    candidates = [np.concatenate([corner, corner + size], axis=2) for corner, size in places]
    return np.asarray(np.floor(np.concatenate(candidates, axis=1)), np.float64)


def _beside(boxes: Float64Array, size: Int64Array, frame: tuple[int, int]) -> Float64Array:
    """Return the corners, (n, 10, 2), of captions above, below and beside boxes."""
    (left, top), (right, bottom) = boxes[:, :2].T, boxes[:, 2:].T
    width, height = size[:, 0].T
    last_left, last_top = np.maximum(frame - size[:, 0], 0).T
    start, end = np.clip(left, 0, last_left), np.clip(right - width, 0, last_left)
    upper, lower = np.clip(top, 0, last_top), np.clip(bottom - height, 0, last_top)
    middle, above, before = (start + end) / 2, top - height, left - width
    rows = [(start, above), (end, above), (middle, above), (start, bottom), (end, bottom)]
    rows += [(middle, bottom), (right, upper), (before, upper), (right, lower), (before, lower)]
    return np.moveaxis(np.array(rows, np.float64), 2, 0)


def _around(boxes: Float64Array, size: Int64Array) -> Float64Array:
    """Return the corners, (n, 16, 2), of captions in eight directions away from boxes."""
    center, side = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    rings = [
        center + _DIRECTIONS * ((side[:, None] + size) / 2 + distance * size[..., 1:])
        for distance in _DISTANCES
    ]
    corners: Float64Array = np.concatenate(rings, axis=1) - size / 2
    return corners


def _corners(boxes: Float64Array, size: Int64Array, frame: tuple[int, int]) -> Float64Array:
    """Return the corners, (n, 4, 2), of captions in the corners of boxes."""
    low, high = boxes[:, :2], boxes[:, 2:] - size[:, 0]
    (left, top), (right, bottom) = low.T, high.T
    corners = np.moveaxis(
        np.array([(left, top), (right, top), (left, bottom), (right, bottom)]), 2, 0
    )
    return np.asarray(np.clip(corners, 0, np.maximum(frame - size, 0)), np.float64)


def _overlaps(one: Float64Array, other: Float64Array) -> BoolArray:
    """Return which of the boxes (..., 4) overlap with which of others (m, 4), (..., m)."""
    one = one[..., None, :]
    begins, ends = one[..., :2] < other[:, 2:], other[:, :2] < one[..., 2:]
    return np.asarray((begins & ends).all(axis=-1), np.bool_)
