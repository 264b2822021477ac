"""The pose of a face, from its landmarks."""

import numpy as np
import pytest

from fer.vision.pose import roll

UPRIGHT = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)


def rotated(landmarks: np.ndarray, degrees: float) -> np.ndarray:
    """Return landmarks turned clockwise as seen, about a point beside the face."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((landmarks - 7) @ turn.T + 7).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 15, -30, 45, -90, 135, 179])
def test_roll_is_the_angle_in_the_picture_clockwise(degrees):
    assert roll(rotated(UPRIGHT, degrees)[None])[0] == pytest.approx(degrees, abs=0.01)


def test_roll_of_several_faces_and_of_none():
    faces = np.stack([UPRIGHT, rotated(UPRIGHT, 20)])
    np.testing.assert_allclose(roll(faces), [0, 20], atol=0.01)
    assert roll(np.empty((0, 5, 2), np.float32)).shape == (0,)


def test_a_face_that_looks_aside_is_not_tilted():
    aside = UPRIGHT * [0.3, 1]  # foreshortened
    assert roll(aside[None])[0] == pytest.approx(0, abs=0.01)
    noisy = aside + np.array([[0, 3], [0, 0], [0, 0], [0, 0], [0, 0]])  # one eye 3 pixels lower
    assert abs(roll(noisy[None])[0]) < 4  # the eye line alone is off by 14


def test_landmarks_at_one_point_are_not_tilted():
    assert roll(np.zeros((1, 5, 2), np.float32))[0] == 0
