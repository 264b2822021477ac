"""Face detection in streams, at a fraction of the cost of a full detection of each frame.

A known face needs only MTCNN's last network, which moves last frame's box to where the face is now.
New faces are searched tile by tile, a few tiles per frame, so that the whole picture is searched
once in a fixed time whatever the frame rate. Where a known face wasn't detected, its surroundings
are searched at once, as far as it may have moved; when the whole picture changes, the whole picture
is. A face counts once it was detected in two frames.
"""

import math
from collections.abc import Sequence

import numpy as np
from supervision import Detections

from fer.array_types import Float32Array, UInt8Array
from fer.vision.appearance import AppearanceMemory
from fer.vision.box_smoother import BoxSmoother
from fer.vision.boxes import SAME_FACE_IOU, max_iou, merge_detections
from fer.vision.detections import boxes
from fer.vision.detector_protocols import Detector
from fer.vision.dissolve import DissolveDetector
from fer.vision.frame_mapping import FrameMapping, Rectangle, content_rectangle, frame_mappings
from fer.vision.pyramid import Tile, tiles_around
from fer.vision.roll_smoother import RollSmoother
from fer.vision.scene_change import Change, SceneChangeDetector
from fer.vision.stream_rotation import StreamRotation
from fer.vision.tracker import MAX_SPEED, FaceTracker

TRACKED_CONFIDENCE = 0.6
"""Least score of a face that was there before; less than a new one needs, so that it stays."""

TILTS, TILTED_CONFIDENCE, MAX_TILTED = (-40.0, 40.0), 0.9, 4
"""Degrees by which a lost face may have tilted since it was detected, its least score, and most
faces that are searched tilted in a frame."""

LYING = 60.0
"""Degrees of roll from which a face is tilted so strongly as people seldom are."""

TENTATIVE_CONFIDENCE = 0.9
"""Least score of a face that was detected in one frame so far: about what a new one needs."""

MIN_HITS = 2
"""Frames in which a face must be detected to count: noise and folds are rarely detected twice."""

MAX_SEARCH_EXTENT = 2.0
"""Sizes of a lost face beyond its place, on each side, that are searched at most."""


