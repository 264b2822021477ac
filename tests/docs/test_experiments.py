"""The page of all trainings."""

import json

import pytest

import docs.experiments
from docs.experiments import SAID_ELSEWHERE, in_order, main, page, record
from docs.seeds import settings_of

METRICS = {
    "command": "python train.py --dataset x --base-model runs/fer --epochs 3 --degrade 0.3",
    "parameters": 1_515_823,
    "architecture": "fer",
    "base_model": {"name": "runs/fer", "revision": None, "command": None},
    "validation": {"accuracy": 0.7, "macro_f1": 0.65, "ferplus_accuracy": None},
    "calibration": {"calibration_error": 0.02},
    "training": {
        "epochs": 3, "best_epoch": 2, "seed": 5, "hours": 0.5, "device": "cpu", "torch_threads": 2,
    },
    "history": [{"pictures_per_second": speed} for speed in (90.0, 300.0, 310.0)],
}  # fmt: skip
EVALUATION = {
    "split": "validation", "views": "single", "weights": "abc", "accuracy": 0.7, "macro_f1": 0.65,
    "robustness": [
        {"damage": "none", "amount": "", "accuracy": 0.7},
        {"damage": "size", "amount": "16 px", "accuracy": 0.5},
        {"damage": "blur", "amount": "sigma 2 px", "accuracy": 0.55},
    ],
    "ferplus_answers": {"accuracy": 0.7234},
}  # fmt: skip
VIEWS = {"split": "validation", "views": "ten", "weights": "abc", "accuracy": 0.72, "macro_f1": 0.7}
SPEED = {"weights": "abc", "any instructions": {"one face": {"ratio": 0.1234}}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished training called second, and an empty place for the records."""
    monkeypatch.setattr(docs.experiments, "RECORDS", tmp_path / "records")
    monkeypatch.setattr(docs.experiments, "PAGE", tmp_path / "experiments.md")
    monkeypatch.setattr(docs.experiments, "SPEED", tmp_path / "speed.json")
    folder = tmp_path / "runs" / "second"
    (folder / "views").mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    (folder / "evaluation.json").write_text(json.dumps(EVALUATION))
    (folder / "views" / "evaluation.json").write_text(json.dumps(VIEWS))
    return folder


def rows(text, heading):
    """The cells of the table under a heading, as dictionaries by training."""
    lines = text.split(heading)[1].split("\n\n")[1].splitlines()
    head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {cells[0]: dict(zip(head, cells, strict=True)) for cells in body}


def test_evaluations_of_different_weights_are_not_taken_together(run):
    (run / "views" / "evaluation.json").write_text(json.dumps(VIEWS | {"weights": "older"}))
    with pytest.raises(ValueError, match="holds evaluations of different weights"):
        main([str(run / "metrics.json")])


def test_an_evaluation_of_what_is_shown_is_not_taken_in(run):
    file = next(run.rglob("evaluation.json"))
    file.write_text(json.dumps(json.loads(file.read_text()) | {"answers": "shown"}))
    with pytest.raises(ValueError, match="evaluation with --answers shown"):
        docs.experiments.take_in(run / "metrics.json")


def test_an_evaluation_without_damaged_faces_is_taken_in_too(run, tmp_path):
    undamaged = {key: value for key, value in EVALUATION.items() if key != "robustness"}
    (run / "evaluation.json").write_text(json.dumps(undamaged))
    main([str(run / "metrics.json")])
    result = rows((tmp_path / "experiments.md").read_text(), "What came of them")["second"]
    assert (result["answers by FER+"], result["16 px"]) == ("0.7234", "-")


def test_a_training_is_taken_in_with_its_evaluations(run, tmp_path):
    (tmp_path / "speed.json").write_text(json.dumps(SPEED))
    main([str(run / "metrics.json")])
    text = (tmp_path / "experiments.md").read_text()
    result = rows(text, "What came of them")["second"]
    assert result["accuracy"] == "0.7000"
    assert result["answers by FER+"] == "0.7234"
    assert (result["views"], result["views' F1"]) == ("0.7200", "0.7000")
    assert (result["16 px"], result["blur 2 px"]) == ("0.5000", "0.5500")
    assert (result["FER+"], result["one face"]) == ("-", "0.12x")
    setting = rows(text, "What they were")["second"]
    assert setting["beside the defaults"] == "`--degrade 0.3`"
    assert (setting["went on from"], setting["seed"]) == ("runs/fer", "5")
    assert (setting["pictures/s"], setting["minutes"]) == ("300", "30")


def test_a_note_stays_when_the_training_is_taken_in_again(run, tmp_path):
    main([str(run / "metrics.json"), "--note", "second", "It was cut short."])
    main([str(run / "metrics.json")])
    assert "- **second**: It was cut short." in (tmp_path / "experiments.md").read_text()


def test_check_notices_a_figure_typed_by_hand(run, tmp_path):
    main([str(run / "metrics.json")])
    main(["--check"])
    typed = (tmp_path / "experiments.md").read_text().replace("0.7000", "0.7001")
    (tmp_path / "experiments.md").write_text(typed)
    with pytest.raises(SystemExit, match="shows other figures"):
        main(["--check"])


def test_the_best_stands_first_and_what_was_not_measured_is_a_dash():
    good, bad = record(METRICS), record(METRICS) | {"accuracy": 0.3}
    text = page({"bad": bad, "good": good}, SPEED)
    assert list(rows(text, "What came of them")) == ["good", "bad"]
    assert rows(text, "What came of them")["good"]["views"] == "-"
    assert rows(text, "What came of them")["good"]["one face"] == "-"


def test_what_is_missing_is_said(run, tmp_path):
    with pytest.raises(ValueError, match=r"give the metrics\.json that train.py wrote"):
        main([str(tmp_path / "metrics.json")])
    with pytest.raises(ValueError, match=r"no training third in .*; take it in first"):
        main(["--note", "third", "What?"])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python train.py --dataset '../my data'", ""),
        ("python train.py --arch vit --output runs/vit --push-to-hub", "--arch vit --push-to-hub"),
        ("python train.py --learning-rate 0.05 --seed 3", "--learning-rate 0.05"),
    ],
)
def test_changes_of_a_command(command, expected):
    assert settings_of(command, SAID_ELSEWHERE) == expected


def test_commands_stand_after_those_that_they_need():
    commands = {
        "b": "train.py --base-model runs/d --teachers runs/c runs/a --output runs/b",
        "d": "train.py --base-model runs/c --output runs/d",
        "c": "train.py --output runs/c",
        "a": "train.py --base-model runs/c --output runs/a",
    }
    assert in_order({name: {"command": said} for name, said in commands.items()}) == [*"cadb"]


def test_the_page_in_the_repository_is_made_of_its_records():
    main(["--check"])  # exits with a sentence if it isn't


def kept_with(seed, accuracy, **more):
    command = f"python train.py --dataset x --epochs 3 --seed {seed} --output runs/{seed}"
    settings = {"epochs": 3, "best_epoch": 2, "seed": seed, "pictures_per_second": 1.0}
    figures = {"accuracy": accuracy, "macro_f1": 0.6, "ferplus_accuracy": 0.8}
    rest = {"calibration_error": 0.01, "parameters": 9, "base": None, "minutes": 1, "device": "cpu"}
    return {"command": command, **settings, **figures, **rest, **more}


def test_three_seeds_have_a_mean_and_a_deviation():
    records = {name: kept_with(name, 0.70 + int(name) / 100) for name in "123"}
    records["other"] = kept_with(1, 0.5) | {"command": "python train.py --epochs 9"}
    (row,) = rows(page(records), "How much is chance").values()
    assert row["trainings"] == "1, 2, 3"
    assert row["accuracy"] == "0.7200 ± 0.0100"
    assert row["macro F1"] == "0.6000 ± 0.0000"
    assert row["views"] == "-"


def test_two_seeds_say_nothing_of_chance():
    assert "How much is chance" not in page({name: kept_with(name, 0.7) for name in "12"})
