"""Turning pictures, boxes and points."""

import numpy as np
import pytest

from fer.vision.rotation import cut_rotated_square, rotate_boxes, rotate_image, rotate_points

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)


@pytest.mark.parametrize(("degrees", "shape"), [(90, (30, 20)), (180, (20, 30)), (-90, (30, 20))])
def test_right_angles_move_whole_pixels(degrees, shape):
    turned = rotate_image(PICTURE, degrees)
    assert turned.shape[:2] == shape
    np.testing.assert_array_equal(np.rot90(turned, degrees // 90), PICTURE)


@pytest.mark.parametrize("degrees", [90, 180, 270, 45, -30, 10])
def test_a_mark_is_where_its_point_is_turned_to(degrees):
    picture = np.zeros((60, 90, 3), np.uint8)
    picture[10:13, 70:73] = 255
    turned = rotate_image(picture, degrees)
    offset = rotate_points(
        np.array([[[71.5 - 45, 11.5 - 30]]]), np.zeros((1, 2)), np.array([float(degrees)])
    )
    weight = (turned[..., 0] > 190).astype(float)
    rows, columns = np.indices(weight.shape)
    found = [(columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()]
    middle = np.array(turned.shape[1::-1]) / 2
    np.testing.assert_allclose(found, middle + offset[0, 0] - 0.5, atol=0.3)


def test_boxes_turn_as_the_ellipse_in_them():
    box, center = np.array([[10.0, 10, 14, 20]]), np.array([[12.0, 15]])
    turned = [rotate_boxes(box, center, np.array([angle])) for angle in (0.0, 90.0, 45.0)]
    np.testing.assert_allclose(turned[0], box, atol=1e-5)
    np.testing.assert_allclose(turned[1], [[7, 13, 17, 17]], atol=1e-5)
    side = np.sqrt((4**2 + 10**2) / 2)  # less than the 9.9 of the tilted rectangle
    np.testing.assert_allclose(turned[2][0, 2:] - turned[2][0, :2], [side, side], atol=1e-5)


def test_a_square_tilted_by_90_degrees_is_the_turned_square():
    square = cut_rotated_square(PICTURE, (15, 10), 8, 90, 8)
    np.testing.assert_array_equal(square, np.rot90(PICTURE[6:14, 11:19]))


@pytest.mark.parametrize("center", [(-5, 3), (35, 25), (0, 19.5)])
def test_border_pixels_go_on_outside_of_the_picture(center):
    square = cut_rotated_square(np.full((20, 30, 3), 7, np.uint8), center, 12, 33, 12)
    assert (square == 7).all()


def test_a_very_long_picture_is_cut_too():
    strip = np.full((20, 50_000, 3), 9, np.uint8)
    assert (cut_rotated_square(strip, (40_000, 10), 30, 20, 30) == 9).all()
