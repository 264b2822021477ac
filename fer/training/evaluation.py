"""Every figure of one network on one set of labelled faces."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.special import softmax
from torch.nn import functional

from fer.labels import EXPRESSIONS, FERPLUS_COLUMNS
from fer.model.classifier import ExpressionClassifier
from fer.model.preprocessing import pixel_values
from fer.training.arrays import FerArrays
from fer.training.calibration import BINS, calibration_error
from fer.training.faces import vote_shares
from fer.training.labelled import LabelledFaces
from fer.training.metrics import ExpressionMetric

BATCH = 64
"""Faces at a time; more take longer on a CPU, whose caches they leave."""

RESAMPLES = 2000
SHIFT = 4
"""Pixels of a 48-pixel face by which test-time views lie off the middle: as far as in training."""


def evaluate(
    classifier: ExpressionClassifier, faces: FerArrays | LabelledFaces, views: bool = False
) -> dict[str, object]:
    """Compare a network's answers with the labels.

    Args:
        classifier: The network.
        faces: Faces, labels and, where there are any, FER+'s votes.
        views: Average ten views of each face, five places and their mirror images, instead of one.

    Returns:
        What `fer evaluate` writes as JSON: accuracy and macro F1, per-class figures with 95 %
        bootstrap intervals, confusion matrix, reliability, risk and coverage, FER+.
    """
    logits, ferplus_logits = run_network(classifier, faces.images, views)
    probabilities = softmax(logits / classifier.temperature, axis=1)
    predictions = probabilities.argmax(axis=1)
    metric = ExpressionMetric(EXPRESSIONS)
    figures = metric.compute(predictions=predictions, references=faces.labels)
    return {
        "pictures": len(faces),
        "precision": classifier.precision,
        "views": "ten" if views else "single",
        **figures,
        "intervals": bootstrap_intervals(np.array(figures["confusion_matrix"])),
        "calibration_error": calibration_error(probabilities, faces.labels),
        "reliability": reliability(probabilities, faces.labels),
        "risk_coverage": risk_coverage(probabilities, faces.labels),
        "uncertain": answered_above(probabilities, faces.labels, classifier.uncertain_below),
        "ferplus": ferplus_figures(ferplus_logits, faces.votes),
        "ferplus_answers": ferplus_answers(predictions, faces.votes),
    }


@torch.inference_mode()
def run_network(
    classifier: ExpressionClassifier, images: Sequence[np.ndarray], views: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the logits of both heads, (n, 7) in the order of `EXPRESSIONS` and (n, 8) or None.

    Args:
        classifier: The network.
        images: n faces, each grey uint8 (h, w) or RGB uint8 (h, w, 3).
        views: Average ten views of each face.
    """
    network, columns = classifier.network, classifier.columns
    first, second = [], []
    for start in range(0, len(images), BATCH):
        seen = _views(classifier, images[start : start + BATCH], views)
        outputs = [network(pixel_values=view) for view in seen]
        first.append(torch.stack([out.logits[:, columns] for out in outputs]).mean(dim=0))
        if getattr(outputs[0], "ferplus_logits", None) is not None:
            second.append(torch.stack([out.ferplus_logits for out in outputs]).mean(dim=0))
    return torch.cat(first).numpy(), torch.cat(second).numpy() if second else None


def _views(
    classifier: ExpressionClassifier, images: Sequence[np.ndarray], views: bool
) -> Iterator[torch.Tensor]:
    """Yield a batch's pixel_values, once or in ten views."""
    processor = classifier.processor
    if not views:
        yield pixel_values(processor, images)
        return
    if not isinstance(getattr(processor, "crop_size", None), int):
        raise ValueError("Ten views need this project's image processor; leave --views out.")
    whole = processor(images=list(images), do_center_crop=False, return_tensors="pt")
    yield from ten_views(whole["pixel_values"], processor.crop_size)


