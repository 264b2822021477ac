"""Boxes by hand."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from fer.vision.boxes import (
    box_areas,
    box_centers,
    box_sizes,
    clip_boxes,
    intersection_areas,
    longer_sides,
    max_iou,
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
