"""Photo handlers: files in; HTML, downloads and dictionaries out."""

import base64
import csv
import inspect
import io
import json
import re
from dataclasses import replace
from functools import partial
from html import unescape
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from fer.colors import COLORS
from fer.images import decode_image
from fer.labels import EXPRESSIONS
from fer.pipeline import Pipeline
from fer.ui.photo.handlers import PhotoHandlers
from fer.ui.photo.views import instructions
from fer.vision.detector import FaceDetector
from tests.fakes import FakeClassifier, FakeDetector, fake_pipeline, sure

Handlers = partial(PhotoHandlers, decode=decode_image)
BOXES = [[100, 80, 220, 200], [10, 10, 60, 60]]


class UpperLeft(FakeClassifier):
    """Happy, the more surely the more the upper left differs from the middle of the face."""

    def classify(self, crops):
        rows = []
        for crop in crops:
            third = len(crop) // 3
            corner, middle = crop[:third, :third].mean(), crop[third:-third, third:-third].mean()
            rows.append(sure("happy", 0.5 + abs(corner - middle) / 600))
        return np.array(rows, np.float32)


@pytest.fixture
def photo(tmp_path):
    """A grey picture whose first face has a bright upper left."""
    path, pixels = tmp_path / "party.png", np.full((240, 320, 3), 128, np.uint8)
    pixels[80:120, 100:140] = 255
    Image.fromarray(pixels).save(path)
    return str(path)


@pytest.fixture
def handlers():
    return Handlers(fake_pipeline(BOXES, sure("happy", 0.9), sure("fear", 0.42)))


def content(download):
    return base64.b64decode(download["uri"].split(",")[1])


def test_how_a_photo_was_read_is_on_the_page_and_in_the_json(handlers, tmp_path):
    Image.fromarray(np.full((240, 320), 3000, np.uint16)).save(tmp_path / "dark.png")
    sentence = "The picture uses 12 of its 16 bits; it was brightened to the full range."
    text, result = handlers.read(str(tmp_path / "dark.png"), 40, False)
    assert f'<p class="fer-note">{sentence}</p>' in text
    assert json.loads(content(handlers.save_json(result)))["notices"] == [sentence]
    nobody = Handlers(fake_pipeline())
    assert sentence in nobody.read(str(tmp_path / "dark.png"), 40, False)[0]


def test_every_face_is_numbered_in_picture_table_and_bars(handlers, photo):
    text, reading = handlers.read(photo, 40, False)
    assert re.findall(r'aria-label="(Face \d [^"]+)"', text) == [
        "Face 1 happy 90%",
        "Face 2 uncertain",
    ]
    assert re.findall(r'<tr data-face="(\d)"', text) == ["1", "2"]
    assert re.findall(r'data-panel="(\d)"( hidden)?', text) == [("1", ""), ("2", " hidden")]
    assert text.count('role="meter"') == 14
    assert reading.labels == ["happy", "uncertain"]
    assert reading.size == (320, 240)


def test_the_box_lies_over_its_face(handlers, photo):
    text, _ = handlers.read(photo, 40, False)
    style = re.search(r'<button[^>]*data-face="1"[^>]*style="([^"]+)"', text)[1]
    assert "left:31.25%;top:33.33%;width:37.50%;height:50.00%" in style


def test_the_table_holds_all_seven_in_percent(handlers, photo):
    text, _ = handlers.read(photo, 40, False)
    row = re.search(r'<tr data-face="1".*?</tr>', text)[0]
    assert re.findall(r">(\d+)</td>", row) == ["2", "2", "2", "90", "2", "2", "2"]


def test_faces_are_explained_on_request(photo):
    handlers = Handlers(Pipeline(FakeDetector(BOXES), UpperLeft()))
    plain, _ = handlers.read(photo, 40, False)
    first, second = handlers.read(photo, 40, False, True)[0].split("<section")[1:]
    assert "fer-lit" not in plain and "Covering" not in plain
    assert 'alt="The regions that happy depends on, glowing"' in first
    assert "Covering the glowing regions makes happy less likely" in first
    assert "Covering any one region of this face hardly changes how likely happy is." in second


def test_of_many_faces_the_largest_are_explained(photo, monkeypatch):
    monkeypatch.setattr("fer.ui.photo.handlers.MAX_EXPLAINED", 1)
    text = Handlers(fake_pipeline(BOXES)).read(photo, 40, False, True)[0]
    first, second = text.split("<section")[1:]
    assert "Covering" in first and "Covering" not in second
    assert "Only the 1 largest faces are highlighted" in second


def test_small_faces_come_with_a_warning(photo):
    handlers = Handlers(fake_pipeline([[0, 0, 60, 50], [100, 80, 120, 112]]))
    panels = handlers.read(photo, 20, False)[0].split("<section")[1:]
    assert "often misclassified" not in panels[0]
    assert "Only 32 pixels on its longer side" in panels[1]


def test_least_face_size_is_passed_on(handlers, photo):
    assert handlers.read(photo, 100, False)[1].labels == ["happy"]
    assert handlers.read(photo, 200, False)[1].labels == []


def test_no_face_is_reported_below_the_plain_picture(photo):
    text, reading = Handlers(fake_pipeline()).read(photo, 40, False)
    assert "No face found" in text and "<img" in text
    assert "fer-box" not in text and "<table" not in text
    assert reading.labels == []


def test_whole_picture_is_one_face(photo):
    text, reading = Handlers(fake_pipeline()).read(photo, 40, True)
    assert reading.labels == ["happy"]
    assert "left:0.00%;top:0.00%;width:100.00%;height:100.00%" in text


