"""Detection of streams that are upside down or on their side.

A camera that hangs from the ceiling, or a film without a note of how the phone was held, has all of
its faces another way up. Its frames are then turned before they are searched.
"""

from dataclasses import replace

import numpy as np
from supervision import Detections

from fer.array_types import UInt8Array
from fer.vision.detections import picture_rotation
from fer.vision.detector_protocols import Detector
from fer.vision.pose import roll_difference
from fer.vision.rotation import rotate_faces, rotate_image

SEARCHES, FIRST_PAUSE, MAX_PAUSE = 4, 1.0, 60.0
"""Searches of frames any way up that are made at once, because there are faces in them, and seconds
from one search to the next where there are none. Each pause is twice as long as the one before, up
to the last: a search takes up to four times as long as one of an upright frame."""

FORGOTTEN_AFTER = 5.0
"""Seconds without a face after which a turned stream counts as upright again."""


class StreamRotation:
    """By how much one stream is turned; one per visitor or video.

    Attributes:
        degrees: Clockwise: 0, 90, 180 or 270.
    """

    def __init__(self) -> None:
        self.degrees = 0
        self._reset()

    def _reset(self) -> None:
        self._searches, self._pause, self._found = SEARCHES, FIRST_PAUSE, 0
        self._due, self._settled, self._last_seen = -np.inf, False, -np.inf

    def to_upright(self, image: UInt8Array) -> UInt8Array:
        """Return a frame as its faces are upright, as far as that is known."""
        return rotate_image(image, -self.degrees) if self.degrees else image

    def update(self, detector: Detector, image: UInt8Array, faces: Detections, time: float) -> bool:
        """Take the faces of the upright frame, and return whether `degrees` has changed.

        The stream is turned if two searches of a frame agree on it. It is upright once a search
        finds upright faces; those of the frame may be mistaken, with the mouth taken for eyes.

        Args:
            detector: Detects faces in any rotation.
            image: The frame as it came.
            faces: What was found in it, turned upright.
            time: Seconds on any clock that doesn't go back.
        """
        if len(faces):
            self._last_seen = time
        if self.degrees:
            return not len(faces) and self._forget(time)
        if self._settled or (time < self._due and not (len(faces) and self._searches)):
            return False
        found = detector.detect_any_rotation(image)
        degrees = picture_rotation(found)
        agreed, self._found = degrees == self._found, degrees
        if degrees and agreed:
            self.degrees, self._last_seen = degrees, time
            return True
        self._settled = not degrees and len(found) > 0
        if degrees or len(faces):
            self._searches = max(0, self._searches - 1)
        if not degrees or not self._searches:
            self._due = time + self._pause
            self._pause = min(2 * self._pause, MAX_PAUSE)
        return False

    def _forget(self, time: float) -> bool:
        if time - self._last_seen <= FORGOTTEN_AFTER:
            return False
        self.degrees = 0
        self._reset()
        return True

    def from_upright(self, faces: Detections, image: UInt8Array) -> Detections:
        """Return the faces of an upright frame where they are in the frame as it came.

        Args:
            faces: n faces with landmarks and `data["roll"]`.
            image: The frame as it came.

        Returns:
            A copy; of a turned stream with `metadata["rotation"]`.
        """
        if not self.degrees:
            return faces
        height, width = image.shape[:2]
        upright = (height, width) if self.degrees % 180 else (width, height)
        mapped = rotate_faces(faces, self.degrees, upright, (width, height))
        roll = roll_difference(np.asarray(faces.data["roll"]) + self.degrees, 0)
        metadata = {**faces.metadata, "rotation": self.degrees}
        return replace(mapped, data={**mapped.data, "roll": roll}, metadata=metadata)
