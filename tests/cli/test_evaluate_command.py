"""`fer evaluate` on tiny data sets and a tiny network."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

from fer.cli import main
from fer.data.fer2013 import load_fer2013
from fer.evaluation.evaluate import predict_logits
from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.model.configuration_fer import FerConfig
from fer.model.evaluation_results import Evaluation
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    torch.manual_seed(0)
    names = dict(enumerate(EXPRESSIONS))
    config = FerConfig(id2label=names, hidden_sizes=(8,), depths=(1,), stem_size=4)
    FerForImageClassification(config).save_pretrained(folder)
    FerImageProcessor(framing={"scale": 1.1}).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for name in ("Anger", "Happiness", "contempt"):
        (folder / name).mkdir()
        for index in range(3):
            noise = generator.integers(0, 256, (60, 50, 3), np.uint8)
            Image.fromarray(noise).save(folder / name / f"{index}.png")
    return str(folder)


def test_fer2013_with_everything(network, tiny_fer2013, tmp_path, capsys):
    command = ["evaluate", network, "--dataset", str(tiny_fer2013), "--corruptions", "--views"]
    assert main([*command, "--output", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "evaluation.json").read_text())
    evaluation, left_out = Evaluation.from_json(figures)
    assert (evaluation.to_json(), evaluation.other, left_out) == (figures, {}, [])
    assert figures["pictures"] == 21
    assert figures["views"] == "ten"
    assert figures["split"] == "validation"
    assert figures["without_duplicates"]["pictures"] == 21  # the noise has no duplicates
    assert figures["ferplus"]["pictures"] == 21
    clean = {"corruption": "none", "severity": "", "accuracy": figures["accuracy"]}
    assert figures["robustness"][0] == clean
    drawn = {"confusion.png", "reliability.png", "risk_coverage.png", "robustness.png"}
    assert {path.name for path in tmp_path.glob("*.png")} == drawn
    printed = capsys.readouterr().out
    assert f"accuracy {figures['accuracy']:.4f}" in printed
    assert "The FER2013 head, 21 faces, ten views" in printed
    assert "with a weight of 0.5 for FER+'s head: accuracy" in printed


def test_where_every_picture_has_a_copy_in_train_the_rest_is_still_written(
    network, tmp_path, capsys
):
    for split in ("train", "validation"):
        for index, name in enumerate(EXPRESSIONS):
            (tmp_path / "data" / split / name).mkdir(parents=True)
            noise = np.random.default_rng(index).integers(0, 256, (48, 48), np.uint8)
            picture = Image.fromarray(noise)
            picture.save(tmp_path / "data" / split / name / "1.png")
    command = ["evaluate", network, "--dataset", str(tmp_path / "data")]
    assert main([*command, "--output", str(tmp_path / "out")]) == 0
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert figures["without_duplicates"] == {"pictures": 0, "accuracy": None, "macro_f1": None}
    assert "without duplicates of training pictures none are left" in capsys.readouterr().out
    assert figures["official"] is False
    assert figures["label_set"] == "labels of data"


def test_the_data_and_the_network_are_read_once(network, tiny_fer2013, tmp_path, monkeypatch):
    loaded, seen = [], []

    def load(*source):
        loaded.append(source)
        return load_fer2013(*source)

    def run(classifier, images, views=False):
        seen.append(len(images))
        return predict_logits(classifier, images, views)

    monkeypatch.setattr("fer.data.fer2013.load_fer2013", load)
    monkeypatch.setattr("fer.evaluation.evaluate.predict_logits", run)
    command = ["evaluate", network, "--dataset", str(tiny_fer2013), "--output", str(tmp_path)]
    assert main(command) == 0
    assert (len(loaded), seen) == (1, [21])


def test_pictures_that_were_learned_are_no_validation(network, tmp_path, capsys):
    for split in ("train", "test"):
        for index, name in enumerate(EXPRESSIONS):
            (tmp_path / "data" / split / name).mkdir(parents=True)
            for number in range(2):
                noise = np.random.default_rng(2 * index + number).integers(0, 256, (48, 48))
                picture = Image.fromarray(noise.astype(np.uint8))
                picture.save(tmp_path / "data" / split / name / f"{number}.png")
    shutil.copytree(network, tmp_path / "net")
    command = ["evaluate", str(tmp_path / "net"), "--dataset", f"{tmp_path / 'data'}/"]
    command += ["--output", str(tmp_path / "out")]
    for own in (str(tmp_path / "data"), "data"):  # the second of a network that was published
        settings = {"dataset": own, "validation": "test"}
        (tmp_path / "net" / "metrics.json").write_text(json.dumps({"training": settings}))
        assert main([*command, "--split", "validation"]) == 1
        assert "has learned the pictures of train that" in capsys.readouterr().err
    assert main(command) == 0
    shutil.copytree(tmp_path / "data" / "test", tmp_path / "data" / "validation")  # of its own
    assert main([*command, "--split", "validation"]) == 0


def test_both_heads_can_be_chosen(network, tiny_fer2013, tmp_path):
    command = ["evaluate", network, "--dataset", str(tiny_fer2013), "--head", "combined"]
    assert main([*command, "--output", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "evaluation.json").read_text())
    assert figures["output"] == "combined"
    assert figures["accuracy"] == figures["combined"]["accuracy"]


@pytest.mark.parametrize("option", [[], ["--float32"], ["--device", "cpu:0"]])  # is PyTorch's
def test_the_precision_is_stated(option, tiny_fer2013, tmp_path, capsys):
    serving = "float32" if option else ExpressionClassifier.load().precision
    command = ["evaluate", "--dataset", str(tiny_fer2013), *option, "--output", str(tmp_path)]
    assert main(command) == 0
    assert json.loads((tmp_path / "evaluation.json").read_text())["precision"] == serving
    assert f"single view, {serving}" in capsys.readouterr().out


def test_a_folder_of_labelled_pictures(network, pictures, tmp_path, capsys):
    (tmp_path / "robustness.png").write_bytes(b"of another evaluation")
    command = ["evaluate", network, "--folder", pictures, "--map", "contempt=-"]
    assert main([*command, "--output", str(tmp_path)]) == 0
    assert not (tmp_path / "robustness.png").exists()
    printed = capsys.readouterr().out
    assert "Both heads combined, as on the page, 6 faces" in printed
    assert "over 2 expressions" in printed
    figures = json.loads((tmp_path / "evaluation.json").read_text())
    assert figures["output"] == "combined"
    assert figures["accuracy"] == figures["combined"]["accuracy"]
    assert figures["pictures"] == 6
    assert figures["per_class"]["happy"]["support"] == 3
    assert "ferplus" not in figures


def test_a_network_with_one_head_has_no_metrics_of_a_second(tiny_fer2013, tmp_path, capsys):
    names = dict(enumerate(reversed(EXPRESSIONS)))
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = ViTConfig(image_size=16, intermediate_size=8, id2label=names, **sizes)
    ViTForImageClassification(config).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(tmp_path)
    command = ["evaluate", str(tmp_path), "--dataset", str(tiny_fer2013)]
    assert main([*command, "--output", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("The network, 21 faces, single view, float32\naccuracy")
    assert "head" not in printed.replace(str(tmp_path), "") and "by both label sets" in printed


def test_pictures_that_are_left_out_are_named(network, pictures, tmp_path, capsys):
    shutil.copytree(pictures, tmp_path / "faces")
    (tmp_path / "faces" / "Anger" / "broken.png").write_text("no picture")
    command = ["evaluate", network, "--folder", str(tmp_path / "faces"), "--map", "contempt=-"]
    assert main([*command, "--output", str(tmp_path / "out")]) == 0
    assert "1 picture unreadable left out; evaluation.json lists them" in capsys.readouterr().out
    figures = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert figures["left_out"] == ["Anger/broken.png"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--folder", "PICTURES"], "'contempt' is not one of the seven expressions"),
        (["--folder", "PICTURES", "--map", "contempt"], "--map takes NAME=EXPRESSION"),
        (
            ["--folder", "PICTURES", "--map", "contempt=-", "--damaged"],
            "--corruptions needs --dataset",
        ),
        (
            ["--folder", "PICTURES", "--map", "contempt=-", "--detect"],
            "holds no readable picture with a face",
        ),
        (["--folder", "PICTURES", "--split", "test"], "--split is for --dataset"),
        (["--dataset", "FER2013", "--split", "test"], "has no split test; it has train, valid"),
        (["--folder", "PICTURES", "--ferplus", "votes.csv"], "--ferplus is for --dataset"),
        (["--dataset", "FER2013", "--ferplus", "votes.csv"], "FER+ goes with a csv edition"),
        (["--dataset", "FER2013", "--detect"], "--detect is for --folder"),
        (["--dataset", "FER2013", "--map", "a=sad"], "--map names a, but the labels in"),
        (["--dataset", "FER2013", "--map", "angry=joy"], "'joy' is not one of the seven"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    network, pictures, tiny_fer2013, arguments, sentence, tmp_path, capsys
):
    places = {"PICTURES": pictures, "FER2013": str(tiny_fer2013)}
    command = ["evaluate", network, *(places.get(word, word) for word in arguments)]
    assert main([*command, "--output", str(tmp_path / "out")]) == 1
    *_, last = capsys.readouterr().err.strip().splitlines()
    assert last.startswith("fer evaluate: ")
    assert sentence in last


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--folder", "nowhere"], "There is no folder nowhere; check the path."),
        (["--dataset", "nowhere.csv"], "nowhere.csv"),
        (["--folder", "PICTURES"], "'contempt' is not one of the seven expressions"),
        (["nowhere", "--folder", "PICTURES"], "'nowhere' is neither a folder here nor a Hub id"),
        (["--dataset", "x.csv", "--device", "moon"], "Device moon can't be used on this machine"),
    ],
)
def test_what_is_not_there_is_refused_before_the_network_is_loaded(
    pictures, arguments, sentence, tmp_path, capsys, monkeypatch
):
    def load(*arguments, **options):
        pytest.fail("loaded")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ExpressionClassifier, "load", load)
    words = [pictures if word == "PICTURES" else word for word in arguments]
    assert main(["evaluate", *words]) == 1
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_faces_are_cut_as_the_network_knows_them(network, pictures, tmp_path, monkeypatch):
    settings = {}

    def load(folder, mapping, crop):
        detector, framing = crop.keywords["detector"], crop.keywords["framing"]
        settings.update(least=detector.min_face, scale=framing.scale)
        settings.update(detector=type(detector.cascade._proposal).__name__)
        raise ValueError("That is enough.")

    monkeypatch.setattr("fer.data.image_folder.load_image_folder", load)
    command = ["evaluate", network, "--folder", pictures, "--map", "contempt=-", "--detect"]
    assert main([*command, "--output", str(tmp_path), "--device", "cpu:0"]) == 1
    assert settings == {"least": 20, "scale": 1.1, "detector": "TorchStage"}  # is PyTorch's, too
