"""From crops to probabilities, and which networks are taken."""

import copy
import json
import pickle
import shutil
import sys

import numpy as np
import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from skimage.data import astronaut
from transformers import (
    BertConfig,
    BertForMaskedLM,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

from fer.labels import EXPRESSIONS, FERPLUS_INDICES
from fer.model.classifier import (
    BATCH_SIZE,
    EMBEDDED_WEIGHTS,
    ExpressionClassifier,
    ModelError,
    expression_columns,
)
from fer.model.configuration_fer import FerConfig
from fer.model.hub import LocalModel
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.model_metrics import ModelMetrics
from fer.model.modeling_fer import FerForImageClassification
from fer.model.onnx_export import identity_of
from fer.model.onnx_network import load_int8
from fer.model.pretrained import load_network, save_network
from fer.model.torch_network import pixel_values


@pytest.fixture
def crops():
    return list(np.random.default_rng(0).integers(0, 256, (3, 60, 60, 3), np.uint8))


def small_network(**settings):
    torch.manual_seed(0)
    names = dict(enumerate(EXPRESSIONS))
    config = FerConfig(id2label=names, hidden_sizes=(8,), depths=(1,), stem_size=4, **settings)
    model = FerForImageClassification(config)
    torch.nn.init.normal_(model.classifier.weight, std=2.0)
    return model


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16])
def test_a_network_stored_in_half_precision_computes_in_single(stored, crops, tmp_path):
    config = ViTConfig(
        image_size=48, patch_size=16, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, id2label=dict(enumerate(EXPRESSIONS)),
    )  # fmt: skip
    ViTForImageClassification(config).to(stored).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 48, "width": 48}).save_pretrained(tmp_path)
    classifier = ExpressionClassifier.load(tmp_path)
    assert {value.dtype for value in classifier.model.parameters()} == {torch.float32}
    assert classifier.classify(crops).dtype == np.float32


def test_probabilities(crops):
    probabilities = ExpressionClassifier(small_network(), FerImageProcessor()).classify(crops)
    assert probabilities.shape == (3, 7)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_fingerprint_depends_on_the_weights_and_not_on_their_folder(tmp_path):
    model = small_network()
    here = ExpressionClassifier(model, FerImageProcessor()).fingerprint()
    model.save_pretrained(tmp_path)
    FerImageProcessor().save_pretrained(tmp_path)
    assert ExpressionClassifier.load(tmp_path).fingerprint() == here
    with torch.no_grad():
        model.classifier.bias[0] += 1e-3
    assert ExpressionClassifier(model, FerImageProcessor()).fingerprint() != here


def test_many_crops_keep_their_order():
    corners = ((40, 150), (200, 300), (300, 50))
    crops = [astronaut()[top : top + 150, left : left + 150] for top, left in corners]
    order = [i % len(crops) for i in range(2 * BATCH_SIZE + 1)]
    classifier = ExpressionClassifier.load()
    expected = np.concatenate([classifier.classify([crop]) for crop in crops])
    answers = classifier.classify([crops[i] for i in order])
    np.testing.assert_allclose(answers, expected[order], atol=0.01)  # int8 rounds
    assert np.abs(expected[0] - expected[2]).max() > 0.1


def test_the_embedded_network_serves_in_int8_unless_asked_not_to():
    assert ExpressionClassifier.load(int8=False).precision == "float32"
    assert ExpressionClassifier.load().precision == "int8"


def test_without_pytorch_it_gives_what_it_gives_beside_it(crops):
    light = ExpressionClassifier.load()
    model, processor = load_network(LocalModel(EMBEDDED_WEIGHTS, "embedded"))
    network = load_int8(EMBEDDED_WEIGHTS, identity_of(model))
    beside = ExpressionClassifier(model, processor, network=network)
    np.testing.assert_array_equal(light.classify(crops), beside.classify(crops))
    for name in ("columns", "heads", "framing", "uncertain_below", "precision"):
        assert getattr(light, name) == getattr(beside, name)
    assert light.fingerprint() == beside.fingerprint()
    assert light.model.num_parameters() == model.num_parameters()  # loaded when it is asked for


def test_a_pickled_network_of_pytorch_is_the_same(crops):
    classifier = ExpressionClassifier(small_network(), FerImageProcessor())
    copied = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(copied.classify(crops), classifier.classify(crops))
    assert copied.fingerprint() == classifier.fingerprint()


def test_where_pytorch_is_not_installed_a_network_that_needs_it_is_refused(tmp_path, monkeypatch):
    small_network().save_pretrained(tmp_path)
    FerImageProcessor().save_pretrained(tmp_path)
    monkeypatch.delitem(sys.modules, "fer.model.pretrained")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelError, match=r"needs PyTorch here .*requirements\.txt"):
        ExpressionClassifier.load(tmp_path)
    assert ExpressionClassifier.load().precision == "int8"


