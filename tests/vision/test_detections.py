"""What faces hold after each step, and what is said of faces that lack one."""

import numpy as np
import pytest
from supervision import Detections

from fer.vision.detections import (
    boxes,
    confidences,
    expression_labels,
    expressions,
    probabilities,
    select,
    track_ids,
    turned_away,
)

BOXES = np.array([[0, 0, 10, 20], [5, 5, 8, 9]], np.float32)
HAPPY = [0.05, 0, 0.05, 0.8, 0, 0.1, 0]
TORN = [0.3, 0.1, 0.1, 0.1, 0.1, 0.3, 0]
ROWS = np.array([[0.1, 0, 0, 0.6, 0, 0, 0.3], [0, 0, 0.9, 0, 0.1, 0, 0]], np.float32)


def faces(**fields) -> Detections:
    return Detections(xyxy=BOXES, **fields)


def test_of_no_face_everything_is_empty():
    none = Detections.empty()
    assert boxes(none).shape == (0, 4)
    assert confidences(none).shape == expressions(none).shape == (0,)
    assert probabilities(none).shape == (0, 7)
    assert track_ids(none) == []


def test_what_is_there_comes_in_the_agreed_types():
    known = faces(
        confidence=np.array([0.9, 0.8]),  # float64
        tracker_id=np.array([7, 3]),
        data={"probabilities": ROWS.tolist()},  # a list, as `Detections` allows
    )
    assert boxes(known).dtype == confidences(known).dtype == probabilities(known).dtype
    assert track_ids(known) == [7, 3] and type(track_ids(known)[0]) is int


def test_the_smoothers_expression_goes_before_the_most_probable_one():
    assert expressions(faces(data={"probabilities": ROWS})).tolist() == [3, 2]
    smoothed = faces(data={"probabilities": ROWS, "expression": np.array([6, 2])})
    assert expressions(smoothed).tolist() == [6, 2]


@pytest.mark.parametrize("which", [np.array([False, True]), np.array([1])])
def test_a_mask_or_indices_select_faces_with_all_they_hold(which):
    one = select(faces(data={"probabilities": ROWS}), which)
    assert boxes(one).tolist() == [[5, 5, 8, 9]]
    assert (probabilities(one) == ROWS[1:]).all()


@pytest.mark.parametrize(
    ("read", "step"),
    [
        (confidences, "detect"),
        (probabilities, "classify"),
        (expressions, "classify"),
        (track_ids, "track"),
    ],
)
def test_faces_that_lack_a_step_are_refused_by_its_name(read, step):
    with pytest.raises(ValueError, match=step):
        read(faces())


def test_probabilities_of_another_number_of_expressions_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 7\).*\(2, 8\)"):
        probabilities(faces(data={"probabilities": np.zeros((2, 8), np.float32)}))


def test_a_face_is_turned_away_only_where_that_is_known():
    known = faces(data={"probabilities": ROWS, "turned_away": np.array([True, False])})
    assert turned_away(known).tolist() == [True, False]
    assert turned_away(faces()).tolist() == [False, False]
    assert expression_labels(known, 0.5) == ["turned away", "fear"]
    assert expression_labels(known, 0.95) == ["turned away", "uncertain"]


@pytest.mark.parametrize(
    ("rows", "uncertain_below", "labels"),
    [
        ([HAPPY], 0.4, ["happy"]),
        ([TORN], 0.4, ["uncertain"]),
        ([TORN], 0.0, ["angry"]),  # of equals the first
        ([[0, 0, 0, 0, 0, 0.5, 0.5]], 0.5, ["surprise"]),  # the bound itself is enough
        ([TORN, HAPPY], 0.4, ["uncertain", "happy"]),
        ([], 0.4, []),
    ],
)
def test_labels_by_hand(rows, uncertain_below, labels):
    faces = Detections(
        xyxy=np.zeros((len(rows), 4)),
        data={"probabilities": np.array(rows, np.float32).reshape(-1, 7)},
    )
    assert expression_labels(faces, uncertain_below) == labels


def test_a_smoothed_expression_comes_before_the_most_probable_one():
    faces = Detections(
        xyxy=BOXES,
        data={"probabilities": np.array([TORN, HAPPY]), "expression": np.array([5, 5])},
    )
    assert expression_labels(faces, 0.3) == ["surprise", "uncertain"]
