"""Numbers that stay with their faces."""

import numpy as np
import pytest
from supervision import Detections

from fer.vision.frame_mapping import frame_mappings
from fer.vision.tracker import FaceTracker, box_cost


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


@pytest.mark.parametrize("apart", [0.0, 0.001, 0.005])
def test_frames_that_come_in_pairs_make_no_face_fast(apart):
    """As from a late network or a file with repeated time stamps, with two pixels of noise."""
    tracker, noise = FaceTracker(), [0, 2, 1, -2, -1, 2, 0, -1, 1, -2] * 4
    times = [index // 2 * 0.08 + index % 2 * apart for index in range(len(noise))]
    frames = [faces((100 + 4 * index + trembling, 100)) for index, trembling in enumerate(noise)]
    numbers = [tracker.update(*seen).tracker_id[0] for seen in zip(frames, times, strict=True)]
    assert set(numbers) == {1}


def test_two_faces_that_cross_keep_their_numbers():
    left = [(100 + 20 * index, 100) for index in range(11)]
    right = [(300 - 20 * index, 112) for index in range(11)]
    frames = [faces(*pair) for pair in zip(left, right, strict=True)]
    assert follow(FaceTracker(), *frames) == [[1, 2]] * 11


@pytest.mark.parametrize(("frames", "number"), [(9, 1), (11, 2)])
def test_a_face_is_remembered_for_a_second(frames, number):
    tracker = FaceTracker(max_age=1.0)
    tracker.update(faces((100, 100)), 0.0)
    for frame in range(1, frames):
        tracker.update(faces(), frame / 10)
    assert tracker.update(faces((102, 100)), frames / 10).tracker_id.tolist() == [number]


@pytest.mark.parametrize("gap", [0.1, 1.05, 1.9])
def test_where_frames_come_slowly_one_may_miss_a_face(gap):
    tracker = FaceTracker(max_age=1.0)
    seen = [faces((100, 100)), faces(), faces((100, 100))]
    numbers = [tracker.update(face, k * gap).tracker_id.tolist() for k, face in enumerate(seen)]
    assert numbers == [[1], [], [1]]


@pytest.mark.parametrize(("gap", "number"), [(4.9, 1), (5.1, 2)])
def test_a_long_pause_is_no_slow_stream(gap, number):
    tracker = FaceTracker(max_age=1.0)
    tracker.update(faces((100, 100)), 0.0)
    assert tracker.update(faces((100, 100)), gap).tracker_id.tolist() == [number]


def test_numbers_are_never_given_twice():
    tracker = FaceTracker(max_age=0.1)
    numbers = [tracker.update(faces((100, 100)), 10.0 * k).tracker_id[0] for k in range(4)]
    assert numbers == [1, 2, 3, 4]


def test_a_new_face_elsewhere_or_of_another_size_is_a_new_one():
    tracker = FaceTracker()
    tracker.update(faces((100, 100)), 0.0)
    assert tracker.update(faces((160, 100)), 0.1).tracker_id.tolist() == [2]
    assert tracker.update(faces((160, 100), size=120), 0.2).tracker_id.tolist() == [3]


def test_trackers_are_independent():
    one, other = FaceTracker(), FaceTracker()
    assert follow(one, faces((10, 10), (90, 90))) == follow(other, faces((10, 10), (90, 90)))


def test_no_face_is_an_empty_value_and_the_argument_is_not_edited():
    tracker = FaceTracker()
    seen = faces((100, 100))
    assert tracker.update(seen, 0.0) is not seen
    assert seen.tracker_id is None
    assert tracker.update(faces(), 0.1).tracker_id.shape == (0,)


def test_differences_by_hand():
    ones = np.array([[0, 0, 10, 10]], float)
    others = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [-5, -5, 15, 15]], float)
    expected = [[0.0, 1.0, np.log(2)]]
    np.testing.assert_allclose(box_cost(ones, others), expected, atol=1e-6)


def test_negative_memory_is_refused():
    with pytest.raises(ValueError, match="max_age is 0 seconds or more, not -1"):
        FaceTracker(-1)


def test_confirmations_below_one_are_refused():
    with pytest.raises(ValueError, match="min_hits is 1 or more, not 0"):
        FaceTracker(min_hits=0)


RED, BLUE = np.array([[2.0, 0.0]]) * 15, np.array([[0.0, 2.0]]) * 15
"""Appearances of two people, as far apart as any."""


def looks(tracker, *views, step=0.2, **options):
    """The numbers of single faces, (centre, appearance) each, None for nobody."""
    numbers = []
    for index, seen in enumerate(views):
        found = faces(seen[0]) if seen else faces()
        look = seen[1] if seen else np.empty((0, 2))
        numbers += tracker.update(found, index * step, look, **options).tracker_id.tolist()
    return numbers


