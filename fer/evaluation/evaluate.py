"""Every figure of one network on one set of labelled faces."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.stats import binomtest
from torch.nn import functional

from fer.data.arrays import FerArrays
from fer.data.ferplus import vote_shares
from fer.data.image_folder import LabeledFaces
from fer.evaluation.calibration import CALIBRATION_BINS, calibration_error
from fer.evaluation.ferplus_metrics import (
    Logits,
    combined_metrics,
    ferplus_agreement,
    ferplus_head_metrics,
    metrics_by_share,
)
from fer.evaluation.metrics import ExpressionMetric
from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.model.configuration_fer import Heads
from fer.model.heads import logits_of, probabilities
from fer.model.preprocessing import pixel_values

BATCH_SIZE = 64
"""Faces at a time; more take longer on a CPU, whose caches they leave."""

FIRST_HEAD, SHOWN = "fer2013", "shown"
"""Which output is evaluated: the FER2013 head alone, or both heads combined as the page draws
them."""

BOOTSTRAP_SAMPLES = 2000
VIEW_SHIFT = 4
"""Pixels of a 48-pixel face by which test-time views lie off the middle: as far as in training."""


def evaluate(
    classifier: ExpressionClassifier,
    faces: FerArrays | LabeledFaces,
    views: bool = False,
    answers: str = FIRST_HEAD,
    logits: Logits | None = None,
) -> dict[str, object]:
    """Compare a network's output with the labels.

    Args:
        classifier: The network.
        faces: Faces, labels and, where there are any, FER+'s votes.
        views: Average ten views of each face, five places and their mirror images, instead of one.
        answers: `FIRST_HEAD`, which knows FER2013's own labels, or `SHOWN`.
        logits: What `predict_logits` returns for these faces and views, where it has run already.

    Returns:
        What `fer evaluate` writes as JSON: of this output accuracy and macro F1, per-class metrics
        with 95 % intervals, confusion matrix, reliability; of the combined output risk and
        coverage; FER+.
    """
    logits = logits or predict_logits(classifier, faces.images, views)
    labels, votes = faces.labels, vote_shares(faces.votes)
    evaluated = probabilities(select_heads(classifier, answers), *logits)
    shown = probabilities(classifier.heads, *logits)
    predictions = evaluated.argmax(axis=1)
    metrics = ExpressionMetric(EXPRESSIONS).compute(predictions=predictions, references=labels)
    return {
        "pictures": len(faces),
        "precision": classifier.precision,
        "views": "ten" if views else "single",
        "answers": answers,
        **metrics,
        "intervals": intervals(np.array(metrics["confusion_matrix"])),
        "calibration_error": calibration_error(evaluated, labels),
        "reliability": reliability(evaluated, labels),
        "risk_coverage": risk_coverage(shown, labels, votes),
        "uncertain": selective_metrics(shown, labels, votes, classifier.uncertain_below),
        "ferplus": ferplus_head_metrics(logits[1], votes),
        "ferplus_answers": ferplus_agreement(predictions, votes),
        "shown": combined_metrics(classifier.heads, logits, labels, votes),
        "by_share": metrics_by_share(classifier.heads, logits, labels, votes),
    }


def select_heads(classifier: ExpressionClassifier, answers: str) -> Heads:
    """Return how the heads are combined for `FIRST_HEAD` or `SHOWN`."""
    return classifier.heads if answers == SHOWN else classifier.heads.fer2013_alone()


@torch.inference_mode()
def predict_logits(
    classifier: ExpressionClassifier, images: Sequence[np.ndarray], views: bool = False
) -> Logits:
    """Return both heads' own logits, (n, 7) in the order of `EXPRESSIONS` and (n, 8) or None.

    Args:
        classifier: The network.
        images: n faces, each grey uint8 (h, w) or RGB uint8 (h, w, 3).
        views: Average ten views of each face.
    """
    first, second = [], []
    for start in range(0, len(images), BATCH_SIZE):
        seen = _views(classifier, images[start : start + BATCH_SIZE], views)
        outputs = [classifier.network(pixel_values=view) for view in seen]
        ours, others = zip(*(logits_of(out, classifier.columns) for out in outputs), strict=True)
        first.append(np.mean(ours, axis=0))
        second.append(None if others[0] is None else np.mean(others, axis=0))
    return np.concatenate(first), None if second[0] is None else np.concatenate(second)


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


def ten_views(faces: torch.Tensor, side: int) -> Iterator[torch.Tensor]:
    """Yield the middle of a face, four places `VIEW_SHIFT` pixels off it, and their mirror images.

    What a view lacks is 0, the face's mean, as in the views of a training.

    Args:
        faces: (n, c, h, h).
        side: Of the views, up to h.

    Yields:
        (n, c, side, side), ten times.
    """
    rim = max(0, VIEW_SHIFT - (faces.shape[-1] - side) // 2)
    padded = functional.pad(faces, [rim] * 4)
    middle = (padded.shape[-1] - side) // 2
    for dy, dx in ((0, 0), (-VIEW_SHIFT, 0), (VIEW_SHIFT, 0), (0, -VIEW_SHIFT), (0, VIEW_SHIFT)):
        top, left = middle + dy, middle + dx
        view = padded[:, :, top : top + side, left : left + side]
        yield view
        yield view.flip(-1)


def selective_metrics(
    shown: np.ndarray, labels: np.ndarray, votes: np.ndarray, threshold: float
) -> dict[str, object]:
    """Return `accuracy_above` the threshold, and how those faces compare with FER+'s majority."""
    named = shown.max(axis=1) >= threshold
    agreement = ferplus_agreement(shown[named].argmax(axis=1), votes[named])
    return {**accuracy_above(shown, labels, threshold), "ferplus_answers": agreement}


