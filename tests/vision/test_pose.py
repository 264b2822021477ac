"""The pose of a face, from its landmarks."""

import numpy as np
import pytest

from fer.vision.pose import roll, yaw

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


def test_a_face_that_is_turned_aside_is_not_tilted():
    aside = UPRIGHT * [0.3, 1]  # foreshortened
    assert roll(aside[None])[0] == pytest.approx(0, abs=0.01)
    noisy = aside + np.array([[0, 3], [0, 0], [0, 0], [0, 0], [0, 0]])  # one eye 3 pixels lower
    assert abs(roll(noisy[None])[0]) < 4  # the eye line alone is off by 14


def test_landmarks_at_one_point_are_not_tilted():
    assert roll(np.zeros((1, 5, 2), np.float32))[0] == 0


HEAD = np.array(
    [[-32, -26, 40], [32, -26, 40], [0, 8, 75], [-25, 43, 43], [25, 43, 43]], np.float64
)
"""Eyes, tip of the nose and corners of the mouth of a mean head: mm to the right, down, forward."""


def photographed(yaw: float, pitch: float, roll: float, distance: float) -> np.ndarray:
    """Return where a pinhole camera, so many mm away, sees the landmarks of `HEAD`."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    seen = HEAD @ (tilt @ nod @ turn).T
    return (seen[:, :2] / (distance - seen[:, 2:]) * distance).astype(np.float32)


def heads(count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return yaws (n,) and landmarks (n, 5, 2) of heads in all poses, with so many mm of noise."""
    random = np.random.default_rng(0)
    yaws = random.uniform(-90, 90, count)
    poses = zip(yaws, random.uniform(-25, 25, count), random.uniform(-30, 30, count), strict=True)
    faces = [photographed(*pose, random.uniform(400, 2000)) for pose in poses]
    return yaws, np.array(faces) + random.normal(0, noise, (count, 5, 2))


def test_yaw_of_heads_in_any_pose_within_the_stated_error():
    yaws, landmarks = heads(3000, noise=2.5)  # 2% of a face of 125 mm
    errors = np.abs(yaw(landmarks) - yaws)
    assert errors.mean() < 6
    assert np.percentile(errors, 95) < 14
    aside = np.abs(yaws) > 20
    assert (np.sign(yaw(landmarks)) == np.sign(yaws))[aside].mean() > 0.995


def test_yaw_without_noise_depends_little_on_pitch_roll_and_distance():
    yaws, landmarks = heads(1000, noise=0)
    level = yaw(np.array([photographed(degrees, 0, 0, 800) for degrees in yaws]))
    assert np.abs(yaw(landmarks) - level).max() < 8
    assert np.abs(yaw(landmarks) - yaws).max() < 14


def test_yaw_is_positive_to_the_right_and_mirrors():
    landmarks = photographed(40, 10, 20, 800)[None]
    assert 30 < yaw(landmarks)[0] < 50
    mirrored = landmarks[:, [1, 0, 2, 4, 3]] * [-1, 1]
    np.testing.assert_allclose(yaw(mirrored), -yaw(landmarks), atol=1e-3)


def test_yaw_of_no_face_and_of_landmarks_at_one_point():
    assert yaw(np.empty((0, 5, 2), np.float32)).shape == (0,)
    assert yaw(np.zeros((1, 5, 2), np.float32))[0] == 0
