"""Boxes by hand, and the faces of two searches."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from supervision import Detections

from fer.vision.boxes import (
    box_areas,
    box_centers,
    box_sizes,
    clip_boxes,
    intersection_areas,
    longer_sides,
    max_iou,
    merge_detections,
    square_boxes,
)

BOXES = np.array([[0, 0, 10, 20], [-5, 5, 5, 10], [7, 7, 7, 7]], np.float32)


def test_measures():
    assert_array_equal(box_areas(BOXES), [200, 50, 0])
    assert_array_equal(box_centers(BOXES), [[5, 10], [0, 7.5], [7, 7]])
    assert_allclose(box_sizes(BOXES), [200**0.5, 50**0.5, 1])
    assert_array_equal(longer_sides(BOXES), [20, 10, 0])


def test_squares():
    assert_array_equal(square_boxes(BOXES[:1]), [[-5, 0, 15, 20]])
    assert_array_equal(square_boxes(BOXES[:1], 2.0), [[-15, -10, 25, 30]])


def test_clipped():
    assert_array_equal(clip_boxes(BOXES, (8, 6)), [[0, 0, 8, 6], [0, 5, 5, 6], [7, 6, 7, 6]])
    assert clip_boxes(BOXES, (8, 6)).dtype == np.float32


def test_intersections_and_overlap():
    assert_array_equal(intersection_areas(BOXES[:1], BOXES), [[200, 25, 0]])
    assert_allclose(max_iou(BOXES[:2], BOXES[1:2]), [25 / 225, 1])
    assert_array_equal(max_iou(BOXES, np.empty((0, 4), np.float32)), [0, 0, 0])


def faces(*rows) -> Detections:
    return Detections(xyxy=np.array(rows, np.float32).reshape(-1, 4))


@pytest.mark.parametrize(
    ("known", "found", "expected"),
    [
        ([[0, 0, 10, 10]], [], [[0, 0, 10, 10]]),
        ([], [[0, 0, 10, 10]], [[0, 0, 10, 10]]),
        # The same face: the known box stays.
        ([[0, 0, 10, 10]], [[1, 0, 11, 10]], [[0, 0, 10, 10]]),
        # Beside one another, the larger first.
        ([[0, 0, 10, 10]], [[20, 0, 40, 20]], [[20, 0, 40, 20], [0, 0, 10, 10]]),
        # A part of a face that was followed by mistake goes.
        ([[0, 0, 10, 10]], [[0, 0, 20, 20]], [[0, 0, 20, 20]]),
        # A small face before a large one takes nothing away from it.
        ([[0, 0, 20, 20]], [[8, 12, 18, 22]], [[0, 0, 20, 20], [8, 12, 18, 22]]),
    ],
)
def test_merged_by_hand(known, found, expected):
    assert merge_detections(faces(*known), faces(*found)).xyxy.tolist() == expected
