"""Which networks a training starts from, and that those of transformers train like our own."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import (
    DeiTConfig,
    DeiTForImageClassificationWithTeacher,
    PreTrainedModel,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
    ViTModel,
    pipeline,
)

from fer.data.fer2013 import load_arrays, load_fer2013
from fer.evaluation.calibration import calibrate
from fer.evaluation.evaluate import evaluate
from fer.labels import EXPRESSIONS
from fer.model.backend import ONE_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.hub import pull
from fer.model.hub_folder import write_hub_folder
from fer.model.model_metrics import TrainingRun
from fer.training.architectures import new_cnn, new_swin
from fer.training.fine_tuning import (
    expression_order,
    find_heads,
    permute_heads,
    reset_heads,
)
from fer.training.fit import FittedStage
from fer.training.initial_model import (
    build_initial_model,
    check_weights,
    load_base_model,
    store_calibration,
)
from fer.training.options import RECIPES, TrainingOptions, read_recipe
from fer.training.train import train
from fer.training.training_output import validation_logits
from tests.training.runs import TINY_BOX, short

DOGS = {index: f"dog {index}" for index in range(10)}


def save_vit(folder, kind=ViTForImageClassification, labels=DOGS, width=48):
    torch.manual_seed(1)
    config = ViTConfig(
        image_size=(48, width), patch_size=8, hidden_size=32, num_hidden_layers=2,
        num_attention_heads=2, intermediate_size=64, id2label=labels,
    )  # fmt: skip
    model = kind(config)
    model.save_pretrained(folder)
    ViTImageProcessor(size={"height": 48, "width": width}).save_pretrained(folder)
    return model


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    save_vit(folder)
    return folder


@pytest.fixture(scope="module")
def adapted(base, tiny_fer2013, tmp_path_factory):
    output = tmp_path_factory.mktemp("adapted")
    return train(short(tiny_fer2013, output, base_model=str(base), augmentation={"degrade": 0.5}))


def test_a_network_of_transformers_is_adapted(adapted, base):
    classifier = ExpressionClassifier.load(adapted)
    assert classifier.model.config.id2label == dict(enumerate(EXPRESSIONS))
    assert classifier.model.classifier.out_features == 7
    assert classifier.framing["scale"] > 0
    learned = classifier.model.vit.embeddings.patch_embeddings.projection.weight
    known = ViTForImageClassification.from_pretrained(base)
    difference = learned - known.vit.embeddings.patch_embeddings.projection.weight
    assert 0 < difference.abs().max() < 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["quick", "vit", "fine_tune"])
def test_the_other_recipes_run(name, base, tiny_fer2013, tmp_path):
    recipe = read_recipe(RECIPES / f"{name}.yaml")
    small = {"epochs": 1, "batch_size": 16, "max_train_samples": 32, "precision": "fp32"}
    own = {"quick": TINY_BOX, "vit": {}, "fine_tune": {"base_model": str(base)}}[name]
    teachers = [table | TINY_BOX | {"epochs": 1} for table in recipe.teachers]
    places = {"dataset": str(tiny_fer2013), "output": str(tmp_path), "teachers": teachers}
    classifier = ExpressionClassifier.load(train(replace(recipe, **small, **own, **places)))
    kinds = {"quick": "fer", "vit": "swin", "fine_tune": "vit"}
    assert classifier.model.config.model_type == kinds[name]
    faces = load_arrays(load_fer2013(str(tiny_fer2013))["validation"])
    if name != "quick":  # which serves in int8
        written = classifier.metrics.validation.accuracy
        assert evaluate(classifier, faces).accuracy == written


def test_its_metrics(adapted, base):
    metrics = json.loads((adapted / "metrics.json").read_text())
    assert metrics["base_model"] == {"name": str(base), "revision": None}
    assert metrics["architecture"] == "vit"
    assert metrics["training"]["optimizer"] == "adamw_torch"
    assert metrics["training"]["learning_rate"] == 5e-5
    assert "ferplus_accuracy" not in metrics["validation"]


def test_its_calibration_is_that_of_the_network_as_it_was_trained(adapted):
    whole, student = (
        json.loads((folder / "metrics.json").read_text())["calibration"]
        for folder in (adapted, adapted / "student" / "1")
    )
    assert whole == student and whole["temperature"] != pytest.approx(1, abs=1e-3)


def test_others_networks_are_evaluated_on_the_gpu(base, monkeypatch):
    starts = [load_base_model(pull(base), dropout=0.1), new_swin()]
    gpu, places = torch.device("cuda"), []
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: gpu)
    monkeypatch.setattr(PreTrainedModel, "to", lambda model, place: places.append(place))
    images = np.zeros((2, 48, 48), np.uint8)
    for start in starts:
        trained = FittedStage(start.model, start.processor, None, [], TrainingRun())
        assert validation_logits(trained, images)[0].shape == (2, 7)
    assert places == [gpu]  # our own networks are small, and served on the CPU


def test_its_probabilities_are_calibrated_wherever_it_is_loaded(adapted, tiny_fer2013):
    classifier = ExpressionClassifier.load(adapted)
    faces = load_arrays(load_fer2013(str(tiny_fer2013))["validation"])
    figures = evaluate(classifier, faces)
    metrics = json.loads((adapted / "metrics.json").read_text())
    assert figures.accuracy == metrics["validation"]["accuracy"]
    calibration = metrics["calibration"]
    assert figures.calibration_error == pytest.approx(calibration["calibration_error"], abs=1e-3)
    assert classifier.uncertain_below == calibration["uncertain_below"]
    assert figures.ferplus is None


def test_its_folder_is_a_pipeline(adapted):
    from PIL import Image

    face = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    (expected,) = ExpressionClassifier.load(adapted).classify([face])
    answers = pipeline("image-classification", str(adapted))(Image.fromarray(face), top_k=7)
    found = {answer["label"]: answer["score"] for answer in answers}
    np.testing.assert_allclose([found[name] for name in EXPRESSIONS], expected, atol=1e-4)


def test_colours_are_turned_grey(adapted):
    classifier = ExpressionClassifier.load(adapted)
    red, blue = np.zeros((2, 48, 48, 3), np.uint8)
    red[:, :24, 0], blue[:, :24, 2] = 38, 100  # as light as each other
    np.testing.assert_allclose(*classifier.classify([red, blue]), atol=1e-4)


def test_a_swin_of_our_own_is_fine_tuned(tmp_path):
    start = new_swin()
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    again = load_base_model(pull(tmp_path), dropout=0.1)
    assert torch.equal(again.model.classifier.weight, start.model.classifier.weight)


def test_seven_other_classes_are_no_expressions(tmp_path):
    before = save_vit(tmp_path, labels=dict(list(DOGS.items())[:7])).classifier
    start = load_base_model(pull(tmp_path), dropout=0.1)
    assert not torch.equal(start.model.classifier.weight, before.weight)
    assert start.model.config.id2label == dict(enumerate(EXPRESSIONS))


def test_the_seven_expressions_in_another_spelling_keep_their_head(tmp_path):
    labels = dict(enumerate(name.capitalize() for name in EXPRESSIONS))
    before = save_vit(tmp_path, labels=labels).classifier
    start = load_base_model(pull(tmp_path), dropout=0.1)
    assert torch.equal(start.model.classifier.weight, before.weight)
    assert start.model.config.id2label == dict(enumerate(EXPRESSIONS))


@pytest.mark.parametrize("kind", [ViTForImageClassification, DeiTForImageClassificationWithTeacher])
@torch.no_grad()
def test_the_seven_expressions_in_another_order_keep_their_permuted_head(kind, tmp_path, caplog):
    names = ["Happy", "neutral", "surprised", "Anger", "sad", "fear", "disgust"]
    labels = dict(enumerate(names))
    if kind is ViTForImageClassification:
        before = save_vit(tmp_path, labels=labels)
    else:
        config = DeiTConfig(
            image_size=48, patch_size=16, hidden_size=16, num_hidden_layers=1,
            num_attention_heads=2, intermediate_size=16, id2label=labels,
        )  # fmt: skip
        before = kind(config)
        before.save_pretrained(tmp_path)
        ViTImageProcessor(size={"height": 48, "width": 48}).save_pretrained(tmp_path)
    load_base_model(pull(tmp_path), dropout=0.1)  # as a training checks it first
    after = load_base_model(pull(tmp_path), dropout=0.1).model
    faces = torch.randn(2, 3, 48, 48)
    order = [3, 6, 5, 0, 4, 2, 1]
    expected = before.eval()(faces).logits[:, order]
    torch.testing.assert_close(after.eval()(faces).logits, expected)
    assert after.config.id2label == dict(enumerate(EXPRESSIONS))
    (line,) = caplog.messages
    assert "are in another order (Happy, neutral, surprised" in line
    assert "its head was permuted by name" in line


def test_classes_are_read_by_their_index_and_not_by_their_place_in_the_file(tmp_path, caplog):
    before = save_vit(tmp_path, labels=dict(enumerate(EXPRESSIONS))).classifier
    config = json.loads((tmp_path / "config.json").read_text())
    config["id2label"] = dict(reversed(config["id2label"].items()))
    (tmp_path / "config.json").write_text(json.dumps(config))
    after = load_base_model(pull(tmp_path), dropout=0.1).model.classifier
    assert torch.equal(after.weight, before.weight) and not caplog.messages


@pytest.mark.parametrize(
    "names",
    [EXPRESSIONS[:-1], (*EXPRESSIONS, "contempt"), (*EXPRESSIONS[:-1], "happiness"), ()],
)
def test_other_classes_have_no_order(names):
    assert expression_order(names) is None


def test_a_trunk_without_a_head_gets_one(tmp_path):
    before = save_vit(tmp_path, ViTModel)
    start = load_base_model(pull(tmp_path), dropout=0.1)
    key = "embeddings.patch_embeddings.projection.weight"
    assert torch.equal(start.model.vit.get_parameter(key), before.get_parameter(key))


def test_a_head_inside_a_sequence_is_found(tmp_path):
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8], depths=[1], id2label=DOGS)
    ResNetForImageClassification(config).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 48, "width": 48}).save_pretrained(tmp_path)
    assert load_base_model(pull(tmp_path), dropout=0.1).model.classifier[-1].out_features == 7


@torch.no_grad()
def test_both_heads_of_a_distilled_network_are_renewed_and_calibrated(tmp_path):
    config = DeiTConfig(
        image_size=48, patch_size=16, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, id2label=DOGS,
    )  # fmt: skip
    DeiTForImageClassificationWithTeacher(config).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 48, "width": 48}).save_pretrained(tmp_path)
    model = load_base_model(pull(tmp_path), dropout=0.1).model.eval()
    heads = model.cls_classifier, model.distillation_classifier
    assert [head.out_features for head in heads] == [7, 7]
    assert all(head.bias.eq(0).all() and head.weight.ne(0).all() for head in heads)
    faces = torch.randn(2, 3, 48, 48)
    before = model(faces).logits
    calibration = calibrate(
        (2 * np.eye(7)[[0, 0, 1]], None), np.array([0, 1, 1]), np.zeros((3, 8)), ONE_HEAD
    )
    store_calibration(model, calibration)
    torch.testing.assert_close(model(faces).logits, before / calibration.temperature)


@torch.no_grad()
def test_a_head_without_a_bias_is_renewed_permuted_and_calibrated():
    model = ViTForImageClassification(ViTConfig(hidden_size=24, num_hidden_layers=1))
    head = model.classifier = torch.nn.Linear(24, 7, bias=False)
    reset_heads([head])
    before = head.weight.clone()
    permute_heads([head], list(reversed(range(7))))
    logits = 2 * np.eye(7)[[0, 0, 1]]
    fitted = calibrate((logits, None), np.array([0, 1, 1]), np.zeros((3, 8)), ONE_HEAD)
    store_calibration(model, fitted)
    torch.testing.assert_close(head.weight, before.flip(0) / fitted.temperature)


def test_a_network_without_a_matrix_for_a_head_is_refused():
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8], depths=[1], id2label=DOGS)
    model = ResNetForImageClassification(config)  # its matrix gives ten
    with pytest.raises(ValueError, match="has no linear layer as its head; choose another"):
        find_heads(model)


def test_our_own_network_with_another_order_keeps_its_permuted_head(tmp_path):
    start = new_cnn(0.2)
    start.model.config.id2label = dict(enumerate(reversed(EXPRESSIONS)))
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    again = load_base_model(pull(tmp_path), dropout=0.2).model
    assert torch.equal(again.classifier.weight, start.model.classifier.weight.flip(0))
    assert torch.equal(again.ferplus.weight, start.model.ferplus.weight)


def test_a_trained_network_has_a_tenth_of_the_rate(base, tmp_path):
    cnn, swin = new_cnn(0.2), new_swin()
    cnn.model.save_pretrained(tmp_path)
    cnn.processor.save_pretrained(tmp_path)
    ours, theirs = (load_base_model(pull(folder), dropout=0.2) for folder in (tmp_path, base))
    for trained, new in ((ours, cnn), (theirs, swin)):
        assert trained.optimizer.name == new.optimizer.name
        assert trained.optimizer.learning_rate == pytest.approx(new.optimizer.learning_rate / 10)


def test_the_swin_is_compact():
    cnn, vit = new_cnn(0.2).model, new_swin().model
    assert cnn.num_parameters() < vit.num_parameters() < 3_000_000


def test_classes_that_are_numbers_in_the_file_are_no_expressions(tmp_path):
    save_vit(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["id2label"] = {index: index for index in DOGS}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load_base_model(pull(tmp_path), dropout=0.1).model.classifier.out_features == 7


def test_a_base_without_safetensors_or_a_processor_is_refused(tmp_path):
    save_vit(tmp_path, labels=DOGS)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(ValueError, match=r"lacks model\.safetensors, preprocessor_config\.json\.$"):
        load_base_model(pull(tmp_path), dropout=0.1)


def test_a_base_in_shards_is_taken(tmp_path):
    save_vit(tmp_path).save_pretrained(tmp_path, max_shard_size="20KB")
    (tmp_path / "model.safetensors").unlink()
    assert load_base_model(pull(tmp_path), dropout=0.1).model.classifier.out_features == 7


def test_weights_beyond_the_head_must_be_there(tmp_path):
    pulled = pull(tmp_path)
    check_weights(pulled, {"classifier.weight"}, ["classifier"])
    with pytest.raises(ValueError, match=r"it lacks the weights vit\.a, vit\.b\."):
        check_weights(pulled, {"vit.b", "vit.a", "classifier.bias"}, ["classifier"])
    with pytest.raises(ValueError, match=r"it lacks the weights classifier\.bias\."):
        check_weights(pulled, {"classifier.bias"})


def test_an_untrained_network_may_be_wider(tmp_path):
    start = build_initial_model(TrainingOptions(widths=[96, 192, 384], depths=[1, 1, 1]))
    assert start.model.classifier.in_features == 384
    assert [block.second[0].out_channels for block in start.model.trunk.blocks] == [96, 192, 384]
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    assert load_base_model(pull(tmp_path), dropout=0.2).model.config.hidden_sizes == [96, 192, 384]


def test_a_stage_that_cannot_begin_is_refused_before_the_others_begin(tiny_fer2013, tmp_path):
    options = short(tiny_fer2013, tmp_path / "run", teachers=[{"epochs": 1}])
    with pytest.raises(ValueError, match="--widths takes 3 numbers, one per stage, not 2"):
        train(replace(options, teachers=[{"widths": [8, 16]}]))
    with pytest.raises(ValueError, match="view_size must be up to 48, but is 50"):
        train(replace(options, view_size=50, teachers=[{"view_size": 40}]))
    with pytest.raises(ValueError, match="view_size must be up to 48"):
        train(replace(options, teachers=[], soup={"seeds": [1, 2], "view_size": 50}))
    assert not (tmp_path / "run").exists()


def test_the_view_size_is_that_of_processor_and_network():
    start = build_initial_model(TrainingOptions(view_size=44))
    assert start.processor.crop_size == start.model.config.image_size == 44
    assert build_initial_model(TrainingOptions()).processor.crop_size == 40


@pytest.mark.parametrize(
    "setting", [{"widths": [8, 8, 8]}, {"view_size": 44}, {"ferplus_share": 0.5}]
)
def test_others_networks_have_none_of_our_settings(base, setting):
    with pytest.raises(ValueError, match=r"leave it out, as recipes/fine_tune\.yaml does"):
        build_initial_model(TrainingOptions(base_model=str(base), **setting))


def test_a_base_of_pictures_that_are_not_square_is_refused_though_it_classifies(tmp_path):
    save_vit(tmp_path, labels=dict(enumerate(EXPRESSIONS)), width=32)
    faces = np.zeros((2, 60, 60), np.uint8)
    assert ExpressionClassifier.load(tmp_path).classify(list(faces)).shape == (2, 7)
    with pytest.raises(ValueError, match="takes pictures of 32 x 48 pixels, but those of a train"):
        build_initial_model(TrainingOptions(base_model=str(tmp_path)))


def test_a_base_of_our_own_brings_its_shape(tmp_path):
    start = build_initial_model(TrainingOptions(widths=[8, 8, 16], depths=[1, 1, 1]))
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    options = TrainingOptions(base_model=str(tmp_path))
    assert build_initial_model(options).model.config.hidden_sizes == [8, 8, 16]
    with pytest.raises(ValueError, match="--depths is 1 2 1, but the base model has 1 1 1; leave"):
        build_initial_model(replace(options, depths=[1, 2, 1]))


def test_others_networks_cannot_be_pushed(base, tiny_fer2013, tmp_path, monkeypatch):
    monkeypatch.setattr("fer.training.train.prepare_push", None)  # not asked: no repo is made
    hub = {"push_to_hub": True, "hub_model_id": "you/name"}
    with pytest.raises(ValueError, match="Only this project's own network can be pushed"):
        train(short(tiny_fer2013, tmp_path, base_model=str(base), **hub))


def test_others_networks_cannot_be_pushed_afterwards_either(adapted, tmp_path):
    with pytest.raises(ValueError, match="holds a network of another kind; only this project's"):
        write_hub_folder(adapted, tmp_path, "you/name")


def test_a_fine_tuned_network_takes_this_training_s_dropout(tmp_path):
    start = build_initial_model(TrainingOptions(dropout=0.2))
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    again = load_base_model(pull(tmp_path), dropout=0.35).model
    assert again.dropout.p == again.config.dropout == 0.35
