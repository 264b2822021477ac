"""Figures against hand-worked ones."""

from dataclasses import astuple

import evaluate
import numpy as np
import pytest

from fer.evaluation.metrics import ExpressionMetric, metric_intervals, score_predictions
from fer.model.evaluation_results import ClassIntervals, ClassMetrics


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
    assert figures["per_class"]["c"] == ClassMetrics(0, None, None, 0)
    assert np.shape(figures["confusion_matrix"]) == (3, 3)
    assert figures["macro_f1"] == 1.0  # of "a" alone


def test_labels_are_compared_where_the_home_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file")
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", tmp_path / "home" / "metrics")
    scores = score_predictions(np.array([0, 1, 1]), np.array([0, 1, 0]))
    assert scores.accuracy == pytest.approx(2 / 3)


def test_interval_of_a_share_is_that_of_the_binomial():
    confusion = np.zeros((7, 7), int)
    confusion[0, 0], confusion[0, 1] = 700, 300
    low, high = metric_intervals(confusion).accuracy
    half = 1.96 * (0.7 * 0.3 / 1000) ** 0.5
    assert (low, high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.004)


def test_macro_f1_and_its_interval_are_of_the_classes_that_occur():
    confusion = np.diag([100, 100, 100, 100, 100, 100, 0])
    assert metric_intervals(confusion).macro_f1 is None  # it can't be anything but 1
    confusion[0, 1] = 10
    low, high = metric_intervals(confusion).macro_f1
    assert 0.9 < low < high < 1.0


def test_intervals_at_the_ends_are_wilsons():
    confusion = np.zeros((7, 7), int)
    confusion[0, 0] = 12
    measured = metric_intervals(confusion)
    assert measured.accuracy == pytest.approx([12 / (12 + 1.96**2), 1.0], abs=1e-3)
    assert measured.per_class["angry"].recall == measured.accuracy
    assert measured.per_class["sad"] == ClassIntervals(None, None)
    confusion[1, 0] = 12
    low, high = metric_intervals(confusion).per_class["disgust"].recall
    assert low == pytest.approx(0, abs=1e-9)
    assert high == pytest.approx(1.96**2 / (12 + 1.96**2), abs=1e-3)
