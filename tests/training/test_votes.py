"""What FER+'s votes make likely as FER2013's label."""

import numpy as np
import pytest
import torch

from fer.labels import EXPRESSIONS, FERPLUS_VOTES
from fer.training.votes import told_by_votes

HAPPY, NEUTRAL = EXPRESSIONS.index("happy"), EXPRESSIONS.index("neutral")


def counts(**votes: int) -> list[int]:
    return [votes.get(name, 0) for name in FERPLUS_VOTES]


@pytest.fixture
def seen():
    """Votes and labels: unanimous faces labelled so three times of four, and one without votes."""
    votes = [counts(happiness=10)] * 40 + [counts(neutral=10)] * 40
    labels = [HAPPY, HAPPY, HAPPY, NEUTRAL] * 10 + [NEUTRAL, NEUTRAL, NEUTRAL, HAPPY] * 10
    return np.array([*votes, counts()]), np.array([*labels, EXPRESSIONS.index("fear")])


def test_equal_votes_say_the_same_of_differing_labels(seen):
    told = told_by_votes(*seen)
    assert told.dtype == torch.float32 and told.shape == (81, 7)
    expected = [0.0] * 7
    expected[HAPPY], expected[NEUTRAL] = 0.75, 0.25
    np.testing.assert_allclose(told[:40], [expected] * 40, atol=0.02)


def test_without_votes_the_label_stays(seen):
    assert told_by_votes(*seen)[-1].tolist() == [0, 0, 1, 0, 0, 0, 0]


def test_the_rarer_label_of_mixed_votes(seen):
    votes, labels = seen
    split = counts(happiness=5, neutral=5)
    told = told_by_votes(np.array([*votes, split, split]), np.array([*labels, HAPPY, NEUTRAL]))
    np.testing.assert_allclose(told[-1], told[-2])
    assert 0.3 < told[-1, HAPPY] < 0.7
    np.testing.assert_allclose(told.sum(dim=1), 1, rtol=1e-5)


def test_votes_that_are_all_labelled_alike_say_nothing():
    with pytest.raises(ValueError, match="all labelled alike"):
        told_by_votes(np.array([counts(fear=10)] * 3), np.array([2, 2, 2]))
