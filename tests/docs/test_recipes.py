"""The table of results of the recipes."""

import json

import pytest

from docs.recipes import README, keep, results_table
from docs.tables import with_section


def metrics(seed, accuracy, **more):
    training = {"seed": seed, "hours": 1.5, "device": "cpu", "dataset": "/home/jane/fer2013"}
    validation = {"accuracy": accuracy, "ferplus_accuracy": 0.8}
    return {"parameters": 1_000_000, "training": training, "validation": validation, **more}


@pytest.fixture
def recipes(tmp_path):
    folder = tmp_path / "recipes"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.yaml").touch()
    (tmp_path / "weights.json").write_text(json.dumps(metrics(104, 0.7269, made_by="x")))
    return folder


def rows(folder):
    lines = results_table(folder, folder.parent / "weights.json").splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_recipe_that_was_not_run_has_no_figures(recipes):
    first, second, present = rows(recipes)
    assert first == ["[one.yaml](one.yaml)", "not run yet", *["-"] * 6]
    assert second[1] == "not run yet"
    assert present[1:7] == ["four, averaged", "0.7269", "not measured", "0.8000", "1,000,000", "-"]


def test_several_seeds_have_a_deviation(recipes, tmp_path):
    for name, seed, accuracy, more in (
        ("two", 0, 0.70, {}),
        ("two-1", 1, 0.72, {"test": {"accuracy": 0.73}}),
    ):
        (tmp_path / "metrics.json").write_text(json.dumps(metrics(seed, accuracy, **more)))
        kept = keep(name, tmp_path, recipes)
        assert kept.name == f"{name}.json"
        assert "jane" not in kept.read_text()
    links = "[two-1.json](results/two-1.json), [two.json](results/two.json)"
    assert rows(recipes)[1] == [
        "[two.yaml](two.yaml)", "1, 0", "0.7100 ± 0.0141", "0.7300", "0.8000 ± 0.0000",
        "1,000,000", "1.5 hours (cpu)", links,
    ]  # fmt: skip


def test_a_result_needs_its_recipe(recipes, tmp_path):
    with pytest.raises(ValueError, match="There is no recipe three in"):
        keep("three-1", tmp_path, recipes)


def test_the_page_shows_what_was_measured():
    page = README.read_text()
    assert with_section(page, "results", results_table()) == page
