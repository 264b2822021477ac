"""Accuracy, macro F1, per-class figures and the confusion matrix, as one `evaluate.Metric`.

A class in the package instead of `evaluate.load("accuracy")`, which comes from the Hub at run time.
"""

import datasets
import evaluate
import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from transformers import EvalPrediction

from fer.labels import EXPRESSIONS

CITATION = "Pedregosa et al., Scikit-learn: Machine Learning in Python, JMLR 12, 2011."


class ExpressionMetric(evaluate.Metric):
    """Compares predicted class indices with the labels.

    Example:
        >>> metric = ExpressionMetric(labels=("angry", "happy"))
        >>> metric.compute(predictions=[0, 1, 1], references=[0, 1, 0])["accuracy"]
        0.6666666666666666
    """

    def __init__(self, labels: tuple[str, ...], **kwargs) -> None:
        """Compare classes whose names, by class index, are `labels`."""
        super().__init__(**kwargs)
        self.labels = labels

    def _info(self) -> evaluate.MetricInfo:
        index = datasets.Value("int64")
        return evaluate.MetricInfo(
            description="Accuracy, macro F1, per-class figures and confusion matrix.",
            citation=CITATION,
            inputs_description="predictions and references: class indices",
            features=datasets.Features({"predictions": index, "references": index}),
        )

    def _compute(self, predictions: list[int], references: list[int]) -> dict:
        """Return the figures.

        A class that never occurs has recall 0 and support 0, and is left out of the macro F1.
        """
        indices = list(range(len(self.labels)))
        scores = precision_recall_fscore_support(
            references, predictions, labels=indices, zero_division=0
        )
        names = ("precision", "recall", "f1", "support")
        per_class = {
            label: {name: column[index].item() for name, column in zip(names, scores, strict=True)}
            for index, label in enumerate(self.labels)
        }
        return {
            "accuracy": float(np.mean(np.equal(predictions, references))),
            "macro_f1": float(np.mean(scores[2][scores[3] > 0])),
            "per_class": per_class,
            "confusion_matrix": confusion_matrix(references, predictions, labels=indices).tolist(),
        }


def split_logits(prediction: EvalPrediction) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the logits of both heads, (n, 7) and (n, 8), or None for a second that isn't there."""
    logits = prediction.predictions
    return logits if isinstance(logits, tuple) else (logits, None)


def expression_metrics(prediction: EvalPrediction) -> dict:
    """Compare the first head with FER2013's own labels."""
    logits, labels = split_logits(prediction)[0], prediction.label_ids[0]
    metric = ExpressionMetric(EXPRESSIONS)
    return metric.compute(predictions=logits.argmax(axis=1), references=labels)


def ferplus_accuracy(prediction: EvalPrediction) -> float | None:
    """Compare the second head with FER+'s majority over eight classes; None without either."""
    logits, shares = split_logits(prediction)[1], prediction.label_ids[1]
    voted = shares.sum(axis=1) > 0
    if logits is None or not voted.any():
        return None
    return float(np.mean(logits[voted].argmax(axis=1) == shares[voted].argmax(axis=1)))
