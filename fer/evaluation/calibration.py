"""Calibration by temperature scaling and prior correction, and the threshold of uncertain faces.

Temperature scaling and the calibration error: Guo et al., "On Calibration of Modern Neural
Networks" (2017), https://arxiv.org/abs/1706.04599. Prior correction: Menon et al., "Long-tail
learning via logit adjustment" (2021), https://arxiv.org/abs/2007.07314. Classifying only above a
threshold: Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks" (2017),
https://arxiv.org/abs/1705.08500.
"""

import math
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from fer.array_types import BoolArray, Float32Array, FloatArray, Int64Array
from fer.data.ferplus import majority_expression
from fer.labels import EXPRESSIONS, FERPLUS_INDICES
from fer.model.heads import combine_logits, combined_probabilities
from fer.model.network_settings import HeadCombination

Correctness = BoolArray | FloatArray
"""How correct each prediction is, (n,), 0 to 1."""

CALIBRATION_BINS = 15
"""Bins of confidence for the calibration error, as in most of the literature."""

TARGET_ACCURACY = 0.80
"""Accuracy that faces above the threshold are to have, by both label sets together where both heads
are combined; the others are uncertain."""

PRIOR_CORRECTION = 0.6
"""Strength of the correction for the training classes' shares, in networks with two heads. On
validation the strongest at which macro F1 by both label sets is within a standard error of that
without correction; balanced accuracy gains 2.5 points there, accuracy loses 0.6."""


@dataclass(frozen=True)
class Calibration:
    """The settings fitted on validation, which a configuration keeps, and their metrics.

    Args:
        temperature: The FER2013 head's logits are divided by it.
        ferplus_temperature: The FER+ head's logits are divided by it.
        ferplus_share: Weight of the FER+ head in the combined output, 0 to 1.
        combined_temperature: The combined logits are divided by it.
        prior_correction: Strength of the correction for the class priors, 0 to 1.
        fer2013_prior: Class priors of the FER2013 head, (7,).
        ferplus_prior: Class priors of the FER+ head, (8,).
        uncertain_below: A face whose top probability is under this is uncertain.
        calibration_error: Expected calibration error of the FER2013 head with its temperature, by
            FER2013's labels, 15 bins.
        uncalibrated_error: `calibration_error` without the temperature.
        combined_error: Expected calibration error of the combined output, against the mean of both
            label sets.
        coverage: Share of the faces above the threshold.
        selective_accuracy: Accuracy of the combined output on those: by FER2013's labels, and
            where both heads are combined the mean of that and the accuracy by FER+'s majority.
    """

    temperature: float
    ferplus_temperature: float
    ferplus_share: float
    combined_temperature: float
    prior_correction: float
    fer2013_prior: tuple[float, ...]
    ferplus_prior: tuple[float, ...]
    uncertain_below: float
    calibration_error: float
    uncalibrated_error: float
    combined_error: float
    coverage: float
    selective_accuracy: float

    @property
    def heads(self) -> HeadCombination:
        """The settings as those of a network whose classes are in the order of `EXPRESSIONS`."""
        named = {one.name for one in fields(HeadCombination)} & {one.name for one in fields(self)}
        settings = {name: getattr(self, name) for name in named}
        return HeadCombination(**settings, ferplus_columns=FERPLUS_INDICES)


SETTINGS = (
    "temperature",
    "ferplus_temperature",
    "ferplus_share",
    "combined_temperature",
    "prior_correction",
    "fer2013_prior",
    "ferplus_prior",
    "uncertain_below",
)
"""Fields of a `Calibration` that a network's configuration keeps."""


def with_priors(heads: HeadCombination, labels: Int64Array, votes: Float32Array) -> HeadCombination:
    """Return settings with the class priors of the training data.

    Args:
        heads: The settings. Without votes their FER+ prior is kept; without one, a combination with
            the FER+ head is not corrected.
        labels: FER2013's labels of the training split, (n,) class indices.
        votes: Shares of FER+'s votes of that split, (n, 8); rows of zeros have none.
    """
    counts = np.bincount(labels, minlength=len(EXPRESSIONS)).astype(float)
    heads = replace(heads, fer2013_prior=_shares(counts))
    if votes.any():
        totals = votes.sum(axis=0, dtype=float)
        heads = replace(heads, ferplus_prior=_shares(totals))
    if heads.ferplus_share and not heads.ferplus_prior:
        heads = replace(heads, prior_correction=0.0)
    return heads


def _shares(counts: FloatArray) -> tuple[float, ...]:
    """Return the shares of counts, none of them 0; a class that never occurs counts as once."""
    counted = np.maximum(counts, 1.0)
    return tuple(max(round(float(share), 5), 1e-5) for share in counted / counted.sum())


