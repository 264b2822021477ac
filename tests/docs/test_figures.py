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
