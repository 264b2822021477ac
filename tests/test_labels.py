"""The order of the labels and how other spellings map onto it."""

import pytest

from fer.labels import EXPRESSIONS, FERPLUS_LABELS, FERPLUS_VOTE_COLUMNS, canonical_label


def test_order_is_that_of_fer2013():
    assert EXPRESSIONS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    assert FERPLUS_VOTE_COLUMNS[:8] == FERPLUS_LABELS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("happy", "happy"),
        ("Happiness", "happy"),  # FER+
        (" ANGER ", "angry"),  # RAF-DB
        ("surprised", "surprise"),
        ("fearful", "fear"),
        ("Neutral", "neutral"),
    ],
)
def test_synonyms_become_canonical_labels(name, expected):
    assert canonical_label(name) == expected


def test_unknown_expression_is_refused():
    with pytest.raises(ValueError, match="'contempt' is not one of the seven"):
        canonical_label("contempt")
