"""What becomes of the accuracy when pictures get worse: small, blurred, dark, covered, turned."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from fer.data.arrays import FerArrays
from fer.evaluation.evaluate import FIRST_HEAD, predict_logits, select_heads
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import probabilities

Corruption = Callable[[np.ndarray], np.ndarray]
"""Takes and returns one face, uint8 (h, w)."""


def measure_robustness(
    classifier: ExpressionClassifier,
    arrays: FerArrays,
    views: bool = False,
    answers: str = FIRST_HEAD,
) -> list[dict[str, object]]:
    """Return the accuracy for each damage, the undamaged faces first.

    Args:
        classifier: The network.
        arrays: Faces and labels.
        views: Average ten views of each face.
        answers: Which, as of `fer.evaluation.evaluate.evaluate`.

    Returns:
        Dictionaries with `damage`, `amount` (a text with its unit) and `accuracy`.
    """
    rows, heads = [], select_heads(classifier, answers)
    for (damage, amount), apply in {("none", ""): np.asarray, **CORRUPTIONS}.items():
        damaged = [apply(image) for image in arrays.images]
        output = probabilities(heads, *predict_logits(classifier, np.stack(damaged), views))
        accuracy = float((output.argmax(axis=1) == arrays.labels).mean())
        rows.append({"damage": damage, "amount": amount, "accuracy": accuracy})
    return rows


def shrink(image: np.ndarray, side: int) -> np.ndarray:
    """Return a face as a camera saw it with only `side` pixels, brought back to its size."""
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Return a face out of focus; `sigma` in pixels of a 48-pixel face."""
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def motion(image: np.ndarray, length: int) -> np.ndarray:
    """Return a face that moved sideways by `length` pixels while it was taken."""
    kernel = np.full((1, length), 1 / length, np.float32)
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def expose(image: np.ndarray, factor: float) -> np.ndarray:
    """Return a face with `factor` times the light; what is too bright stays white."""
    return np.clip(np.rint(image * factor), 0, 255).astype(np.uint8)


def compress(image: np.ndarray, quality: int) -> np.ndarray:
    """Return a face after JPEG compression."""
    _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)


def cover(image: np.ndarray, top: float, bottom: float) -> np.ndarray:
    """Return a face with a grey band from `top` to `bottom`, as shares of its height."""
    covered = image.copy()
    height = image.shape[0]
    covered[round(top * height) : round(bottom * height)] = 128
    return covered


def turn(image: np.ndarray, degrees: float) -> np.ndarray:
    """Return a face turned in the picture's plane."""
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


CORRUPTIONS: dict[tuple[str, str], Corruption] = {
    **{("size", f"{side} px"): partial(shrink, side=side) for side in (32, 24, 16, 12)},
    **{("blur", f"sigma {sigma} px"): partial(blur, sigma=sigma) for sigma in (1, 2, 3)},
    **{("motion", f"{length} px"): partial(motion, length=length) for length in (5, 9)},
    ("dark", "1/4 light"): partial(expose, factor=0.25),
    ("dark", "1/16 light"): partial(expose, factor=1 / 16),
    ("bright", "2 x light"): partial(expose, factor=2.0),
    **{("jpeg", f"quality {q}"): partial(compress, quality=q) for q in (50, 30, 10)},
    ("covered", "eyes"): partial(cover, top=0.25, bottom=0.5),
    ("covered", "mouth"): partial(cover, top=0.65, bottom=0.95),
    **{("turned", f"{angle} degrees"): partial(turn, degrees=angle) for angle in (10, 20, 30, 45)},
}
"""(damage, amount) -> what does it; amounts are for faces of 48 pixels."""
