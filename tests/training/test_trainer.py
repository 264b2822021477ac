"""The averaged weights, mixing, and what the loss is taken of."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from transformers import EvalPrediction

from fer.training.augmentation import Augmentation
from fer.training.fit import compute_epoch_metrics
from fer.training.trainer import FerTrainer, WeightEma, mixup_batches
from fer.training.training_report import draw_curves


@pytest.fixture
def model():
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1, affine=False))
    nn.init.constant_(model[0].weight, 0.0)
    return model


def test_average_by_hand(model):
    averaged = WeightEma(model, decay=0.9)
    nn.init.constant_(model[0].weight, 1.0)
    averaged.update(model, 0.9)  # 0.9 * 0 + 0.1 * 1
    averaged.update(model, 0.9)  # 0.9 * 0.1 + 0.1 * 1
    assert averaged.values["0.weight"].item() == pytest.approx(0.19)


def test_batch_norm_is_averaged_and_its_counter_copied(model):
    averaged = WeightEma(model, decay=0.9)
    model[1].running_mean.fill_(2.0)
    model[1].num_batches_tracked.fill_(7)
    averaged.update(model, 0.5)
    assert averaged.values["1.running_mean"].item() == pytest.approx(1.0)
    assert averaged.values["1.num_batches_tracked"].item() == 7


def test_the_model_gets_its_own_weights_back_even_after_an_error(model):
    averaged = WeightEma(model, decay=0.9)
    nn.init.constant_(model[0].weight, 1.0)
    with pytest.raises(RuntimeError, match="evaluation"), averaged.swapped_into(model):
        assert model[0].weight.item() == 0.0
        raise RuntimeError("evaluation broke off")
    assert model[0].weight.item() == 1.0


def test_saved_and_loaded(model, tmp_path):
    averaged = WeightEma(model, decay=0.9)
    averaged.values["0.weight"].fill_(0.25)
    averaged.save(tmp_path / "checkpoint-1")
    other = WeightEma(model, decay=0.9)
    other.load(tmp_path / "checkpoint-1")
    assert torch.equal(other.values["0.weight"], torch.tensor([[0.25]]))


def test_pictures_and_labels_are_mixed_alike():
    torch.manual_seed(0)
    rows = torch.eye(32)  # what becomes of a row's picture shows whose shares it has
    pictures, labels = mixup_batches(1.0, rows.view(32, 1, 1, 32), rows)
    assert torch.equal(pictures.view(32, 32), labels)
    assert torch.allclose(labels.sum(dim=1), torch.ones(32))
    assert (labels.max(dim=1).values < 0.999).sum() > 20
    assert labels.diagonal().min() > 0


def test_without_strength_nothing_is_mixed():
    rows = torch.eye(4)
    assert mixup_batches(0.0, rows)[0] is rows


def test_what_is_learned_belongs_to_the_view():
    inputs = {
        "pixel_values": torch.randn(8, 1, 48, 48),
        "labels": torch.zeros(8, dtype=torch.int64),
        "targets": torch.full((8, 7), 1 / 7),
        "ferplus": torch.full((8, 8), 1 / 8),
    }
    given = []

    def teachers(views, targets, ferplus):
        given.append(views)
        return targets + 1, ferplus + 2

    recipe = SimpleNamespace(
        augmentation=Augmentation(44, 15.0, 0.15, 0.1, 0.0),
        mixup=0.0,
        teachers=None,
        crop_size=None,
    )
    torch.manual_seed(0)
    alone = FerTrainer.augment(recipe, inputs)
    assert alone["pixel_values"].shape == (8, 1, 44, 44)
    assert torch.equal(alone["labels"], inputs["targets"])
    recipe.teachers = teachers
    torch.manual_seed(0)
    batch = FerTrainer.augment(recipe, inputs)
    assert torch.equal(given[0], batch["pixel_values"])
    assert torch.equal(batch["pixel_values"], alone["pixel_values"])
    assert torch.equal(batch["labels"], inputs["targets"] + 1)
    assert torch.equal(batch["ferplus"], inputs["ferplus"] + 2)
    recipe.crop_size = 40
    torch.manual_seed(0)
    middle = FerTrainer.augment(recipe, inputs)
    assert torch.equal(given[1], alone["pixel_values"])
    assert torch.equal(middle["pixel_values"], alone["pixel_values"][:, :, 2:42, 2:42])


def test_the_loss_by_hand():
    torch.manual_seed(0)
    first, second = torch.randn(4, 7), torch.randn(4, 8)
    labels, votes = torch.randn(4, 7).softmax(1), torch.randn(4, 8).softmax(1)
    votes[0] = 0  # nobody voted
    trainer = SimpleNamespace(label_smoothing=0.2, ferplus_weight=0.5)
    inputs = {"pixel_values": torch.zeros(4, 1, 40, 40), "labels": labels, "ferplus": votes}
    answer = SimpleNamespace(logits=first, ferplus_logits=second)
    loss = FerTrainer.compute_loss(trainer, lambda pixels: answer, inputs)
    own = -((0.8 * labels + 0.2 / 7) * first.log_softmax(1)).sum(1).mean()
    other = -(votes * second.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(loss, own + 0.5 * other)


def test_early_averages_follow_fast():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 0.0)
    averaged = WeightEma(model, decay=0.999)
    nn.init.constant_(model.weight, 1.0)
    averaged.on_step_end(None, SimpleNamespace(global_step=1), None, model=model)
    assert averaged.values["weight"].item() == pytest.approx(9 / 11)


@pytest.mark.parametrize(("both", "ferplus"), [(True, 0.5), (False, None)])
def test_each_head_is_compared_with_its_own_labels(both, ferplus):
    first, second = np.eye(7)[[0, 3, 3, 3]], np.eye(8)[[0, 0, 7, 7]]
    votes = np.eye(8)[[0, 7, 7, 7]] * [[1], [1], [0], [0]]  # two faces have none
    logits = (first, second) if both else first
    metrics = compute_epoch_metrics(EvalPrediction(logits, (np.array([0, 3, 0, 0]), votes)))
    assert (metrics["accuracy"], metrics.get("ferplus_accuracy")) == (0.5, ferplus)
    assert None not in metrics.values()  # trackers log numbers alone
    recalls = {name: recall for name, recall in metrics.items() if name.startswith("recall_")}
    assert recalls == {"recall_angry": pytest.approx(1 / 3), "recall_happy": 1.0}


@pytest.mark.parametrize("epochs", [1, 3, 350])
def test_curves_count_whole_epochs(epochs):
    scores = {"train_loss": 2.0, "validation_loss": 2.1, "accuracy": 0.3, "macro_f1": 0.2}
    figure = draw_curves([{"epoch": epoch, **scores} for epoch in range(1, epochs + 1)])
    figure.draw_without_rendering()
    for axes in figure.axes:
        ticks = axes.get_xticks()
        assert len(ticks) > 0 and np.array_equal(ticks, np.round(ticks))
