"""What a network is to answer to its training pictures."""

import numpy as np
import torch

from fer.training.arguments import TrainingOptions
from fer.training.arrays import FerArrays
from fer.training.targets import build_targets, shares


def test_labels_as_shares():
    assert shares(np.array([6, 0])).tolist() == [[0, 0, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0, 0]]


def test_labels_teachers_and_votes_are_weighed(monkeypatch):
    label, teacher, voted = torch.eye(7)[[0, 1, 2]]
    monkeypatch.setattr("fer.training.targets.taught", lambda names, images: teacher[None])
    monkeypatch.setattr("fer.training.targets.told_by_votes", lambda votes, labels: voted[None])
    arrays = FerArrays(np.zeros((1, 48, 48), np.uint8), np.array([0]), np.zeros((1, 10)))
    for settings, expected in [
        ({}, label),
        ({"teachers": ("one",), "teacher_share": 0.25}, 0.75 * label + 0.25 * teacher),
        ({"votes_share": 0.4}, 0.6 * label + 0.4 * voted),
        (
            {"teachers": ("one",), "votes_share": 0.2},
            0.4 * label + 0.4 * teacher + 0.2 * voted,
        ),
    ]:
        torch.testing.assert_close(build_targets(TrainingOptions(**settings), arrays)[0], expected)
