"""Accuracy, macro F1, per-class metrics and the confusion matrix, with their 95 % intervals.

`ExpressionMetric` is in this package, where `evaluate.load("accuracy")` would fetch its code from
the Hub at run time.
"""

from tempfile import TemporaryDirectory
from typing import Any

import datasets
import evaluate
import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from fer.array_types import Int64Array
from fer.labels import EXPRESSIONS
from fer.model.evaluation_results import (
    ClassIntervals,
    ClassMetrics,
    Intervals,
    LabelComparison,
)

CITATION = "Pedregosa et al., Scikit-learn: Machine Learning in Python, JMLR 12, 2011."

BOOTSTRAP_SAMPLES = 2000
"""Enough for the third decimal of a 95 % interval."""


class ExpressionMetric(evaluate.Metric):  # type: ignore[misc]  # it comes without types
    """Compares predicted class indices with the labels.

    Example:
        >>> metric = ExpressionMetric(labels=("angry", "happy"))
        >>> metric.compute(predictions=[0, 1, 1], references=[0, 1, 0])["accuracy"]
        0.6666666666666666
    """

    def __init__(self, labels: tuple[str, ...], **kwargs: Any) -> None:
        """Compare classes whose names, by class index, are `labels`."""
        super().__init__(**kwargs)
        self.labels = labels

    def _info(self) -> evaluate.MetricInfo:
        index = datasets.Value("int64")
        return evaluate.MetricInfo(
            description="Accuracy, macro F1, per-class metrics and confusion matrix.",
            citation=CITATION,
            inputs_description="predictions and references: class indices",
            features=datasets.Features({"predictions": index, "references": index}),
        )

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, Any]:
        """Compare the predictions with the labels.

        A class without a label has neither recall nor F1, and is left out of the macro F1.
        """
        indices = list(range(len(self.labels)))
        scores = precision_recall_fscore_support(
            references, predictions, labels=indices, zero_division=0
        )
        per_class = {
            label: ClassMetrics(
                precision=float(precision),
                recall=float(recall) if support else None,
                f1=float(f1) if support else None,
                support=int(support),
            )
            for label, precision, recall, f1, support in zip(self.labels, *scores, strict=True)
        }
        return {
            "accuracy": float(np.mean(np.equal(predictions, references))),
            "macro_f1": float(np.mean(scores[2][scores[3] > 0])),
            "per_class": per_class,
            "confusion_matrix": confusion_matrix(references, predictions, labels=indices).tolist(),
        }


def score_predictions(predictions: Int64Array, labels: Int64Array) -> LabelComparison:
    """Return the metrics of predictions by labels, both (n,) indices into `EXPRESSIONS`."""
    # Its default cache is in the home directory, which may be read-only or full.
    with TemporaryDirectory() as folder:
        metric = ExpressionMetric(EXPRESSIONS, cache_dir=folder, keep_in_memory=True)
        return LabelComparison(**metric.compute(predictions=predictions, references=labels))


def metric_intervals(confusion: Int64Array) -> Intervals:
    """Return 95 % intervals of accuracy, macro F1, and each class's precision and recall.

    Those of shares are Wilson's, which hold their coverage at 0 and 100 %, too; macro F1's is
    bootstrapped. None stands for no interval: of an absent class, or a macro F1 that can't vary.

    Args:
        confusion: (classes, classes) counts; rows are the labels, columns the predictions.
    """
    hits = confusion.diagonal()
    return Intervals(
        accuracy=wilson_interval(hits.sum(), confusion.sum()),
        macro_f1=macro_f1_interval(confusion),
        per_class={
            label: ClassIntervals(
                precision=wilson_interval(hits[i], confusion[:, i].sum()),
                recall=wilson_interval(hits[i], confusion[i].sum()),
            )
            for i, label in enumerate(EXPRESSIONS)
        },
    )


def wilson_interval(hits: int, total: int) -> list[float] | None:
    """Return Wilson's 95 % interval of the share of hits, None where the total is 0."""
    if not total:
        return None
    low, high = binomtest(int(hits), int(total)).proportion_ci(method="wilson")
    return [float(low), float(high)]


def macro_f1_interval(confusion: Int64Array) -> list[float] | None:
    """Return the 95 % bootstrap interval of macro F1, None where all samples agree.

    Resampling the pictures with replacement is drawing the cells of the confusion matrix from a
    multinomial distribution.

    Args:
        confusion: (classes, classes) counts.
    """
    total = confusion.sum()
    draws = np.random.default_rng(0).multinomial(
        total, confusion.ravel() / total, BOOTSTRAP_SAMPLES
    )
    matrices = draws.reshape(BOOTSTRAP_SAMPLES, *confusion.shape)  # (samples, classes, classes)
    hits = matrices.diagonal(axis1=1, axis2=2)  # (samples, classes)
    f1 = 2 * hits / np.maximum(matrices.sum(axis=2) + matrices.sum(axis=1), 1)
    low, high = np.quantile(f1[:, confusion.sum(axis=1) > 0].mean(axis=1), (0.025, 0.975))
    return [float(low), float(high)] if low < high else None
