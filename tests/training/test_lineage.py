"""Which trainings are named as those that came before."""

import json

import pytest

from fer.model.hub import ModelError
from fer.training.arguments import TrainingOptions
from fer.training.lineage import lineage


@pytest.fixture
def trainings(tmp_path, monkeypatch):
    """Write a training's metrics.json into a folder of its name."""
    monkeypatch.chdir(tmp_path)

    def write(name, **training):
        (tmp_path / name).mkdir(exist_ok=True)
        metrics = {"command": f"train {name}", "training": training}
        (tmp_path / name / "metrics.json").write_text(json.dumps(metrics))

    return write


def commands(**options):
    return [row["command"] for row in lineage(TrainingOptions(**options))]


def test_a_first_training_has_none():
    assert commands() == []


def test_each_comes_after_those_it_needs(trainings):
    trainings("a")
    trainings("b", base_model="a", teachers=["a"])
    trainings("c", teachers=["b"])
    trainings("d", base_model="c", teachers=["b"])
    assert commands(base_model="d", teachers=("a",)) == ["train a", "train b", "train c", "train d"]


def test_one_that_is_gone_is_named_without_its_command(trainings):
    trainings("b", base_model="gone")
    found = lineage(TrainingOptions(base_model="b"))
    assert found == [{"name": "gone", "command": None}, {"name": "b", "command": "train b"}]


def test_what_a_training_kept_of_its_own_lineage_counts(trainings, tmp_path):
    trainings("b", base_model="gone")
    file = tmp_path / "b" / "metrics.json"
    kept = {"lineage": [{"name": "gone", "command": "train gone"}]}
    file.write_text(json.dumps(json.loads(file.read_text()) | kept))
    assert commands(base_model="b") == ["train gone", "train b"]


def test_a_folder_that_learned_from_its_heir(trainings):
    trainings("a", base_model="b")
    trainings("b", base_model="a")
    assert commands(base_model="a") == ["train b", "train a"]


def test_metrics_of_another_form_are_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    strange = {"training": "long", "lineage": ["b", {"name": "c"}]}
    (tmp_path / "a" / "metrics.json").write_text(json.dumps(strange))
    assert lineage(TrainingOptions(base_model="a")) == [{"name": "a", "command": None}]


def test_a_network_that_cant_be_had():
    with pytest.raises(ModelError, match="no where"):
        lineage(TrainingOptions(teachers=("no where",)))
