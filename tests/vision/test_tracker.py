"""Numbers that stay with their faces."""

import numpy as np
import pytest
from supervision import Detections

from fer.vision.tracker import FaceTracker, matching_cost


def faces(*centres, size=40.0):
    boxes = [[x - size / 2, y - size / 2, x + size / 2, y + size / 2] for x, y in centres]
    return Detections(xyxy=np.array(boxes, np.float32).reshape(-1, 4))


def follow(tracker, *frames, step=0.1):
    """The numbers in each frame; frames are `step` seconds apart."""
    updates = (tracker.update(frame, index * step) for index, frame in enumerate(frames))
    return [update.tracker_id.tolist() for update in updates]


def test_a_moving_face_keeps_its_number():
    frames = [faces((100 + 30 * index, 100)) for index in range(10)]
    assert follow(FaceTracker(), *frames) == [[1]] * 10


def test_the_order_of_the_detections_does_not_matter():
    frames = [faces((100, 100), (300, 100)), faces((302, 100), (101, 100))]
    assert follow(FaceTracker(), *frames) == [[1, 2], [2, 1]]


def test_two_faces_that_cross_keep_their_numbers():
    left = [(100 + 20 * index, 100) for index in range(11)]
    right = [(300 - 20 * index, 112) for index in range(11)]
    frames = [faces(*pair) for pair in zip(left, right, strict=True)]
    assert follow(FaceTracker(), *frames) == [[1, 2]] * 11


@pytest.mark.parametrize(("frames", "number"), [(9, 1), (11, 2)])
def test_a_face_is_remembered_for_a_second(frames, number):
    tracker = FaceTracker(memory=1.0)
    tracker.update(faces((100, 100)), 0.0)
    for frame in range(1, frames):
        tracker.update(faces(), frame / 10)
    assert tracker.update(faces((102, 100)), frames / 10).tracker_id.tolist() == [number]


@pytest.mark.parametrize("gap", [0.1, 1.05, 1.9])
def test_where_frames_come_slowly_one_may_miss_a_face(gap):
    tracker = FaceTracker(memory=1.0)
    seen = [faces((100, 100)), faces(), faces((100, 100))]
    numbers = [tracker.update(face, k * gap).tracker_id.tolist() for k, face in enumerate(seen)]
    assert numbers == [[1], [], [1]]


@pytest.mark.parametrize(("gap", "number"), [(4.9, 1), (5.1, 2)])
def test_a_long_pause_is_no_slow_stream(gap, number):
    tracker = FaceTracker(memory=1.0)
    tracker.update(faces((100, 100)), 0.0)
    assert tracker.update(faces((100, 100)), gap).tracker_id.tolist() == [number]


def test_numbers_are_never_given_twice():
    tracker = FaceTracker(memory=0.1)
    numbers = [tracker.update(faces((100, 100)), 10.0 * k).tracker_id[0] for k in range(4)]
    assert numbers == [1, 2, 3, 4]


def test_a_new_face_elsewhere_or_of_another_size_is_a_new_one():
    tracker = FaceTracker()
    tracker.update(faces((100, 100)), 0.0)
    assert tracker.update(faces((160, 100)), 0.1).tracker_id.tolist() == [2]
    assert tracker.update(faces((160, 100), size=120), 0.2).tracker_id.tolist() == [3]


def test_trackers_are_independent_and_reset_starts_over():
    one, other = FaceTracker(), FaceTracker()
    assert follow(one, faces((10, 10), (90, 90))) == follow(other, faces((10, 10), (90, 90)))
    one.reset()
    assert follow(one, faces((500, 500))) == [[1]]


def test_nobody_is_a_value_and_the_argument_is_left_alone():
    tracker = FaceTracker()
    seen = faces((100, 100))
    assert tracker.update(seen, 0.0) is not seen
    assert seen.tracker_id is None
    assert tracker.update(faces(), 0.1).tracker_id.shape == (0,)


def test_differences_by_hand():
    ones = np.array([[0, 0, 10, 10]], float)
    others = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [-5, -5, 15, 15]], float)
    expected = [[0.0, 1.0, np.log(2)]]
    np.testing.assert_allclose(matching_cost(ones, others), expected, atol=1e-6)


def test_negative_memory_is_refused():
    with pytest.raises(ValueError, match="memory is 0 seconds or more, not -1"):
        FaceTracker(-1)
