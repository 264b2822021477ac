"""Makes a probability mean what it says, and finds where to stop answering.

Temperature scaling and the calibration error: Guo et al., "On Calibration of Modern Neural
Networks" (2017), https://arxiv.org/abs/1706.04599. Answering only above a threshold: Geifman and
El-Yaniv, "Selective Classification for Deep Neural Networks" (2017),
https://arxiv.org/abs/1705.08500.
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from fer.model.heads import Heads
from fer.training.faces import majority_of_seven

BINS = 15
"""Of the calibration error, as in most of the literature."""

ANSWERED_ACCURACY = 0.80
"""Accuracy that the named faces are to have, by both label sets together where both heads are
shown; the others are shown as uncertain."""


@dataclass(frozen=True)
class Calibration:
    """What is fitted on validation and kept in the network's configuration, and what it gave.

    Args:
        temperature: The first head's logits are divided by it.
        ferplus_temperature: The second head's are divided by this one.
        ferplus_share: Share of the second head in what is shown.
        uncertain_below: A top probability of what is shown under this is not named.
        calibration_error: Expected calibration error of the first head with its temperature, by
            FER2013's labels, 15 bins.
        uncalibrated_error: The same without the temperature.
        answered: Share of the faces that are named.
        answered_accuracy: Accuracy of what is shown on those: by FER2013's labels, and where both
            heads are shown the mean of that and the accuracy by FER+'s majority.
    """

    temperature: float
    ferplus_temperature: float
    ferplus_share: float
    uncertain_below: float
    calibration_error: float
    uncalibrated_error: float
    answered: float
    answered_accuracy: float


def calibrate(
    logits: tuple[np.ndarray, np.ndarray | None],
    labels: np.ndarray,
    votes: np.ndarray,
    heads: Heads,
) -> Calibration:
    """Fit each head's temperature on its own label set, and the threshold of what is shown.

    Args:
        logits: Of both heads, (n, 7) and (n, 8); the second may be None.
        labels: FER2013's, (n,) class indices.
        votes: FER+'s shares of votes, (n, 8); rows of zeros have none.
        heads: What is known of them before: the share to show, and a temperature that stays where
            there are no votes.
    """
    first, second = logits
    heads = replace(heads, temperature=fit_temperature(first, np.eye(first.shape[1])[labels]))
    voted = votes.any(axis=1)
    if second is not None and voted.any():
        fitted = fit_temperature(second[voted], votes[voted])
        heads = replace(heads, ferplus_temperature=fitted)
    heads = Heads(**{name: round(value, 4) for name, value in asdict(heads).items()})
    shown = heads.probabilities(first, second)
    confidence, right = shown.max(axis=1), shown.argmax(axis=1) == labels
    if heads.ferplus_share:
        right = by_both(shown.argmax(axis=1), labels, votes)
    threshold = answering_threshold(confidence, right, ANSWERED_ACCURACY)
    threshold = math.floor(1e4 * threshold) / 1e4  # not above the least one that is answered
    answered = confidence >= threshold
    alone = softmax(first / heads.temperature, axis=1)
    return Calibration(
        **asdict(heads),
        uncertain_below=threshold,
        calibration_error=calibration_error(alone, labels),
        uncalibrated_error=calibration_error(softmax(first, axis=1), labels),
        answered=float(answered.mean()),
        answered_accuracy=float(right[answered].mean()),
    )


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature with the least cross-entropy, between 0.05 and 20.

    Args:
        logits: (n, classes).
        targets: How likely each class is, (n, classes); 1 for a label.
    """

    def cross_entropy(logarithm: float) -> float:
        scores = log_softmax(logits / np.exp(logarithm), axis=1)
        return -(targets * scores).sum(axis=1).mean()

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


def by_both(predictions: np.ndarray, labels: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Return how right each answer is by both label sets, (n,): 0, a half or 1.

    Where FER+'s majority is none of the seven, FER2013's label counts alone.

    Args:
        predictions: (n,) indices into `EXPRESSIONS`.
        labels: FER2013's, (n,).
        votes: Shares of FER+'s votes, (n, 8).
    """
    majority = majority_of_seven(votes)
    others = np.where(majority >= 0, majority, labels)
    return ((predictions == labels).astype(float) + (predictions == others)) / 2


def answering_threshold(confidence: np.ndarray, right: np.ndarray, accuracy: float) -> float:
    """Return the least confidence from which on the answers are right often enough.

    Args:
        confidence: Top probabilities, (n,).
        right: How right each answer is, (n,), 0 to 1.
        accuracy: The accuracy that the answered faces are to have together.

    Returns:
        The threshold that answers most; where none is good enough, the highest confidence.
    """
    order = np.argsort(-confidence, kind="stable")
    running = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    good = np.flatnonzero(running >= accuracy)
    return float(confidence[order[good[-1] if len(good) else 0]])
