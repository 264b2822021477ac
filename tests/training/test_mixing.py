"""Weights made of others."""

import pytest
import torch

from fer.model.hub import ModelError
from fer.training.arguments import TrainingOptions
from fer.training.mixing import mean_of, weights_like
from fer.training.networks import build_start


def test_the_mean_by_hand():
    weights = [{"a": torch.tensor([value]), "count": torch.tensor(7)} for value in (1.0, 2.0, 6.0)]
    mean = mean_of(weights)
    assert mean["a"].tolist() == [3.0]
    assert mean["count"].item() == 7
    assert weights[0]["a"].tolist() == [1.0]


def test_the_mean_of_one_is_itself():
    alone = {"a": torch.tensor([0.1])}
    assert torch.equal(mean_of([alone])["a"], alone["a"])


def test_the_weights_are_those_of_the_folders(tmp_path):
    start = build_start(TrainingOptions())
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    (found,) = weights_like(start.model, [str(tmp_path)])
    for name, value in start.model.state_dict().items():
        assert torch.equal(found[name], value), name


def test_another_shape_has_no_mean(tmp_path):
    start = build_start(TrainingOptions(depths=(1, 3, 2)))
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=f"{tmp_path} is a network of other layers"):
        weights_like(build_start(TrainingOptions()).model, [str(tmp_path)])


def test_other_views_have_no_mean(tmp_path):
    start = build_start(TrainingOptions(view_size=44))
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="of other layers, classes or views"):
        weights_like(build_start(TrainingOptions()).model, [str(tmp_path)])


def test_weights_that_lack_have_no_mean(tmp_path):
    start = build_start(TrainingOptions())
    values = start.model.state_dict()
    del values["classifier.bias"]
    start.model.save_pretrained(tmp_path, state_dict=values)
    start.processor.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"lacks the weights classifier\.bias"):
        weights_like(start.model, [str(tmp_path)])
