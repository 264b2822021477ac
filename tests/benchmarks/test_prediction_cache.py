"""Labelled pictures as a camera would see them; which are classified, and named rightly."""

import numpy as np
import pytest

from benchmarks.prediction_cache import CLIP_SECONDS, RATE, CacheResult, frames, measure
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


def test_without_a_cache_each_face_is_classified_in_each_frame(faces):
    row = measure(ByBrightness(), faces, CacheResult("still", 0.0, 0.0), seed=0).row()
    limits = {"motion": "still", "max_age": 0.0, "min_age": 0.0}
    assert row == limits | {"classified": 1.0, "accuracy": 1.0}


def test_a_cache_spares_classifications_and_follows_a_change(faces):
    row = measure(ByBrightness(), faces, CacheResult("still", 0.5, 0.0), seed=0).row()
    assert row["classified"] < 0.2
    assert row["accuracy"] == 1.0


def test_moving_faces_are_classified_less_often_with_a_min_age(faces):
    edges = np.zeros((4, 48, 48), np.uint8)
    edges[:, ::8] = 255
    moving = FerArrays(edges, faces.labels, faces.votes)
    often, seldom = (
        measure(ByBrightness(), moving, CacheResult("moving", 0.3, min_age), seed=0)
        for min_age in (0.0, 0.1)
    )
    assert seldom.classified < 0.5 * often.classified


def test_wrong_names_are_counted(faces):
    wrong = FerArrays(faces.images, np.array([3, 3, 4, 3]), faces.votes)
    row = measure(ByBrightness(), wrong, CacheResult("still", 0.0, 0.0), seed=0).row()
    assert row["accuracy"] == 0.75


def test_each_track_shows_two_pictures_in_turn(faces):
    played = list(frames(faces, 0.004, seed=0))
    assert len(played) == 2 * RATE * CLIP_SECONDS
    assert [frame[2].tolist() for frame in (played[0], played[-1])] == [[3, 4], [4, 3]]
    assert [crop.mean() > 128 for crop in played[0][1]] == [True, False]
