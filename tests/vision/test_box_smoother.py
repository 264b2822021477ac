"""Boxes that neither tremble nor lag behind."""

import numpy as np
import pytest
from supervision import Detections

from fer.vision.box_smoother import BoxSmoother

BOX, RATE = np.array([[100, 100], [180, 200]], float), 25
LANDMARKS = np.array([[120, 140], [160, 140], [140, 160], [125, 180], [155, 180]], float)


def tracked(points, ids=(1,)) -> Detections:
    """Return faces of points (n, 7, 2)."""
    points = np.asarray(points, np.float32).reshape(-1, 7, 2)
    return Detections(
        xyxy=points[:, :2].reshape(-1, 4),
        tracker_id=np.array(ids, int),
        data={"landmarks": points[:, 2:]},
    )


def filtered(positions, noise=0.0, rate=RATE):
    """Return the points of a face that is at (t, 2) positions, as they are and smoothed."""
    generator, smoother = np.random.default_rng(0), BoxSmoother()
    face = np.concatenate([BOX, LANDMARKS])
    true = face + np.asarray(positions, float)[:, None]
    seen = true + generator.normal(0, noise, true.shape)
    found = [smoother.update(tracked(one), i / rate) for i, one in enumerate(seen)]
    smoothed = [np.concatenate([f.xyxy.reshape(2, 2), f.data["landmarks"][0]]) for f in found]
    return true, seen, np.array(smoothed)


def trembling(points):
    return np.abs(np.diff(points[20:], axis=0)).mean()


@pytest.mark.parametrize(("rate", "share"), [(5, 0.75), (12, 0.5), (25, 0.3)])
def test_a_still_face_trembles_less(rate, share):
    _, seen, smoothed = filtered(np.zeros((120, 2)), noise=1.0, rate=rate)
    assert trembling(smoothed) < share * trembling(seen)


@pytest.mark.parametrize("speed", [0.5, 1, 4], ids=lambda speed: f"{speed} faces a second")
def test_a_moving_face_is_followed_within_a_few_percent_of_its_size(speed):
    side = np.sqrt(80 * 100)
    x = speed * side * np.arange(75) / RATE
    true, _, smoothed = filtered(np.column_stack([x, 0 * x]))
    assert np.abs(smoothed - true)[RATE:].max() < 0.03 * side


def test_a_swaying_face_is_followed_no_worse_than_without_the_filter():
    x = 60 * np.sin(2 * np.pi * 0.5 * np.arange(150) / RATE)
    true, seen, smoothed = filtered(np.column_stack([x, x / 3]), noise=1.5)
    assert np.abs(smoothed - true)[10:].mean() < 1.1 * np.abs(seen - true)[10:].mean()


def test_a_face_that_has_jumped_is_where_it_jumped():
    _, seen, smoothed = filtered([(0, 0)] * 10 + [(300, 0)] * 2)
    assert np.abs(smoothed - seen)[10:].max() < 1


def test_each_track_has_its_own_place():
    face = np.concatenate([BOX, LANDMARKS])
    smoother = BoxSmoother(max_age=1.0)
    smoother.update(tracked([face, face + 300], (1, 2)), 0.0)
    both = smoother.update(tracked([face + 300, face], (2, 1)), 0.1)
    np.testing.assert_allclose(both.xyxy[0], (BOX + 300).ravel())
    later = smoother.update(tracked([face + 50], (2,)), 1.2)  # forgotten by now
    np.testing.assert_allclose(later.xyxy[0], (BOX + 50).ravel())
    smoother.reset()
    again = smoother.update(tracked([face + 9], (2,)), 1.3)
    np.testing.assert_allclose(again.xyxy[0], (BOX + 9).ravel())


def test_a_face_that_comes_back_after_a_gap_without_frames_is_where_it_is():
    smoother, face = BoxSmoother(max_age=0.1), np.concatenate([BOX, LANDMARKS])
    smoother.update(tracked(face), 0.0)
    back = smoother.update(tracked(face + 1), 0.2)
    np.testing.assert_array_equal(back.xyxy[0], (BOX + 1).ravel())


def test_two_updates_at_one_time_no_face_and_no_landmarks():
    smoother, face = BoxSmoother(), tracked(np.concatenate([BOX, LANDMARKS]))
    smoother.update(face, 0.0)
    twice = smoother.update(tracked(np.concatenate([BOX, LANDMARKS]) + 5), 0.0)
    assert np.isfinite(twice.xyxy).all()
    assert len(smoother.update(tracked(np.empty((0, 7, 2)), ()), 0.1)) == 0
    bare = Detections(xyxy=face.xyxy, tracker_id=face.tracker_id)
    assert smoother.update(bare, 0.2).xyxy == pytest.approx(face.xyxy)
    assert face.xyxy == pytest.approx(BOX.reshape(1, 4))  # what was given is not edited