def test_loading_draws_no_progress_bar(capfd):
    ExpressionClassifier.load()
    assert capfd.readouterr() == ("", "")


def test_saving_draws_none_and_everybody_may_read_the_files(tmp_path, capfd):
    save_network(small_network(), FerImageProcessor(), tmp_path)
    assert capfd.readouterr() == ("", "")
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1


def test_one_crop_and_a_batch_are_classified_as_a_list_is(crops):
    classifier = ExpressionClassifier(small_network(), FerImageProcessor())
    expected = classifier.classify(crops)
    assert expected.shape == (3, 7)
    np.testing.assert_array_equal(classifier.classify(np.stack(crops)), expected)
    np.testing.assert_array_equal(classifier.classify(tuple(crops)), expected)
    for one in (crops[0], crops[0][..., 0]):
        np.testing.assert_array_equal(classifier.classify(one), classifier.classify([one]))
        assert classifier.classify(one).shape == (1, 7)


@pytest.mark.parametrize("none", [[], (), np.zeros((0, 48, 48, 3), np.uint8), np.array([])])
def test_no_crops_of_any_kind_give_no_rows(none):
    classifier = ExpressionClassifier(small_network(), FerImageProcessor())
    assert classifier.classify(none).shape == (0, 7)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((5, 48, 48), np.uint8),  # a batch of grey crops, or one picture of 48 channels
        np.zeros((48, 48, 4), np.uint8),
        np.zeros((48, 48, 3), np.float32),
        np.zeros((2, 48, 48, 1), np.uint8),
        np.zeros((2, 2, 48, 48, 3), np.uint8),
        np.zeros((0, 48, 3), np.uint8),
        np.zeros(48, np.uint8),
        np.uint8(3) * np.ones((), np.uint8),
        [np.zeros((48, 48, 3), np.float64)],
        [np.zeros((2, 48, 48, 3), np.uint8)],
        [np.zeros((48, 0), np.uint8)],
        [[0, 1], [2, 3]],
        ["face.jpg"],
        "face.jpg",
        None,
        {"crop": 1},
    ],
)
def test_crops_of_another_kind_are_refused_in_one_sentence(wrong):
    classifier = ExpressionClassifier(small_network(), FerImageProcessor())
    with pytest.raises(ValueError, match=r"^(An array of f|F)ace crop.*not [^.]*\.?[^.]*\.$"):
        classifier.classify(wrong)


def test_temperature_softens(crops):
    sharp = ExpressionClassifier(small_network(), FerImageProcessor()).classify(crops)
    soft = ExpressionClassifier(small_network(temperature=3.0), FerImageProcessor()).classify(crops)
    expected = sharp ** (1 / 3) / (sharp ** (1 / 3)).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(soft, expected, atol=1e-5)


def test_the_weight_of_the_second_head_counts(crops):
    network = small_network(ferplus_share=1.0, ferplus_temperature=2.0)
    torch.nn.init.normal_(network.ferplus.weight, std=2.0)
    classifier = ExpressionClassifier(network, FerImageProcessor())
    with torch.inference_mode():
        logits = network(pixel_values(FerImageProcessor(), crops)).ferplus_logits / 2
    expected = torch.softmax(logits[:, list(FERPLUS_INDICES)], dim=1)
    np.testing.assert_allclose(classifier.classify(crops), expected, atol=1e-5)


def test_load_reads_settings_and_metrics(tmp_path, crops):
    small_network(uncertain_below=0.6).save_pretrained(tmp_path)
    FerImageProcessor(framing={"scale": 1.2}).save_pretrained(tmp_path)
    (tmp_path / "metrics.json").write_text('{"parameters": 3}')
    classifier = ExpressionClassifier.load(tmp_path)
    assert classifier.uncertain_below == 0.6
    assert classifier.framing == {"scale": 1.2}
    assert classifier.metrics == ModelMetrics(parameters=3)
    assert classifier.name == str(tmp_path)


