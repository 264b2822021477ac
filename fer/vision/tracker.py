"""Tracking faces from frame to frame: each gets an id and keeps it.

Boxes are matched with the tracks so far by the Hungarian method (Kuhn 1955), as in SORT (Bewley
et al. 2016, https://arxiv.org/abs/1602.00763), but by distance and size instead of overlap, because
between two frames of a slow stream a face may leave its own box, and by how alike they look, as in
Deep SORT (Wojke et al. 2017, https://arxiv.org/abs/1703.07402), but with the coarse colours of
`fer.vision.appearance` instead of a network that tells people apart.

There is no recognition: a face that was out of view for long is a new track.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from scipy.optimize import linear_sum_assignment
from supervision import Detections

from fer.array_types import BoolArray, Float32Array, FloatArray
from fer.vision.appearance import appearance_cost
from fer.vision.boxes import box_centers, box_sizes
from fer.vision.detections import boxes
from fer.vision.frame_mapping import FrameMapping
from fer.vision.track import Track

MAX_BOX_COST = 1.0
"""Largest `box_cost` of a face's box and the box in which it was expected."""

MIN_MAX_AGE_FRAMES = 2.5
"""Frames for which a lost face is remembered at least, however few come per second."""

MAX_AGE_LIMIT = 5.0
"""Most seconds for which a lost face is remembered because frames come slowly."""

TENTATIVE_MAX_AGE = 0.3
"""Seconds for which a face that doesn't count yet is remembered: what only looked like a face for a
moment is not to meet another such moment."""

MAX_APPEARANCE_SEEN, MAX_APPEARANCE_LOST, MAX_APPEARANCE_CUT = 1.6, 0.9, 0.6
"""Largest `appearance_cost` of a track and the face that continues it: where the track was seen in
the frame before, where it wasn't, and across a cut, where its box means nothing."""

CLOSE_BOX_COST, MAX_APPEARANCE_CLOSE = 0.4, 2.2
"""`box_cost` up to which a face is where a track seen in the frame before, or one that kept its
direction through a crowd, was expected, and the largest `appearance_cost` then: when a face passes
others, its surroundings change as much."""

APPEARANCE_WEIGHT = 0.4
"""Weight of `appearance_cost`; that of `box_cost` is 1."""

CROWDED = 1.5
"""Sizes of a face up to which another one is in its surroundings, whose colours then say little."""

MAX_SPEED, MAX_REACH = 12.0, 4.0
"""Face sizes per second that a face moves at most (somebody running past), and in all."""

NEAR_COST = MAX_BOX_COST + APPEARANCE_WEIGHT * MAX_APPEARANCE_SEEN
FAR_COST = MAX_APPEARANCE_LOST + APPEARANCE_WEIGHT * (1 + MAX_REACH)
"""Most that a pair costs where a face is about where it was expected, and where it moved fast; as
much as a track or a face that stays alone, so that an allowed pair is never worse than none."""

FAST_GAP = 0.45
"""Seconds after which a face that jumped farther than `MAX_BOX_COST` may differ in appearance only
as much as across a cut, and no longer as much as a lost one."""


