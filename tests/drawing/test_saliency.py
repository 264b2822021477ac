"""What speaks for an expression: networks that look at one known place of a face."""

import numpy as np
import pytest

from fer.drawing.saliency import HIGHLIGHT_COLOR, MAP_SIDE, highlight, occlusion_map

ANGRY, NEUTRAL = 0, 6
FACE = np.random.default_rng(0).integers(0, 60, (120, 120, 3)).astype(np.uint8)
FACE[75:105, 15:45] = 250  # what the network looks at, lower left


def sees_the_bright_corner(crops):
    """Angry as far as the lower left is bright, otherwise neutral."""
    corner = np.array([crop[60:84, 12:36].mean() / 255 for crop in crops], np.float32)
    answers = np.zeros((len(crops), 7), np.float32)
    answers[:, 0], answers[:, 6] = corner, 1 - corner
    return answers


def test_the_region_that_the_network_depends_on_is_salient():
    falls = occlusion_map(FACE, sees_the_bright_corner, ANGRY)
    assert falls.shape == (MAP_SIDE, MAP_SIDE) and falls.dtype == np.float32
    row, column = np.unravel_index(falls.argmax(), falls.shape)
    assert 60 <= row < 90 and 8 <= column < 40
    assert falls[10, 80] == pytest.approx(0, abs=0.05)


def test_saliency_is_that_of_the_chosen_expression():
    for_angry = occlusion_map(FACE, sees_the_bright_corner, ANGRY)
    for_neutral = occlusion_map(FACE, sees_the_bright_corner, NEUTRAL)
    np.testing.assert_allclose(for_neutral, -for_angry, atol=1e-4)


def test_salient_regions_are_highlighted():
    picture = highlight(FACE, occlusion_map(FACE, sees_the_bright_corner, ANGRY))
    assert picture.shape == (MAP_SIDE, MAP_SIDE, 3) and picture.dtype == np.uint8
    glowing, quiet = picture[72, 24].astype(int), picture[10, 80].astype(int)
    assert np.abs(glowing - HIGHLIGHT_COLOR).max() < 90 and glowing[0] > glowing[2] + 80
    assert np.ptp(quiet) <= 3  # grey


def test_without_a_salient_region_nothing_is_highlighted():
    def always_happy(crops):
        return np.tile(np.eye(7, dtype=np.float32)[3], (len(crops), 1))

    assert highlight(FACE, occlusion_map(FACE, always_happy, 3)) is None


@pytest.mark.parametrize("shape", [(1, 1, 3), (400, 300, 3)])
def test_faces_of_any_size(shape):
    falls = occlusion_map(np.zeros(shape, np.uint8), sees_the_bright_corner, ANGRY)
    assert np.isfinite(falls).all()
