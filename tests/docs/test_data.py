"""docs/data.md: made from the figures beside it, and shows what they say."""

import json

import pytest

from docs import data
from docs.data import FIGURES, PLOTS, main, page


def test_the_page_shows_the_figures_beside_it():
    assert main(["--check"]) == 0


def test_every_plot_is_there_and_named():
    text = page(json.loads(FIGURES.read_text()))
    for files in PLOTS.values():
        for name in files:
            assert f"(data/{name})" in text
            assert (FIGURES.parent / name).read_bytes().startswith(b"\x89PNG")


def test_new_figures_make_a_new_page(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "FOLDER", tmp_path / "data")
    monkeypatch.setattr(data, "FIGURES", tmp_path / "data" / "data.json")
    monkeypatch.setattr(data, "PAGE", tmp_path / "data.md")
    figures = json.loads(FIGURES.read_text())
    figures["train"]["pictures"] = 12345
    figures["train"]["duplicates"]["rows"] = [[0, 1]]
    (tmp_path / "new.json").write_text(json.dumps(figures))
    assert main([str(tmp_path / "new.json")]) == 0
    assert "train has 12,345 faces" in (tmp_path / "data.md").read_text()
    assert "rows" not in (tmp_path / "data" / "data.json").read_text()
    assert main(["--check"]) == 0
    (tmp_path / "data.md").write_text("old")
    assert main(["--check"]) == 1


@pytest.mark.parametrize("figures", [{}, {"train": {"ferplus": None, "duplicates": {}}}])
def test_an_edition_without_votes_changes_nothing(tmp_path, capsys, figures):
    before = FIGURES.read_bytes()
    (tmp_path / "new.json").write_text(json.dumps(figures))
    assert main([str(tmp_path / "new.json")]) == 1
    assert "no votes of FER+ on train" in capsys.readouterr().err
    assert FIGURES.read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["--chek"], ["a", "b"]])
def test_other_arguments_are_refused(arguments, capsys):
    assert main(arguments) == 2
    assert "data.json" in capsys.readouterr().err
