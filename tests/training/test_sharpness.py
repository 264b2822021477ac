"""Steps that look for a flat place."""

import pytest
import torch
from torch import nn
from transformers import TrainerState

from fer.training.sharpness import uphill
from fer.training.trainer import FerTrainer


@pytest.fixture
def model():
    model = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, 4.0]]))
    return model


def half_square(model):
    """Its gradient are the weights themselves, of length 5."""
    loss = (model.weight**2).sum() / 2
    loss.backward()
    return loss.detach()


def test_it_climbs_along_the_gradient_and_comes_back(model):
    half_square(model)
    with uphill(model, 0.5):
        torch.testing.assert_close(model.weight, torch.tensor([[3.3, 4.4]]))
        assert model.weight.grad is None
        half_square(model)
    assert model.weight.tolist() == [[3.0, 4.0]]
    torch.testing.assert_close(model.weight.grad, torch.tensor([[3.3, 4.4]]))


def test_it_comes_back_after_an_error(model):
    half_square(model)
    with pytest.raises(RuntimeError, match="broke"), uphill(model, 0.5):
        raise RuntimeError("broke")
    assert model.weight.tolist() == [[3.0, 4.0]]


def test_a_flat_place_moves_nothing(model):
    (model.weight * 0).sum().backward()
    with uphill(model, 0.5):
        assert model.weight.tolist() == [[3.0, 4.0]]


def test_batch_norm_looks_away():
    model = nn.Sequential(nn.BatchNorm2d(1))
    model(torch.ones(2, 1, 2, 2)).sum().backward()
    seen = model[0].running_mean.clone()
    with uphill(model, 0.1):
        model(torch.full((2, 1, 2, 2), 9.0))
    assert torch.equal(model[0].running_mean, seen)
    assert model[0].momentum == 0.1


@pytest.mark.parametrize(
    ("sharpness", "step", "times"), [(0.0, 9, 1), (0.5, 5, 1), (0.5, 6, 2), (0.5, 9, 2)]
)
def test_both_looks_are_at_the_same_views_and_begin_late(
    monkeypatch, model, sharpness, step, times
):
    viewed, seen, dropped = [], [], []

    def look(self, model, inputs, count):
        seen.append(inputs["pixel_values"])
        dropped.append(torch.rand(3))
        return half_square(model)

    def view(self, inputs):
        viewed.append(inputs)
        return {"pixel_values": torch.rand(3)}

    monkeypatch.setattr("transformers.Trainer.training_step", look)
    monkeypatch.setattr(FerTrainer, "viewed", view)
    monkeypatch.setattr(FerTrainer, "_prepare_inputs", lambda self, inputs: inputs)
    trainer = FerTrainer.__new__(FerTrainer)
    trainer.sharpness, trainer.sharpness_from = sharpness, 0.6
    trainer.state = TrainerState(global_step=step, max_steps=10)
    loss = FerTrainer.training_step(trainer, model, {})
    assert len(viewed) == 1 and len(seen) == len(dropped) == times
    assert all(look is seen[0] for look in seen)
    assert all(torch.equal(draw, dropped[0]) for draw in dropped)
    assert loss.item() == 12.5
    expected = torch.tensor([[3.0, 4.0]]) * (1 + (sharpness / 5 if times == 2 else 0))
    torch.testing.assert_close(model.weight.grad, expected)
