"""Showing labelled pictures as a camera would, and counting what is read and named rightly."""

import numpy as np
import pytest

from benchmarks.prediction_cache import CLIP_SECONDS, RATE, CacheResult, film, measure
from fer.data.arrays import FerArrays


class ByBrightness:
    """Names a bright face happy and a dark one sad, and is sure of it."""

    def classify(self, crops):
        rows = [np.eye(7)[3 if crop.mean() > 128 else 4] for crop in crops]
        return np.array(rows, np.float32).reshape(-1, 7)


@pytest.fixture
def faces():
    shades = np.array([220, 30, 30, 220], np.uint8)  # tracks 1 and 2, and then again
    images = np.broadcast_to(shades[:, None, None], (4, 48, 48)).copy()
    return FerArrays(images, np.array([3, 4, 4, 3]), np.zeros((4, 10), np.float32))


def test_each_face_in_each_frame_is_read_where_no_answer_may_stand(faces):
    row = measure(ByBrightness(), faces, CacheResult("still", 0.0, 0.0), seed=0).row()
    bounds = {"film": "still", "longest s": 0.0, "shortest s": 0.0}
    assert row == bounds | {"read": 1.0, "accuracy": 1.0}


def test_answers_that_stand_spare_readings_and_follow_a_change(faces):
    row = measure(ByBrightness(), faces, CacheResult("still", 0.5, 0.0), seed=0).row()
    assert row["read"] < 0.2
    assert row["accuracy"] == 1.0


def test_lively_faces_are_read_less_often_where_any_answer_stands(faces):
    edges = np.zeros((4, 48, 48), np.uint8)
    edges[:, ::8] = 255
    lively = FerArrays(edges, faces.labels, faces.votes)
    often, seldom = (
        measure(ByBrightness(), lively, CacheResult("lively", 0.3, shortest), seed=0).row()["read"]
        for shortest in (0.0, 0.1)
    )
    assert seldom < 0.5 * often


def test_wrong_names_are_counted(faces):
    wrong = FerArrays(faces.images, np.array([3, 3, 4, 3]), faces.votes)
    row = measure(ByBrightness(), wrong, CacheResult("still", 0.0, 0.0), seed=0).row()
    assert row["accuracy"] == 0.75


def test_each_track_shows_two_pictures_in_turn(faces):
    frames = list(film(faces, 0.004, seed=0))
    assert len(frames) == 2 * RATE * CLIP_SECONDS
    assert [frame[2].tolist() for frame in (frames[0], frames[-1])] == [[3, 4], [4, 3]]
    assert [crop.mean() > 128 for crop in frames[0][1]] == [True, False]
