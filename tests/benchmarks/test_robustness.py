"""Corruptions to faces, and how contenders that read them are measured."""

import json
from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut

import benchmarks.robustness
from benchmarks.contenders import Peer
from benchmarks.corruptions import (
    CLEAN,
    CORRUPTIONS,
    FACE_HEIGHT,
    PICTURE_SIDE,
    Corruption,
    Subject,
    tilt,
)
from benchmarks.face_pictures import cut_out, enlarge, faceless_pictures
from benchmarks.robustness import (
    count_false_faces,
    measure,
    read,
    share,
    summarize,
)
from fer.vision.detector import FaceDetector


@pytest.fixture(scope="module")
def subject() -> Subject:
    faces = FaceDetector().detect(astronaut())
    box = faces.xyxy[0]
    height = float(box[3] - box[1])
    return cut_out(astronaut(), (box[:2] + box[2:]) / 2, height, faces.data["landmarks"][0])


class Oracle:
    """Finds a face in the middle of bright pictures, and calls it by their brightness."""

    def __init__(self, classifies: bool = True) -> None:
        self.classifies = classifies

    def find(self, picture):
        side = len(picture)
        if picture.mean() < 100:
            return np.empty((0, 4)), np.empty((0, 7)) if self.classifies else None
        box = np.array([[0, 0, 9, 9], [0.4 * side, 0.4 * side, 0.6 * side, 0.6 * side]])
        rows = np.stack([np.roll(np.eye(7)[0], 5), self._row(picture)])
        return box, rows if self.classifies else None

    def classify(self, picture, square):
        x, y, width, height = square
        assert picture[y : y + height, x : x + width].shape[0] == width < len(picture) / 2
        return self._row(picture) if self.classifies else None

    def _row(self, picture):
        return np.eye(7)[int(picture.mean()) // 50]


def test_a_face_is_cut_out_with_its_height_and_landmarks(subject):
    faces = FaceDetector().detect(subject.picture)
    box = faces.xyxy[0]
    assert subject.picture.shape == (PICTURE_SIDE, PICTURE_SIDE, 3)
    np.testing.assert_allclose((box[:2] + box[2:]) / 2, PICTURE_SIDE / 2, atol=6)
    assert box[3] - box[1] == pytest.approx(FACE_HEIGHT, rel=0.06)
    np.testing.assert_allclose(subject.landmarks, faces.data["landmarks"][0], atol=6)


def test_a_picture_of_fer2013_is_in_the_middle():
    picture = enlarge(np.full((48, 48), 200, np.uint8))
    assert picture.shape == (PICTURE_SIDE, PICTURE_SIDE, 3)
    assert (picture == 200).all()


@pytest.mark.parametrize(
    "corruption", CORRUPTIONS, ids=lambda corruption: f"{corruption.kind} {corruption.severity}"
)
def test_every_corruption_changes_the_picture_and_keeps_it_square(subject, corruption):
    before = subject.picture.copy()
    corrupted = corruption.apply(subject, 1)
    assert corrupted.dtype == np.uint8 and corrupted.shape == before.shape
    assert not np.array_equal(corrupted, before)
    np.testing.assert_array_equal(subject.picture, before)


def test_a_tilt_goes_both_ways_about_the_middle(subject):
    np.testing.assert_array_equal(tilt(subject, 1, 90), np.rot90(subject.picture, -1))
    np.testing.assert_array_equal(tilt(subject, -1, 90), np.rot90(subject.picture))


def test_a_size_is_that_of_the_face(subject):
    corruption = next(d for d in CORRUPTIONS if d.severity == "48 px")
    assert corruption.height == 48
    box = FaceDetector(min_face=20).detect(corruption.apply(subject, 1)).xyxy[0]
    assert box[3] - box[1] == pytest.approx(48, rel=0.15)
    np.testing.assert_allclose((box[:2] + box[2:]) / 2, PICTURE_SIDE / 2, atol=4)


def test_heads_without_landmarks_are_not_turned():
    corruption = next(d for d in CORRUPTIONS if d.kind == "yaw")
    assert corruption.apply(Subject(np.zeros((PICTURE_SIDE,) * 2 + (3,), np.uint8)), 1) is None


def test_the_face_in_the_middle_counts_and_else_the_middle_is_classified():
    bright, dark = np.full((256, 256, 3), 210, np.uint8), np.full((256, 256, 3), 60, np.uint8)
    oracle = Oracle()
    reading = read(oracle, bright, 112, True)
    assert (reading.found, reading.expression, reading.guess) == (True, 4, 4)
    reading = read(oracle, dark, 112, True)
    assert (reading.found, reading.expression, reading.guess) == (False, None, 1)
    assert read(oracle, dark, 112, False).guess is None
    assert read(Oracle(classifies=False), bright, 112, True).expression is None


def test_metrics_by_hand(monkeypatch):
    """Of four faces one isn't found clean; darkened, one more isn't, and one changes."""
    levels, labels = (250, 210, 130, 60), (5, 4, 0, 1)
    subjects = [
        Subject(np.full((256, 256, 3), level, np.uint8), label=label)
        for level, label in zip(levels, labels, strict=True)
    ]
    darken = Corruption("light", "-40", lambda subject, side: subject.picture - np.uint8(40))
    monkeypatch.setattr(benchmarks.robustness, "CORRUPTIONS", (darken,))
    rows = measure({"ours": Oracle(), "boxes": Oracle(classifies=False)}, subjects)
    values = {
        (row["corruption"], row["reader"]): [
            row[metric] and (row[metric]["value"], row[metric]["of"])
            for metric in ("recall", "agreement", "accuracy")
        ]
        for row in rows
    }
    assert values["none", "ours"] == [(1.0, 3), (1.0, 3), (0.75, 4)]
    assert values["light", "ours"] == [(0.6667, 3), (0.0, 2), (0.0, 4)]
    assert values["light", "boxes"] == [(0.6667, 3), None, None]


def test_what_cannot_be_made_does_not_count():
    subjects = [Subject(np.full((256, 256, 3), 210, np.uint8), label=4)]
    readings = [{"ours": read(Oracle(), subjects[0].picture, 112, True)}]
    (row,) = summarize(CLEAN, {"ours": Oracle()}, subjects, readings, [None])
    assert row["recall"] is row["agreement"] is row["accuracy"] is None


def test_false_faces_are_counted():
    """The oracle takes the bright ones, as they are and enlarged, for two faces each."""
    assert count_false_faces({"ours": Oracle()}, faceless_pictures(["brick"])) == {
        "pictures": 3,
        "ours": 4,
    }


def test_no_face_is_found_where_there_is_none():
    detector = FaceDetector(min_face=20)
    assert [len(detector.detect(each)) for each in faceless_pictures(["coffee", "page"])] == [0] * 6


def test_shares_have_intervals():
    assert share([True] * 12)["interval"] == pytest.approx([0.7575, 1.0], abs=1e-3)
    assert share([]) is None


def test_a_package_that_does_not_start_is_refused():
    with pytest.raises(ValueError, match=r"yunet does not start under /bin/false; see peer\.py"):
        Peer(Path("/bin/false"), 1, 20, "yunet")


def test_the_measurements_in_the_repository_are_of_all_corruptions():
    report = json.loads(Path(benchmarks.robustness.__file__).with_suffix(".json").read_text())
    readers = list(report["readers"])
    assert readers == ["ours", "fer", "yunet"]
    assert [(row["corruption"], row["severity"], row["reader"]) for row in report["rows"]] == [
        (corruption.kind, corruption.severity, reader)
        for corruption in (CLEAN, *CORRUPTIONS)
        for reader in readers
    ]
