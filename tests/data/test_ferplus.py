"""How much FER+'s voters disagree."""

import numpy as np
import pytest

from fer.data.ferplus import vote_entropy


def test_entropy_is_in_bits_and_unknown_without_votes():
    votes = np.zeros((4, 10), np.float32)
    votes[0, 1] = 10
    votes[1, :2] = 5
    votes[2, :8] = 1
    one, two, eight, none = vote_entropy(votes)
    assert (one, two, eight) == pytest.approx((0, 1, 3)) and np.isnan(none)
