"""What teachers say of the training pictures."""

import numpy as np
import pytest
import torch

from fer.model.classifier import EMBEDDED, ExpressionClassifier, ModelError
from fer.training.teachers import BATCH, shares, taught


def test_labels_as_shares():
    assert shares(np.array([6, 0])).tolist() == [[0, 0, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0, 0]]


def test_teachers_are_averaged_over_both_sides():
    faces = np.random.default_rng(0).integers(0, 256, (BATCH + 2, 48, 48), np.uint8)
    known = ExpressionClassifier.load()
    mirrored = np.ascontiguousarray(faces[:, :, ::-1])
    expected = (known.classify(faces[-2:]) + known.classify(mirrored[-2:])) / 2
    answer = taught([str(EMBEDDED), str(EMBEDDED)], faces)
    assert answer.dtype == torch.float32 and answer.shape == (BATCH + 2, 7)
    np.testing.assert_allclose(answer[-2:], expected, atol=1e-5)
    both_sides = taught([str(EMBEDDED)], mirrored[-2:])
    np.testing.assert_allclose(both_sides, expected, atol=1e-5)


def test_a_teacher_that_is_none():
    with pytest.raises(ModelError, match="is neither a folder here nor a Hub id"):
        taught(["no where"], np.zeros((1, 48, 48), np.uint8))
