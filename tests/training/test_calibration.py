"""Temperature, calibration error and threshold against hand-worked cases."""

import numpy as np
import pytest
from scipy.special import softmax

from fer.labels import EXPRESSIONS, FERPLUS, FERPLUS_COLUMNS
from fer.model.heads import Heads
from fer.training.calibration import (
    answering_threshold,
    by_both,
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
    fitted = fit_temperature(logits * factor, np.eye(7)[labels])
    assert fitted == pytest.approx(factor, rel=0.03)


def test_temperature_of_votes_is_that_at_which_they_are_the_answer(drawn):
    logits, _ = drawn
    assert fit_temperature(logits * 3.0, softmax(logits, axis=1)) == pytest.approx(3.0, rel=1e-3)


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
    right = np.array([1, 1, 0, 1, 0])  # running accuracy 1, 1, 0.67, 0.75, 0.6
    assert answering_threshold(confidence, right, 0.7) == pytest.approx(0.7)
    assert answering_threshold(confidence, right, 0.9) == pytest.approx(0.9)
    assert answering_threshold(confidence, 1 - right, 0.9) == pytest.approx(0.95)  # never
    assert answering_threshold(confidence[::-1], right[::-1], 0.7) == pytest.approx(0.7)


def test_right_by_both_label_sets():
    happy, sad = EXPRESSIONS.index("happy"), EXPRESSIONS.index("sad")
    votes = np.zeros((4, 8))
    votes[[0, 1, 2], [FERPLUS.index(name) for name in ("happiness", "sadness", "contempt")]] = 1
    right = by_both(np.full(4, happy), np.array([happy, happy, sad, happy]), votes)
    assert right.tolist() == [1, 0.5, 0, 1]  # contempt and no votes leave the label alone


def test_what_is_answered_is_right_often_enough(drawn):
    logits, labels = drawn
    calibration = calibrate((2 * logits, None), labels, np.zeros((len(labels), 8)), Heads())
    assert calibration.answered_accuracy == pytest.approx(0.8, abs=0.005)
    assert 0.2 < calibration.answered < 0.9
    assert calibration.calibration_error < 0.015 < calibration.uncalibrated_error


def test_the_figures_are_those_of_the_rounded_numbers():
    for seed in range(20):  # hopeless networks, of which hardly an answer is right often enough
        generator = np.random.default_rng(seed)
        logits = 0.05 * generator.normal(size=(200, 7))
        labels = generator.integers(7, size=200)
        calibration = calibrate((logits, None), labels, np.zeros((200, 8)), Heads())
        confidence = softmax(logits / calibration.temperature, axis=1).max(axis=1)
        answered = (confidence >= calibration.uncertain_below).mean()
        assert answered == pytest.approx(calibration.answered) and answered > 0
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
    calibration = calibrate((2 * first, 3 * second), labels, votes, Heads(ferplus_share=0.5))
    assert calibration.temperature == pytest.approx(2.0, rel=0.03)
    assert calibration.ferplus_temperature == pytest.approx(3.0, rel=0.01)
    assert calibration.ferplus_share == 0.5


def test_the_threshold_is_of_what_is_shown(both):
    (first, _), labels, _ = both
    opposite = np.zeros((len(labels), 8))
    opposite[:, list(FERPLUS_COLUMNS)] = -first  # so that little is left of the first head's say
    alone = calibrate((first, opposite), labels, np.zeros((len(labels), 8)), Heads())
    shown = Heads(ferplus_share=0.25)
    together = calibrate((first, opposite), labels, np.zeros((len(labels), 8)), shown)
    assert together.calibration_error == alone.calibration_error
    assert together.answered == pytest.approx(alone.answered, abs=0.03)  # the same order of faces
    assert together.uncertain_below < alone.uncertain_below - 0.1


def test_where_both_heads_are_shown_both_label_sets_say_who_is_named(drawn):
    first, labels = drawn
    contrary = np.zeros((len(labels), 8))
    contrary[:, FERPLUS.index("contempt")] = 1
    agreeing = np.zeros((len(labels), 8))
    agreeing[range(len(labels)), np.array(FERPLUS_COLUMNS)[first.argmax(axis=1)]] = 1
    logits, both = (first, np.zeros((len(labels), 8))), Heads(ferplus_share=0.1)
    by_labels = calibrate(logits, labels, contrary, both)
    by_votes_too = calibrate(logits, labels, agreeing, both)
    assert by_votes_too.answered > by_labels.answered + 0.1
    assert by_votes_too.answered_accuracy == pytest.approx(0.8, abs=0.005)


def test_without_votes_the_second_temperature_stays(both):
    logits, labels, votes = both
    known = Heads(ferplus_temperature=1.7, ferplus_share=0.5)
    assert calibrate(logits, labels, 0 * votes, known).ferplus_temperature == 1.7
