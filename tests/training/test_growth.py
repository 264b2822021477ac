"""That a network can get more blocks and channels and keep what it has learned."""

import pytest
import torch

from fer.model.configuration_fer import FerConfig
from fer.model.modeling_fer import FerForImageClassification
from fer.training.arguments import TrainingOptions, parse_options
from fer.training.growth import block_places, deepened, widened
from fer.training.networks import build_start


@pytest.fixture
def trained():
    """A network whose every block does something."""
    torch.manual_seed(0)
    sizes = {"stem_size": 4, "hidden_sizes": (8, 16), "depths": (1, 2)}
    model = FerForImageClassification(FerConfig(num_labels=7, **sizes))
    for block in model.trunk.blocks:
        torch.nn.init.uniform_(block.second[1].weight)
    return model.eval()


def test_a_deeper_network_gives_the_same_answers(trained):
    faces = torch.randn(3, 1, 40, 40)
    deeper = deepened(trained, (2, 4)).eval()
    assert list(deeper.config.depths) == [2, 4] and len(deeper.trunk.blocks) == 6
    torch.testing.assert_close(deeper(faces).logits, trained(faces).logits)
    torch.testing.assert_close(deeper(faces).ferplus_logits, trained(faces).ferplus_logits)
    assert list(trained.config.depths) == [1, 2]


def test_peaks_have_to_be_measured_anew(trained):
    trained.config.activation_peaks = {"trunk.stem.1": 1.0}
    assert deepened(trained, (2, 4)).config.activation_peaks is None


def test_the_new_blocks_learn(trained):
    deeper = deepened(trained, (1, 3))
    deeper(torch.randn(8, 1, 40, 40), labels=torch.arange(7).repeat(2)[:8]).loss.backward()
    assert deeper.trunk.blocks[-1].second[1].weight.grad.abs().max() > 0


def test_where_the_blocks_go():
    assert block_places([1, 2, 1], [1, 2, 1]) == [0, 1, 2, 3]
    assert block_places([1, 2, 1], [2, 3, 2]) == [0, 2, 3, 5]


@pytest.mark.parametrize("depths", [(1, 1), (1, 2, 1), (2,)])
def test_blocks_are_not_taken_away(trained, depths):
    with pytest.raises(ValueError, match="--depths must be 2 numbers of at least 1 2, but is "):
        deepened(trained, depths)


def test_a_wider_network_gives_the_same_answers(trained):
    faces = torch.randn(3, 1, 40, 40)
    wider = widened(trained, (12, 16)).eval()
    assert [block.second[0].out_channels for block in wider.trunk.blocks] == [12, 16, 16]
    torch.testing.assert_close(wider(faces).logits, trained(faces).logits)
    torch.testing.assert_close(wider(faces).ferplus_logits, trained(faces).ferplus_logits)
    assert list(trained.config.hidden_sizes) == [8, 16]


def test_the_new_channels_learn(trained):
    wider = widened(trained, (12, 24))
    wider(torch.randn(8, 1, 40, 40), labels=torch.arange(7).repeat(2)[:8]).loss.backward()
    last = wider.trunk.blocks[-1].second[0].weight
    assert last.grad[:16, 16:].abs().max() > 0
    assert wider.classifier.weight.grad[:, 16:].abs().max() > 0


@pytest.mark.parametrize("widths", [(4, 16), (8, 16, 32), (8,)])
def test_channels_are_not_taken_away(trained, widths):
    with pytest.raises(ValueError, match="--widths must be 2 numbers of at least 8 16, but is "):
        widened(trained, widths)


def test_a_trained_network_grows_both_ways(tmp_path):
    start = build_start(TrainingOptions())
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    more = ["--depths", "1", "2", "2", "--widths", "64", "128", "288"]
    model = build_start(parse_options(["--base-model", str(tmp_path), *more])).model
    channels = [block.second[0].out_channels for block in model.trunk.blocks]
    assert channels == [64, 128, 128, 288, 288]


def test_the_option():
    options = parse_options(["--depths", "1", "3", "2"])
    model = build_start(options).model
    assert len(model.trunk.blocks) == 6
    with pytest.raises(ValueError, match="residual blocks; leave --depths out"):
        build_start(TrainingOptions(depths=(1, 3, 2), arch="vit"))


def test_an_untrained_network_may_have_fewer_and_begins_with_all_of_them():
    blocks = build_start(TrainingOptions(depths=(1, 1, 2))).model.trunk.blocks
    assert len(blocks) == 4
    assert all(block.second[1].weight.min() > 0 for block in blocks)


@pytest.mark.parametrize(
    ("depths", "sentence"),
    [
        ((1, 3), "--depths takes 3 numbers, one a stage, not 2"),
        ((1, 0, 1), "1 or more each, but has 0"),
    ],
)
def test_depths_that_wont_do(depths, sentence):
    with pytest.raises(ValueError, match=sentence):
        build_start(TrainingOptions(depths=depths))
