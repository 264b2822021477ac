"""What a student learns from its teachers."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from transformers import ViTImageProcessor

from fer.model.classifier import EMBEDDED_WEIGHTS, ModelError
from fer.model.configuration_fer import FerConfig
from fer.model.heads import own_logits
from fer.model.modeling_fer import FerForImageClassification, FerOutput
from fer.training.architectures import new_cnn, new_swin
from fer.training.distillation import Teacher, Teachers, fuse_batch_norms
from fer.training.fit import (
    build_augmentation,
    build_trainer,
    check_preprocessing,
    load_teachers,
)
from fer.training.initial_model import build_initial_model
from fer.training.stages import Stage, stages
from fer.training.train import check_stage
from fer.training.training_data import load_data
from tests.training.runs import only_stage, short


class Constant(torch.nn.Module):
    """Returns the same logits for each face, and keeps what it has seen."""

    def __init__(self, expression, vote):
        super().__init__()
        self.expression, self.vote = expression, vote
        self.weight = torch.nn.Parameter(torch.zeros(1, 1, 1, 1))

    def forward(self, pixel_values):
        self.seen = pixel_values
        first, second = torch.zeros(len(pixel_values), 7), torch.zeros(len(pixel_values), 8)
        first[:, self.expression] = 2.0
        second[:, self.vote] = 3.0
        return FerOutput(logits=first, ferplus_logits=None if self.vote is None else second)


def constant(expression, vote, crop_size=40, temperatures=(1.0, 1.0)):
    return Teacher(Constant(expression, vote), crop_size, temperatures)


def test_probabilities_are_calibrated_and_mixed_with_labels_and_votes():
    teachers = Teachers([constant(3, 1, temperatures=(0.5, 3.0))], weight=0.25)
    labels, votes = torch.eye(7)[[3, 4]], torch.stack([torch.eye(8)[2], torch.zeros(8)])
    first, second = teachers(torch.zeros(2, 1, 44, 44), labels, votes)
    own = torch.zeros(7)
    own[3] = 2 / 0.5
    torch.testing.assert_close(first, 0.75 * labels + 0.25 * own.softmax(0))
    own = torch.zeros(8)
    own[1] = 3 / 3
    torch.testing.assert_close(second[0], 0.75 * votes[0] + 0.25 * own.softmax(0))
    torch.testing.assert_close(second[1], own.softmax(0))  # nobody voted


def test_each_teacher_gets_a_centre_crop_of_its_own_size():
    small, large = constant(0, 0, crop_size=40), constant(0, 0, crop_size=44)
    views = torch.randn(2, 1, 44, 44)
    small(views), large(views)
    assert torch.equal(small.network.seen, views[:, :, 2:42, 2:42])
    assert torch.equal(large.network.seen, views)
    assert Teachers([small, large], 0.5).crop_size == 44


def test_a_teacher_without_a_second_head_leaves_the_votes():
    votes = torch.rand(2, 8)
    _, second = Teachers([constant(0, None)], 0.5)(
        torch.zeros(2, 1, 40, 40), torch.eye(7)[:2], votes
    )
    assert torch.equal(second, votes)


def test_one_is_drawn_for_each_batch_and_all_count_alike_in_the_mean():
    torch.manual_seed(0)
    teachers = Teachers([constant(n, n) for n in range(3)], weight=1.0)
    views, labels, votes = torch.zeros(1, 1, 40, 40), torch.zeros(1, 7), torch.zeros(1, 8)
    drawn = [teachers(views, labels, votes)[0].argmax().item() for _ in range(600)]
    np.testing.assert_allclose(np.bincount(drawn) / 600, [1 / 3] * 3, atol=0.06)


def test_teachers_compute_in_the_precision_of_the_training():
    teacher = constant(0, 0)
    teachers = Teachers([teacher], weight=0.5, dtype=torch.bfloat16).to(torch.device("cpu"))
    first, _ = teachers(torch.zeros(1, 1, 40, 40), torch.zeros(1, 7), torch.zeros(1, 8))
    assert teacher.network.seen.dtype == teacher.network.weight.dtype == torch.bfloat16
    assert first.dtype == torch.float32


def test_heads_are_read_beside_combined_logits():
    own, combined, votes = torch.ones(1, 7), torch.zeros(1, 7), torch.ones(1, 8)
    both = SimpleNamespace(logits=combined, fer2013_logits=own, ferplus_logits=votes)
    assert own_logits(both)[0] is own and own_logits(both)[1] is votes
    assert own_logits(SimpleNamespace(logits=combined)) == (combined, None)


def test_the_embedded_network_can_teach():
    teacher = Teacher.load(EMBEDDED_WEIGHTS)
    first, second = teacher(torch.randn(2, 1, 48, 48))
    assert teacher.crop_size == 44
    torch.testing.assert_close(first.sum(1), torch.ones(2))
    torch.testing.assert_close(second.sum(1), torch.ones(2))


def test_a_head_that_learned_no_votes_teaches_none(tmp_path):
    start = new_cnn(dropout=0.0, widths=[8, 8, 16])
    start.model.config.fer2013_prior = [1 / 7] * 7  # as a training without votes keeps it
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    first, second = Teacher.load(tmp_path)(torch.randn(2, 1, 48, 48))
    torch.testing.assert_close(first.sum(1), torch.ones(2))
    assert second is None


def test_a_missing_teacher_is_refused():
    with pytest.raises(ModelError, match="is neither a folder here nor a Hub id"):
        Teacher.load("no where")


@pytest.fixture
def taught(tiny_fer2013, tmp_path):
    """A stage that learns from the embedded network, which sees more of a face than it does."""
    stage = only_stage(short(tiny_fer2013, tmp_path, view_size=40, mixup=0.2))
    return replace(stage, teachers=(EMBEDDED_WEIGHTS,))


def test_student_and_teacher_see_the_same_view(taught, monkeypatch):
    trainer = build_trainer(taught, build_initial_model(taught.options), load_data(taught.options))
    seen = []
    network = trainer.teachers.teachers[0].network
    network.register_forward_pre_hook(
        lambda module, _, given: seen.append(given["pixel_values"]), with_kwargs=True
    )
    batch = trainer.train_dataset.__getitems__(range(8))
    learned = trainer.augment(batch)
    assert seen[0].shape == (8, 1, 44, 44)
    assert torch.equal(learned["pixel_values"], seen[0][:, :, 2:42, 2:42])
    assert not torch.equal(learned["labels"], batch["targets"])


def test_a_swin_can_learn_from_a_convolutional_teacher():
    start = new_swin()
    stage = Stage("student/1", short("x", "y", arch="vit"), teachers=(EMBEDDED_WEIGHTS,))
    assert load_teachers(stage).crop_size == 44
    assert build_augmentation(stage.options, 48, False)(torch.randn(2, 1, 48, 48)).shape[-1] == 48
    assert start.model(torch.randn(2, 1, 48, 48)).logits.shape == (2, 7)


def test_another_preprocessing_has_no_views_to_share(taught):
    start = SimpleNamespace(processor=ViTImageProcessor())
    for stage in (taught, replace(taught, name="teachers/1", teachers=())):
        with pytest.raises(ValueError, match=f"the base model of {stage.name} has another"):
            check_preprocessing(stage, start)


def test_a_transformer_may_teach_a_network_that_is_pushed():
    teachers = [{"arch": "vit", "depths": None, "widths": None}]
    hub = {"push_to_hub": True, "hub_model_id": "you/name"}
    found = stages(short("x", "y", teachers=teachers, ferplus_share=0.5, **hub))
    for stage in found:
        check_stage(stage)
    assert [(each.name, each.options.arch) for each in found[:2]] == [
        *(("teachers/1", "vit"), ("student/1", "cnn"))
    ]


@pytest.fixture
def trained():
    """A network whose batch norms have seen pictures, so that folding them changes something."""
    torch.manual_seed(0)
    model = FerForImageClassification(FerConfig(hidden_sizes=(8, 16), depths=(1, 2), stem_size=4))
    for norm in [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]:
        nn.init.normal_(norm.weight, 1.0, 0.3)
        nn.init.normal_(norm.bias, std=0.3)
        norm.running_mean.normal_(std=0.3)
        norm.running_var.uniform_(0.5, 2.0)
    nn.init.normal_(model.classifier.weight)
    return model.eval()


def norms(model):
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@torch.inference_mode()
def test_the_logits_are_the_same(trained):
    faces = torch.randn(4, 1, 40, 40)
    before, after = trained(faces), fuse_batch_norms(trained)(faces)
    torch.testing.assert_close(after.logits, before.logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after.ferplus_logits, before.ferplus_logits, rtol=1e-4, atol=1e-4)


def test_no_batch_norm_is_left_and_the_argument_keeps_its_own(trained):
    before = norms(trained)
    assert norms(fuse_batch_norms(trained)) == 0
    assert norms(trained) == before > 0


def test_a_network_without_such_pairs_is_not_copied():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2))
    assert fuse_batch_norms(model) is model
