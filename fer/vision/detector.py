"""Face detection by MTCNN, as `supervision.Detections` in the picture's own pixels.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks"
(2016), https://arxiv.org/abs/1604.02878, in facenet-pytorch's version (MIT), which brings the
weights along. Three networks run in turn: the first, P-Net, slides over a pyramid of ever smaller
copies of the picture; the second and the last, R-Net and O-Net, score and refine what it proposes.

Limits: half-hidden and profile faces are often missed, and faces tilted by more than about 45
degrees, which `fer.vision.photo_search` detects in photos.
"""

from collections.abc import Sequence
from copy import copy

import numpy as np
from supervision import Detections, OverlapMetric, box_iou_batch

from fer.array_types import BoolArray, Float32Array, UInt8Array
from fer.images import as_rgb
from fer.vision.boxes import box_areas, clip_boxes, longer_sides, square_boxes
from fer.vision.detections import boxes, confidences
from fer.vision.face_sizes import VIDEO_MIN_FACE
from fer.vision.mtcnn import Candidates, MtcnnCascade
from fer.vision.mtcnn_input import brighten
from fer.vision.mtcnn_networks import load_stages
from fer.vision.photo_search import detect_any_rotation
from fer.vision.pyramid import PNET_WINDOW, Tile, pyramid_scales, split_into_tiles
from fer.vision.rescoring import (
    RESCORE_FROM,
    face_squares,
    refine_upright,
    rescore_uncertain,
    suppress_small_rolls,
)

PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD = 0.6, 0.7
"""Scores that pass the first and the second network, as published."""

KNOWN_IOU, KNOWN_CONTAINMENT = 0.3, 0.8
"""A proposal, a coarse square, is about a known face from this overlap over union on, or when it is
smaller and lies within the face by this share."""

ANNOTATED_SIZE_SHARE = 0.82
"""Least size that a face of the least size may be found with. People annotate a face from forehead
to chin, as in WIDER FACE; the longer side of the box found for it is 0.96 of that in the median,
and 0.82 to 0.87 in the smallest twentieth, also for faces of 20 pixels."""

REDETECT_SIZE_SHARE = 0.8
"""Share of the least size that does for a known face, so that one at the limit doesn't blink."""

MAX_SIDE = 1280
"""Larger pictures are searched in a copy this long, in pixels. A small least face is honoured down
to the copy's 12 pixels: in a photo of 4,000 pixels that is a face of 38."""

TILE_PIXELS = 30_000
"""Pixels of a tile, at its scale: what the first network searches at a time."""


