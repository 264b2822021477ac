"""Two heads become one output."""

from dataclasses import replace

import numpy as np
import pytest
from transformers import ViTConfig

from fer.labels import EXPRESSIONS, FERPLUS_INDICES, FERPLUS_LABELS, LABEL_SYNONYMS
from fer.model.backend import ONE_HEAD
from fer.model.configuration_fer import FerConfig
from fer.model.heads import combined_probabilities, heads_of, logits_of
from fer.model.network_settings import FERPLUS_CLASSES, HeadCombination

FIRST = np.arange(7, dtype=np.float32)[None]
SECONDARY = np.zeros((1, 8), np.float32)
NAMES = dict(enumerate(EXPRESSIONS))


def logit(expression, other):
    """Return the logits of FER+'s head that are 1 at one of its names."""
    second = SECONDARY.copy()
    second[0, FERPLUS_LABELS.index(other)] = 1
    return EXPRESSIONS.index(expression), second


@pytest.mark.parametrize(
    ("expression", "other"),
    [("angry", "anger"), ("happy", "happiness"), ("surprise", "surprise"), ("neutral", "neutral")],
)
def test_the_second_head_is_matched_by_name(expression, other):
    column, second = logit(expression, other)
    output = combined_probabilities(replace(ONE_HEAD, ferplus_share=1.0), FIRST, second)
    assert output.argmax() == column
    assert output[0, column] == pytest.approx(np.e / (np.e + 6))


def test_the_mean_is_of_calibrated_logits():
    column, second = logit("fear", "fear")
    heads = HeadCombination(2.0, 0.5, 0.25, 3.0, ferplus_columns=FERPLUS_INDICES)
    logits = 0.75 * FIRST[0] / 2
    logits[column] += 0.25 * 1 / 0.5
    expected = np.exp(logits / 3) / np.exp(logits / 3).sum()
    output = combined_probabilities(heads, FIRST, second)
    np.testing.assert_allclose(output[0], expected, rtol=1e-6)
    assert output.dtype == np.float32


def test_the_log_prior_of_each_head_is_subtracted():
    first, second = (0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1), (0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05)
    plain = replace(ONE_HEAD, ferplus_share=0.25, fer2013_prior=first, ferplus_prior=second)
    corrected = replace(plain, prior_correction=0.5)
    change = np.log(
        combined_probabilities(corrected, FIRST, SECONDARY)
        / combined_probabilities(plain, FIRST, SECONDARY)
    )
    others = np.array(second)[list(FERPLUS_INDICES)]
    expected = -0.5 * (0.75 * np.log(first) + 0.25 * np.log(others))
    np.testing.assert_allclose(np.diff(change[0]), np.diff(expected), atol=1e-5)


def test_a_head_has_learned_votes_where_their_prior_was_kept():
    seventh, eighth = (1 / 7,) * 7, (1 / 8,) * 8
    labels_only = HeadCombination(prior_correction=0.6, fer2013_prior=seventh)
    assert not labels_only.ferplus_trained
    assert replace(labels_only, ferplus_prior=eighth).ferplus_trained
    assert replace(labels_only, ferplus_share=0.5).ferplus_trained  # as a base model's has
    assert ONE_HEAD.ferplus_trained  # networks of an earlier version have no priors


def test_the_first_head_alone_has_its_temperature_only():
    full = HeadCombination(2.0, 1.5, 0.7, 1.1, 0.5, (1 / 7,) * 7, (1 / 8,) * 8, FERPLUS_INDICES)
    output = combined_probabilities(full.fer2013_alone(), FIRST, None)
    np.testing.assert_allclose(np.log(output[0, 1:] / output[0, :-1]), 0.5, rtol=1e-5)


def test_a_head_with_a_share_has_to_be_there():
    with pytest.raises(ValueError, match=r"ferplus_share is 0.5, but there are no logits of FER"):
        combined_probabilities(replace(ONE_HEAD, ferplus_share=0.5), FIRST, None)


def test_contempt_is_left_out():
    _, second = logit("sad", "contempt")
    heads = replace(ONE_HEAD, ferplus_share=0.5)
    np.testing.assert_array_equal(
        combined_probabilities(heads, FIRST, second),
        combined_probabilities(heads, FIRST, SECONDARY),
    )


def test_they_are_read_from_the_configuration():
    config = FerConfig(
        id2label=NAMES, temperature=0.8, ferplus_temperature=0.9, ferplus_share=0.5,
        combined_temperature=1.1, prior_correction=0.6, fer2013_prior=[1 / 7] * 7,
        ferplus_prior=[1 / 8] * 8,
    )  # fmt: skip
    expected = HeadCombination(0.8, 0.9, 0.5, 1.1, 0.6, (1 / 7,) * 7, (1 / 8,) * 8, FERPLUS_INDICES)
    assert heads_of(config) == expected
    assert heads_of(ViTConfig()) == ONE_HEAD


def test_classes_are_read_by_their_index_and_not_by_their_place():
    listed = dict(reversed(NAMES.items()))
    assert heads_of(FerConfig(id2label=listed)) == heads_of(FerConfig(id2label=NAMES))


def test_classes_in_another_order_keep_their_prior_and_their_votes():
    backwards, prior = dict(enumerate(reversed(EXPRESSIONS))), tuple(i / 28 for i in range(1, 8))
    config = FerConfig(
        id2label=backwards, ferplus_share=0.5, prior_correction=0.5, fer2013_prior=prior[::-1],
        ferplus_prior=[1 / 8] * 8,
    )  # fmt: skip
    heads = heads_of(config).ordered(list(reversed(range(7))))
    assert heads.fer2013_prior == prior
    assert heads.ferplus_columns == FERPLUS_INDICES


def test_the_names_that_travel_are_those_of_the_project():
    ours = {name: FERPLUS_INDICES[index] for index, name in enumerate(EXPRESSIONS)}
    assert {
        **ours,
        **{other: ours[name] for other, name in LABEL_SYNONYMS.items()},
    } == FERPLUS_CLASSES


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ferplus_share": 0.5, "id2label": {0: "cat", 1: "dog"}}, "but they are cat, dog"),
        ({"prior_correction": 0.5}, "needs 7 shares in fer2013_prior, but there are 0"),
        (
            {"prior_correction": 0.5, "ferplus_share": 0.5, "fer2013_prior": [1 / 7] * 7},
            "needs 8 shares in ferplus_prior, but there are 0",
        ),
    ],
)
def test_heads_that_cant_be_combined(settings, message):
    config = FerConfig(**{"id2label": NAMES, **settings})
    with pytest.raises(ValueError, match=message):
        _ = config.heads


def test_the_first_heads_logits_come_in_our_order():
    output = {
        "logits": np.zeros((1, 3), np.float32),
        "fer2013_logits": np.array([[0.0, 1.0, 2.0]], np.float32),
        "ferplus_logits": np.ones((1, 8), np.float32),
    }
    first, second = logits_of(output, [2, 0])
    assert first.tolist() == [[2.0, 0.0]]
    assert second.shape == (1, 8)
    assert logits_of({"logits": np.ones((1, 7), np.float32)}, list(range(7)))[1] is None