class FaceTracker:
    """Tracks the faces of one stream; one tracker per visitor or video.

    Args:
        max_age: Seconds for which a face that isn't seen keeps its id; more where frames come
            so seldom that this is hardly one.
        min_hits: Frames in which a face must be detected to be confirmed. Before, its id is
            negative.

    Attributes:
        confirmed_from: Maps track ids given in the last update to the negative ones before.
    """

    def __init__(self, max_age: float = 1.0, min_hits: int = 1) -> None:
        """Start without tracks.

        Raises:
            ValueError: `max_age` is negative, or `min_hits` not positive.
        """
        if max_age < 0:
            raise ValueError(f"max_age is 0 seconds or more, not {max_age}.")
        if min_hits < 1:
            raise ValueError(f"min_hits is 1 or more, not {min_hits}.")
        self.max_age, self.min_hits = max_age, min_hits
        self._next_id, self._next_tentative_id = count(1), count(-1, -1)  # copies share them
        self.forget_faces()

    def forget_faces(self) -> None:
        """Forget all tracks with their appearance; no id is given again."""
        self._tracks: list[Track] = []
        self._last_time = np.inf
        self.confirmed_from: dict[int, int] = {}

    def assign_new_ids(self, replaced: Callable[[Float32Array], bool]) -> None:
        """Give new ids to the faces in some boxes, (4,): they are others from now on."""
        self._tracks = [
            replace(track, track_id=next(self._next_tentative_id), hits=1)
            if track.track_id > 0 and replaced(track.xyxy)
            else track
            for track in self._tracks
        ]

    def predict(self, time: float, tentative: bool = False) -> Float32Array:
        """Return where the faces are expected that are remembered.

        Args:
            time: Seconds on the clock of `update`.
            tentative: Whether those that don't count yet are meant, instead of those that do.

        Returns:
            float32 (n, 4) boxes as xyxy.
        """
        expected = [
            track.predict(time)
            for track in self._active_tracks(time)
            if (track.track_id < 0) == tentative and not track.lost_at_cut
        ]
        return np.array(expected, np.float32).reshape(-1, 4)

    def update(
        self,
        detections: Detections,
        time: float,
        appearance: FloatArray | None = None,
        cut: bool = False,
        mappings: Sequence[FrameMapping] = (),
    ) -> Detections:
        """Give each face the id of the one it continues, or a new one.

        Call once per frame, also when nothing was detected: that is how lost faces are forgotten.

        Args:
            detections: Faces in this frame, n of them; n may be 0.
            time: Seconds on any clock that doesn't go back.
            appearance: Their descriptors, (n, d); None compares their boxes only.
            cut: Whether the frame shows another scene than the one before. A known face keeps
                its id only if box and appearance are the same.
            mappings: Where the frame's size changed, the ways in which the old frame's points may
                have moved in the new one; the one that fits the faces best is taken, else the
                first.

        Returns:
            A copy with `tracker_id`, int (n,), in the order given.
        """
        tracks = self._active_tracks(time)
        if cut:
            tracks = [replace(track, lost_at_cut=True) for track in tracks if track.track_id > 0]
        rows = np.zeros((len(detections), 0)) if appearance is None else appearance
        xyxy = boxes(detections)
        found = _FrameFaces(xyxy, rows, _crowded(xyxy), time, bool(mappings))
        options = [[track.mapped(mapping) for track in tracks] for mapping in mappings]
        options = options or [tracks]
        pairs = [_match(option, found, self._last_time) for option in options]
        best = min(range(len(pairs)), key=lambda index: pairs[index][1])
        self._keep(options[best], pairs[best][0], found)
        ids = np.array([track.track_id for track in self._tracks[: len(detections)]], int)
        return replace(detections, tracker_id=ids)

    def _active_tracks(self, time: float) -> list[Track]:
        """Return the faces that aren't forgotten at the time of the next frame."""
        missed = min(MIN_MAX_AGE_FRAMES * (time - self._last_time), MAX_AGE_LIMIT)
        max_age, tentative = max(self.max_age, missed), max(TENTATIVE_MAX_AGE, missed)
        return [
            track
            for track in self._tracks
            if time - track.last_seen <= (max_age if track.track_id > 0 else tentative)
        ]

    def _keep(self, tracks: Sequence[Track], matched: dict[int, int], found: "_FrameFaces") -> None:
        """Remember this frame's faces, in their order, and after them those that are missing."""
        self.confirmed_from, self._last_time = {}, found.time
        crowded = found.crowded.tolist()
        current = [
            self._confirm(
                tracks[matched[index]].update(
                    box, None if crowded[index] else appearance, found.time
                )
                if index in matched
                else self._new_track(box, appearance, found.time)
            )
            for index, (box, appearance) in enumerate(
                zip(found.xyxy, found.appearance, strict=True)
            )
        ]
        seen = set(matched.values())
        self._tracks = current + [track for row, track in enumerate(tracks) if row not in seen]

    def _confirm(self, track: Track) -> Track:
        """Return the track with a positive id if it is confirmed from now on."""
        if track.track_id > 0 or track.hits < self.min_hits:
            return track
        track_id = next(self._next_id)
        self.confirmed_from[track_id] = track.track_id
        return replace(track, track_id=track_id)

    def _new_track(self, xyxy: Float32Array, appearance: FloatArray, time: float) -> Track:
        return Track(next(self._next_tentative_id), xyxy, np.zeros(2), time, appearance)


@dataclass(frozen=True)
class _FrameFaces:
    """Detections of a frame, with their appearance descriptors.

    Attributes:
        xyxy: Boxes (n, 4).
        appearance: (n, d).
        crowded: Bool (n,), which have another one in their surroundings.
        time: Seconds.
        resized: Whether the frame's size is new.
    """

    xyxy: Float32Array
    appearance: FloatArray
    crowded: BoolArray
    time: float
    resized: bool


