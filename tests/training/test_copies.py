"""Pictures that are there twice."""

import numpy as np
import pytest

import fer.training.copies
from fer.training.arguments import TrainingOptions, command_line
from fer.training.copies import conflicting
from fer.training.fer2013 import load_arrays, load_fer2013
from fer.training.networks import untrained_cnn
from fer.training.recipe import load_datasets


@pytest.mark.parametrize("batch", [2, 512])
def test_copies_with_other_labels(monkeypatch, batch):
    monkeypatch.setattr(fer.training.copies, "BATCH", batch)
    first, second, third, alone = np.random.default_rng(0).integers(0, 200, (4, 48, 48))
    blank = np.zeros((48, 48))
    images = [first, second, alone, first + 20, second // 2, third, blank, third, third + 9, blank]
    labels = [0, 1, 2, 3, 1, 4, 0, 4, 5, 1]
    expected = [True, False, False, True, False, True, False, True, True, False]
    found = conflicting(np.array(images, np.uint8), np.array(labels))
    assert found.tolist() == expected


def test_they_are_left_out_of_the_training(tiny_fer2013, monkeypatch):
    chosen = np.arange(48) % 4 == 0
    monkeypatch.setattr("fer.training.recipe.conflicting", lambda images, labels: chosen)
    options = TrainingOptions(dataset=str(tiny_fer2013), drop_conflicting_copies=True)
    trained, validation = load_datasets(options, untrained_cnn(0.2).processor)
    whole = load_arrays(load_fer2013(str(tiny_fer2013))["train"])
    assert trained.labels.tolist() == whole.labels[~chosen].tolist()
    assert len(validation) == 21
    assert command_line(options).endswith(" --drop-conflicting-copies")
