"""The network for answering only."""

import pytest
import torch
from torch import nn

from fer.model.configuration_fer import FerConfig
from fer.model.modeling_fer import FerForImageClassification
from fer.training.batch_norm_fusion import fuse_batch_norms


@pytest.fixture
def model():
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
def test_the_logits_are_the_same(model):
    faces = torch.randn(4, 1, 40, 40)
    before, after = model(faces), fuse_batch_norms(model)(faces)
    torch.testing.assert_close(after.logits, before.logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after.ferplus_logits, before.ferplus_logits, rtol=1e-4, atol=1e-4)


def test_no_batch_norm_is_left_and_the_argument_keeps_its_own(model):
    before = norms(model)
    assert norms(fuse_batch_norms(model)) == 0
    assert norms(model) == before > 0


def test_a_network_without_such_pairs_is_not_copied():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2))
    assert fuse_batch_norms(model) is model
