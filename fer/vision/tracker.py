"""Tracking faces from frame to frame: each gets a number and keeps it.

Boxes are joined to the tracks so far by the Hungarian method (Kuhn 1955), as in SORT (Bewley
et al. 2016, https://arxiv.org/abs/1602.00763), but by distance and size instead of overlap, because
between two frames of a slow stream a face may leave its own box, and by how alike they look, as in
Deep SORT (Wojke et al. 2017, https://arxiv.org/abs/1703.07402), but with the coarse colours of
`fer.vision.appearance` instead of a network that tells people apart.

There is no recognition: a face that was out of view for long is a new track.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment
from supervision import Detections

from fer.array_types import BoolArray, Float32Array, FloatArray
from fer.vision.appearance import distances
from fer.vision.detections import boxes
from fer.vision.frame_mapping import FrameMapping

MAX_COST = 1.0
"""Largest difference between a face and where it was expected, as `matching_cost` counts it."""

MIN_MEMORY_FRAMES = 2.5
"""Frames for which a face is remembered at least, however slowly they come,"""

MAX_MEMORY = 5.0
"""but for no more seconds than these."""

TENTATIVE_MEMORY = 0.3
"""Seconds for which a face that doesn't count yet is remembered: what only looked like a face for a
moment is not to meet another such moment."""

VELOCITY_DECAY, STEADY_DECAY = 0.15, 0.6
"""Seconds in which an unseen face loses all but 37 % of its speed: heads nod and stop, but who
walks goes on."""

STEADY_SPEED = 1.5
"""Sizes of a face a second from which on one that keeps its direction walks."""

VELOCITY_SMOOTHING = 0.5
"""Share of the old velocity that is kept at each sight of a face."""

APPEARANCE_SMOOTHING = 0.5
"""Share of the old appearance that is kept at each sight of a face."""

SEEN_DISTANCE, LOST_DISTANCE, CUT_DISTANCE = 1.6, 0.9, 0.6
"""Largest difference in appearance of a track and the face that continues it: where it was seen in
the frame before, where it wasn't, and across a cut, where its place means nothing."""

APPEARANCE_WEIGHT = 0.4
"""What a difference in appearance of 1 counts for beside one in place of a face's size."""

CROWDED = 1.5
"""Sizes of a face up to which another one is in its surroundings, whose colours then say little."""

MAX_SPEED, MAX_REACH = 12.0, 4.0
"""Sizes of a face a second by which it moves at most (somebody who runs past), and sizes in all."""

FAST_GAP = 0.45
"""Seconds up to which a face that jumped farther than `MAX_COST` may look as unlike as a lost one;
beyond, it must look as alike as across a cut."""


@dataclass(frozen=True)
class _Track:
    """One face.

    Attributes:
        track_id: Its number; negative until it counts.
        xyxy: Where it was seen last, (4,) in pixels.
        velocity: (2,) in pixels a second.
        last_seen: Seconds.
        appearance: (d,), see `fer.vision.appearance`; (0,) where that isn't known.
        sightings: Frames in which it was detected.
        steady: Whether it keeps moving as it does.
        parked: Whether there was a cut since it was seen.
    """

    track_id: int
    xyxy: Float32Array
    velocity: FloatArray
    last_seen: float
    appearance: FloatArray
    sightings: int = 1
    steady: bool = False
    parked: bool = False

    def predict(self, time: float) -> FloatArray:
        """Return the box at a later time, which it reached ever more slowly."""
        decay = STEADY_DECAY if self.steady else VELOCITY_DECAY
        travel_time: float = decay * -np.expm1((self.last_seen - time) / decay)
        return self.xyxy + np.tile(self.velocity, 2) * travel_time

    def update(self, xyxy: Float32Array, appearance: FloatArray | None, time: float) -> "_Track":
        """Return the face after another sight of it, its appearance kept where that is None."""
        elapsed = max(time - self.last_seen, 1e-3)
        velocity = (box_centers(xyxy[None]) - box_centers(self.xyxy[None]))[0] / elapsed
        kept = VELOCITY_SMOOTHING * self.velocity + (1 - VELOCITY_SMOOTHING) * velocity
        if self.parked:
            velocity = kept = np.zeros(2)
        look = self.appearance if appearance is None else appearance
        return replace(
            self,
            xyxy=xyxy,
            velocity=kept,
            last_seen=time,
            appearance=APPEARANCE_SMOOTHING * self.appearance + (1 - APPEARANCE_SMOOTHING) * look,
            sightings=self.sightings + 1,
            steady=_is_steady(self.velocity, velocity, float(box_sizes(xyxy[None])[0])),
            parked=False,
        )


