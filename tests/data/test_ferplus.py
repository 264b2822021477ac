"""Shares of FER+'s votes, and how much its voters disagree."""

import numpy as np
import pytest

from fer.data.ferplus import vote_entropy, vote_shares

# neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, not a face
VOTES = [
    pytest.param([4, 0, 0, 6, 0, 0, 0, 0, 0, 0], [0.4, 0, 0, 0.6, 0, 0, 0, 0], id="two"),
    pytest.param([8, 1, 0, 0, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0], id="single votes go"),
    pytest.param([5, 0, 0, 0, 0, 0, 0, 0, 4, 0], [1, 0, 0, 0, 0, 0, 0, 0], id="some unknown"),
    pytest.param([2, 2, 0, 0, 0, 0, 0, 0, 6, 0], [0] * 8, id="mostly unknown"),
    pytest.param([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], [0] * 8, id="not a face"),
    pytest.param([0] * 10, [0] * 8, id="no votes"),
]


@pytest.mark.parametrize(("votes", "expected"), VOTES)
def test_vote_shares(votes, expected):
    np.testing.assert_allclose(vote_shares(np.array([votes], np.float32))[0], expected, atol=1e-6)


def test_entropy_is_in_bits_and_unknown_without_votes():
    votes = np.zeros((4, 10), np.float32)
    votes[0, 1] = 10
    votes[1, :2] = 5
    votes[2, :8] = 1
    one, two, eight, none = vote_entropy(votes)
    assert (one, two, eight) == pytest.approx((0, 1, 3)) and np.isnan(none)
