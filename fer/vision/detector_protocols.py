"""Interfaces of face detectors for streams and photos; see `fer.vision.detector.FaceDetector`."""

from collections.abc import Sequence
from typing import Protocol, Self

from supervision import Detections

from fer.array_types import Float32Array, UInt8Array
from fer.vision.pyramid import Tile


class Detector(Protocol):
    """Detects faces in pictures and streams; the smallest one has `min_face` pixels."""

    min_face: int

    def with_min_face(self, min_face: int) -> Self:
        """Return such a detector for another smallest face, in pixels."""

    def detect(
        self,
        image: UInt8Array,
        tiles: Sequence[Tile] | None = None,
        known_boxes: Float32Array | None = None,
        confidence: float | None = None,
    ) -> Detections:
        """Return the faces in RGB uint8 (h, w, 3), or in tiles of it."""

    def tiles(self, image: UInt8Array) -> Sequence[Tile]:
        """Return the tiles of such a picture."""

    def redetect(
        self,
        image: UInt8Array,
        xyxy: Float32Array,
        confidence: float,
        rolls: Float32Array | None = None,
    ) -> Detections:
        """Return the faces near where they are expected, tilted by degrees (n,)."""

    def detect_any_rotation(self, image: UInt8Array) -> Detections:
        """Return the faces of a picture in any rotation."""


class ScoringDetector(Detector, Protocol):
    """A detector for `fer.vision.photo_search`, which also searches turned copies of a photo."""

    def score_faces(
        self,
        image: UInt8Array,
        faces: Detections,
        rolls: Float32Array,
        scales: Float32Array | None = None,
    ) -> Detections:
        """Return the last network's output for each face, tilted by degrees (n,)."""
