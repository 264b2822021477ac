"""Finding faces: MTCNN, as `supervision.Detections` in the picture's own pixels.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks"
(2016), https://arxiv.org/abs/1604.02878, in facenet-pytorch's version (MIT), which brings the
weights along. Three networks look in turn: the first slides over a pyramid of ever smaller copies
of the picture, the other two check and refine what it proposes.

What it does not do: turned-over, half-hidden and side faces are often missed.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from facenet_pytorch import ONet, PNet, RNet
from supervision import Detections, OverlapMetric, box_iou_batch

from fer.array_types import BoolArray, Float32Array, UInt8Array
from fer.images import as_rgb
from fer.vision.cascade import Candidates, Cascade
from fer.vision.parts import WINDOW, Part, pyramid, split, squared

PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD = 0.6, 0.6
"""Scores that pass the first and the second network; published are 0.6 and 0.7."""

DOUBTFUL, SURE = 0.5, 0.92
"""Scores of the last network between which a face is looked at a second time."""

KNOWN, INSIDE = 0.3, 0.8
"""A proposal, a coarse square, is about a known face from this overlap over union on, or when it is
smaller and lies within the face by this share."""

ENLARGED = 1.0
"""Size of the square that the last network sees of a known face, relative to its last box."""

KNOWN_SIZE = 0.8
"""Share of the least size that does for a known face, so that one at the limit doesn't blink."""

PART_PIXELS = 30_000
"""Pixels that the first network looks at in one part of a search."""


