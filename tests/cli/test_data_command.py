"""`fer data`."""

import io
import json
from contextlib import redirect_stdout

import numpy as np
import pytest
from PIL import Image

from fer.cli import main
from fer.labels import EXPRESSIONS

PLOTS = ("counts", "faces", "votes", "unanimity")


@pytest.fixture(scope="module")
def described(tiny_fer2013, tmp_path_factory):
    """Return the folder that it wrote, and what it printed."""
    folder = tmp_path_factory.mktemp("data") / "new"
    with redirect_stdout(io.StringIO()) as printed:
        assert main(["data", "--dataset", str(tiny_fer2013), "--output", str(folder)]) == 0
    return folder, printed.getvalue().splitlines()


def test_page_plots_and_json_are_written(described):
    folder, _ = described
    assert {path.name for path in folder.iterdir()} == {
        "data.html", "data.json", *(f"{name}.png" for name in PLOTS)
    }  # fmt: skip
    figures = json.loads((folder / "data.json").read_text())
    assert figures["train"]["pictures"] == 48 and figures["validation"]["pictures"] == 21
    page = (folder / "data.html").read_text()
    assert page.count("data:image/png;base64,") == len(PLOTS)
    assert "train has 48 faces" in page
    for name in PLOTS:
        with Image.open(folder / f"{name}.png") as picture:
            assert min(picture.size) > 200


def test_the_findings_are_printed(described):
    folder, printed = described
    assert printed[0].startswith("train has 48 faces: the largest class is ")
    assert printed[-1] == f"Everything is in {folder}; open data.html first."


def test_an_edition_without_votes_leaves_no_plot_of_an_earlier_one(tmp_path):
    generator = np.random.default_rng(0)
    for index, name in enumerate(EXPRESSIONS):
        folder = tmp_path / "fer2013" / "train" / name
        folder.mkdir(parents=True)
        pixels = generator.integers(0, 256, (48, 48), np.uint8)
        Image.fromarray(pixels).save(folder / f"Training_{index}.jpg")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "votes.png").write_text("of an earlier edition")
    arguments = ["--dataset", str(tmp_path / "fer2013"), "--output", str(tmp_path / "out")]
    assert main(["data", *arguments]) == 0
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"counts.png", "faces.png"}
    assert "comes without FER+" in (tmp_path / "out" / "data.html").read_text()


def test_plots_are_described_in_words(described):
    page = (described[0] / "data.html").read_text()
    assert "in train 7 angry, 7 disgust" in page
    assert "angry mostly neutral" in page  # as the tiny one's votes are
    assert page.count('tabindex="0"') == len(PLOTS)


def test_a_missing_data_set_is_reported(tmp_path, capsys):
    folder = tmp_path / "out"
    assert main(["data", "--dataset", str(tmp_path), "--output", str(folder)]) == 1
    assert capsys.readouterr().err.startswith("fer data: The folder ")
    assert not folder.exists()
