"""The README's figures."""

import json

import pytest

from docs import figures


@pytest.fixture
def on_record(tmp_path, monkeypatch):
    views = {"accuracy": 0.726, "macro_f1": 0.7}
    for name, kept in {
        "bare": {"weights": "a"},
        "other": {"weights": "b", "views": {"accuracy": 0.5, "macro_f1": 0.4}},
        "viewed": {"weights": "a", "views": views},
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(kept))
    monkeypatch.setattr(figures, "RECORDS", tmp_path)


def test_ten_views_are_those_of_the_same_weights(on_record):
    assert dict(figures._ten_views({"weights": "a"})) == {
        "accuracy of ten views' mean (the page takes one view)": "0.7260",
        "macro F1 of ten views' mean (the page takes one view)": "0.7000",
    }


def test_without_them_there_is_no_row(on_record):
    assert figures._ten_views({"weights": "c"}) == []


def test_the_best_training_without_other_networks(tmp_path, monkeypatch):
    rest = {"parameters": 9_300_000, "minutes": 3.25, "device": "cuda:0"}
    for name, base, accuracy, more in (
        ("poor", None, 0.6, ""),
        ("good", None, 0.7, " --epochs 50"),
        ("taught", None, 0.8, " --teachers runs/good"),
        ("later", "runs/good", 0.9, " --base-model runs/good"),
    ):
        command = f"python train.py{more} --output runs/{name}"
        kept = rest | {"command": command, "base": base, "accuracy": accuracy}
        (tmp_path / f"{name}.json").write_text(json.dumps(kept))
    monkeypatch.setattr(figures, "RECORDS", tmp_path)
    text = figures._untaught()
    assert "python train.py --epochs 50 --output runs/good\n" in text
    assert "9.3 million parameters and reached 0.7000,\nin 3.2 minutes (cuda:0):" in text
