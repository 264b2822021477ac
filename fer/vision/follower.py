"""Following the faces of a stream at a fraction of the cost of finding them in each frame.

A face that is known needs only MTCNN's last network, which moves last frame's box to where the face
is now. The search for new faces goes through the picture in parts, a few of them a frame, so that
it is once through in a fixed time whatever the frame rate. Where a known face wasn't seen, its
surroundings are searched at once; when the whole picture changes, the whole picture is.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from supervision import Detections, OverlapMetric, box_iou_batch

from fer.array_types import BoolArray, Float32Array, FloatArray, Int16Array, UInt8Array
from fer.vision.detections import areas, boxes, select
from fer.vision.parts import Part, around
from fer.vision.tracker import FaceTracker

KNOWN_CONFIDENCE = 0.6
"""Least score of a face that was there before; less than a new one needs, so that it stays."""

CHANGED = 30.0
"""Mean difference of two frames, 0 to 255, from which on they show different scenes."""

SAMPLES = 48
"""Pixels along the longer side of the copies that are compared for that."""

SAME = 0.5
"""Overlap over union from which on two boxes are of the same face."""

COVERED = 0.6
"""Share of a box that a larger one covers, from which on only the larger is a face."""


class TiledDetector(Protocol):
    """What following faces needs of a detector; see `fer.vision.detector.FaceDetector`."""

    def detect(
        self,
        image: UInt8Array,
        parts: Sequence[Part] | None = None,
        beside: Float32Array | None = None,
        confidence: float | None = None,
    ) -> Detections:
        """Return the faces in RGB uint8 (h, w, 3), or in parts of it."""

    def parts(self, image: UInt8Array) -> Sequence[Part]:
        """Return the parts that a search through such a picture splits into."""

    def redetect(self, image: UInt8Array, xyxy: Float32Array, confidence: float) -> Detections:
        """Return the faces near where they are expected."""


class FaceFollower:
    """Finds, follows and numbers the faces of one stream; one follower a visitor or video.

    Args:
        memory: Seconds for which a face that isn't seen keeps its number.
        cycle: Seconds in which the search for new faces is once through the picture.
    """

    def __init__(self, memory: float = 1.0, cycle: float = 0.45) -> None:
        """Know nobody yet.

        Raises:
            ValueError: `memory` is negative, or `cycle` is not above 0.
        """
        if not cycle > 0:
            raise ValueError(f"cycle is above 0 seconds, not {cycle}.")
        self.tracker = FaceTracker(memory)
        self.cycle = cycle
        self._samples: Int16Array | None = None
        self._time = -np.inf
        self._searched = 0.0  # parts of the search that are done; grows for ever

    def update(self, detector: TiledDetector, image: UInt8Array, time: float) -> Detections:
        """Find the faces of the next frame.

        Args:
            detector: Finds faces; the same for the whole stream.
            image: RGB uint8 (h, w, 3).
            time: Seconds on any clock that doesn't go back.

        Returns:
            As `FaceDetector.detect`, with `tracker_id` int (n,).
        """
        samples, before = _sampled(image), self._samples
        elapsed, self._samples, self._time = time - self._time, samples, time
        if _changed(before, samples):
            faces = detector.detect(image)
        else:
            faces = self._followed(detector, image, time, elapsed)
        return self.tracker.update(faces, time)

    def _followed(
        self, detector: TiledDetector, image: UInt8Array, time: float, elapsed: float
    ) -> Detections:
        """Return the known faces where they are now, and new ones of this frame's share."""
        expected = self.tracker.expected(time)
        faces = detector.redetect(image, expected, KNOWN_CONFIDENCE)
        lost = expected[_overlap(expected, boxes(faces)) < SAME]
        if parts := self._due(detector.parts(image), elapsed):
            faces = merged(faces, detector.detect(image, parts, boxes(faces)))
        if nearby := around(image.shape[1::-1], lost):
            again = detector.detect(image, nearby, boxes(faces), KNOWN_CONFIDENCE)
            faces = merged(faces, again)
        return faces

    def _due(self, parts: Sequence[Part], elapsed: float) -> list[Part]:
        """Return the parts whose turn it is after `elapsed` seconds."""
        first = int(self._searched)
        self._searched += elapsed / self.cycle * len(parts)
        last = min(int(self._searched), first + len(parts))
        return [parts[index % len(parts)] for index in range(first, last)]


def merged(known: Detections, found: Detections) -> Detections:
    """Return the faces of both, each once, largest first.

    A face in both keeps its known box; one that a found face covers without being the same goes,
    because the search saw more of the picture.
    """
    found = select(found, _overlap(boxes(found), boxes(known)) < SAME)
    known = select(known, ~_covered(known, found))
    both = Detections.merge([known, found]) if len(found) else known
    return select(both, np.argsort(-areas(both), kind="stable"))


def _covered(faces: Detections, others: Detections) -> BoolArray:
    """Return which faces lie in a larger one of the others, bool (n,)."""
    if not len(faces) or not len(others):
        return np.zeros(len(faces), bool)
    inside = box_iou_batch(faces.xyxy, others.xyxy, OverlapMetric.IOS) >= COVERED
    larger = areas(others)[None, :] > areas(faces)[:, None]
    return np.asarray((inside & larger).any(axis=1))


def _overlap(xyxy: Float32Array, others: Float32Array) -> FloatArray:
    """Return each box's largest overlap over union with any other; 0 where there is none."""
    if not len(xyxy) or not len(others):
        return np.zeros(len(xyxy))
    return np.asarray(box_iou_batch(xyxy, others).max(axis=1))


def _sampled(image: UInt8Array) -> Int16Array:
    """Return every so many-th pixel, enough to tell one scene from another."""
    step = max(1, max(image.shape[:2]) // SAMPLES)
    return image[step // 2 :: step, step // 2 :: step].astype(np.int16)


def _changed(before: Int16Array | None, now: Int16Array) -> bool:
    """Return whether two frames show different scenes."""
    if before is None or before.shape != now.shape:
        return True
    return float(np.abs(now - before).mean()) > CHANGED
