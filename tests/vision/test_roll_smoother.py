"""The roll of faces over time."""

import numpy as np
import pytest
from supervision import Detections

from fer.vision.roll_smoother import SMOOTHING_TIME, RollSmoother

HERE, THERE = [0, 0, 40, 50], [200, 0, 240, 50]


def tracked(boxes, rolls, ids) -> Detections:
    return Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        tracker_id=np.array(ids, int),
        data={"roll": np.array(rolls, np.float32)},
    )


def test_trembling_landmarks_are_averaged_but_a_tilt_is_followed():
    smoother, noise = RollSmoother(), np.random.default_rng(0).normal(0, 2, 90)
    true = np.repeat([20.0, 60.0], 45)
    smoothed = np.array(
        [
            smoother.update(tracked([HERE], [roll], [1]), index / 30).data["roll"][0]
            for index, roll in enumerate(true + noise)
        ]
    )
    assert np.diff(smoothed[15:45]).std() < np.diff(noise).std() / 3
    delay = round(3 * SMOOTHING_TIME * 30)
    assert np.abs(smoothed[45 + delay :] - 60).max() < 4


def test_rolls_are_averaged_across_180_degrees():
    smoother = RollSmoother()
    smoother.update(tracked([HERE], [179], [1]), 0.0)
    smoothed = smoother.update(tracked([HERE], [-179], [1]), 0.1).data["roll"][0]
    assert abs(smoothed) == pytest.approx(180, abs=1)


def test_a_face_is_expected_as_it_was_seen_and_forgotten_after_a_while():
    smoother = RollSmoother(max_age=1.0)
    smoother.update(tracked([HERE, THERE], [30, -40], [1, 2]), 0.0)
    smoother.update(tracked([HERE], [30], [1]), 0.8)
    places = np.array([THERE, HERE, [500, 0, 540, 50]], np.float32)
    np.testing.assert_allclose(smoother.predict_rolls(places), [-40, 30, 0], atol=0.01)
    smoother.update(tracked([HERE], [30], [1]), 1.2)
    np.testing.assert_allclose(smoother.predict_rolls(places), [0, 30, 0], atol=0.01)
    assert smoother.predict_rolls(np.empty((0, 4))).shape == (0,)


def test_a_face_that_comes_back_after_a_gap_without_frames_is_tilted_as_it_is():
    smoother = RollSmoother(max_age=0.1)
    smoother.update(tracked([HERE], [40], [1]), 0.0)
    back = smoother.update(tracked([HERE], [10], [1]), 0.2)
    np.testing.assert_allclose(back.data["roll"], [10], atol=0.01)


def test_no_face_is_an_empty_value_and_arguments_are_not_edited():
    smoother, faces = RollSmoother(), tracked([HERE], [10], [1])
    smoother.update(tracked([], [], []), 0.0)
    smoother.update(faces, 0.1)
    smoother.update(tracked([HERE], [40], [1]), 0.2)
    assert faces.data["roll"][0] == 10
