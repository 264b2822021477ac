"""Figures against hand-worked ones."""

from dataclasses import astuple

import evaluate
import numpy as np
import pytest

from fer.evaluation.metrics import ExpressionMetric
from fer.model.evaluation_results import ClassMetrics


def test_hand_worked_example():
    # angry: 2 of 3 found, 2 of 2 named right; happy: 1 of 1 found, 1 of 2 named right
    metric = ExpressionMetric(labels=("angry", "happy"))
    assert isinstance(metric, evaluate.Metric)
    figures = metric.compute(predictions=[0, 0, 1, 1], references=[0, 0, 0, 1])
    assert figures["accuracy"] == 0.75
    assert figures["confusion_matrix"] == [[2, 1], [0, 1]]
    assert astuple(figures["per_class"]["angry"]) == pytest.approx((1.0, 2 / 3, 0.8, 3))
    assert astuple(figures["per_class"]["happy"]) == pytest.approx((0.5, 1.0, 2 / 3, 1))
    assert figures["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_class_that_never_occurs():
    figures = ExpressionMetric(labels=("a", "b", "c")).compute(predictions=[0], references=[0])
    assert figures["per_class"]["c"] == ClassMetrics(0, 0, 0, 0)
    assert np.shape(figures["confusion_matrix"]) == (3, 3)
    assert figures["macro_f1"] == 1.0  # of "a" alone
