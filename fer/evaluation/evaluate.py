"""Evaluation of a network on labelled faces: metrics, reliability, risk and coverage."""

from collections.abc import Iterator, Sequence

import numpy as np

from fer.array_types import BoolArray, Float32Array, Int64Array, UInt8Array
from fer.data.arrays import FerArrays
from fer.data.ferplus import vote_shares
from fer.data.holdout import EvaluationSplit
from fer.data.image_folder import LabeledFaces
from fer.evaluation.calibration import calibration_error_by_labels, confidence_bins
from fer.evaluation.ferplus_metrics import (
    Logits,
    combined_metrics,
    ferplus_agreement,
    ferplus_head_metrics,
    metrics_by_share,
)
from fer.evaluation.metrics import metric_intervals, score_predictions
from fer.evaluation.mistakes import confident_mistakes
from fer.model.classifier import ExpressionClassifier
from fer.model.evaluation_results import (
    COMBINED,
    FER2013_HEAD,
    Evaluation,
    ReliabilityBin,
    SelectiveMetrics,
    SubsetMetrics,
)
from fer.model.heads import combined_probabilities, logits_of
from fer.model.network_settings import HeadCombination
from fer.paths import public_name
from fer.terminal import with_progress

BATCH_SIZE = 64
"""Faces at a time; larger batches are slower on a CPU, as they exceed its caches."""

VIEW_SHIFT = 4
"""Pixels of a 48-pixel face by which test-time views are shifted: as far as in training."""


def check_not_trained_on(
    dataset: str, split: EvaluationSplit, classifier: ExpressionClassifier
) -> None:
    """Refuse a validation split that is held out of pictures the network has learned.

    Raises:
        ValueError: The network was trained on the whole of train, and validated on test.
    """
    training = classifier.metrics.training
    own = training.settings.get("dataset")  # of a published network the end of a path
    same = training.trained_on(dataset) or own == public_name(dataset)
    if same and split.origin and training.settings.get("validation") == "test":
        raise ValueError(
            f"{classifier.name} was trained with --validation test on {own}, so that it has "
            "learned the pictures of train that --split validation holds out; leave --split out "
            "for test, on which it was validated."
        )


def evaluate(
    classifier: ExpressionClassifier,
    faces: FerArrays | LabeledFaces,
    views: bool = False,
    output: str = FER2013_HEAD,
    logits: Logits | None = None,
) -> Evaluation:
    """Compare a network's output with the labels.

    Args:
        classifier: The network.
        faces: Faces, labels and, where there are any, FER+'s votes.
        views: Average ten views of each face, five shifts and their mirror images, instead of one.
        output: `FER2013_HEAD`, which is trained on FER2013's own labels, or `COMBINED`.
        logits: What `predict_logits` returns for these faces and views, if it has run already.

    Returns:
        Of this output accuracy and macro F1, per-class metrics
        with 95 % intervals, confusion matrix, reliability; of the combined output risk and
        coverage; FER+.
    """
    logits = logits or predict_logits(classifier, faces.images, views)
    if not classifier.heads.ferplus_trained:
        logits = logits[0], None
    labels, votes = faces.labels, vote_shares(faces.votes)
    evaluated = combined_probabilities(select_heads(classifier, output), *logits)  # (n, 7)
    combined = combined_probabilities(classifier.heads, *logits)  # (n, 7)
    predictions = evaluated.argmax(axis=1)
    scores = score_predictions(predictions, labels)
    return Evaluation(
        pictures=len(faces),
        precision=classifier.precision,
        views="ten" if views else "single",
        output=output,
        **vars(scores),
        intervals=metric_intervals(np.array(scores.confusion_matrix)),
        calibration_error=calibration_error_by_labels(evaluated, labels),
        reliability=reliability(evaluated, labels),
        risk_coverage=risk_coverage(combined, labels, votes),
        at_threshold=selective_metrics(combined, labels, votes, classifier.uncertain_below),
        ferplus=ferplus_head_metrics(logits[1], votes),
        ferplus_agreement=ferplus_agreement(predictions, votes),
        combined=combined_metrics(classifier.heads, logits, labels, votes),
        by_share=metrics_by_share(classifier.heads, logits, labels, votes),
        mistakes=confident_mistakes(combined, labels, faces.votes),
    )


def subset_metrics(
    classifier: ExpressionClassifier,
    faces: FerArrays,
    chosen: BoolArray,
    output: str,
    logits: Logits,
) -> SubsetMetrics:
    """Return number, accuracy and macro F1 of chosen faces.

    Args:
        classifier: The network.
        faces: All faces.
        chosen: Mask of the faces, bool (n,).
        output: `FER2013_HEAD` or `COMBINED`.
        logits: Logits of all faces.
    """
    if not chosen.any():
        return SubsetMetrics(pictures=0, accuracy=None, macro_f1=None)
    predictions = combined_probabilities(select_heads(classifier, output), *logits).argmax(axis=1)
    scores = score_predictions(predictions[chosen], faces.labels[chosen])
    return SubsetMetrics(int(chosen.sum()), scores.accuracy, scores.macro_f1)