def test_a_face_of_another_appearance_at_the_same_place_is_a_new_track():
    here = (100, 100)
    assert looks(FaceTracker(), (here, RED), (here, RED), None, ((108, 102), BLUE)) == [1, 1, 2]


def test_a_face_that_was_hidden_keeps_its_number():
    here = (100, 100)
    assert looks(FaceTracker(), (here, RED), (here, BLUE), None, (here, BLUE)) == [1, 2, 2]
    assert looks(FaceTracker(), (here, RED), None, None, ((108, 102), RED * 1.1)) == [1, 1]


def test_a_fast_face_keeps_its_number():
    """Two and a half faces between two looks, which distance alone doesn't join."""
    walk = [((100 + 100 * index, 100), RED) for index in range(6)]
    assert looks(FaceTracker(), *walk) == [1] * 6
    assert len(set(follow(FaceTracker(), *[faces(place) for place, _ in walk])[-1])) == 1


@pytest.mark.parametrize("first", [True, False])
def test_a_fast_face_keeps_its_number_beside_one_that_is_gone(first):
    """It moved so far that the pair costs more than a near one may."""
    tracker = FaceTracker()
    order = 1 if first else -1
    places, appearances = [(100, 100), (800, 800)][::order], [RED, BLUE][::order]
    tracker.update(faces(*places), 0.0, np.concatenate(appearances))
    moved = tracker.update(faces((268, 100)), 0.4, RED).tracker_id.tolist()
    assert moved == [1 if first else 2]


def test_a_far_face_of_another_appearance_is_a_new_track():
    assert looks(FaceTracker(), ((100, 100), RED), ((200, 100), BLUE)) == [1, 2]


def test_across_a_cut_place_alone_does_not_match():
    tracker = FaceTracker()
    tracker.update(faces((100, 100)), 0.0, RED)
    assert tracker.update(faces((100, 100)), 0.1, RED * 0.6, cut=True).tracker_id.tolist() == [2]
    assert tracker.predict(0.2).shape == (1, 4)  # nobody looks for who isn't in this scene
    assert tracker.update(faces((100, 100)), 0.5, RED, cut=True).tracker_id.tolist() == [1]


def test_a_face_is_tentative_until_it_is_confirmed():
    tracker = FaceTracker(min_hits=2)
    assert tracker.update(faces((100, 100)), 0.0).tracker_id.tolist() == [-1]
    assert tracker.predict(0.1).shape == (0, 4)
    assert tracker.predict(0.1, tentative=True).shape == (1, 4)
    both = tracker.update(faces((100, 100), (300, 100)), 0.1).tracker_id.tolist()
    assert both == [1, -2] and tracker.confirmed_from == {1: -1}
    assert tracker.update(faces((100, 100)), 0.2).tracker_id.tolist() == [1]
    assert tracker.confirmed_from == {}


def test_a_tentative_face_is_forgotten_soon():
    tracker = FaceTracker(min_hits=2)
    tracker.update(faces((100, 100)), 0.0)
    for index in range(1, 5):
        tracker.update(faces(), index / 10)
    assert tracker.update(faces((100, 100)), 0.5).tracker_id.tolist() == [-2]


@pytest.mark.parametrize("scale", [0.75, 1.0])
def test_faces_keep_their_numbers_when_the_phone_is_turned(scale):
    tracker, middle, new_middle = FaceTracker(), np.array([320, 240]), np.array([240, 320])
    before = np.array([[250, 200], [390, 260]])
    after = scale * (before - middle) + new_middle
    rows = np.concatenate([RED, BLUE])
    tracker.update(faces(*before), 0.0, rows)
    mappings = frame_mappings((0, 0, 640, 480), (0, 0, 480, 640))
    found = faces(*after[::-1], size=40 * scale)
    assert tracker.update(found, 0.1, rows[::-1], mappings=mappings).tracker_id.tolist() == [2, 1]


def test_forgotten_faces_leave_nothing_and_their_numbers_are_not_given_again():
    tracker = FaceTracker()
    tracker.update(faces((100, 100)), 0.0, RED)
    tracker.forget_faces()
    assert tracker.update(faces((100, 100)), 0.1, RED).tracker_id.tolist() == [2]


def crossing(seen_again):
    """Return the number of a face that walked, was hidden, and looks otherwise in a crowd."""
    tracker = FaceTracker()
    walker, other, mixed = np.zeros(3), np.full(3, 20.0), np.full(3, 17.0)  # 1.96 from the walker
    for step in range(5):
        pair = faces((100 + 20 * step, 100), (300, 100))
        tracker.update(pair, 0.2 * step, np.stack([walker, other]))
    tracker.update(faces((300, 100)), 1.0, other[None])
    crowd = faces((seen_again, 100), (seen_again + 50, 100))
    return tracker.update(crowd, 1.2, np.stack([mixed, other])).tracker_id[0]


def test_a_steady_face_in_a_crowd_keeps_its_number():
    assert crossing(210) == 1
    assert crossing(230) != 1  # not where expected