class FaceDetector:
    """Finds faces in a picture; keeps no memory of earlier ones, so threads may share it.

    Args:
        min_face: Least face to look for, its longer side in pixels of the picture given. Time grows
            with the square of picture size over `min_face`.
        confidence: Least score of the last network, 0 to 1.
        max_side: Larger pictures are looked at in a copy this long, in pixels. A small `min_face`
            is honoured down to the copy's 12 pixels: in a photo of 4,000 pixels and with
            `max_side` 1,280, that is a face of 38.
        device: Where the networks run, as torch names it.

    Attributes:
        cascade: The networks, shared by all detectors made from one another.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        min_face: int = 40,
        confidence: float = 0.9,
        max_side: int = 1280,
        device: str | torch.device = "cpu",
    ) -> None:
        """Load the networks, which ship with the library."""
        self._set_options(min_face, confidence, max_side)
        self.cascade = Cascade(PNet(), RNet(), ONet(), device)

    def with_options(
        self, min_face: int | None = None, confidence: float | None = None
    ) -> "FaceDetector":
        """Return a detector that shares this one's networks; None keeps this one's value."""
        other = object.__new__(type(self))
        other.cascade = self.cascade
        other._set_options(
            self.min_face if min_face is None else min_face,
            self.confidence if confidence is None else confidence,
            self.max_side,
        )
        return other

    def detect(
        self,
        image: UInt8Array,
        parts: Sequence[Part] | None = None,
        beside: Float32Array | None = None,
        confidence: float | None = None,
    ) -> Detections:
        """Find the faces in a picture.

        Args:
            image: RGB uint8 (h, w, 3); any other array that `fer.images.as_rgb` takes will do.
            parts: Some of what `parts` gives, to look there only; None looks everywhere.
            beside: (n, 4) boxes of faces that are known, so that no time goes into them.
            confidence: Another least score; None keeps the detector's.

        Returns:
            Faces, largest first: `xyxy` float32 (n, 4) within the picture, `confidence` float32
            (n,), and in `data["landmarks"]` float32 (n, 5, 2) the eye on the left as seen, the eye
            on the right, the nose, the left and the right corner of the mouth; these may lie
            outside the picture. n may be 0.

        Raises:
            fer.images.ImageError: The array is no picture.
        """
        image = as_rgb(image)
        parts = self._everywhere(image) if parts is None else parts
        confidence = self.confidence if confidence is None else confidence
        proposed = self.cascade.propose(image, parts, PROPOSAL_THRESHOLD)
        if beside is not None and len(beside) and len(proposed):
            proposed = proposed[~about_known(proposed.xyxy, beside)]
        refined = self.cascade.refine(image, proposed, REFINEMENT_THRESHOLD)
        found = self.cascade.conclude(image, refined, min(DOUBTFUL, confidence))
        return self._answer(image, self._confirmed(image, found, confidence), self.min_face)

    def parts(self, image: UInt8Array) -> tuple[Part, ...]:
        """Split the search through a picture of this size into parts of about equal work.

        Looking through all of them, in whatever frames, finds what `detect` finds at once.
        """
        height, width = image.shape[:2]
        return split((width, height), self._scales(image), PART_PIXELS)

    def redetect(self, image: UInt8Array, xyxy: Float32Array, confidence: float) -> Detections:
        """Find faces again near where they are expected, which takes about a millisecond.

        Args:
            image: RGB uint8 (h, w, 3).
            xyxy: (n, 4) boxes in which, or half a face beside which, faces are expected.
            confidence: Least score, 0 to 1, of a face that is known already.

        Returns:
            As `detect`, at most n faces, down to `KNOWN_SIZE` of its least size; those that are
            missing weren't seen.
        """
        expected = Candidates(squared(xyxy, ENLARGED), np.ones(len(xyxy), np.float32))
        found = self.cascade.conclude(image, expected, confidence)
        return self._answer(image, found, KNOWN_SIZE * self.min_face)

    def _set_options(self, min_face: int, confidence: float, max_side: int) -> None:
        if min_face < WINDOW:
            raise ValueError(f"min_face is at least {WINDOW} pixels, not {min_face}.")
        if not 0 <= confidence <= 1:
            raise ValueError(f"confidence lies from 0 to 1, not at {confidence}.")
        if max_side < WINDOW:
            raise ValueError(f"max_side is at least {WINDOW} pixels, not {max_side}.")
        self.min_face, self.confidence, self.max_side = min_face, confidence, max_side

    def _confirmed(self, image: UInt8Array, found: Candidates, confidence: float) -> Candidates:
        """Return the faces that score enough; the second look decides where the first doubts."""
        doubtful = found.score < SURE
        if doubtful.any():
            scores = found.score.copy()
            scores[doubtful] = self.cascade.look_closer(image, found[doubtful]).score
            found = replace(found, score=scores)
        return found[found.score > confidence]

    def _scales(self, image: UInt8Array) -> tuple[float, ...]:
        """Return the sizes at which to look, none larger than `max_side` allows."""
        height, width = image.shape[:2]
        least = max(self.min_face, WINDOW * max(height, width) / self.max_side)
        return pyramid((width, height), least)

    def _everywhere(self, image: UInt8Array) -> list[Part]:
        return [Part(scale, 0, 0, *image.shape[1::-1]) for scale in self._scales(image)]

    def _answer(self, image: UInt8Array, faces: Candidates, least: float) -> Detections:
        """Clip to the picture, drop what is smaller than `least`, put the largest face first."""
        height, width = image.shape[:2]
        sizes = faces.xyxy[:, 2:] - faces.xyxy[:, :2]
        xyxy = faces.xyxy.clip(0, np.array([width, height] * 2, np.float32))
        areas = _areas(xyxy)
        order = np.argsort(-areas, kind="stable")
        order = order[(sizes.max(axis=1, initial=0) >= least)[order] & (areas[order] >= 1)]
        return Detections(
            xyxy=xyxy[order],
            confidence=faces.score[order],
            data={"landmarks": faces.landmarks[order]},
        )


def about_known(proposed: Float32Array, known: Float32Array) -> BoolArray:
    """Return which proposals are about a face that is known, so that they need no further look.

    A larger one that holds a known face isn't: what is known may be part of a larger face.

    Args:
        proposed: Boxes (n, 4).
        known: Boxes (m, 4).

    Returns:
        bool (n,).
    """
    smaller = _areas(proposed)[:, None] < _areas(known)
    inside = smaller & (box_iou_batch(proposed, known, OverlapMetric.IOS) >= INSIDE)
    about: BoolArray = inside | (box_iou_batch(proposed, known) >= KNOWN)
    return np.asarray(about.any(axis=1))


def _areas(xyxy: Float32Array) -> Float32Array:
    """Return the areas (n,) of boxes (n, 4)."""
    areas: Float32Array = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    return areas