def box_cost(boxes1: FloatArray, boxes2: FloatArray) -> FloatArray:
    """Compare each box with each other box: 0 for the same, 1 for a face's size away.

    Args:
        boxes1: (n, 4) as xyxy.
        boxes2: (m, 4).

    Returns:
        (n, m): the distance of the centres in mean sizes, plus the logarithm of the sizes' ratio.
    """
    sizes, other_sizes = box_sizes(boxes1)[:, None], box_sizes(boxes2)[None, :]
    offsets = box_centers(boxes1)[:, None] - box_centers(boxes2)[None, :]
    distance: FloatArray = np.linalg.norm(offsets, axis=2)
    return 2 * distance / (sizes + other_sizes) + np.abs(np.log(sizes / other_sizes))


def _match(
    tracks: Sequence[Track], found: _FrameFaces, last_time: float
) -> tuple[dict[int, int], float]:
    """Return which face continues which track, from its index to the track's, and the cost."""
    if not tracks or not len(found.xyxy):
        return {}, 0.0
    box_costs = box_cost(np.stack([track.predict(found.time) for track in tracks]), found.xyxy)
    described = np.stack([track.appearance for track in tracks])
    appearance_costs = appearance_cost(described, found.appearance)
    lost_at_cut = np.array([[track.lost_at_cut] for track in tracks])
    seen = np.array([[track.last_seen >= last_time] for track in tracks])
    tolerant = (seen | found.crowded) & (not found.resized)
    limit = np.where(tolerant, MAX_APPEARANCE_SEEN, MAX_APPEARANCE_LOST)
    limit = np.where(lost_at_cut, MAX_APPEARANCE_CUT, limit)
    steady = np.array([[track.steady] for track in tracks])
    expected = (seen | (steady & found.crowded)) & ~lost_at_cut & (not found.resized)
    limit = np.where(expected & (box_costs < CLOSE_BOX_COST), MAX_APPEARANCE_CLOSE, limit)
    near = (box_costs < MAX_BOX_COST) & (appearance_costs < limit)
    matched, cost = _assign(box_costs + APPEARANCE_WEIGHT * appearance_costs, near, NEAR_COST)
    if found.appearance.shape[1] and len(matched) < min(len(tracks), len(found.xyxy)):
        free = ~lost_at_cut & np.ones(len(found.xyxy), bool)
        free[list(matched.values())], free[:, list(matched)] = False, False
        matched |= _match_far(tracks, found, box_costs, appearance_costs, free)
    return matched, cost


def _match_far(
    tracks: Sequence[Track],
    found: _FrameFaces,
    box_costs: FloatArray,
    appearance_costs: FloatArray,
    free: BoolArray,
) -> dict[int, int]:
    """Return which of the free pairs are a face that moved fast, from its index to the track's."""
    elapsed = np.array([[found.time - track.last_seen] for track in tracks])
    last = box_cost(np.stack([track.xyxy for track in tracks]), found.xyxy)
    box_costs = np.minimum(box_costs, last)
    limit = np.where(elapsed <= FAST_GAP, MAX_APPEARANCE_LOST, MAX_APPEARANCE_CUT)
    reach = 1 + np.minimum(MAX_SPEED * elapsed, MAX_REACH)
    far = free & (box_costs < reach) & (appearance_costs < limit)
    return _assign(appearance_costs + APPEARANCE_WEIGHT * box_costs, far, FAR_COST)[0]


def _crowded(xyxy: Float32Array) -> BoolArray:
    """Return which boxes (n, 4) have another one in their surroundings, (n,)."""
    if len(xyxy) < 2:
        return np.zeros(len(xyxy), bool)
    apart = np.linalg.norm(box_centers(xyxy)[:, None] - box_centers(xyxy)[None], axis=2)
    near = apart < CROWDED * np.maximum(box_sizes(xyxy)[:, None], box_sizes(xyxy)[None])
    return np.asarray(near.sum(axis=1) > 1)


def _assign(
    cost: FloatArray, allowed: BoolArray, unmatched_cost: float
) -> tuple[dict[int, int], float]:
    """Return the cheapest pairs, from column to row, and the cost of all columns."""
    costs = np.where(allowed, cost, unmatched_cost)
    rows, columns = linear_sum_assignment(costs)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    matched = {column: row for row, column in pairs if allowed[row, column]}
    return matched, float(costs[rows, columns].sum())
