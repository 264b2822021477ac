"""Temperature, calibration error and threshold against hand-worked cases."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.special import softmax

from fer.evaluation.calibration import (
    SETTINGS,
    calibrate,
    calibration_error_by_labels,
    confidence_threshold,
    correctness_by_both,
    expected_calibration_error,
    fit_temperature,
    with_priors,
)
from fer.labels import EXPRESSIONS, FERPLUS_INDICES, FERPLUS_LABELS
from fer.model.backend import ONE_HEAD
from fer.model.heads import combined_probabilities
from fer.model.network_settings import HeadCombination


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
    fitted = fit_temperature(logits * factor, np.eye(7)[labels])
    assert fitted == pytest.approx(factor, rel=0.03)


def test_temperature_is_fitted_to_shares_of_votes(drawn):
    logits, _ = drawn
    assert fit_temperature(logits * 3.0, softmax(logits, axis=1)) == pytest.approx(3.0, rel=1e-3)


def test_error_by_hand():
    # two bins: confidence 0.9 twice, one right: gap 0.4; 0.6 twice, both right: gap 0.4
    top = np.array([0.9, 0.9, 0.6, 0.6])
    probabilities = np.stack([top, 1 - top], axis=1)
    labels = np.array([0, 1, 0, 0])
    assert calibration_error_by_labels(probabilities, labels) == pytest.approx(0.4)


def test_certain_and_right_has_no_error():
    assert calibration_error_by_labels(np.eye(3), np.arange(3)) == 0


def test_error_of_calibrated_predictions_is_small_and_of_sharpened_ones_large(drawn):
    logits, labels = drawn
    assert calibration_error_by_labels(softmax(logits, axis=1), labels) < 0.015
    assert calibration_error_by_labels(softmax(3 * logits, axis=1), labels) > 0.1


def test_threshold_by_hand():
    confidence = np.array([0.95, 0.9, 0.8, 0.7, 0.6])
    correctness = np.array([1, 1, 0, 1, 0])  # running accuracy 1, 1, 0.67, 0.75, 0.6
    assert confidence_threshold(confidence, correctness, 0.7) == pytest.approx(0.7)
    assert confidence_threshold(confidence, correctness, 0.9) == pytest.approx(0.9)
    assert confidence_threshold(confidence, 1 - correctness, 0.9) == pytest.approx(0.95)  # never
    assert confidence_threshold(confidence[::-1], correctness[::-1], 0.7) == pytest.approx(0.7)


def test_right_by_both_label_sets():
    happy, sad = EXPRESSIONS.index("happy"), EXPRESSIONS.index("sad")
    votes = np.zeros((4, 8))
    votes[
        [0, 1, 2], [FERPLUS_LABELS.index(name) for name in ("happiness", "sadness", "contempt")]
    ] = 1
    labels = np.array([happy, happy, sad, happy])
    correctness = correctness_by_both(np.full(4, happy), labels, votes)
    assert correctness.tolist() == [1, 0.5, 0, 1]  # contempt and no votes leave the label alone


def test_predictions_above_the_threshold_reach_the_target_accuracy(drawn):
    logits, labels = drawn
    calibration = calibrate((2 * logits, None), labels, np.zeros((len(labels), 8)), ONE_HEAD)
    assert calibration.selective_accuracy == pytest.approx(0.8, abs=0.005)
    assert 0.2 < calibration.coverage < 0.9
    assert calibration.calibration_error < 0.015 < calibration.uncalibrated_error


def test_the_metrics_are_those_of_the_rounded_settings():
    for seed in range(20):  # hopeless networks, of which hardly an answer is right often enough
        generator = np.random.default_rng(seed)
        logits = 0.05 * generator.normal(size=(200, 7))
        labels = generator.integers(7, size=200)
        calibration = calibrate((logits, None), labels, np.zeros((200, 8)), ONE_HEAD)
        confidence = softmax(logits / calibration.temperature, axis=1).max(axis=1)
        answered = (confidence >= calibration.uncertain_below).mean()
        assert answered == pytest.approx(calibration.coverage) and answered > 0
        assert round(calibration.uncertain_below, 4) == calibration.uncertain_below


@pytest.fixture
def both(drawn):
    """Logits of two heads, labels that the first knows, and votes that the second knows."""
    first, labels = drawn
    second = np.random.default_rng(1).normal(scale=2.0, size=(len(labels), 8))
    return (first, second), labels, softmax(second, axis=1)


def test_each_head_has_the_temperature_of_its_own_label_set(both):
    (first, second), labels, votes = both
    votes[::2] = 0  # half of the faces have none
    calibration = calibrate(
        (2 * first, 3 * second), labels, votes, replace(ONE_HEAD, ferplus_share=0.5)
    )
    assert calibration.temperature == pytest.approx(2.0, rel=0.03)
    assert calibration.ferplus_temperature == pytest.approx(3.0, rel=0.01)
    assert calibration.ferplus_share == 0.5


def test_the_threshold_is_of_the_combined_output(both):
    (first, second), labels, votes = both
    heads = replace(ONE_HEAD, ferplus_share=0.25)
    together = calibrate((first, second), labels, votes, heads)
    confidence = combined_probabilities(together.heads, first, second).max(axis=1)
    assert together.coverage == (confidence >= together.uncertain_below).mean()
    alone = calibrate((first, second), labels, votes, ONE_HEAD)
    assert together.calibration_error == alone.calibration_error
    assert together.uncertain_below != alone.uncertain_below


def test_the_threshold_of_combined_heads_is_fitted_to_both_label_sets(drawn):
    first, labels = drawn
    contrary = np.zeros((len(labels), 8))
    contrary[:, FERPLUS_LABELS.index("contempt")] = 1
    agreeing = np.zeros((len(labels), 8))
    agreeing[range(len(labels)), np.array(FERPLUS_INDICES)[first.argmax(axis=1)]] = 1
    logits, both = (first, np.zeros((len(labels), 8))), replace(ONE_HEAD, ferplus_share=0.1)
    by_labels = calibrate(logits, labels, contrary, both)
    by_votes_too = calibrate(logits, labels, agreeing, both)
    assert by_votes_too.coverage > by_labels.coverage + 0.1
    assert by_votes_too.selective_accuracy == pytest.approx(0.8, abs=0.005)


def test_without_votes_the_second_temperature_stays(both):
    logits, labels, votes = both
    known = replace(ONE_HEAD, ferplus_temperature=1.7, ferplus_share=0.5)
    assert calibrate(logits, labels, 0 * votes, known).ferplus_temperature == 1.7


def test_the_combined_output_is_calibrated_by_both_label_sets(both):
    (first, second), labels, votes = both
    heads = replace(ONE_HEAD, ferplus_share=0.5)
    calibration = calibrate((first, second), labels, votes, heads)
    output = combined_probabilities(calibration.heads, first, second)
    correctness = correctness_by_both(output.argmax(axis=1), labels, votes)
    assert calibration.combined_error == pytest.approx(
        expected_calibration_error(output.max(axis=1), correctness)
    )
    assert calibration.combined_temperature != 1.0
    hotter = replace(calibration.heads, combined_temperature=3 * calibration.combined_temperature)
    spread = combined_probabilities(hotter, first, second).max(axis=1)
    assert calibration.combined_error < 0.5 * expected_calibration_error(spread, correctness)


def test_one_head_without_correction_has_one_temperature(drawn):
    logits, labels = drawn
    calibration = calibrate((3 * logits, None), labels, np.zeros((len(labels), 8)), ONE_HEAD)
    assert calibration.combined_temperature == 1.0
    assert calibration.combined_error == calibration.calibration_error


def test_priors_are_those_of_the_training_data():
    labels = np.repeat([0, 2, 3, 4, 5, 6], [10, 20, 40, 10, 10, 9])  # nobody is disgusted
    votes = np.zeros((99, 8))
    votes[:50] = [0.5, 0.3, 0, 0, 0.1, 0.04, 0.04, 0.02]
    heads = with_priors(replace(ONE_HEAD, ferplus_share=0.5), labels, votes)
    assert heads.fer2013_prior == (0.1, 0.01, 0.2, 0.4, 0.1, 0.1, 0.09)
    expected = np.array([25, 15, 1, 1, 5, 2, 2, 1]) / 52  # what never occurs counts as once
    assert heads.ferplus_prior == pytest.approx(expected, abs=1e-5)


def test_no_prior_is_zero_however_rare_its_class():
    labels = np.concatenate([np.zeros(400_000, int), np.arange(7)])
    heads = with_priors(ONE_HEAD, labels, np.zeros((1, 8)))
    assert heads.fer2013_prior == pytest.approx([1, *[1e-5] * 6], abs=2e-5)
    assert all(np.isfinite(heads.log_prior))


def test_without_votes_a_prior_that_is_known_stays():
    labels, none = np.arange(7), np.zeros((7, 8))
    corrected = replace(ONE_HEAD, ferplus_share=0.5, prior_correction=0.5)
    assert with_priors(corrected, labels, none).prior_correction == 0.0
    known = replace(corrected, ferplus_prior=(0.125,) * 8)
    assert with_priors(known, labels, none) == replace(known, fer2013_prior=(0.14286,) * 7)


def test_prior_correction_finds_the_rare_class():
    """Logits of a network that learned shares of 10:1, on faces of which both are as frequent."""
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 5000)
    evidence = generator.normal(np.where(labels == 0, 1.0, -1.0), 1.0)  # log odds 2 x
    first = np.full((10_000, 7), -20.0)
    first[:, 0], first[:, 1] = 2 * evidence + np.log(10), 0.0
    learned = np.repeat([0, 1], [1000, 100])
    accuracies = []
    for strength in (0.0, 0.5, 1.0):
        plain = with_priors(replace(ONE_HEAD, prior_correction=strength), learned, np.zeros((1, 8)))
        output = combined_probabilities(plain, first, None)
        accuracies.append((output.argmax(axis=1) == labels).mean())
    assert accuracies == sorted(accuracies)
    assert accuracies[2] == pytest.approx(0.841, abs=0.01)  # the normal distribution's at 1
    assert accuracies[0] < 0.78


def test_every_setting_of_the_combination_is_kept():
    kept = {one.name for one in fields(HeadCombination)} - {"ferplus_columns"}
    assert set(SETTINGS) == kept | {"uncertain_below"}


def test_votes_that_contradict_the_labels_lower_the_confidence(drawn):
    first, labels = drawn
    logits, heads = (first, np.zeros((len(labels), 8))), replace(ONE_HEAD, ferplus_share=0.5)
    agreeing = np.eye(8)[np.array(FERPLUS_INDICES)[labels]]
    contrary = np.eye(8)[np.array(FERPLUS_INDICES)[(labels + 1) % 7]]
    certain = calibrate(logits, labels, agreeing, heads).combined_temperature
    assert calibrate(logits, labels, contrary, heads).combined_temperature > 1.5 * certain
