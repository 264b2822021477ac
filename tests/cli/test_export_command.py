"""`fer export`: the files that it writes, and what it refuses."""

import shutil

import numpy as np
import pytest
from PIL import Image

from fer.cli import main
from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.model.hub import FLOAT_ONNX, INT8_ONNX, LocalModel
from fer.training.checkpoints import find_damage
from fer.training.train import train
from tests.training.runs import short


@pytest.fixture(scope="module")
def network(tiny_fer2013, tmp_path_factory):
    return train(short(tiny_fer2013, tmp_path_factory.mktemp("run") / "run", epochs=1))


def test_both_files_are_as_the_training_writes_them(network, tiny_fer2013, tmp_path, capsys):
    bare = tmp_path / "bare"
    shutil.copytree(network, bare, ignore=shutil.ignore_patterns("onnx"))
    assert main(["export", str(bare), "--dataset", str(tiny_fer2013)]) == 0
    printed = capsys.readouterr().out
    for name in (FLOAT_ONNX, INT8_ONNX):
        assert f"{bare / name} (" in printed
        assert (bare / name).read_bytes() == (network / name).read_bytes()
    assert ExpressionClassifier.load(bare).precision == "int8"


def test_without_a_data_set_only_float32(network, tmp_path):
    assert main(["export", str(network), "--output", str(tmp_path)]) == 0
    assert (tmp_path / FLOAT_ONNX).is_file() and not (tmp_path / INT8_ONNX).exists()


def test_labels_of_other_names_are_mapped_and_the_training_remains_finished(
    network, tmp_path, capsys
):
    run = shutil.copytree(network, tmp_path / "run")
    for number, name in enumerate(EXPRESSIONS):
        folder = tmp_path / "faces" / ("joy" if name == "happy" else name)
        folder.mkdir(parents=True)
        for shade in (0, 9):
            pixels = np.random.default_rng(number + shade).integers(0, 256, (48, 48), np.uint8)
            Image.fromarray(pixels).save(folder / f"{shade}.png")
    command = ["export", str(run), f"--dataset={tmp_path / 'faces'}"]
    assert main(command) == 1
    assert "Map it with --map joy=EXPRESSION" in capsys.readouterr().err
    assert main([*command, "--map", "joy=happy"]) == 0
    assert (run / INT8_ONNX).read_bytes() != (network / INT8_ONNX).read_bytes()
    assert find_damage(run) is None
    assert main(["export", str(network), "--map", "joy=happy"]) == 1
    assert "--map is for the labels of --dataset" in capsys.readouterr().err


def test_a_folder_without_a_network(tmp_path, capsys):
    assert main(["export", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "it lacks config.json" in error


def test_nothing_is_written_into_the_hub_s_cache(network, monkeypatch, capsys):
    pulled = LocalModel(network, "you/name", revision="0123456")
    monkeypatch.setattr("fer.model.hub.pull", lambda source: pulled)
    assert main(["export", "you/name"]) == 1
    assert "you/name is on the Hub; name a folder for onnx/ with --output." in (
        capsys.readouterr().err
    )