class FaceTracker:
    """Numbers the faces of one stream; one tracker a visitor or video.

    Args:
        memory: Seconds for which a face that isn't seen keeps its number; more where frames come
            so seldom that this is hardly one.
        confirmations: Frames in which a face must be detected to count. Before, its number is
            negative.

    Attributes:
        confirmed: From the numbers given in the last update to the negative ones of before.
    """

    def __init__(self, memory: float = 1.0, confirmations: int = 1) -> None:
        """Start without tracks.

        Raises:
            ValueError: `memory` is negative, or `confirmations` not positive.
        """
        if memory < 0:
            raise ValueError(f"memory is 0 seconds or more, not {memory}.")
        if confirmations < 1:
            raise ValueError(f"confirmations is 1 or more, not {confirmations}.")
        self.memory, self.confirmations = memory, confirmations
        self.reset()

    def reset(self) -> None:
        """Forget all tracks; ids start at 1 again."""
        self._next_id, self._next_tentative_id = 1, -1
        self.forget_faces()

    def forget_faces(self) -> None:
        """Forget all tracks and how they looked; no id is given again."""
        self._tracks: list[_Track] = []
        self._last_time = np.inf
        self.confirmed: dict[int, int] = {}

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
            if (track.track_id < 0) == tentative and not track.parked
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
        """Give each face the number of the one it continues, or a new one.

        Call once a frame, also when nothing was detected: that is how lost faces are forgotten.

        Args:
            detections: Faces in this frame, n of them; n may be 0.
            time: Seconds on any clock that doesn't go back.
            appearance: How they look, (n, d); None compares their places only.
            cut: Whether the frame shows another scene than the one before. A face of before keeps
                its number only if it looks the same at the same place.
            mappings: Where the frame's size changed, the ways in which places of before may have
                become places of now; the one that fits the faces best is taken, else the first.

        Returns:
            A copy with `tracker_id`, int (n,), in the order given.
        """
        tracks = self._active_tracks(time)
        if cut:
            tracks = [replace(track, parked=True) for track in tracks if track.track_id > 0]
        rows = np.zeros((len(detections), 0)) if appearance is None else appearance
        found = _Found(boxes(detections), rows, time, bool(mappings))
        options = [[_mapped(track, mapping) for track in tracks] for mapping in mappings]
        options = options or [tracks]
        pairs = [_match(option, found, self._last_time) for option in options]
        best = min(range(len(pairs)), key=lambda index: pairs[index][1])
        self._keep(options[best], pairs[best][0], found)
        ids = np.array([track.track_id for track in self._tracks[: len(detections)]], int)
        return replace(detections, tracker_id=ids)

    def _active_tracks(self, time: float) -> list[_Track]:
        """Return the faces that aren't forgotten at the time of the next frame."""
        missed = min(MIN_MEMORY_FRAMES * (time - self._last_time), MAX_MEMORY)
        memory, tentative = max(self.memory, missed), max(TENTATIVE_MEMORY, missed)
        return [
            track
            for track in self._tracks
            if time - track.last_seen <= (memory if track.track_id > 0 else tentative)
        ]

    def _keep(self, tracks: Sequence[_Track], matched: dict[int, int], found: "_Found") -> None:
        """Remember this frame's faces, in their order, and after them those that are missing."""
        self.confirmed, self._last_time = {}, found.time
        crowded = _crowded(found.xyxy).tolist()
        current = [
            self._confirm(
                tracks[matched[index]].update(box, None if crowded[index] else look, found.time)
                if index in matched
                else self._new_track(box, look, found.time)
            )
            for index, (box, look) in enumerate(zip(found.xyxy, found.appearance, strict=True))
        ]
        seen = set(matched.values())
        self._tracks = current + [track for row, track in enumerate(tracks) if row not in seen]

    def _confirm(self, track: _Track) -> _Track:
        """Return the track with a number if it counts from now on."""
        if track.track_id > 0 or track.sightings < self.confirmations:
            return track
        track_id, self._next_id = self._next_id, self._next_id + 1
        self.confirmed[track_id] = track.track_id
        return replace(track, track_id=track_id)

    def _new_track(self, xyxy: Float32Array, appearance: FloatArray, time: float) -> _Track:
        track_id, self._next_tentative_id = self._next_tentative_id, self._next_tentative_id - 1
        return _Track(track_id, xyxy, np.zeros(2), time, appearance)


