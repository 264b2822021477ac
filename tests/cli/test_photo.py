"""`fer photo`: single photos, folders, files that aren't any, and what is written."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from fer.cli import main
from fer.cli.photo import find_photos
from tests.fakes import fake_pipeline, sure

BOXES = [(30.0, 30.0, 90.0, 100.0), (110.0, 40.0, 150.0, 90.0)]


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    """Stand-ins for the two networks: they find the same two faces in every picture."""
    pipeline = fake_pipeline(BOXES, sure("happy", 0.93), sure("sad", 0.3))
    monkeypatch.setattr("fer.pipeline.Pipeline", lambda *networks: pipeline)
    monkeypatch.setattr("fer.vision.detector.FaceDetector", lambda min_face: None)
    monkeypatch.setattr("fer.model.classifier.ExpressionClassifier.load", lambda model: model)


@pytest.fixture
def album(tmp_path):
    """A folder of photos, in one another, with a broken one and a text."""
    folder = tmp_path / "album"
    (folder / "trip").mkdir(parents=True)
    for name in ("a.png", "a.jpg", "trip/a.jpg", "B.JPG"):
        Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(folder / name)
    (folder / "broken.jpg").write_text("I am no picture.")
    (folder / "notes.txt").write_text("Not one either.")
    return folder


def test_a_photo_is_only_told(album, tmp_path, capsys):
    before = set(tmp_path.rglob("*"))
    assert main(["photo", str(album / "a.jpg")]) == 0
    assert capsys.readouterr().out == "a.jpg: 2 faces: happy 93 %, uncertain\n"
    assert set(tmp_path.rglob("*")) == before


def test_a_folder_into_files(album, tmp_path, capsys):
    output = tmp_path / "out"
    assert main(["photo", str(album), "--output", str(output)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told[:4]] == ["B.JPG", "a.jpg", "a-2.png", "trip/a.jpg"]
    assert told[4].startswith("broken.jpg is left out. The file is not a picture")
    assert told[5:] == [f"Everything is in {output}."]
    assert sorted(str(path.relative_to(output)) for path in output.rglob("*.jpg")) == [
        "B-faces.jpg", "a-2-faces.jpg", "a-faces.jpg", "trip/a-faces.jpg"
    ]  # fmt: skip
    assert np.asarray(Image.open(output / "a-faces.jpg")).std() > 1  # there are boxes on it


def test_the_tables(album, tmp_path):
    main(["photo", str(album), "--output", str(tmp_path / "out")])
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "faces.csv").read_text())))
    assert len(rows) == 8
    assert (rows[0]["picture"], rows[0]["face"], rows[0]["expression"]) == ("B.JPG", "1", "happy")
    assert float(rows[1]["sad"]) == pytest.approx(0.3)
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert [len(picture["faces"]) for picture in document["pictures"]] == [2] * 4
    assert list(document["refused"]) == ["broken.jpg"]


def test_results_of_an_earlier_run_are_no_photos(album):
    (album / "out").mkdir()
    Image.new("RGB", (60, 60)).save(album / "out" / "a-faces.jpg")
    assert "out/a-faces.jpg" in find_photos([album])
    assert "out/a-faces.jpg" not in find_photos([album], album / "out")


def test_a_whole_picture_is_one_face(album, capsys):
    assert main(["photo", str(album / "a.jpg"), "--whole"]) == 0
    assert capsys.readouterr().out == "a.jpg: 1 face: happy 93 %\n"


def test_many_faces_are_counted(album, monkeypatch, capsys):
    crowd = fake_pipeline(BOXES * 4, sure("sad", 0.3), sure("happy"), sure("happy"))
    monkeypatch.setattr("fer.pipeline.Pipeline", lambda *networks: crowd)
    assert main(["photo", str(album / "a.jpg")]) == 0
    assert capsys.readouterr().out == "a.jpg: 8 faces: 5 happy, 3 uncertain\n"


def test_no_face(album, monkeypatch, capsys):
    monkeypatch.setattr("fer.pipeline.Pipeline", lambda *networks: fake_pipeline([]))
    assert main(["photo", str(album / "a.jpg")]) == 0
    assert capsys.readouterr().out == "a.jpg: no face found\n"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.jpg", "No photo can be read. missing.jpg: There is no file "),
        ("empty", "holds no photo; name a folder with pictures in it."),
    ],
)
def test_nothing_to_read_is_one_sentence(tmp_path, capsys, name, sentence):
    (tmp_path / "empty").mkdir()
    output = tmp_path / "out"
    assert main(["photo", str(tmp_path / name), "--output", str(output)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("fer photo: ") and sentence in told and told.count("\n") == 1
    assert not output.exists()