def test_empty_field(handlers):
    assert handlers.read(None, 40, False) == (instructions(), None)


@pytest.mark.parametrize("name", ["text.jpg", "empty.jpg", "cut.png"])
def test_a_bad_file_gives_one_sentence(handlers, photo, tmp_path, name):
    whole = (tmp_path / "party.png").read_bytes()
    bytes_of = {"text.jpg": b"<script>alert(1)</script>", "empty.jpg": b"", "cut.png": whole[:90]}
    bad = tmp_path / name
    bad.write_bytes(bytes_of[name])
    text, reading = handlers.read(str(bad), 40, False)
    assert reading is None
    assert "can't be used" in unescape(text)
    assert "Traceback" not in text and str(tmp_path) not in text


def test_a_photo_has_a_limit_of_its_own(handlers, photo, monkeypatch):
    monkeypatch.setattr("fer.ui.photo.handlers.MAX_PHOTO_BYTES", 100)
    text, reading = handlers.read(photo, 40, False)
    assert "too large" in text and reading is None


def test_a_deleted_photo_is_requested_again(handlers, photo, tmp_path, monkeypatch):
    text, _ = handlers.read(str(tmp_path / "gone.jpg"), 40, False)
    assert "upload it again" in text and str(tmp_path) not in text
    size = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path: (size(path), path.unlink())[0])
    text, _ = handlers.read(photo, 40, False)  # it goes just after its size is asked for
    assert "upload it again" in text


def test_small_and_large_pictures_are_resized_for_display(handlers, tmp_path):
    for side, shown in ((48, 320), (500, 500), (3000, 1280)):
        path = tmp_path / f"{side}.png"
        Image.new("RGB", (side, side)).save(path)
        assert f'width="{shown}"' in handlers.read(str(path), 40, False)[0]


def test_saved_picture_has_full_size_and_boxes(handlers, photo):
    download = handlers.save_picture(handlers.read(photo, 40, False)[1])
    assert download["name"] == "party-faces.jpg"
    saved = np.asarray(Image.open(io.BytesIO(content(download)))).astype(int)
    assert saved.shape == (240, 320, 3)
    expected = [int(COLORS["happy"][i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(saved[140, 100] - expected).max() < 60


def test_a_picture_too_long_to_be_saved_gets_one_sentence(handlers, tmp_path):
    path = tmp_path / "long.png"
    Image.new("RGB", (70_000, 2)).save(path)  # JPEG ends at 65,535 pixels a side
    reading = handlers.read(str(path), 40, True)[1]
    with pytest.raises(gr.Error, match="JPEG"):
        handlers.save_picture(reading)


def test_saved_numbers(handlers, photo):
    reading = handlers.read(photo, 40, False)[1]
    rows = list(csv.DictReader(io.StringIO(content(handlers.save_csv(reading)).decode())))
    assert [row["expression"] for row in rows] == ["happy", "uncertain"]
    document = json.loads(content(handlers.save_json(reading)))
    assert document["picture"] == "party" and document["width"] == 320
    assert document["faces"][0]["probabilities"]["happy"] == 0.9


def test_nothing_to_save_yet(handlers):
    for save in (handlers.save_csv, handlers.save_json):
        with pytest.raises(gr.Error, match="choose a photo first"):
            save(None)


def test_predict_returns_json(handlers, photo):
    answer = handlers.predict(photo)
    assert json.loads(json.dumps(answer)) == answer
    assert [face["expression"] for face in answer["faces"]] == ["happy", "uncertain"]
    assert set(answer["faces"][0]["probabilities"]) == set(EXPRESSIONS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((None,), "no picture"), (("/nowhere/x.jpg",), "no longer here")],
)
def test_predict_refuses_in_one_sentence(handlers, arguments, words):
    with pytest.raises(gr.Error, match=words):
        handlers.predict(*arguments)


@pytest.mark.parametrize("name", ["detect", "redetect", "tiles", "with_min_face"])
def test_the_fake_detector_is_called_as_the_real_one(name):
    fake, real = (
        list(inspect.signature(getattr(kind, name)).parameters)
        for kind in (FakeDetector, FaceDetector)
    )
    assert fake == real


def test_programs_choose_the_least_face(tmp_path):
    Image.new("RGB", (320, 240)).save(tmp_path / "a.png")
    handlers = Handlers(fake_pipeline([[100, 80, 220, 200], [10, 10, 60, 60]]))
    found = [handlers.predict(str(tmp_path / "a.png"), least)["faces"] for least in (20, 100)]
    assert [len(faces) for faces in found] == [2, 1]


def test_a_photo_on_its_side_is_reported(handlers, photo, monkeypatch):
    detect = handlers.pipeline.detector.detect
    rotated = {"rotation": 90}
    monkeypatch.setattr(
        FakeDetector,
        "detect_any_rotation",
        lambda self, image: replace(detect(image), metadata=rotated),
    )
    page, result = handlers.read(photo, 40, False)
    assert "The photo looks turned by 90 degrees clockwise; it was read as turned." in page
    assert result.document()["rotation"] == 90
    assert handlers.predict(photo)["rotation"] == 90


def test_a_data_url_is_read_as_a_file_is(handlers, photo):
    with open(photo, "rb") as file:
        content = base64.b64encode(file.read()).decode()
    found = handlers.read_data_url(f"data:image/png;base64,{content}", 40)
    assert found == {**handlers.predict(photo, 40), "picture": "picture"}
    for other in (photo, f"file://{photo}", content, "data:image/png;base64,%"):
        with pytest.raises(ValueError, match="`picture` is the picture itself as a data URL"):
            handlers.read_data_url(other)
