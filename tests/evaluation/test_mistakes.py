"""The mistakes that a network is most confident of."""

import numpy as np
import pytest

from fer.evaluation.mistakes import confident_mistakes
from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS


def faces(*named):
    """Probabilities (n, 7): each face's expression with its probability, the rest spread evenly."""
    rows = [[p if name == each else (1 - p) / 6 for each in EXPRESSIONS] for name, p in named]
    return np.array(rows, np.float32)


def votes(**counts):
    return [counts.get(name, 0) for name in FERPLUS_VOTE_COLUMNS]


def indices(*names):
    return np.array([EXPRESSIONS.index(name) for name in names])


def test_the_most_confident_come_first_with_their_votes():
    output = faces(("happy", 0.6), ("sad", 0.9), ("sad", 0.7), ("fear", 0.8))
    counts = np.array(
        [votes(), votes(neutral=3, sadness=6, contempt=1), votes(sadness=10), votes(contempt=9)],
        np.float32,
    )
    found = confident_mistakes(output, indices("angry", "neutral", "sad", "surprise"), counts)
    assert [each.row for each in found] == [1, 3, 0]
    first, second, third = found
    assert (first.label, first.prediction, first.majority) == ("neutral", "sad", "sad")
    assert first.probability == pytest.approx(0.9)
    assert first.label_probability == pytest.approx(0.1 / 6)
    assert list(first.votes.items()) == [("sadness", 6), ("neutral", 3), ("contempt", 1)]
    assert second.votes == {"contempt": 9} and second.majority is None
    assert third.votes == {} and third.majority is None


def test_there_are_no_more_than_asked_for_and_none_where_all_is_right():
    output = faces(*[("happy", 0.5 + i / 100) for i in range(30)])
    none = np.zeros((30, 10), np.float32)
    found = confident_mistakes(output, indices(*["sad"] * 30), none, most=4)
    assert [each.row for each in found] == [29, 28, 27, 26]
    assert confident_mistakes(output, indices(*["happy"] * 30), none) == []
