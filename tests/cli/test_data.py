"""`fer data`."""

import json

import pytest
from PIL import Image

from fer.cli import main

PLOTS = ("counts", "faces", "votes", "unanimity")


@pytest.fixture(scope="module")
def looked_at(tiny_fer2013, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "new"
    assert main(["data", "--dataset", str(tiny_fer2013), "--output", str(folder)]) == 0
    return folder


def test_the_files(looked_at):
    assert {path.name for path in looked_at.iterdir()} == {
        "data.html", "data.json", *(f"{name}.png" for name in PLOTS)
    }  # fmt: skip
    figures = json.loads((looked_at / "data.json").read_text())
    assert figures["train"]["pictures"] == 48 and figures["validation"]["pictures"] == 21
    page = (looked_at / "data.html").read_text()
    assert page.count("data:image/png;base64,") == len(PLOTS)
    assert "train has 48 faces" in page
    for name in PLOTS:
        with Image.open(looked_at / f"{name}.png") as picture:
            assert min(picture.size) > 200


def test_what_is_said(tiny_fer2013, tmp_path, capsys):
    main(["data", "--dataset", str(tiny_fer2013), "--output", str(tmp_path)])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("train has 48 faces: most are ")
    assert said[-1] == f"Everything is in {tmp_path}; open data.html first."


def test_a_missing_data_set_is_told(tmp_path, capsys):
    folder = tmp_path / "out"
    assert main(["data", "--dataset", str(tmp_path), "--output", str(folder)]) == 1
    assert capsys.readouterr().err.startswith("fer data: The folder ")
    assert not folder.exists()
