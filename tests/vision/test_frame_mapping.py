"""Where things are when a frame changes its size."""

import numpy as np
import pytest

from fer.vision.frame_mapping import content_rectangle, frame_mappings

BOX = np.array([300, 200, 360, 280], np.float32)


def test_another_resolution_scales():
    (mapping,) = frame_mappings((0, 0, 640, 480), (0, 0, 1280, 960))
    np.testing.assert_allclose(mapping.map_boxes(BOX), 2 * BOX)


def test_a_turned_frame_keeps_its_middle():
    mappings = frame_mappings((0, 0, 640, 480), (0, 0, 480, 640))
    middle = np.array([310, 230, 330, 250], np.float32)
    for mapping in mappings:
        box = mapping.map_boxes(middle)
        np.testing.assert_allclose((box[:2] + box[2:]) / 2, [240, 320], atol=1e-3)
    np.testing.assert_allclose(mappings[0].map_boxes(BOX), BOX + np.float32([-80, 80, -80, 80]))


@pytest.mark.parametrize("bars", [(0, 0), (140, 0), (0, 60)])
def test_black_bars_are_recognized(bars):
    width, height = bars
    image = np.zeros((480, 640, 3), np.uint8)
    image[height : 480 - height, width : 640 - width] = 90
    assert content_rectangle(image) == (width, height, 640 - width, 480 - height)


def test_a_dark_picture_or_a_dark_side_is_no_bar():
    image = np.zeros((480, 640, 3), np.uint8)
    assert content_rectangle(image) == (0, 0, 640, 480)
    image[:, 200:] = 90
    assert content_rectangle(image) == (0, 0, 640, 480)
