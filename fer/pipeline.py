"""The order of the steps: find the faces, follow them, cut them out, read and calm the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from supervision import Detections

from fer.labels import EXPRESSIONS, UNCERTAIN
from fer.vision.answers import RecentAnswers
from fer.vision.crops import Framing, crop_faces
from fer.vision.follower import FaceFollower
from fer.vision.parts import Part
from fer.vision.smoother import ExpressionSmoother


class Detector(Protocol):
    """What the pipeline asks of a detector; see `fer.vision.detector.FaceDetector`."""

    def detect(
        self,
        image: np.ndarray,
        parts: Sequence[Part] | None = None,
        beside: np.ndarray | None = None,
        confidence: float | None = None,
    ) -> Detections:
        """Return the faces in RGB uint8 (h, w, 3), or in parts of it."""

    def parts(self, image: np.ndarray) -> Sequence[Part]:
        """Return the parts that a search through such a picture splits into."""

    def with_options(self, min_face: int | None = None) -> "Detector":
        """Return such a detector for another least face, in pixels; None keeps this one's."""

    def redetect(self, image: np.ndarray, xyxy: np.ndarray, confidence: float) -> Detections:
        """Return the faces near where they are expected."""


class Classifier(Protocol):
    """What the pipeline asks of a classifier; see `fer.model.classifier.ExpressionClassifier`."""

    framing: Mapping[str, float]
    """The values of `Framing` that the network was trained with; empty for its defaults."""

    uncertain_below: float
    """Least probability at which an expression is named."""

    def classify(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Return float32 (n, 7) probabilities for n square RGB crops."""


class Following:
    """What is remembered of one stream; one a visitor or video, and dropped with it.

    Args:
        cycle: Seconds in which the search for new faces is once through the picture; what isn't
            watched live may take more, for speed.
        memory: Seconds for which a face that isn't seen is remembered: longer than from one frame
            to the next.
    """

    def __init__(self, cycle: float = 0.45, memory: float = 1.0) -> None:
        """Remember nothing yet."""
        self.follower = FaceFollower(memory, cycle)
        self.answers = RecentAnswers()
        self.smoother = ExpressionSmoother(memory=memory)


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

    def follow(self, image: np.ndarray, time: float, following: Following) -> Detections:
        """Read the next frame of a stream.

        Args:
            image: RGB uint8 (h, w, 3).
            time: Seconds on any clock that doesn't go back.
            following: What is remembered of this stream; it is brought up to date.

        Returns:
            As a call of the pipeline, with `tracker_id` (n,), `data["probabilities"]` averaged over
            time, and `data["expression"]` (n,), the class index that each face is called.
        """
        faces = following.follower.update(self.detector, image, time)
        crops = crop_faces(image, faces, Framing(**self.classifier.framing))
        numbers = faces.tracker_id.tolist()
        probabilities = following.answers.read(numbers, crops, time, self.classifier.classify)
        faces = replace(faces, data={**faces.data, "probabilities": probabilities})
        return following.smoother.update(faces, time, self.classifier.uncertain_below)

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
    """Return each face's expression, or "uncertain" where its probability is less than a bound.

    Args:
        detections: Faces with `data["probabilities"]` (n, 7), and `data["expression"]` (n,) where
            something else than the most probable expression may be called.
        uncertain_below: Least probability, 0 to 1, at which an expression is named.
    """
    rows = detections.data["probabilities"]
    called = detections.data.get("expression", rows.argmax(axis=1))
    return [
        EXPRESSIONS[index] if row[index] >= uncertain_below else UNCERTAIN
        for row, index in zip(rows, called, strict=True)
    ]