class FaceDetector:
    """Detects faces in a picture; keeps no memory of earlier ones, so threads may share it.

    Args:
        min_face: Smallest face to detect, forehead to chin in pixels of the picture given. Its
            box may be a little smaller: see `ANNOTATED_SIZE_SHARE`. Time grows with the square of
            picture size over `min_face`.
        confidence: Least score of the last network, 0 to 1.
        device: Where the networks run, as PyTorch names it; beside "cpu" PyTorch runs them.

    Attributes:
        cascade: The networks, shared by all detectors made from one another.

    Raises:
        ValueError: An option is out of its range, or the device can't be used here.
    """

    def __init__(
        self, min_face: int = VIDEO_MIN_FACE, confidence: float = 0.86, device: str = "cpu"
    ) -> None:
        """Load the networks, which ship with the library."""
        if not 0 <= confidence <= 1:
            raise ValueError(f"confidence is a score from 0 to 1, not {confidence}.")
        self._set_min_face(min_face)
        self.confidence = confidence
        self.cascade = MtcnnCascade(*load_stages(device))

    def with_min_face(self, min_face: int) -> "FaceDetector":
        """Return a detector of another smallest face that shares this one's networks."""
        other = copy(self)
        other._set_min_face(min_face)
        return other

    def detect(
        self,
        image: UInt8Array,
        tiles: Sequence[Tile] | None = None,
        known_boxes: Float32Array | None = None,
        confidence: float | None = None,
    ) -> Detections:
        """Detect the faces in a picture.

        Args:
            image: RGB uint8 (h, w, 3); any other array that `fer.images.as_rgb` takes will do.
            tiles: Tiles to search, some of those of `tiles`; None searches the whole picture.
            known_boxes: (n, 4) boxes of faces that are known, so that no time goes into them.
            confidence: Another least score; None keeps the detector's.

        Returns:
            Faces, largest first: `xyxy` float32 (n, 4) within the picture, `confidence` float32
            (n,), and in `data["landmarks"]` float32 (n, 5, 2) the eye on the left as seen, the eye
            on the right, the nose, the left and the right corner of the mouth; these may lie
            outside the picture. n may be 0.

        Raises:
            fer.images.ImageError: The array is no picture.
        """
        image = brighten(as_rgb(image))
        tiles = self._whole_image_tiles(image) if tiles is None else tiles
        confidence = self.confidence if confidence is None else confidence
        proposed = self.cascade.propose(image, tiles, PROPOSAL_THRESHOLD)
        if known_boxes is not None:
            proposed = proposed[~matches_known(proposed.xyxy, known_boxes)]
        refined = self.cascade.refine(image, proposed, REFINEMENT_THRESHOLD)
        threshold = min(RESCORE_FROM, confidence)
        found = self.cascade.finalize(image, refined, threshold)
        found = refine_upright(self.cascade, image, found, threshold)
        found = rescore_uncertain(self.cascade, image, found, confidence)
        return self._to_detections(image, found, self.min_face)

    def tiles(self, image: UInt8Array) -> tuple[Tile, ...]:
        """Split the search of a picture of this size into tiles of about equal cost.

        Searching all of them, in whatever frames, detects the same as one call of `detect`.
        """
        height, width = image.shape[:2]
        return split_into_tiles((width, height), self._scales(image), TILE_PIXELS)

    def redetect(
        self,
        image: UInt8Array,
        xyxy: Float32Array,
        confidence: float,
        rolls: Float32Array | None = None,
    ) -> Detections:
        """Find faces again near where they are expected, which takes about a millisecond.

        Args:
            image: RGB uint8 (h, w, 3).
            xyxy: (n, 4) boxes in which, or half a face beside which, faces are expected.
            confidence: Least score, 0 to 1, of a face that is known already.
            rolls: Degrees (n,) by which the faces are expected to be tilted; None are upright.

        Returns:
            As `detect`, at most n faces, down to `REDETECT_SIZE_SHARE` of its least size; those
            that are missing weren't seen.
        """
        image = brighten(image)
        squares, degrees = square_boxes(xyxy), suppress_small_rolls(rolls)
        if degrees is not None:
            squares = np.where(degrees[:, None], face_squares(xyxy), squares)
        # In whole pixels, as they are cut out: rounding errors would add up from frame to frame.
        expected = Candidates(np.rint(squares), np.ones(len(xyxy), np.float32))
        found = self.cascade.finalize(image, expected, confidence, degrees)
        return self._to_detections(image, found, REDETECT_SIZE_SHARE * self.min_face)

    def detect_any_rotation(self, image: UInt8Array) -> Detections:
        """Detect the faces of a photo in any rotation; see `fer.vision.photo_search`."""
        return detect_any_rotation(self, image)

    def score_faces(
        self,
        image: UInt8Array,
        faces: Detections,
        rolls: Float32Array,
        scales: Float32Array | None = None,
    ) -> Detections:
        """Return the last network's output for each face, turned upright.

        Args:
            image: RGB uint8 (h, w, 3).
            faces: n faces whose boxes are inside the picture.
            rolls: Degrees (n,) by which they are tilted.
            scales: Sides (n,) of the searched squares, as multiples of the faces'; None are 1.

        Returns:
            As `detect`, but in the order given.
        """
        squares = face_squares(boxes(faces), 1.0 if scales is None else scales[:, None])
        queries = Candidates(squares, confidences(faces))
        found = self.cascade.score_faces(brighten(image), queries, suppress_small_rolls(rolls))
        return Detections(
            xyxy=clip_boxes(found.xyxy, image.shape[1::-1]),
            confidence=found.score,
            data={"landmarks": found.landmarks},
        )

    def _set_min_face(self, min_face: int) -> None:
        if not (isinstance(min_face, int | float | np.integer) and min_face >= PNET_WINDOW):
            raise ValueError(f"min_face is at least {PNET_WINDOW} pixels, not {min_face!r}.")
        self.min_face = min_face

    def _scales(self, image: UInt8Array) -> tuple[float, ...]:
        """Return the pyramid's scales, none larger than `MAX_SIDE` allows."""
        height, width = image.shape[:2]
        min_size = max(self.min_face, PNET_WINDOW * max(height, width) / MAX_SIDE)
        return pyramid_scales((width, height), min_size)

    def _whole_image_tiles(self, image: UInt8Array) -> list[Tile]:
        return [Tile(scale, 0, 0, *image.shape[1::-1]) for scale in self._scales(image)]

    def _to_detections(self, image: UInt8Array, faces: Candidates, min_size: float) -> Detections:
        """Clip to the picture, drop faces below `min_size`, put the largest face first."""
        xyxy = clip_boxes(faces.xyxy, image.shape[1::-1])
        areas = box_areas(xyxy)
        order = np.argsort(-areas, kind="stable")
        large = longer_sides(faces.xyxy) >= ANNOTATED_SIZE_SHARE * min_size
        order = order[large[order] & (areas[order] >= 1)]
        return Detections(
            xyxy=xyxy[order],
            confidence=faces.score[order],
            data={"landmarks": faces.landmarks[order]},
        )


def matches_known(proposed: Float32Array, known: Float32Array) -> BoolArray:
    """Return which proposals are of a known face, so that no network has to score them.

    A larger one that holds a known face isn't: what is known may be part of a larger face.

    Args:
        proposed: Boxes (n, 4).
        known: Boxes (m, 4).

    Returns:
        bool (n,).
    """
    smaller = box_areas(proposed)[:, None] < box_areas(known)
    inside = smaller & (box_iou_batch(proposed, known, OverlapMetric.IOS) >= KNOWN_CONTAINMENT)
    about: BoolArray = inside | (box_iou_batch(proposed, known) >= KNOWN_IOU)
    return np.asarray(about.any(axis=1))
