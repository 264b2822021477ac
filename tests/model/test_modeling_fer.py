"""The network by itself: shapes, gradients, saving, and transformers' own ways in."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut
from transformers import AutoModelForImageClassification, pipeline

from fer.labels import EXPRESSIONS, FERPLUS_INDICES
from fer.model import auto_classes  # noqa: F401
from fer.model.classifier import EMBEDDED_WEIGHTS, ExpressionClassifier
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


def test_both_heads_return_logits(model):
    output = model(torch.randn(3, 1, 40, 40))
    assert output.logits.shape == (3, 7)
    assert output.fer2013_logits.shape == (3, 7)
    assert output.ferplus_logits.shape == (3, 8)
    assert output.loss is None
    assert torch.isfinite(output.logits).all()


def test_other_sizes_than_the_trained_one_pass(model):
    assert model(torch.randn(2, 1, 48, 48)).logits.shape == (2, 7)


def test_loss_is_cross_entropy_of_the_first_head(model):
    labels = torch.tensor([0, 6])
    output = model(torch.randn(2, 1, 40, 40), labels=labels)
    picked = output.fer2013_logits.log_softmax(dim=1)[[0, 1], labels]
    torch.testing.assert_close(output.loss, -picked.mean())


def test_every_parameter_gets_a_gradient(config):
    model = FerForImageClassification(config).train()
    output = model(torch.randn(4, 1, 40, 40))
    (output.fer2013_logits.square().sum() + output.ferplus_logits.square().sum()).backward()
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
    with pytest.raises(ValueError, match="one entry per stage"):
        FerConfig(hidden_sizes=(8, 16), depths=(1,))
    for name in ("temperature", "ferplus_temperature", "combined_temperature"):
        for wrong in (0.0, float("nan"), float("inf")):
            with pytest.raises(ValueError, match=f"{name} must be above 0"):
                FerConfig(**{name: wrong})
    with pytest.raises(ValueError, match="prior_correction must be 0 to 1"):
        FerConfig(prior_correction=-0.5)
    with pytest.raises(ValueError, match="fer2013_prior must hold shares above 0"):
        FerConfig(fer2013_prior=[0.5, 0.5, 0.0])
    with pytest.raises(ValueError, match="ferplus_share must be 0 to 1"):
        FerConfig(ferplus_share=1.5)
    with pytest.raises(
        ValueError, match=r"needs the 8 labels of FER\+, but num_ferplus_labels is 0"
    ):
        FerConfig(ferplus_share=0.5, num_ferplus_labels=0)


def test_a_configuration_of_an_earlier_version_loads():
    config = FerConfig.from_dict({"model_type": "fer", "activation_peaks": {"trunk.stem.1": 2.5}})
    assert config.image_size == 40


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


def test_transformers_pipeline_gives_the_probabilities_of_the_page(tmp_path):
    """With every setting in use, on the weights that came with the package."""
    settings = {"temperature": 1.3, "ferplus_temperature": 0.8, "ferplus_share": 0.4}
    settings |= {"combined_temperature": 0.9, "prior_correction": 0.5}
    settings |= {"fer2013_prior": [0.1, 0.02, 0.1, 0.3, 0.2, 0.1, 0.18]}
    settings |= {"ferplus_prior": [0.3, 0.25, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05]}
    model = FerForImageClassification.from_pretrained(EMBEDDED_WEIGHTS, **settings)
    model.save_pretrained(tmp_path)
    FerImageProcessor(crop_size=44).save_pretrained(tmp_path)
    noise = np.random.default_rng(0).integers(0, 255, (90, 80, 3), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    crops = [astronaut()[30:190, 150:300], noise, smooth, np.zeros((48, 48, 3), np.uint8)]
    classify = pipeline("image-classification", model=str(tmp_path), device="cpu")
    expected = ExpressionClassifier.load(tmp_path, int8=False).classify(crops)
    for crop, row in zip(crops, expected, strict=True):
        scores = {one["label"]: one["score"] for one in classify(Image.fromarray(crop), top_k=7)}
        assert scores == pytest.approx(dict(zip(EXPRESSIONS, row, strict=True)), abs=1e-5)
    assert len(set(expected.argmax(axis=1))) > 1


def test_a_configuration_from_before_the_combination_gives_what_the_page_showed(tmp_path):
    """The heads' mean by `ferplus_share`, which the page alone made of the logits then."""
    model = FerForImageClassification.from_pretrained(EMBEDDED_WEIGHTS)
    model.save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    old = json.loads(file.read_text())
    for name in ("combined_temperature", "prior_correction", "fer2013_prior", "ferplus_prior"):
        del old[name]
    old |= {"temperature": 1.0317, "ferplus_temperature": 0.9872, "ferplus_share": 0.6}
    file.write_text(json.dumps(old))
    pictures = torch.randn(4, 1, 44, 44)
    with torch.inference_mode():
        output = AutoModelForImageClassification.from_pretrained(tmp_path).eval()(pictures)
    votes = output.ferplus_logits[:, list(FERPLUS_INDICES)] / 0.9872
    torch.testing.assert_close(output.logits, 0.4 * output.fer2013_logits / 1.0317 + 0.6 * votes)


@pytest.mark.slow
def test_the_travelling_files_import_only_each_other():
    program = (
        "import sys, types; package = types.ModuleType('alone');"
        "package.__path__ = ['fer/model']; sys.modules['alone'] = package;"
        "import alone.modeling_fer, alone.image_processing_fer;"
        "print([name for name in sys.modules if name.split('.')[0] == 'fer'])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