def intervals(confusion: np.ndarray) -> dict[str, object]:
    """Return 95 % intervals of accuracy, macro F1, and each class's precision and recall.

    Those of shares are Wilson's, which are honest at 0 and 100 %, too; macro F1's is
    bootstrapped. None stands for what has no interval: a class that is absent, or a macro F1 that
    can't vary.

    Args:
        confusion: (classes, classes) counts; rows are the labels, columns the predictions.
    """
    hits = confusion.diagonal()
    return {
        "accuracy": wilson(hits.sum(), confusion.sum()),
        "macro_f1": macro_f1_interval(confusion),
        "per_class": {
            label: {
                "precision": wilson(hits[i], confusion[:, i].sum()),
                "recall": wilson(hits[i], confusion[i].sum()),
            }
            for i, label in enumerate(EXPRESSIONS)
        },
    }


def wilson(hits: int, total: int) -> list[float] | None:
    """Return Wilson's 95 % interval of a share, None of nothing."""
    if not total:
        return None
    return list(map(float, binomtest(int(hits), int(total)).proportion_ci(method="wilson")))


def macro_f1_interval(confusion: np.ndarray, seed: int = 0) -> list[float] | None:
    """Return the 95 % bootstrap interval of macro F1, None where every draw gives the same.

    Drawing the pictures again with replacement is the same as drawing the cells of the confusion
    matrix from a multinomial distribution.

    Args:
        confusion: (classes, classes) counts.
        seed: Of the draws.
    """
    total = confusion.sum()
    draws = np.random.default_rng(seed).multinomial(
        total, confusion.ravel() / total, BOOTSTRAP_SAMPLES
    )
    matrices = draws.reshape(BOOTSTRAP_SAMPLES, *confusion.shape)
    hits = matrices.diagonal(axis1=1, axis2=2)
    f1 = 2 * hits / np.maximum(matrices.sum(axis=2) + matrices.sum(axis=1), 1)
    low, high = np.quantile(f1[:, confusion.sum(axis=1) > 0].mean(axis=1), (0.025, 0.975))
    return [float(low), float(high)] if low < high else None


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> list[dict[str, float]]:
    """Return confidence, accuracy and number of faces of each bin of confidence that has any."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        {
            "confidence": float(confidence[bin_of == index].mean()),
            "accuracy": float(right[bin_of == index].mean()),
            "faces": int((bin_of == index).sum()),
        }
        for index in np.unique(bin_of)
    ]


def risk_coverage(
    shown: np.ndarray, labels: np.ndarray, votes: np.ndarray, points: int = 21
) -> list[dict[str, object]]:
    """Return `selective_metrics` over thresholds that name ever fewer faces."""
    thresholds = np.quantile(shown.max(axis=1), np.linspace(0, 0.95, points))
    return [selective_metrics(shown, labels, votes, float(value)) for value in thresholds]


def accuracy_above(
    probabilities: np.ndarray, labels: np.ndarray, threshold: float
) -> dict[str, float | None]:
    """Return how many faces have a top probability of at least `threshold`, and their accuracy."""
    answered = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == labels
    accuracy = float(right[answered].mean()) if answered.any() else None
    return {"threshold": threshold, "answered": float(answered.mean()), "accuracy": accuracy}
