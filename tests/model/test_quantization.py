"""The network in bytes."""

import pytest
import torch
from torch import nn

from fer.labels import EXPRESSIONS
from fer.model.configuration_fer import FerConfig
from fer.model.modeling_fer import FerForImageClassification
from fer.model.quantization import (
    INT8_INSTRUCTIONS,
    QuantizationParameters,
    calibrate_activations,
    quantize,
    search_peak,
    supports_int8,
)

needs_int8 = pytest.mark.skipif(not supports_int8(), reason="this CPU isn't made for int8")


@pytest.fixture
def faces():
    return torch.randn(6, 1, 40, 40, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def model(faces):
    """A network whose batch norms have seen pictures; its second block has a plain shortcut."""
    torch.manual_seed(0)
    model = FerForImageClassification(
        FerConfig(
            hidden_sizes=(8, 16),
            depths=(2, 1),
            stem_size=4,
            ferplus_share=0.5,
            id2label=dict(enumerate(EXPRESSIONS)),
        )
    )
    for norm in [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]:
        norm.momentum = None
        nn.init.normal_(norm.bias, std=0.3)
    nn.init.normal_(model.classifier.weight, std=0.5)
    nn.init.normal_(model.ferplus.weight, std=0.5)
    model.train()(faces)
    model.eval().config.activation_peaks = calibrate_activations(model, faces)
    return model


@needs_int8
@torch.inference_mode()
def test_the_answers_of_both_heads_are_nearly_the_same(model, faces):
    expected, answers = model(faces), quantize(model)(faces)
    for head in ("logits", "fer2013_logits", "ferplus_logits"):
        torch.testing.assert_close(answers[head], expected[head], rtol=0, atol=0.1)
    assert not torch.equal(answers.logits, expected.logits)
    assert expected.logits.std() > 0.3


@needs_int8
@torch.inference_mode()
def test_an_answer_depends_on_its_face_only(model, faces):
    network, before = quantize(model), faces.clone()
    together = network(faces).logits
    alone = torch.cat([network(face[None]).logits for face in faces])
    torch.testing.assert_close(alone, together, rtol=0, atol=0.02)  # a byte here and there
    assert torch.equal(faces, before)


@needs_int8
@torch.inference_mode()
def test_a_network_without_a_second_head(model, faces):
    model.ferplus, model.config.ferplus_share = None, 0.0
    assert quantize(model)(faces).ferplus_logits is None


def test_a_network_that_does_not_know_its_peaks_stays_in_float32(model):
    model.config.activation_peaks = None
    assert quantize(model) is None


def test_a_cpu_without_the_instructions_answers_in_float32(model, monkeypatch):
    able = dict.fromkeys(INT8_INSTRUCTIONS, False) | {"avx512_f": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert quantize(model) is None


@needs_int8
def test_peaks_of_another_network_are_said_and_not_used(model, caplog):
    del model.config.activation_peaks["trunk.blocks.1.first"]
    assert quantize(model) is None
    assert "trunk.blocks.1.first" in caplog.text
    assert "computes in float32" in caplog.text


def test_the_peaks_are_of_what_bytes_are_between(model):
    assert set(model.config.activation_peaks) == {
        *("trunk.stem.1", "trunk.stem.3"),
        *("trunk.blocks.0", "trunk.blocks.0.first", "trunk.blocks.0.shortcut"),
        *("trunk.blocks.1", "trunk.blocks.1.first"),
        *("trunk.blocks.2", "trunk.blocks.2.first", "trunk.blocks.2.shortcut"),
    }
    assert all(peak > 0 for peak in model.config.activation_peaks.values())


def test_measuring_leaves_nothing_behind(model, faces):
    calibrate_activations(model, faces)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(("signed", "lowest"), [(False, 0.0), (True, -2.0)])
def test_numbers_keep_their_values_to_half_a_step(signed, lowest):
    levels, values = (
        QuantizationParameters.from_peak(2.0, signed),
        torch.linspace(lowest, 2.0, 1001),
    )
    back = levels.dequantize(levels.quantize(values))
    assert (back - values).abs().max() <= levels.step / 2 + 1e-6


def test_what_lies_beyond_is_set_to_the_end():
    levels = QuantizationParameters.from_peak(1.0)
    assert levels.quantize(torch.tensor([-3.0, 0.0, 1.0, 7.0])).tolist() == [0, 0, 255, 255]


def test_one_far_value_does_not_make_all_others_coarse():
    values = torch.cat([torch.linspace(0, 1, 10_000), torch.tensor([4.0])])
    assert search_peak(torch.linspace(0, 1, 10_000), signed=False) == pytest.approx(1.0)
    assert 1.0 <= search_peak(values.repeat(3), signed=False) < 4.0


def test_a_layer_that_puts_out_nothing():
    assert search_peak(torch.zeros(10), signed=False) == 0.0
    assert QuantizationParameters.from_peak(0.0).quantize(torch.zeros(2)).tolist() == [0, 0]
