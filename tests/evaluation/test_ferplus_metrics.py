"""Figures beside FER+'s votes, and the share of its head in what is shown."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fer.evaluation.ferplus_metrics import (
    FERPLUS_SHARE,
    SHARES,
    combined_metrics,
    ferplus_agreement,
    ferplus_head_metrics,
    ferplus_share,
    metrics_by_share,
)
from fer.labels import EXPRESSIONS, FERPLUS_LABELS
from fer.model.backend import ONE_HEAD


def votes_for(*names):
    """Return one row per name with all votes for it; None has none."""
    rows = np.zeros((len(names), 8), np.float32)
    for row, name in zip(rows, names, strict=True):
        if name:
            row[FERPLUS_LABELS.index(name)] = 1
    return rows


def indices(*names):
    return np.array([EXPRESSIONS.index(name) for name in names])


def test_the_second_head_compared_with_the_majority_of_eight():
    votes = votes_for("neutral", "contempt", "contempt", None)  # the last has none
    figures = ferplus_head_metrics(votes_for("neutral", "neutral", "contempt", "contempt"), votes)
    assert (figures.pictures, figures.accuracy) == (3, pytest.approx(2 / 3))


def test_without_a_second_head_or_votes_there_are_no_metrics():
    assert ferplus_head_metrics(None, np.ones((1, 8))) is None
    assert ferplus_head_metrics(np.ones((1, 8)), np.zeros((1, 8))) is None


def test_predictions_compared_with_the_majority_of_seven():
    votes = votes_for("neutral", "sadness", "contempt", None)
    figures = ferplus_agreement(indices("neutral", "happy", "angry", "sad"), votes)
    assert (figures.pictures, figures.accuracy) == (2, 0.5)
    assert ferplus_agreement(indices("angry", "sad"), votes[2:]) is None


def test_both_metrics_break_a_tie_alike():
    tie = (votes_for("neutral") + votes_for("sadness")) / 2
    assert ferplus_head_metrics(np.eye(8)[:1], tie).accuracy == 1.0
    assert ferplus_agreement(indices("neutral"), tie).accuracy == 1.0


@pytest.fixture
def logits():
    """Two faces: the first head says sad and happy, the second neutral and happy."""
    first = 2.0 * np.eye(7, dtype=np.float32)[indices("sad", "happy")]
    return first, 2.0 * votes_for("neutral", "happiness")


def test_the_combined_output_compared_with_both_label_sets(logits):
    labels, votes = indices("sad", "happy"), votes_for("neutral", "happiness")
    of_labels = combined_metrics(replace(ONE_HEAD, ferplus_share=0.25), logits, labels, votes)
    of_votes = combined_metrics(replace(ONE_HEAD, ferplus_share=0.75), logits, labels, votes)
    assert (of_labels.accuracy, of_labels.ferplus_agreement.accuracy) == (1.0, 0.5)
    assert (of_votes.accuracy, of_votes.ferplus_agreement.accuracy) == (0.5, 1.0)
    # one expression is left out of either's macro F1: neutral and sad never occur as a label
    assert of_labels.macro_f1 == 1.0
    assert of_votes.macro_f1 == 0.5
    for measured in (of_labels, of_votes):
        assert measured.both_label_sets.accuracy == 0.75
        assert measured.both_label_sets.macro_f1 == 0.75


def test_the_calibration_error_by_both_label_sets(logits):
    """Both faces are named with one confidence; on one of them one label set in two agrees."""
    heads = replace(ONE_HEAD, ferplus_share=0.5)
    labels, votes = indices("sad", "happy"), votes_for("happiness", "happiness")
    measured = combined_metrics(
        heads, (logits[0], 2.0 * votes_for("sadness", "happiness")), labels, votes
    )
    confidence = np.exp(2) / (np.exp(2) + 6)
    error = measured.both_label_sets.calibration_error
    assert error == pytest.approx(0.75 - confidence, abs=1e-6)
    assert combined_metrics(heads, logits, labels, 0 * votes).both_label_sets is None


def test_every_share_has_a_row(logits):
    rows = metrics_by_share(ONE_HEAD, logits, indices("sad", "happy"), np.zeros((2, 8)))
    assert [row.ferplus_share for row in rows] == list(SHARES)
    assert [row.accuracy for row in rows][::4] == [1.0, 0.5]
    assert {row.ferplus_agreement for row in rows} == {None}
    assert (
        metrics_by_share(ONE_HEAD, (logits[0], None), indices("sad", "happy"), np.zeros((2, 8)))
        == []
    )


def test_the_share_in_use_has_a_row_of_its_own(logits):
    rows = metrics_by_share(
        replace(ONE_HEAD, ferplus_share=0.6), logits, indices("sad", "happy"), np.zeros((2, 8))
    )
    assert [row.ferplus_share for row in rows] == [0.0, 0.25, 0.5, 0.6, 0.75, 1.0]


def test_the_share_in_use():
    head, votes, none = np.zeros((1, 8)), torch.ones(1, 8), torch.zeros(1, 8)
    assert ferplus_share(None, head, votes) == FERPLUS_SHARE
    assert ferplus_share(None, head, none) == 0.0  # it learned nothing
    assert ferplus_share(0.1, head, none) == 0.1
    assert ferplus_share(0.0, head, votes) == 0.0
    assert ferplus_share(0.1, None, votes) == 0.0