def calibrate(
    logits: tuple[Float32Array, Float32Array | None],
    labels: Int64Array,
    votes: Float32Array,
    heads: HeadCombination,
) -> Calibration:
    """Fit the temperatures, each on its own label set, and the threshold of the combined output.

    Args:
        logits: Both heads' own logits, (n, 7) and (n, 8); FER+'s may be None.
        labels: FER2013's labels, (n,) class indices.
        votes: Shares of FER+'s votes, (n, 8); rows of zeros have none.
        heads: The settings that aren't fitted, and a FER+ temperature that stays where there are
            no votes.
    """
    fer2013_logits, ferplus_logits = logits
    heads = fit_temperatures(fer2013_logits, ferplus_logits, labels, votes, heads)
    output = combined_probabilities(heads, fer2013_logits, ferplus_logits)  # (n, 7)
    confidence = output.max(axis=1)
    correctness: Correctness = output.argmax(axis=1) == labels
    if heads.ferplus_share:
        correctness = correctness_by_both(output.argmax(axis=1), labels, votes)
    threshold = confidence_threshold(confidence, correctness, TARGET_ACCURACY)
    # Rounded down, so that the least confident face stays above it.
    threshold = math.floor(1e4 * threshold) / 1e4
    certain = confidence >= threshold  # (n,)
    settings = asdict(heads)
    del settings["ferplus_columns"]
    alone = softmax(fer2013_logits / heads.temperature, axis=1)
    return Calibration(
        **settings,
        uncertain_below=threshold,
        calibration_error=calibration_error_by_labels(alone, labels),
        uncalibrated_error=calibration_error_by_labels(softmax(fer2013_logits, axis=1), labels),
        combined_error=expected_calibration_error(confidence, correctness),
        coverage=float(certain.mean()),
        selective_accuracy=float(correctness[certain].mean()),
    )


def fit_temperatures(
    fer2013_logits: Float32Array,
    ferplus_logits: Float32Array | None,
    labels: Int64Array,
    votes: Float32Array,
    heads: HeadCombination,
) -> HeadCombination:
    """Return settings with fitted temperatures, rounded to four decimals; see `calibrate`."""
    classes, voted = np.eye(fer2013_logits.shape[1]), votes.any(axis=1)
    fitted = round(fit_temperature(fer2013_logits, classes[labels]), 4)
    heads = replace(heads, temperature=fitted, combined_temperature=1.0)
    if ferplus_logits is not None and voted.any():
        fitted = round(fit_temperature(ferplus_logits[voted], votes[voted]), 4)
        heads = replace(heads, ferplus_temperature=fitted)
    if heads.ferplus_share or heads.prior_correction:
        sets = (labels, majority_or_label(labels, votes)) if heads.ferplus_share else (labels,)
        targets = np.mean([classes[one] for one in sets], axis=0)
        combined = combine_logits(heads, fer2013_logits, ferplus_logits)
        fitted = round(fit_temperature(combined, targets), 4)
        heads = replace(heads, combined_temperature=fitted)
    return heads


def fit_temperature(logits: Float32Array, targets: FloatArray) -> float:
    """Return the temperature with the least cross-entropy, from 0.05 to 20.

    Args:
        logits: (n, classes).
        targets: Probability of each class, (n, classes); one-hot for labels.
    """

    def cross_entropy(logarithm: float) -> float:
        scores = log_softmax(logits / np.exp(logarithm), axis=1)
        return -float((targets * scores).sum(axis=1).mean())

    bounds = (np.log(0.05), np.log(20.0))  # of its logarithm: halving and doubling count alike
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))


def calibration_error_by_labels(probabilities: Float32Array, labels: Int64Array) -> float:
    """Return the `expected_calibration_error` of probabilities, (n, classes), by labels, (n,)."""
    correctness = probabilities.argmax(axis=1) == labels
    return expected_calibration_error(probabilities.max(axis=1), correctness)


def expected_calibration_error(confidence: Float32Array, correctness: Correctness) -> float:
    """Return the mean gap between confidence and accuracy over equally wide bins of confidence.

    Each of the `CALIBRATION_BINS` bins is weighted by its number of faces.

    Args:
        confidence: Top probabilities, (n,).
        correctness: How correct each prediction is, (n,), 0 to 1.
    """
    bin_of = confidence_bins(confidence)
    gaps = np.bincount(bin_of, weights=correctness - confidence)
    return float(np.abs(gaps).sum() / len(confidence))


def confidence_bins(confidence: Float32Array) -> Int64Array:
    """Return the bin of each top probability, (n,), 0 to `CALIBRATION_BINS` - 1."""
    bins: Int64Array = (confidence * CALIBRATION_BINS).astype(np.int64)
    return np.minimum(bins, CALIBRATION_BINS - 1)


def correctness_by_both(
    predictions: Int64Array, labels: Int64Array, votes: Float32Array
) -> FloatArray:
    """Return how correct each prediction is by both label sets, (n,): 0, a half or 1.

    Args:
        predictions: (n,) indices into `EXPRESSIONS`.
        labels: FER2013's labels, (n,).
        votes: Shares of FER+'s votes, (n, 8).
    """
    others = majority_or_label(labels, votes)
    correctness: FloatArray = ((predictions == labels).astype(float) + (predictions == others)) / 2
    return correctness


def majority_or_label(labels: Int64Array, votes: Float32Array) -> Int64Array:
    """Return FER+'s majority, (n,); where it is none of the seven, FER2013's label."""
    majority = majority_expression(votes)
    return np.where(majority >= 0, majority, labels)


def confidence_threshold(
    confidence: Float32Array, correctness: Correctness, accuracy: float
) -> float:
    """Return the least confidence above which the predictions reach an accuracy.

    Args:
        confidence: Top probabilities, (n,).
        correctness: How correct each prediction is, (n,), 0 to 1.
        accuracy: Accuracy that all faces from the threshold on are to reach together.

    Returns:
        The threshold with the largest coverage; where none reaches it, the highest confidence.
    """
    order = np.argsort(-confidence, kind="stable")
    counts = np.arange(1, len(correctness) + 1)
    running = np.cumsum(correctness[order], dtype=float) / counts  # (n,)
    good = np.flatnonzero(running >= accuracy)
    return float(confidence[order[good[-1] if len(good) else 0]])
