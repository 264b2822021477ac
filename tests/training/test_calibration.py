"""Temperature, calibration error and threshold against hand-worked cases."""

import numpy as np
import pytest
from scipy.special import softmax

from fer.training.calibration import (
    answering_threshold,
    calibrate,
    calibration_error,
    fit_temperature,
)


@pytest.fixture
def drawn():
    """Logits, and labels drawn from their own probabilities: calibrated by construction."""
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=2.0, size=(20_000, 7))
    cumulative = softmax(logits, axis=1).cumsum(axis=1)
    labels = (generator.random((20_000, 1)) > cumulative).sum(axis=1)
    return logits, labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_temperature_undoes_a_scaling(drawn, factor):
    logits, labels = drawn
    assert fit_temperature(logits * factor, labels) == pytest.approx(factor, rel=0.03)


def test_error_by_hand():
    # bin 9 of 10: confidence 0.9 twice, one right: gap 0.4; bin 6: 0.6 twice, both right: gap 0.4
    top = np.array([0.9, 0.9, 0.6, 0.6])
    probabilities = np.stack([top, 1 - top], axis=1)
    labels = np.array([0, 1, 0, 0])
    assert calibration_error(probabilities, labels, bins=10) == pytest.approx(0.4)


def test_certain_and_right_has_no_error():
    assert calibration_error(np.eye(3), np.arange(3)) == 0


def test_error_of_calibrated_answers_is_small_and_of_sharpened_ones_large(drawn):
    logits, labels = drawn
    assert calibration_error(softmax(logits, axis=1), labels) < 0.015
    assert calibration_error(softmax(3 * logits, axis=1), labels) > 0.1


def test_threshold_by_hand():
    confidence = np.array([0.95, 0.9, 0.8, 0.7, 0.6])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    labels = np.array([0, 0, 1, 0, 1])  # running accuracy 1, 1, 0.67, 0.75, 0.6
    assert answering_threshold(probabilities, labels, 0.7) == pytest.approx(0.7)
    assert answering_threshold(probabilities, labels, 0.9) == pytest.approx(0.9)
    assert answering_threshold(probabilities, 1 - labels, 0.9) == pytest.approx(0.95)  # never


def test_what_is_answered_is_right_often_enough(drawn):
    logits, labels = drawn
    calibration = calibrate(2 * logits, labels)
    assert calibration.answered_accuracy == pytest.approx(0.8, abs=0.005)
    assert 0.2 < calibration.answered < 0.9
    assert calibration.calibration_error < 0.015 < calibration.uncalibrated_error