def test_a_network_of_transformers_with_other_label_names_serves(tmp_path, crops):
    labels = ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise")
    config = ViTConfig(
        image_size=32, patch_size=16, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8, id2label=dict(enumerate(labels)),
    )  # fmt: skip
    ViTForImageClassification(config).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    assert ExpressionClassifier.load(tmp_path).classify(crops).shape == (3, 7)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (EXPRESSIONS, [0, 1, 2, 3, 4, 5, 6]),
        (sorted(EXPRESSIONS), [0, 1, 2, 3, 5, 6, 4]),  # alphabetical: neutral before sad
        (
            ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"),
            [0, 2, 3, 4, 6, 7, 5],
        ),
    ],
)
def test_classes_are_matched_by_name(labels, expected):
    assert expression_columns(dict(enumerate(labels))) == expected


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("cat", "dog"), r"doesn't name angry, disgust, .*; its 2 classes are: cat, dog\.$"),
        (map(str, range(1000)), r"its 1,000 classes are: 0, 1, .*, 13, \.\.\.\.$"),
        ((*EXPRESSIONS, "Happiness"), "Two classes of this network have the name happy"),
    ],
)
def test_other_classes_are_refused(labels, message):
    with pytest.raises(ModelError, match=message):
        expression_columns(dict(enumerate(labels)))


@pytest.mark.parametrize(
    "framing",
    [{"scale": 0}, {"scale": "1"}, {"zoom": 1.1}, {"shift_x": float("nan")}, [1, 2], ["scale"]],
)
def test_a_framing_that_cannot_be_one_is_refused(framing):
    with pytest.raises(ModelError, match="must give scale, shift_x, shift_y as numbers"):
        ExpressionClassifier(small_network(), FerImageProcessor(framing=framing))


def test_a_processor_that_is_none_is_refused(tmp_path):
    small_network().save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text("[]")
    with pytest.raises(ModelError, match="holds no network that can be loaded here"):
        ExpressionClassifier.load(tmp_path)


@pytest.mark.parametrize("threshold", [-0.1, 3.0, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises((ValueError, StrictDataclassError), match="uncertain_below must be 0 to 1"):
        FerConfig(uncertain_below=threshold)


def test_a_folder_without_weights_is_refused(tmp_path):
    FerImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"lacks config\.json, model\.safetensors\.$"):
        ExpressionClassifier.load(tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"temperature": 1}, {"depths": None}, {"hidden_sizes": 64}, {"id2label": ["angry"]}]
)
def test_a_configuration_of_another_form_is_refused(tmp_path, wrong):
    folder = shutil.copytree(EMBEDDED_WEIGHTS, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | wrong))
    with pytest.raises(ModelError, match="holds no network that can be loaded here"):
        ExpressionClassifier.load(folder)


@pytest.mark.parametrize(
    "wrong", [{"depths": [10**400, 1, 1]}, {"depths": [1] * 5000}, {"stem_size": 10**9}]
)
def test_a_configuration_without_an_end_is_refused(tmp_path, wrong):
    folder = shutil.copytree(EMBEDDED_WEIGHTS, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | wrong))
    with pytest.raises(ModelError, match=r"asks for a network that is too large"):
        ExpressionClassifier.load(folder)


@pytest.mark.parametrize("content", ["{", "[" * 100_000, "[]", "null", "3"])
def test_a_configuration_that_is_no_object_is_refused(tmp_path, content):
    folder = shutil.copytree(EMBEDDED_WEIGHTS, tmp_path / "copy")
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError):
        ExpressionClassifier.load(folder)


@pytest.mark.parametrize(
    "other",
    [{"test": 0.66}, {"validation": {"accuracy": [1]}}],
)
def test_somebody_elses_metrics_are_left_out(tmp_path, other, caplog):
    folder = shutil.copytree(EMBEDDED_WEIGHTS, tmp_path / "copy")
    (folder / "metrics.json").write_text(json.dumps(other))
    assert ExpressionClassifier.load(folder).metrics == ModelMetrics()
    assert "has another form" in caplog.text


def test_classes_that_are_numbers_in_the_file_name_nothing(tmp_path):
    save_network(small_network(), FerImageProcessor(), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["id2label"] = {index: index for index in range(7)}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="its 7 classes are: 0, 1, 2, 3, 4, 5, 6"):
        ExpressionClassifier.load(tmp_path)


def test_another_kind_of_network_is_refused_and_the_reason_logged(tmp_path, caplog):
    BertForMaskedLM(
        BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
    ).save_pretrained(tmp_path)
    FerImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="holds no network that can be loaded here"):
        ExpressionClassifier.load(tmp_path)
    assert "can't be loaded: Unrecognized configuration class" in caplog.text


def test_labels_in_another_order_are_put_into_ours(crops):
    model, order = small_network(), [3, 0, 1, 2, 6, 4, 5]
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.classifier.weight.copy_(model.classifier.weight[order])
        other.classifier.bias.copy_(model.classifier.bias[order])
    other.config.id2label = {i: EXPRESSIONS[j] for i, j in enumerate(order)}
    ours, theirs = (
        ExpressionClassifier(network, FerImageProcessor()).classify(crops)
        for network in (model, other)
    )
    np.testing.assert_allclose(theirs, ours, atol=1e-6)
