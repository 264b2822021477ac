"""Stand-ins for the slow parts: a detector and a classifier that return fixed results."""

from collections.abc import Sequence

import numpy as np
from supervision import Detections

from fer.labels import EXPRESSIONS
from fer.model.classifier import EMBEDDED_WEIGHTS
from fer.model.model_metrics import ModelMetrics
from fer.pipeline import Pipeline


class FakeDetector:
    """Finds the boxes it was given, as far as they are large enough."""

    def __init__(self, boxes: Sequence[Sequence[float]] = (), min_face: int = 40) -> None:
        self.boxes = boxes
        self.min_face = min_face

    def with_min_face(self, min_face: int):
        return FakeDetector(self.boxes, min_face)

    def tiles(self, image: np.ndarray) -> list:
        return []

    def detect_any_rotation(self, image: np.ndarray) -> Detections:
        return self.detect(image)

    def redetect(
        self, image: np.ndarray, xyxy: np.ndarray, confidence: float, rolls=None
    ) -> Detections:
        return self.detect(image)

    def detect(
        self, image: np.ndarray, tiles=None, known_boxes=None, confidence=None
    ) -> Detections:
        """Find all its boxes; none in parts of the picture, as those stay with `redetect`."""
        boxes = self.boxes if tiles is None else ()
        found = [box for box in boxes if box[2] - box[0] >= self.min_face]
        return Detections(
            xyxy=np.array(found, np.float32).reshape(-1, 4),
            confidence=np.full(len(found), 0.99, np.float32),
            data={"landmarks": np.zeros((len(found), 5, 2), np.float32)},
        )


class FakeClassifier:
    """Gives the first face its first probabilities, the second its second, and so on in a ring."""

    framing: dict = {"scale": 1.1}  # noqa: RUF012
    precision = "float32"
    uncertain_below = 0.45  # unlike any default
    name = "fake <model>"
    revision = None
    notice = None
    folder = EMBEDDED_WEIGHTS  # of the network that worker processes load

    def __init__(self, *rows: Sequence[float], metrics: dict | None = None) -> None:
        self.rows = rows or (sure("happy", 0.9),)
        self.metrics, _ = ModelMetrics.from_json(metrics or {})

    def fingerprint(self) -> str:
        return "0123456789abcdef" * 4

    def classify(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        rows = [self.rows[i % len(self.rows)] for i in range(len(crops))]
        return np.array(rows, np.float32).reshape(-1, 7)


def sure(label: str, p: float = 0.9) -> list[float]:
    """Probabilities with `p` for one label and the rest shared evenly."""
    return [p if name == label else (1 - p) / 6 for name in EXPRESSIONS]


def fake_pipeline(boxes=(), *rows, **kwargs) -> Pipeline:
    return Pipeline(FakeDetector(boxes), FakeClassifier(*rows, **kwargs))