class StreamDetector:
    """Detects and tracks the faces of one stream; one per visitor or video.

    Args:
        max_age: Seconds for which the track of a face that isn't detected is kept.
        search_period: Seconds in which the whole picture is searched once for new faces.

    Attributes:
        follows_cut: Whether the latest frame shows another scene than the one before.
    """

    def __init__(self, max_age: float = 1.0, search_period: float = 0.45) -> None:
        """Start without tracks.

        Raises:
            ValueError: `max_age` is negative, or `search_period` is not above 0.
        """
        if not search_period > 0:
            raise ValueError(f"search_period is above 0 seconds, not {search_period}.")
        self.tracker, self.rolls = FaceTracker(max_age, MIN_HITS), RollSmoother(max_age)
        self.search_period, self.appearances = search_period, AppearanceMemory()
        self.box_smoother = BoxSmoother(max_age)
        self.scene_changes, self.rotation = SceneChangeDetector(), StreamRotation()
        self.dissolves = DissolveDetector()
        self.follows_cut = False
        self._cut = False  # since the last frame that was searched
        self._size: tuple[int, ...] | None = None
        self._content: Rectangle = 0, 0, 0, 0
        self._last_time = -np.inf
        self._search_position = 0.0  # tiles searched so far; grows without limit

    def detect_cut(self, image: UInt8Array) -> bool:
        """Take a frame that isn't searched for faces, and return whether it follows a cut.

        In a stream of which only some frames are searched, that detects cuts between them.
        """
        self._compare(self.rotation.to_upright(image))
        self._cut |= self.follows_cut
        return self.follows_cut

    def assign_new_ids_after_dissolve(self, image: UInt8Array, time: float) -> None:
        """Take a frame of a recording before all else; faces replaced by a dissolve get new ids."""
        dissolve = self.dissolves.update(self.rotation.to_upright(image), time)
        if dissolve:
            self.tracker.assign_new_ids(dissolve.is_replaced)

    def update(self, detector: Detector, image: UInt8Array, time: float) -> Detections:
        """Detect and track the faces of the next frame.

        Until one is upright some are searched any way up, too; see `fer.vision.stream_rotation`.

        Args:
            detector: Detects faces; the same for the whole stream.
            image: RGB uint8 (h, w, 3).
            time: Seconds on any clock that doesn't go back.

        Returns:
            As `FaceDetector.detect`, with `tracker_id` int (n,), negative for a face that was
            detected in this frame only and doesn't count yet, and `data["roll"]` float32 (n,) in
            degrees, averaged over time. `metadata["rotation"]` is there if the stream is turned.

        Raises:
            ValueError: The time is before that of the last frame, or not finite.
        """
        if not (math.isfinite(time) and time >= self._last_time):
            raise ValueError(
                f"A frame's time is in seconds and doesn't go back, but {time} follows "
                f"{self._last_time}; begin anew for another stream."
            )
        faces = self._find(detector, self.rotation.to_upright(image), time)
        if self.rotation.update(detector, image, faces, time):
            self._forget()  # what is known is of the frames as they were
            faces = self._find(detector, self.rotation.to_upright(image), time)
        return self.rotation.from_upright(faces, image)

    def _find(self, detector: Detector, image: UInt8Array, time: float) -> Detections:
        """Return the faces of a frame that are about upright, tracked."""
        change, size = self._compare(image), image.shape[:2]
        elapsed, self._last_time = time - self._last_time, time
        cut, self._cut = change.cut or self._cut, False
        whole = change.whole or cut or size != self._size
        mappings = self._frame_mappings(image) if whole else ()
        if mappings:
            self.box_smoother.reset()  # its places are in another frame's pixels
        if whole:
            faces = detector.detect(image)
        else:
            faces = self._track_and_search(detector, image, time, elapsed)
        descriptors = self.appearances.compute_descriptors(image, boxes(faces), time, whole)
        faces = self.tracker.update(faces, time, descriptors, cut and not mappings, mappings)
        return self.box_smoother.update(self.rolls.update(faces, time), time)

    def _compare(self, image: UInt8Array) -> Change:
        """Compare a frame that is upright with the one before."""
        change = self.scene_changes.update(image)
        self.follows_cut = change.cut
        if change.cut:
            self.dissolves.clear()
        return change

    def _forget(self) -> None:
        """Begin with the next frame as with the first one, but give no id again."""
        self.tracker.forget_faces()
        self.box_smoother.reset()
        self.rolls, self._size = RollSmoother(self.rolls.max_age), None

    def _frame_mappings(self, image: UInt8Array) -> tuple[FrameMapping, ...]:
        """Return how places may have moved if the frame's size or its black bars changed."""
        before, known = self._content, self._size is not None
        self._size, self._content = image.shape[:2], content_rectangle(image)
        return frame_mappings(before, self._content) if known and before != self._content else ()

    def _track_and_search(
        self, detector: Detector, image: UInt8Array, time: float, elapsed: float
    ) -> Detections:
        """Return the known faces where they are now, and new ones of this frame's share."""
        predicted = self.tracker.predict(time)
        tentative = self.tracker.predict(time, tentative=True)
        faces = self._redetect(detector, image, predicted, TRACKED_CONFIDENCE)
        if len(tentative):
            again = self._redetect(detector, image, tentative, TENTATIVE_CONFIDENCE)
            faces = merge_detections(faces, again)
        lost = _missing(predicted, faces)
        doubtful = _missing(tentative, faces) if len(tentative) else tentative
        if tiles := self._due_tiles(detector.tiles(image), elapsed):
            faces = merge_detections(faces, detector.detect(image, tiles, boxes(faces)))
        extent = min(0.5 + MAX_SPEED * elapsed, MAX_SEARCH_EXTENT)
        for around, confidence in ((lost, TRACKED_CONFIDENCE), (doubtful, None)):
            if nearby := tiles_around(image.shape[1::-1], around, extent):
                recovered = detector.detect(image, nearby, boxes(faces), confidence)
                faces = merge_detections(faces, recovered)
        return self._find_tilted(detector, image, lost, faces)

    def _redetect(
        self,
        detector: Detector,
        image: UInt8Array,
        predicted: Float32Array,
        confidence: float,
    ) -> Detections:
        """Return the known faces where they are now, tilted about as they were.

        One that is on its side or upside down is scored the other way up, too: its rotation, once
        mistaken, would stay so.
        """
        rolls = self.rolls.predict_rolls(predicted)
        lying = np.abs(rolls) > LYING
        places = np.concatenate([predicted, predicted[lying]])
        rolls = np.concatenate([rolls, rolls[lying] + 180])
        return detector.redetect(image, places, confidence, rolls)

    def _find_tilted(
        self, detector: Detector, image: UInt8Array, lost: Float32Array, faces: Detections
    ) -> Detections:
        """Return the faces, and those of the lost ones that tilted their head since they were seen.

        Only the last network runs on them, which takes about a millisecond per face.
        """
        lost = _missing(lost, faces)[:MAX_TILTED]
        if len(lost):
            places, tilts = np.repeat(lost, len(TILTS), axis=0), np.tile(TILTS, len(lost))
            rolls = self.rolls.predict_rolls(places) + tilts.astype(np.float32)
            tilted = detector.redetect(image, places, TILTED_CONFIDENCE, rolls)
            faces = merge_detections(faces, tilted)
        return faces

    def _due_tiles(self, tiles: Sequence[Tile], elapsed: float) -> list[Tile]:
        """Return the tiles that are due after `elapsed` seconds."""
        first = int(self._search_position)
        self._search_position += elapsed / self.search_period * len(tiles)
        last = min(int(self._search_position), first + len(tiles))
        return [tiles[index % len(tiles)] for index in range(first, last)]


def _missing(expected: Float32Array, faces: Detections) -> Float32Array:
    """Return those of the boxes (n, 4) near which there is none of the faces."""
    return expected[max_iou(expected, boxes(faces)) < SAME_FACE_IOU]
