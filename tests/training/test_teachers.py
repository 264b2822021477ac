"""What teachers say of the training pictures."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from fer.model.classifier import EMBEDDED, ExpressionClassifier, ModelError
from fer.training.evaluation import BATCH
from fer.training.teachers import taught


@pytest.fixture
def other(tmp_path):
    """A folder with the embedded network, but for its temperature; its first head is shown."""
    folder = shutil.copytree(EMBEDDED, tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    config |= {"temperature": 5.0, "ferplus_share": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_teachers_are_averaged_over_both_sides(other):
    faces = np.random.default_rng(0).integers(0, 256, (BATCH + 2, 48, 48), np.uint8)
    mirrored = np.ascontiguousarray(faces[:, :, ::-1])
    teachers = [ExpressionClassifier.load(), ExpressionClassifier.load(other)]
    teachers[0].heads = replace(teachers[0].heads, ferplus_share=0.0)
    expected = [(each.classify(faces[-2:]) + each.classify(mirrored[-2:])) / 2 for each in teachers]
    answer = taught([str(EMBEDDED), other], faces)
    assert answer.dtype == torch.float32 and answer.shape == (BATCH + 2, 7)
    np.testing.assert_allclose(answer[-2:], sum(expected) / 2, atol=1e-5)
    both_sides = taught([str(EMBEDDED)], mirrored[-2:])
    np.testing.assert_allclose(both_sides, expected[0], atol=1e-5)


def test_a_teacher_that_is_none():
    with pytest.raises(ModelError, match="is neither a folder here nor a Hub id"):
        taught(["no where"], np.zeros((1, 48, 48), np.uint8))
