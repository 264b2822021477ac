"""Accuracy, macro F1, per-class metrics and the confusion matrix, as one `evaluate.Metric`.

A class in the package instead of `evaluate.load("accuracy")`, which comes from the Hub at run time.
"""

from typing import Any

import datasets
import evaluate
import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from fer.array_types import Int64Array
from fer.labels import EXPRESSIONS
from fer.model.evaluation_results import ClassMetrics, LabelComparison

CITATION = "Pedregosa et al., Scikit-learn: Machine Learning in Python, JMLR 12, 2011."


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

        A class that never occurs has recall 0 and support 0, and is left out of the macro F1.
        """
        indices = list(range(len(self.labels)))
        scores = precision_recall_fscore_support(
            references, predictions, labels=indices, zero_division=0
        )
        per_class = {
            label: ClassMetrics(float(precision), float(recall), float(f1), int(support))
            for label, precision, recall, f1, support in zip(self.labels, *scores, strict=True)
        }
        return {
            "accuracy": float(np.mean(np.equal(predictions, references))),
            "macro_f1": float(np.mean(scores[2][scores[3] > 0])),
            "per_class": per_class,
            "confusion_matrix": confusion_matrix(references, predictions, labels=indices).tolist(),
        }


def compare_labels(predictions: Int64Array, labels: Int64Array) -> LabelComparison:
    """Compare predictions with labels, both (n,) indices into `EXPRESSIONS`."""
    metric = ExpressionMetric(EXPRESSIONS)
    return LabelComparison(**metric.compute(predictions=predictions, references=labels))
