"""The network by itself: shapes, gradients, saving, and transformers' own ways in."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageClassification, pipeline

from fer.model import auto  # noqa: F401
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification


@pytest.fixture
def config():
    return FerConfig(num_labels=7, stem_size=4, hidden_sizes=(8, 16), depths=(1, 2), dropout=0.0)


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    return FerForImageClassification(config).eval()


def test_both_heads_answer(model):
    output = model(torch.randn(3, 1, 40, 40))
    assert output.logits.shape == (3, 7)
    assert output.ferplus_logits.shape == (3, 8)
    assert output.loss is None
    assert torch.isfinite(output.logits).all()


def test_other_sizes_than_the_trained_one_pass(model):
    assert model(torch.randn(2, 1, 48, 48)).logits.shape == (2, 7)


def test_loss_is_cross_entropy_of_the_first_head(model):
    labels = torch.tensor([0, 6])
    output = model(torch.randn(2, 1, 40, 40), labels=labels)
    picked = output.logits.log_softmax(dim=1)[[0, 1], labels]
    torch.testing.assert_close(output.loss, -picked.mean())


def test_every_parameter_gets_a_gradient(config):
    model = FerForImageClassification(config).train()
    output = model(torch.randn(4, 1, 40, 40))
    (output.logits.square().sum() + output.ferplus_logits.square().sum()).backward()
    without = [name for name, value in model.named_parameters() if not value.grad.abs().sum() > 0]
    assert without == []


def test_loss_falls_on_eight_pictures(config):
    torch.manual_seed(0)
    model = FerForImageClassification(config).train()
    pictures, labels = torch.randn(8, 1, 40, 40), torch.arange(8) % 7
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    losses = []
    for _ in range(60):
        loss = model(pictures, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_wrong_channels_are_refused(model):
    with pytest.raises(ValueError, match=r"must be \(n, 1, h, w\), but are \(2, 3, 40, 40\)"):
        model(torch.randn(2, 3, 40, 40))


def test_a_configuration_must_fit_together():
    with pytest.raises(ValueError, match="one entry a stage"):
        FerConfig(hidden_sizes=(8, 16), depths=(1,))
    for name in ("temperature", "ferplus_temperature"):
        with pytest.raises(ValueError, match=f"{name} must be above 0"):
            FerConfig(**{name: 0.0})
    with pytest.raises(ValueError, match="ferplus_share must be 0 to 1"):
        FerConfig(ferplus_share=1.5)
    with pytest.raises(
        ValueError, match=r"needs the 8 labels of FER\+, but num_ferplus_labels is 0"
    ):
        FerConfig(ferplus_share=0.5, num_ferplus_labels=0)
    with pytest.raises(ValueError, match=r"finite, but trunk\.stem\.1 is nan"):
        FerConfig(activation_peaks={"trunk.stem.1": float("nan")})


def test_without_a_second_head():
    config = FerConfig(num_labels=7, hidden_sizes=(8,), depths=(1,), num_ferplus_labels=0)
    assert FerForImageClassification(config)(torch.randn(1, 1, 40, 40)).ferplus_logits is None


def test_saved_and_loaded_logits_are_equal(model, tmp_path):
    pictures = torch.randn(2, 1, 40, 40)
    model.save_pretrained(tmp_path)
    loaded = AutoModelForImageClassification.from_pretrained(tmp_path).eval()
    assert isinstance(loaded, FerForImageClassification)
    torch.testing.assert_close(loaded(pictures).logits, model(pictures).logits, rtol=0, atol=0)


def test_default_size():
    assert FerForImageClassification(FerConfig(num_labels=7)).num_parameters() < 5_000_000


def test_transformers_pipeline(model, tmp_path):
    model.save_pretrained(tmp_path)
    FerImageProcessor().save_pretrained(tmp_path)
    answer = pipeline("image-classification", model=str(tmp_path), device="cpu")
    noise = np.random.default_rng(0).integers(0, 255, (90, 80, 3), np.uint8)
    scores = answer(Image.fromarray(noise), top_k=7)
    assert len(scores) == 7
    assert sum(row["score"] for row in scores) == pytest.approx(1, abs=1e-5)


def test_the_travelling_files_import_only_each_other():
    program = (
        "import sys, types; package = types.ModuleType('alone');"
        "package.__path__ = ['fer/model']; sys.modules['alone'] = package;"
        "import alone.modeling_fer, alone.image_processing_fer;"
        "print([name for name in sys.modules if name.split('.')[0] == 'fer'])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
