"""Two heads become one answer."""

import numpy as np
import pytest
import torch
from transformers import ViTConfig
from transformers.modeling_outputs import ImageClassifierOutput

from fer.labels import EXPRESSIONS, FERPLUS
from fer.model.configuration_fer import FerConfig
from fer.model.heads import Heads, logits_of
from fer.model.modeling_fer import FerOutput

FIRST = np.arange(7, dtype=np.float32)[None]
SECOND = np.zeros((1, 8), np.float32)


def logit(expression, other):
    """Return the logits of FER+'s head that are 1 at one of its names."""
    second = SECOND.copy()
    second[0, FERPLUS.index(other)] = 1
    return EXPRESSIONS.index(expression), second


@pytest.mark.parametrize(
    ("expression", "other"),
    [("angry", "anger"), ("happy", "happiness"), ("surprise", "surprise"), ("neutral", "neutral")],
)
def test_the_second_head_speaks_of_the_same_expression(expression, other):
    column, second = logit(expression, other)
    answer = Heads(ferplus_share=1.0).probabilities(FIRST, second)
    assert answer.argmax() == column
    assert answer[0, column] == pytest.approx(np.e / (np.e + 6))


def test_the_mean_is_of_calibrated_logits():
    column, second = logit("fear", "fear")
    heads = Heads(temperature=2.0, ferplus_temperature=0.5, ferplus_share=0.25)
    logits = 0.75 * FIRST[0] / 2
    logits[column] += 0.25 * 1 / 0.5
    expected = np.exp(logits) / np.exp(logits).sum()
    answer = heads.probabilities(FIRST, second)
    np.testing.assert_allclose(answer[0], expected, rtol=1e-6)
    assert answer.dtype == np.float32


def test_contempt_counts_for_nothing():
    _, second = logit("sad", "contempt")
    heads = Heads(ferplus_share=0.5)
    np.testing.assert_array_equal(
        heads.probabilities(FIRST, second), heads.probabilities(FIRST, SECOND)
    )


def test_without_a_share_no_second_head_is_needed():
    answer = Heads(temperature=2.0).probabilities(FIRST, None)
    np.testing.assert_allclose(np.log(answer[0, 1:] / answer[0, :-1]), 0.5, rtol=1e-5)


def test_they_are_read_from_the_configuration():
    config = FerConfig(temperature=0.8, ferplus_temperature=0.9, ferplus_share=0.5)
    assert Heads.of(config) == Heads(0.8, 0.9, 0.5)
    assert Heads.of(ViTConfig()) == Heads(1.0, 1.0, 0.0)


def test_the_first_heads_logits_come_in_our_order():
    output = FerOutput(logits=torch.tensor([[0.0, 1.0, 2.0]]), ferplus_logits=torch.ones(1, 8))
    first, second = logits_of(output, [2, 0])
    assert first.tolist() == [[2.0, 0.0]]
    assert second.shape == (1, 8)
    assert logits_of(ImageClassifierOutput(logits=torch.ones(1, 7)), list(range(7)))[1] is None