@dataclass(frozen=True)
class _Found:
    """The faces of a frame: boxes (n, 4), appearances (n, d), its time, whether its size is new."""

    xyxy: Float32Array
    appearance: FloatArray
    time: float
    resized: bool


def matching_cost(ones: FloatArray, others: FloatArray) -> FloatArray:
    """Compare each box with each other box: 0 for the same, 1 for a face's size away.

    Args:
        ones: (n, 4) boxes as xyxy.
        others: (m, 4).

    Returns:
        (n, m): the distance of the centres in mean sizes, plus the logarithm of the sizes' ratio.
    """
    sizes, other_sizes = box_sizes(ones)[:, None], box_sizes(others)[None, :]
    offsets = box_centers(ones)[:, None] - box_centers(others)[None, :]
    distance: FloatArray = np.linalg.norm(offsets, axis=2)
    return 2 * distance / (sizes + other_sizes) + np.abs(np.log(sizes / other_sizes))


def _match(
    tracks: Sequence[_Track], found: _Found, last_time: float
) -> tuple[dict[int, int], float]:
    """Return which face continues which track, from its index to the track's, and the cost."""
    if not tracks or not len(found.xyxy):
        return {}, 0.0
    place = matching_cost(np.stack([track.predict(found.time) for track in tracks]), found.xyxy)
    look = distances(np.stack([track.appearance for track in tracks]), found.appearance)
    parked = np.array([track.parked for track in tracks])
    elapsed = np.array([found.time - track.last_seen for track in tracks])
    seen = np.array([track.last_seen >= last_time for track in tracks])
    tolerant = (seen[:, None] | _crowded(found.xyxy)) & (not found.resized)
    limit = np.where(
        parked[:, None], CUT_DISTANCE, np.where(tolerant, SEEN_DISTANCE, LOST_DISTANCE)
    )
    near = (place < MAX_COST) & (look < limit)
    matched, cost = _assign(place + APPEARANCE_WEIGHT * look, near)
    if found.appearance.shape[1]:
        last = matching_cost(np.stack([track.xyxy for track in tracks]), found.xyxy)
        reach = 1 + np.minimum(MAX_SPEED * elapsed, MAX_REACH)
        limit = np.where(elapsed <= FAST_GAP, LOST_DISTANCE, CUT_DISTANCE)
        far = (np.minimum(place, last) < reach[:, None]) & (look < limit[:, None])
        far[parked] = False
        far[list(matched.values())], far[:, list(matched)] = False, False
        matched |= _assign(look + APPEARANCE_WEIGHT * np.minimum(place, last), far)[0]
    return matched, cost


def _crowded(xyxy: Float32Array) -> BoolArray:
    """Return which boxes (n, 4) have another one in their surroundings, (n,)."""
    apart = np.linalg.norm(box_centers(xyxy)[:, None] - box_centers(xyxy)[None], axis=2)
    near = apart < CROWDED * np.maximum(box_sizes(xyxy)[:, None], box_sizes(xyxy)[None])
    return np.asarray(near.sum(axis=1) > 1)


def _assign(cost: FloatArray, allowed: BoolArray) -> tuple[dict[int, int], float]:
    """Return the cheapest pairs, from column to row, and the cost of all columns."""
    without = MAX_COST + APPEARANCE_WEIGHT * SEEN_DISTANCE  # more than any near pair's
    costs = np.where(allowed, np.minimum(cost, without), without)
    rows, columns = linear_sum_assignment(costs)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    matched = {column: row for row, column in pairs if allowed[row, column]}
    return matched, float(costs[rows, columns].sum())


def _mapped(track: _Track, mapping: FrameMapping) -> _Track:
    """Return a track in a frame of another size."""
    return replace(
        track, xyxy=mapping.map_boxes(track.xyxy), velocity=track.velocity * mapping.scale
    )


def _is_steady(before: FloatArray, now: FloatArray, size: float) -> bool:
    """Return whether two velocities of a face of this size are about those of somebody walking."""
    least = min(np.linalg.norm(before), np.linalg.norm(now))
    return bool(
        least > STEADY_SPEED * size and np.linalg.norm(now - before) < 0.5 * np.linalg.norm(now)
    )


def box_centers(xyxy: FloatArray) -> FloatArray:
    """Return the middles (n, 2) of boxes (n, 4)."""
    return (xyxy[:, :2] + xyxy[:, 2:]) / 2


def box_sizes(xyxy: FloatArray) -> FloatArray:
    """Return the boxes' mean sides, at least a pixel."""
    areas: FloatArray = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    return np.sqrt(np.maximum(areas, 1.0))
