import json
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import benchmarks.roll
from benchmarks.roll import Tally, enlarge, follow, measure_photos, photos_of_one_face
from fer.pipeline import Pipeline
from fer.vision.detector import FaceDetector
from tests.fakes import FakeClassifier

PHOTO = data.astronaut()[:256, 100:356]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(FaceDetector(), FakeClassifier())


def test_a_face_is_followed_into_the_turned_photo(pipeline):
    tally, faces = Tally(), pipeline(PHOTO)
    for angle in (90, -30):
        follow(pipeline, PHOTO, faces, angle, tally)
    follow(pipeline, np.zeros_like(PHOTO), faces, 0, tally)  # where none is found
    assert (tally.followed, tally.found, tally.same) == (3, 2, 2)
    assert tally.summary()["recall"] == 0.6667
    assert tally.summary()["same_expression"] == tally.summary()["same_expression_named"] == 1
    follow(pipeline, PHOTO, faces, 45, tally, 0.8)
    assert (tally.followed, tally.found) == (4, 3)


def test_photos_without_faces_have_figures_too(pipeline, monkeypatch):
    monkeypatch.setattr(benchmarks.roll, "ANGLES", (0, 15))
    rows = measure_photos(pipeline, [np.zeros((40, 40, 3), np.uint8)])
    assert [(row["degrees"], row["faces"], row["recall"]) for row in rows] == [
        (0, 0, 0),
        (15, 0, 0),
        (0, 0, 0),
    ]


def test_a_photo_of_one_face_holds_its_surroundings(pipeline):
    (solo,) = photos_of_one_face(pipeline, [data.astronaut()])
    assert len(pipeline.detector.detect(solo)) == 1
    assert 250 < max(solo.shape) < 360  # of a face of 112


def test_a_picture_is_turned_clockwise_within_its_margin():
    image = np.zeros((48, 48), np.uint8)
    image[:8, 20:28] = 255
    upright, turned = enlarge(image, 0), enlarge(image, 90)
    np.testing.assert_allclose(turned, np.rot90(upright, -1), atol=2)


def test_the_figures_in_the_repository_keep_what_they_promise():
    report = json.loads(Path(benchmarks.roll.__file__).with_suffix(".json").read_text())
    rows = {row["degrees"]: row for row in report["photos_of_one_face"] if row["size"] == 1}
    assert min(rows[angle]["recall"] for angle in (30, 45, 90, 180)) >= 0.95
    assert report["faceless"]["faces"] == report["faceless"]["faces_upright_search"]
    assert report["faceless"]["times_as_long"] < 4.2
    fer2013 = report["fer2013"]
    for way in ("clockwise", "counter_clockwise"):
        assert fer2013[way]["accuracy"] > fer2013[way]["accuracy_as_they_are"]
