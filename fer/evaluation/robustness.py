"""Robustness to low resolution, blur, exposure, compression, occlusion and rotation."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from fer.array_types import UInt8Array
from fer.data.arrays import FerArrays
from fer.evaluation.evaluate import predict_logits, select_heads
from fer.model.classifier import ExpressionClassifier
from fer.model.evaluation_results import FER2013_HEAD, CorruptionAccuracy
from fer.model.heads import combined_probabilities

Corruption = Callable[[UInt8Array], UInt8Array]
"""Takes and returns one face, uint8 (h, w) or (h, w, 3)."""


def measure_robustness(
    classifier: ExpressionClassifier,
    arrays: FerArrays,
    views: bool = False,
    output: str = FER2013_HEAD,
) -> list[CorruptionAccuracy]:
    """Return the accuracy under each corruption, the clean faces first.

    Args:
        classifier: The network.
        arrays: Faces and labels.
        views: Average ten views of each face.
        output: Which, as of `fer.evaluation.evaluate.evaluate`.
    """
    heads = select_heads(classifier, output)
    rows: list[CorruptionAccuracy] = []
    for (name, severity), corrupt in {("none", ""): identity, **CORRUPTIONS}.items():
        corrupted = [corrupt(image) for image in arrays.images]
        logits = predict_logits(classifier, corrupted, views)
        predicted = combined_probabilities(heads, *logits)  # (n, 7)
        accuracy = float((predicted.argmax(axis=1) == arrays.labels).mean())
        rows.append(CorruptionAccuracy(name, severity, accuracy))
    return rows


def identity(image: UInt8Array) -> UInt8Array:
    """Return a face as it is."""
    return image


def shrink(image: UInt8Array, side: int) -> UInt8Array:
    """Reduce a face to `side` pixels, and enlarge it to its size again."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, image.dtype)


def blur(image: UInt8Array, sigma: float) -> UInt8Array:
    """Blur a face by a Gaussian; `sigma` in pixels of a 48-pixel face."""
    blurred = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, image.dtype)


def motion(image: UInt8Array, length: int) -> UInt8Array:
    """Apply a horizontal motion blur of `length` pixels."""
    kernel = np.full((1, length), 1 / length, np.float32)
    blurred = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, image.dtype)


def expose(image: UInt8Array, factor: float) -> UInt8Array:
    """Multiply the brightness by `factor`; brighter values saturate."""
    exposed: UInt8Array = np.clip(np.rint(image * factor), 0, 255).astype(np.uint8)
    return exposed


def compress(image: UInt8Array, quality: int) -> UInt8Array:
    """Compress a face as JPEG and decode it."""
    _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_UNCHANGED), np.uint8)


def cover(image: UInt8Array, top: float, bottom: float) -> UInt8Array:
    """Occlude a face by a grey band from `top` to `bottom`, as shares of its height."""
    covered = image.copy()
    height = image.shape[0]
    covered[round(top * height) : round(bottom * height)] = 128
    return covered


def rotate(image: UInt8Array, degrees: float) -> UInt8Array:
    """Rotate a face in the image plane."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    rotated = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(rotated, image.dtype)


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
    **{
        ("rotation", f"{angle} degrees"): partial(rotate, degrees=angle)
        for angle in (10, 20, 30, 45)
    },
}
"""(name, severity) -> corruption; severities are for faces of 48 pixels."""
