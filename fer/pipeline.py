"""The order of the steps: find the faces, cut them out, read their expressions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from supervision import Detections

from fer.labels import EXPRESSIONS, UNCERTAIN
from fer.vision.crops import Framing, crop_faces


class Detector(Protocol):
    """What the pipeline asks of a detector; see `fer.vision.detector.FaceDetector`."""

    def detect(self, image: np.ndarray) -> Detections:
        """Return the faces in RGB uint8 (h, w, 3)."""


class Classifier(Protocol):
    """What the pipeline asks of a classifier; see `fer.model.classifier.ExpressionClassifier`."""

    framing: Mapping[str, float]
    """The values of `Framing` that the network was trained with; empty for its defaults."""

    def classify(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Return float32 (n, 7) probabilities for n square RGB crops."""


class Pipeline:
    """From a picture to its faces and their expressions.

    Args:
        detector: Finds the faces.
        classifier: Reads the crops; its `framing` says how they are cut.
    """

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        """Keep the two; nothing is loaded here."""
        self.detector = detector
        self.classifier = classifier

    def __call__(self, image: np.ndarray) -> Detections:
        """Find all faces in RGB uint8 (h, w, 3) and read their expressions.

        Returns:
            The detector's faces with `data["probabilities"]` float32 (n, 7), columns as in
            `EXPRESSIONS`; n may be 0.
        """
        framing = Framing(**self.classifier.framing)
        return self._classify(image, self.detector.detect(image), framing)

    def whole_picture(self, image: np.ndarray) -> Detections:
        """Read RGB uint8 (h, w, 3) as one face that fills the picture, without looking for it.

        Returns:
            One detection with the picture as its box, confidence 1 and `data["probabilities"]`
            (1, 7). There is no `data["landmarks"]`, as nothing was located.
        """
        height, width = image.shape[:2]
        box = Detections(
            xyxy=np.array([[0, 0, width, height]], np.float32),
            confidence=np.ones(1, np.float32),
        )
        return self._classify(image, box, Framing())

    def _classify(self, image: np.ndarray, faces: Detections, framing: Framing) -> Detections:
        """Return a copy of `faces` with their probabilities."""
        probabilities = self.classifier.classify(crop_faces(image, faces, framing))
        return replace(faces, data={**faces.data, "probabilities": probabilities})


def top_labels(detections: Detections, uncertain_below: float) -> list[str]:
    """Return each face's most probable expression, or "uncertain" where that is less than a bound.

    Args:
        detections: Faces with `data["probabilities"]` (n, 7).
        uncertain_below: Least probability, 0 to 1, at which an expression is named.
    """
    return [
        EXPRESSIONS[row.argmax()] if row.max() >= uncertain_below else UNCERTAIN
        for row in detections.data["probabilities"]
    ]
