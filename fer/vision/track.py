"""A track: the box, motion and appearance of one face, and its predicted box."""

from dataclasses import dataclass, replace
from math import hypot

import numpy as np

from fer.array_types import Float32Array, FloatArray
from fer.vision.boxes import box_centers, box_sizes
from fer.vision.frame_mapping import FrameMapping

VELOCITY_TIME_CONSTANT, STEADY_TIME_CONSTANT = 0.15, 0.6
"""Seconds in which an unseen face loses all but 37 % of its speed: heads nod and stop, but who
walks goes on."""

STEADY_SPEED = 1.5
"""Face sizes per second from which on a face that keeps its direction is a walking person's."""

VELOCITY_SMOOTHING = 0.5
"""Share of the old velocity that is kept at each sight of a face."""

MIN_ELAPSED = 1 / 64
"""Seconds that are taken to lie between two sights of a face at least: a millisecond apart, as some
files and late networks have frames, the detector's noise would be a speed of faces per second."""

APPEARANCE_SMOOTHING = 0.5
"""Share of the old appearance that is kept at each sight of a face."""


@dataclass(frozen=True)
class Track:
    """One face.

    Attributes:
        track_id: Negative until it is confirmed.
        xyxy: Where it was seen last, (4,) in pixels.
        velocity: (2,) in pixels per second.
        last_seen: Seconds.
        appearance: (d,), see `fer.vision.appearance`; (0,) where that isn't known.
        hits: Frames in which it was detected.
        steady: Whether it keeps moving as it does.
        lost_at_cut: Whether there was a cut since it was seen.
    """

    track_id: int
    xyxy: Float32Array
    velocity: FloatArray
    last_seen: float
    appearance: FloatArray
    hits: int = 1
    steady: bool = False
    lost_at_cut: bool = False

    def predict(self, time: float) -> FloatArray:
        """Return the box at a later time; its velocity decays exponentially."""
        decay = STEADY_TIME_CONSTANT if self.steady else VELOCITY_TIME_CONSTANT
        travel_time: float = decay * -np.expm1((self.last_seen - time) / decay)
        return self.xyxy + np.tile(self.velocity, 2) * travel_time

    def update(self, xyxy: Float32Array, appearance: FloatArray | None, time: float) -> "Track":
        """Return the face after another sight of it, its appearance kept where that is None."""
        elapsed = max(time - self.last_seen, MIN_ELAPSED)
        velocity = (box_centers(xyxy[None]) - box_centers(self.xyxy[None]))[0] / elapsed
        kept = VELOCITY_SMOOTHING * self.velocity + (1 - VELOCITY_SMOOTHING) * velocity
        if self.lost_at_cut:
            velocity = kept = np.zeros(2)
        current = self.appearance if appearance is None else appearance
        return replace(
            self,
            xyxy=xyxy,
            velocity=kept,
            last_seen=time,
            appearance=APPEARANCE_SMOOTHING * self.appearance
            + (1 - APPEARANCE_SMOOTHING) * current,
            hits=self.hits + 1,
            steady=_is_steady(self.velocity, velocity, float(box_sizes(xyxy[None])[0])),
            lost_at_cut=False,
        )

    def mapped(self, mapping: FrameMapping) -> "Track":
        """Return the face in a frame of another size."""
        return replace(
            self, xyxy=mapping.map_boxes(self.xyxy), velocity=self.velocity * mapping.scale
        )


def _is_steady(before: FloatArray, now: FloatArray, size: float) -> bool:
    """Return whether two velocities of a face of this size are about those of somebody walking."""
    speed = hypot(*now)
    change = hypot(*(now - before))
    return min(hypot(*before), speed) > STEADY_SPEED * size and change < speed / 2
