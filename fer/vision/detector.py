"""Finding faces: MTCNN, as `supervision.Detections` in the picture's own pixels.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks"
(2016), https://arxiv.org/abs/1604.02878, in facenet-pytorch's version (MIT), which brings the
weights along. Three networks look in turn: the first slides over a pyramid of ever smaller copies
of the picture, the other two check and refine what it proposes.

What it does not do: turned-over, half-hidden and side faces are often missed.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from facenet_pytorch import ONet, PNet, RNet
from facenet_pytorch.models.utils.detect_face import detect_face
from supervision import Detections

from fer.images import as_rgb

WINDOW = 12
"""Side of the first network's window in pixels: smaller faces can't be found."""

PROPOSAL_THRESHOLDS = (0.6, 0.7)
"""Scores that pass the first and the second network, as published."""

PYRAMID_FACTOR = 0.709
"""Each copy in the pyramid has half the area of the one before."""


@dataclass(frozen=True)
class _Networks:
    """The three networks, shared by all detectors made from one another; read only."""

    proposal: PNet
    refinement: RNet
    output: ONet
    device: torch.device

    @classmethod
    def load(cls, device: torch.device) -> "_Networks":
        networks = [network().eval().requires_grad_(False) for network in (PNet, RNet, ONet)]
        return cls(*(network.to(device) for network in networks), device)


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
        self._networks = _Networks.load(torch.device(device))

    def with_options(
        self, min_face: int | None = None, confidence: float | None = None
    ) -> "FaceDetector":
        """Return a detector that shares this one's networks; None keeps this one's value."""
        other = object.__new__(type(self))
        other._networks = self._networks
        other._set_options(
            self.min_face if min_face is None else min_face,
            self.confidence if confidence is None else confidence,
            self.max_side,
        )
        return other

    def detect(self, image: np.ndarray) -> Detections:
        """Find the faces in a picture.

        Args:
            image: RGB uint8 (h, w, 3); any other array that `fer.images.as_rgb` takes will do.

        Returns:
            Faces, largest first: `xyxy` float32 (n, 4) within the picture, `confidence` float32
            (n,), and in `data["landmarks"]` float32 (n, 5, 2) the eye on the left as seen, the eye
            on the right, the nose, the left and the right corner of the mouth; these may lie
            outside the picture. n may be 0.

        Raises:
            fer.images.ImageError: The array is no picture.
        """
        image = as_rgb(image)
        height, width = image.shape[:2]
        work = self._working_copy(image)
        least = max(WINDOW, self.min_face * max(work.shape[:2]) / max(height, width))
        boxes, landmarks = self._run(work, least)
        ratio = np.array([width / work.shape[1], height / work.shape[0]], np.float32)
        boxes[:, :4] *= np.tile(ratio, 2)
        return _to_detections(boxes, landmarks * ratio, (width, height), self.min_face)

    def _set_options(self, min_face: int, confidence: float, max_side: int) -> None:
        if min_face < WINDOW:
            raise ValueError(f"min_face is at least {WINDOW} pixels, not {min_face}.")
        if not 0 <= confidence <= 1:
            raise ValueError(f"confidence lies from 0 to 1, not at {confidence}.")
        if max_side < WINDOW:
            raise ValueError(f"max_side is at least {WINDOW} pixels, not {max_side}.")
        self.min_face, self.confidence, self.max_side = min_face, confidence, max_side

    def _working_copy(self, image: np.ndarray) -> np.ndarray:
        """Return the picture with its longer side at most `max_side`."""
        height, width = image.shape[:2]
        scale = self.max_side / max(height, width)
        if scale >= 1:
            return image
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

    def _run(self, image: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
        """Return boxes with scores (n, 5) and landmarks (n, 5, 2), float32, in `image`'s pixels."""
        networks = self._networks
        # The library fails when not even the pyramid's first copy holds one window.
        if min(image.shape[:2]) * (WINDOW / least) < WINDOW:
            return np.empty((0, 5), np.float32), np.empty((0, 5, 2), np.float32)
        # It can't turn half-precision results into arrays either.
        with torch.inference_mode(), torch.autocast(networks.device.type, enabled=False):
            boxes, landmarks = detect_face(
                image,
                least,
                networks.proposal,
                networks.refinement,
                networks.output,
                (*PROPOSAL_THRESHOLDS, self.confidence),
                PYRAMID_FACTOR,
                networks.device,
            )
        return (
            np.asarray(boxes[0], np.float32).reshape(-1, 5),
            np.asarray(landmarks[0], np.float32).reshape(-1, 5, 2),
        )


def _to_detections(
    boxes: np.ndarray, landmarks: np.ndarray, resolution_wh: tuple[int, int], min_face: float
) -> Detections:
    """Clip to the picture, drop what is too small, put the largest face first."""
    sizes = boxes[:, 2:4] - boxes[:, :2]
    xyxy = boxes[:, :4].clip(0, np.tile(np.array(resolution_wh, np.float32), 2))
    areas = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    order = np.argsort(-areas, kind="stable")
    order = order[(sizes.max(axis=1, initial=0) >= min_face)[order] & (areas[order] >= 1)]
    return Detections(
        xyxy=xyxy[order],
        confidence=boxes[order, 4],
        data={"landmarks": landmarks[order]},
    )
