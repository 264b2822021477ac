"""Makes a probability mean what it says, and finds where to stop answering.

Temperature scaling and the calibration error: Guo et al., "On Calibration of Modern Neural
Networks" (2017), https://arxiv.org/abs/1706.04599. Answering only above a threshold: Geifman and
El-Yaniv, "Selective Classification for Deep Neural Networks" (2017),
https://arxiv.org/abs/1705.08500.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

BINS = 15
"""Of the calibration error, as in most of the literature."""

ANSWERED_ACCURACY = 0.80
"""Accuracy that the named faces are to have; the others are shown as uncertain."""


@dataclass(frozen=True)
class Calibration:
    """What is fitted on validation and kept in the network's configuration, and what it gave.

    Args:
        temperature: The logits are divided by it.
        uncertain_below: A top probability under this is not named.
        calibration_error: Expected calibration error with the temperature, 15 bins.
        uncalibrated_error: The same without it.
        answered: Share of the faces that are named.
        answered_accuracy: Accuracy on those.
    """

    temperature: float
    uncertain_below: float
    calibration_error: float
    uncalibrated_error: float
    answered: float
    answered_accuracy: float


def calibrate(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit temperature and threshold.

    Args:
        logits: (n, classes).
        labels: (n,) class indices.
    """
    temperature = fit_temperature(logits, labels)
    probabilities = softmax(logits / temperature, axis=1)
    threshold = answering_threshold(probabilities, labels, ANSWERED_ACCURACY)
    answered = probabilities.max(axis=1) >= threshold
    return Calibration(
        temperature=round(temperature, 4),
        uncertain_below=round(threshold, 4),
        calibration_error=calibration_error(probabilities, labels),
        uncalibrated_error=calibration_error(softmax(logits, axis=1), labels),
        answered=float(answered.mean()),
        answered_accuracy=float((probabilities.argmax(axis=1) == labels)[answered].mean()),
    )


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature with the least cross-entropy, between 0.05 and 20."""

    def cross_entropy(logarithm: float) -> float:
        scores = log_softmax(logits / np.exp(logarithm), axis=1)
        return -scores[np.arange(len(labels)), labels].mean()

    bounds = (np.log(0.05), np.log(20.0))
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Return the mean gap between confidence and accuracy over equally wide bins of confidence.

    Args:
        probabilities: (n, classes).
        labels: (n,) class indices.
        bins: Bins between 0 and 1; each counts by its number of faces.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def answering_threshold(probabilities: np.ndarray, labels: np.ndarray, accuracy: float) -> float:
    """Return the least confidence from which on the answers are right often enough.

    Args:
        probabilities: (n, classes).
        labels: (n,) class indices.
        accuracy: The accuracy that the answered faces are to have together.

    Returns:
        The threshold that answers most; where none is good enough, the highest confidence.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (probabilities.argmax(axis=1) == labels)[order]
    running = np.cumsum(right) / np.arange(1, len(right) + 1)
    good = np.flatnonzero(running >= accuracy)
    return float(confidence[order[good[-1] if len(good) else 0]])