def ten_views(whole: torch.Tensor, side: int) -> Iterator[torch.Tensor]:
    """Yield the middle of a face, four places `SHIFT` pixels off it, and their mirror images.

    What a view lacks is 0, the face's mean, as in the views of a training.

    Args:
        whole: (n, c, h, h).
        side: Of the views, up to h.

    Yields:
        (n, c, side, side), ten times.
    """
    rim = max(0, SHIFT - (whole.shape[-1] - side) // 2)
    padded = functional.pad(whole, [rim] * 4)
    middle = (padded.shape[-1] - side) // 2
    for dy, dx in ((0, 0), (-SHIFT, 0), (SHIFT, 0), (0, -SHIFT), (0, SHIFT)):
        top, left = middle + dy, middle + dx
        view = padded[:, :, top : top + side, left : left + side]
        yield view
        yield view.flip(-1)


def bootstrap_intervals(confusion: np.ndarray, seed: int = 0) -> dict[str, object]:
    """Return 95 % intervals of accuracy, macro F1, and each class's precision and recall.

    Drawing the pictures again with replacement is the same as drawing the cells of the confusion
    matrix from a multinomial distribution.

    Args:
        confusion: (classes, classes) counts; rows are the labels, columns the answers.
        seed: Of the draws.
    """
    total = confusion.sum()
    draws = np.random.default_rng(seed).multinomial(total, confusion.ravel() / total, RESAMPLES)
    matrices = draws.reshape(RESAMPLES, *confusion.shape)
    hits = matrices.diagonal(axis1=1, axis2=2)
    recall = hits / np.maximum(matrices.sum(axis=2), 1)
    precision = hits / np.maximum(matrices.sum(axis=1), 1)
    f1 = 2 * hits / np.maximum(matrices.sum(axis=2) + matrices.sum(axis=1), 1)
    return {
        "accuracy": _interval(hits.sum(axis=1) / total),
        "macro_f1": _interval(f1[:, confusion.sum(axis=1) > 0].mean(axis=1)),
        "per_class": {
            label: {"precision": _interval(precision[:, i]), "recall": _interval(recall[:, i])}
            for i, label in enumerate(EXPRESSIONS)
        },
    }


def _interval(values: np.ndarray) -> list[float]:
    return [float(value) for value in np.quantile(values, (0.025, 0.975))]


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> list[dict[str, float]]:
    """Return confidence, accuracy and number of faces of each bin of confidence that has any."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": float(confidence[bin_of == index].mean()),
            "accuracy": float(right[bin_of == index].mean()),
            "faces": int((bin_of == index).sum()),
        }
        for index in np.unique(bin_of)
    ]


def risk_coverage(
    probabilities: np.ndarray, labels: np.ndarray, points: int = 21
) -> list[dict[str, float]]:
    """Return share and accuracy of the answered faces over thresholds that answer ever fewer."""
    confidence = probabilities.max(axis=1)
    thresholds = np.quantile(confidence, np.linspace(0, 0.95, points))
    return [answered_above(probabilities, labels, float(value)) for value in thresholds]


def answered_above(
    probabilities: np.ndarray, labels: np.ndarray, threshold: float
) -> dict[str, float | None]:
    """Return how many faces have a top probability of at least `threshold`, and their accuracy."""
    answered = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == labels
    accuracy = float(right[answered].mean()) if answered.any() else None
    return {"threshold": threshold, "answered": float(answered.mean()), "accuracy": accuracy}


def ferplus_figures(logits: np.ndarray | None, votes: np.ndarray) -> dict[str, object] | None:
    """Compare the second head with FER+'s majority; None without votes or without that head.

    A tie counts for the first in FER+'s order.

    Args:
        logits: (n, 8), or None.
        votes: (n, 10) counts.
    """
    shares = vote_shares(votes)
    voted = shares.sum(axis=1) > 0
    if logits is None or not voted.any():
        return None
    right = logits[voted].argmax(axis=1) == shares[voted].argmax(axis=1)
    return {
        "label_set": "FER+ majority of eight, without pictures voted unknown or not a face",
        "pictures": int(voted.sum()),
        "accuracy": float(right.mean()),
    }


def ferplus_answers(predictions: np.ndarray, votes: np.ndarray) -> dict[str, object] | None:
    """Compare the answers, which name seven expressions, with FER+'s majority; None without votes.

    A tie counts as in `ferplus_figures`: for the first in FER+'s order.

    Args:
        predictions: (n,) indices into `EXPRESSIONS`.
        votes: (n, 10) counts.
    """
    shares = vote_shares(votes)
    majority = shares.argmax(axis=1)
    voted = (shares.sum(axis=1) > 0) & np.isin(majority, FERPLUS_COLUMNS)
    if not voted.any():
        return None
    right = np.array(FERPLUS_COLUMNS)[predictions[voted]] == majority[voted]
    return {
        "label_set": "FER+ majority where it is one of the seven",
        "pictures": int(voted.sum()),
        "accuracy": float(right.mean()),
    }
