"""Agreement with full detections, on cases worked by hand."""

import numpy as np
import pytest

from benchmarks.agreement import Agreement, Delays, Links, named, pairs


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


A, B, C = [0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]


@pytest.mark.parametrize(
    ("ones", "others", "expected"),
    [
        ([], [], []),
        ([A], [], []),
        ([A, B], [B, A], [(0, 1), (1, 0)]),
        # Overlap 80 of 120, and 40 of 160, which is too little.
        ([A], [[2, 0, 12, 10]], [(0, 0)]),
        ([A], [[6, 0, 16, 10]], []),
        # Both could have the first; the better one gets it.
        ([A, [1, 0, 11, 10]], [[1, 0, 11, 10]], [(1, 0)]),
    ],
)
def test_pairs(ones, others, expected):
    assert pairs(boxes(*ones), boxes(*others)) == expected


def test_links_go_by_overlap_and_never_give_a_number_twice():
    links = Links()
    assert links.update(boxes(A, B), 0.0).tolist() == [1, 2]
    assert links.update(boxes([21, 0, 31, 10], [1, 0, 11, 10]), 0.1).tolist() == [2, 1]
    assert links.update(boxes(C, [1, 0, 11, 10]), 0.2).tolist() == [3, 1]
    assert links.update(boxes(), 0.3).tolist() == []
    assert links.update(boxes(A, B), 1.0).tolist() == [1, 2]  # missed for less than a second
    assert links.update(boxes(A, C), 2.1).tolist() == [4, 5]


def test_a_face_that_passes_another_one_keeps_its_link():
    links = Links()
    links.update(boxes(A, C), 0.0)
    by_six = [6, 0, 16, 10]  # overlaps A by a quarter
    assert links.update(boxes(C, by_six), 0.04).tolist() == [2, 1]
    assert links.update(boxes(C, [28, 0, 38, 10]), 0.08).tolist() == [2, 3]  # another one


def test_counts():
    agreement = Agreement()
    ids = np.array([1, 2])
    agreement.add(0.0, boxes(A, B), ids, boxes(A, B), np.array([7, 8]))
    agreement.add(15.0, boxes(A, B), ids, boxes(A, C), np.array([7, 9]))  # B missed, C extra
    agreement.add(30.0, boxes(A, B), ids, boxes(B, A), np.array([7, 8]))  # both changed
    figures = agreement.figures()
    assert figures["faces"] == 6
    assert figures["recall"] == pytest.approx(5 / 6, abs=1e-4)
    assert figures["missed"] == figures["extra"] == pytest.approx(1 / 6, abs=1e-4)
    assert figures["id_switches"] == 2
    assert figures["face_minutes"] == 1.0  # two faces for 30 seconds
    assert figures["id_switches_per_face_minute"] == 2.0


def test_a_face_that_was_away_has_switched_only_if_its_number_did():
    agreement = Agreement()
    one = np.array([1])
    agreement.add(0.0, boxes(A), one, boxes(A), np.array([5]))
    agreement.add(1.0, boxes(A), one, boxes(), np.array([], int))
    agreement.add(2.0, boxes(A), one, boxes(A), np.array([5]))
    assert agreement.figures()["id_switches"] == 0
    agreement.add(3.0, boxes(A), one, boxes(A), np.array([6]))
    assert agreement.figures()["id_switches"] == 1


def test_a_number_that_goes_over_to_another_face_has_switched():
    agreement = Agreement()
    agreement.add(0.0, boxes(A), np.array([1]), boxes(A), np.array([7]))
    agreement.add(1.0, boxes(B), np.array([2]), boxes(B), np.array([7]))
    assert agreement.figures()["id_switches"] == 1


def test_a_face_that_was_not_detected_before_cannot_switch():
    agreement = Agreement()
    for number in (1, 2):
        agreement.add(float(number), boxes(A), np.array([0]), boxes(A), np.array([number]))
    figures = agreement.figures()
    assert (figures["recall"], figures["id_switches"], figures["face_minutes"]) == (1, 0, 0)


def test_without_faces_there_is_no_rate():
    agreement = Agreement()
    agreement.add(0.0, boxes(), np.array([], int), boxes(A), np.array([1]))
    figures = agreement.figures()
    assert figures["recall"] is figures["id_switches_per_face_minute"] is None


def test_faces_are_named_by_the_truth():
    assert named(boxes(B, C, A), boxes(A, B), np.array([4, 5])).tolist() == [5, 0, 4]


def test_delays():
    delays = Delays({2: 1.0, 3: 1.5, 4: 2.0})
    truth, ids = boxes(A, B), np.array([1, 2])
    delays.add(1.0, truth, ids, boxes(A))
    delays.add(1.2, truth, ids, boxes(A, B))
    delays.add(1.4, truth, ids, boxes(B))  # only the first time counts
    delays.add(2.0, boxes(C), np.array([3]), boxes(C))
    assert delays.figures() == {
        "newcomers": 3,
        "never_boxed": 1,
        "mean_delay": pytest.approx(0.35),  # 0.2 and 0.5 seconds
        "longest_delay": pytest.approx(0.5),
    }
