"""Heads of known yaw, and what is made of the readings."""

import numpy as np
import pytest
from supervision import Detections

from benchmarks.turned_heads import HEAD, turn_head
from benchmarks.yaw import Reading, all_yaws, read_turns, summarise
from fer.vision.pose import yaw
from tests.fakes import sure

MARKS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255]], np.uint8)


def marked_face() -> tuple[np.ndarray, np.ndarray]:
    """Return a photo with a coloured mark at each landmark, and the landmarks."""
    landmarks = HEAD[:, :2] * 10 + 200
    photo = np.full((400, 400, 3), 128, np.uint8)
    for (x, y), color in zip(landmarks.round().astype(int), MARKS, strict=True):
        photo[y - 6 : y + 7, x - 6 : x + 7] = color
    return photo, landmarks


def find_marks(picture: np.ndarray) -> np.ndarray:
    """Return the middle of each mark, (5, 2)."""
    distances = np.abs(picture[:, :, None].astype(int) - MARKS).sum(axis=-1)
    return np.array([np.argwhere(distances[..., i] < 60)[:, ::-1].mean(axis=0) for i in range(5)])


@pytest.mark.parametrize("degrees", [-30, 0, 40])
def test_a_turned_head_has_its_landmarks_where_they_belong(degrees):
    found = find_marks(turn_head(*marked_face(), degrees, pitch=10))
    assert yaw(found[None])[0] == pytest.approx(degrees, abs=9)
    left_eye, right_eye, nose, *mouth = found
    assert left_eye[0] < right_eye[0] and left_eye[1] < nose[1] < mouth[0][1]


class Middle:
    """A pipeline that finds the head's brightness as its yaw; a dark one it doesn't find."""

    class classifier:
        uncertain_below = 0.4

    def __call__(self, picture):
        degrees = float(picture.mean()) - 100
        count = int(picture.any())
        named = sure("happy" if abs(degrees) < 60 else "sad")
        return Detections(
            xyxy=np.array([[100, 100, 150, 160]] * count, np.float32).reshape(-1, 4),
            data={
                "probabilities": np.array([named] * count, np.float32).reshape(-1, 7),
                "yaw": np.array([degrees] * count),
                "turned_away": np.array([abs(degrees) >= 70] * count, bool),
            },
        )


def test_readings_are_compared_with_the_frontal_face():
    turns = {degrees: np.full((9, 9, 3), degrees + 100, np.uint8) for degrees in (-75, 0, 45, 65)}
    turns[85] = np.zeros((9, 9, 3), np.uint8)
    readings = read_turns(Middle(), turns)
    assert readings == [
        Reading(-75, -75.0, same=False, named=False, probable=True, turned=True),
        Reading(0, 0.0, same=True, named=True, probable=True, turned=False),
        Reading(45, 45.0, same=True, named=True, probable=True, turned=False),
        Reading(65, 65.0, same=False, named=True, probable=True, turned=False),
    ]
    assert summarise(readings, 75, heads=1) == {
        **{"yaw": 75, "found": 0.5, "mean_error": 0.0, "bias": 0.0, "same_expression": 0.0},
        **{"turned_away": 1.0, "named_otherwise": 0.0, "named_otherwise_without_turned_away": 1.0},
    }


def test_a_head_that_is_not_found_frontally_is_left_out():
    assert read_turns(Middle(), {0: np.zeros((9, 9, 3), np.uint8)}) == []


def test_yaws_go_to_both_sides():
    assert all_yaws()[0] == -all_yaws()[-1] and all_yaws().count(0) == 1