def select_heads(classifier: ExpressionClassifier, output: str) -> HeadCombination:
    """Return how the heads are combined for `FER2013_HEAD` or `COMBINED`."""
    return classifier.heads if output == COMBINED else classifier.heads.fer2013_alone()


def predict_logits(
    classifier: ExpressionClassifier, images: Sequence[UInt8Array] | UInt8Array, views: bool = False
) -> Logits:
    """Return both heads' own logits, (n, 7) in the order of `EXPRESSIONS` and (n, 8) or None.

    Args:
        classifier: The network.
        images: n faces, each grey uint8 (h, w) or RGB uint8 (h, w, 3); or grey (n, h, w).
        views: Average ten views of each face.
    """
    fer2013_logits: list[Float32Array] = []
    ferplus_logits: list[Float32Array] = []
    for start in with_progress(range(0, len(images), BATCH_SIZE), "Faces", "batch"):
        batch = _views(classifier, list(images[start : start + BATCH_SIZE]), views)
        outputs = [classifier.network(pixel_values=view) for view in batch]
        both = [logits_of(output, classifier.columns) for output in outputs]
        # (batch, 7), the mean of the views
        fer2013_logits.append(np.mean([own for own, _ in both], axis=0))
        ferplus = [own for _, own in both if own is not None]
        if ferplus:
            ferplus_logits.append(np.mean(ferplus, axis=0))  # (batch, 8)
    joined = np.concatenate(ferplus_logits) if ferplus_logits else None
    return np.concatenate(fer2013_logits), joined


def _views(
    classifier: ExpressionClassifier, images: Sequence[UInt8Array], views: bool
) -> Iterator[Float32Array]:
    """Yield a batch's pixel_values, (n, c, h, w), once or in ten views."""
    once = classifier.preprocess(images)
    if not views:
        yield once
        return
    yield from ten_views(classifier.preprocess(images, do_center_crop=False), once.shape[-1])


def ten_views(faces: Float32Array, side: int) -> Iterator[Float32Array]:
    """Yield the centre crop of a face, four crops shifted by `VIEW_SHIFT`, and their mirror images.

    Outside the face they are padded with 0, its mean, as the views of a training are.

    Args:
        faces: (n, c, h, h).
        side: Side of the views, up to h.

    Yields:
        (n, c, side, side), ten times.
    """
    rim = max(0, VIEW_SHIFT - (faces.shape[-1] - side) // 2)
    padded = np.pad(faces, ((0, 0), (0, 0), (rim, rim), (rim, rim)))
    middle = (padded.shape[-1] - side) // 2
    for dy, dx in ((0, 0), (-VIEW_SHIFT, 0), (VIEW_SHIFT, 0), (0, -VIEW_SHIFT), (0, VIEW_SHIFT)):
        top, left = middle + dy, middle + dx
        view = padded[:, :, top : top + side, left : left + side]
        yield np.ascontiguousarray(view)
        yield np.ascontiguousarray(view[..., ::-1])


def selective_metrics(
    combined: Float32Array, labels: Int64Array, votes: Float32Array, threshold: float
) -> SelectiveMetrics:
    """Return how many faces have a top probability of at least `threshold`, and their accuracy.

    Args:
        combined: Probabilities, (n, 7).
        labels: (n,) class indices.
        votes: Shares of FER+'s votes, (n, 8); zeros where there are none.
        threshold: Least top probability.
    """
    certain = combined.max(axis=1) >= threshold
    predictions = combined[certain].argmax(axis=1)
    correct = predictions == labels[certain]
    return SelectiveMetrics(
        threshold=threshold,
        coverage=float(certain.mean()),
        accuracy=float(correct.mean()) if certain.any() else None,
        ferplus_agreement=ferplus_agreement(predictions, votes[certain]),
    )


def reliability(probabilities: Float32Array, labels: Int64Array) -> list[ReliabilityBin]:
    """Return confidence, accuracy and number of faces of each non-empty bin of confidence."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = confidence_bins(confidence)
    return [
        ReliabilityBin(
            confidence=float(confidence[bin_of == index].mean()),
            accuracy=float(correct[bin_of == index].mean()),
            faces=int((bin_of == index).sum()),
        )
        for index in np.unique(bin_of)
    ]


def risk_coverage(
    combined: Float32Array, labels: Int64Array, votes: Float32Array
) -> list[SelectiveMetrics]:
    """Return `selective_metrics` at thresholds of decreasing coverage, 100 to 5 % of the faces."""
    thresholds = np.quantile(combined.max(axis=1), np.linspace(0, 0.95, 21))
    return [selective_metrics(combined, labels, votes, float(value)) for value in thresholds]
