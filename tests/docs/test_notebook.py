"""The notebook runs from top to bottom; its file has outputs and no picture of the data."""

import io

import datasets
import nbformat
import numpy as np
import pytest
from PIL import Image

from docs.notebook import LEFT_OUT, MAX_BYTES, NOTEBOOK, PICTURES, execute, publishable, tags
from fer.data.fer2013 import FEATURES
from fer.labels import EXPRESSIONS

ROWS = 70


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def noise(seed):
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 48), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Noise with random votes; row 8 of train is row 0 with another label, and in validation."""
    folder = tmp_path_factory.mktemp("fer2013")
    draw = np.random.default_rng(0)
    for split, start in (("train", 0), ("validation", 1000)):
        seeds = [start + i for i in range(ROWS)]
        seeds[8] = 0
        columns = {
            "image": [noise(seed) for seed in seeds],
            "label": [i % len(EXPRESSIONS) for i in range(ROWS)],
            "ferplus_votes": draw.multinomial(10, [0.1] * 10, ROWS).tolist(),
        }
        rows = datasets.Dataset.from_dict(columns, features=FEATURES)
        rows.to_parquet(folder / f"{split}-00000-of-00001.parquet")
    return folder


FEW = {"TRAINING_PICTURES": 32, "EPOCHS": 1, "CORRUPTED_PICTURES": 7, "SEARCHED_PICTURES": 50}


@pytest.mark.long
@pytest.mark.slow
def test_it_runs_on_an_edition_without_votes_and_validation(notebook, dataset, tmp_path):
    """As on the Hub's, which its settings name, and on Kaggle's."""
    rows = datasets.Dataset.from_parquet(str(dataset / "train-00000-of-00001.parquet"))
    rows.remove_columns("ferplus_votes").to_parquet(tmp_path / "train.parquet")
    run = execute(notebook, NOTEBOOK.parent, {"DATASET": str(tmp_path), **FEW}, timeout=120)
    assert "comes without FER+'s votes" in nbformat.writes(run)


@pytest.mark.long
@pytest.mark.slow
def test_it_runs_from_top_to_bottom(notebook, dataset):
    run = execute(notebook, NOTEBOOK.parent, {"DATASET": str(dataset), **FEW}, timeout=120)
    sources = [cell.source for cell in run.cells]
    assert sources == [cell.source for cell in notebook.cells]
    drawn = [cell for cell in run.cells if '"image/png"' in nbformat.writes(sheet(cell))]
    assert len(drawn) >= 12 and [cell for cell in drawn if PICTURES in tags(cell)]
    text = nbformat.writes(publishable(run))
    assert "duplicates another one" in text and "FER+'s voters see" in text


def sheet(cell):
    return nbformat.v4.new_notebook(cells=[cell])


def test_it_is_kept_with_outputs_and_without_pictures_of_the_data(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(code) + 1)), "not run in order: python -m docs.notebook"
    assert sum('"image/png"' in nbformat.writes(sheet(cell)) for cell in code) >= 10
    pictures = [cell for cell in code if PICTURES in tags(cell)]
    assert len(pictures) == 3
    assert all([each.text for each in cell.outputs] == [LEFT_OUT] for cell in pictures)
    assert NOTEBOOK.stat().st_size < MAX_BYTES


def test_every_plot_has_a_question_before_it_and_words_after_it(notebook):
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == kinds[-1] == "markdown"
    longest = max(map(len, "".join(kind[0] for kind in kinds).split("m")))
    assert longest <= 2  # cells of code without a word between
    headings = [line for cell in notebook.cells for line in cell.source.splitlines()]
    assert sum(line.startswith("## ") for line in headings) >= 11


def test_pictures_are_left_out_of_what_is_published():
    cell = nbformat.v4.new_code_cell("x", metadata={"tags": [PICTURES]})
    cell.outputs = [
        nbformat.v4.new_output("display_data", data={"image/png": "abc"}),
        nbformat.v4.new_output("stream", text="progress"),
    ]
    other = nbformat.v4.new_code_cell("y", outputs=list(cell.outputs))
    kept = publishable(nbformat.v4.new_notebook(cells=[cell, other]))
    assert [each.output_type for each in kept.cells[0].outputs] == ["stream"]
    assert "abc" not in nbformat.writes(sheet(kept.cells[0]))
    assert [each.output_type for each in kept.cells[1].outputs] == ["display_data"]
