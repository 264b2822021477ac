"""Where to look for faces, worked out by hand."""

import numpy as np
import pytest

from fer.vision.pyramid import Tile, pyramid_scales, split_into_tiles, tiles_around


def test_pyramid_by_hand():
    # 12 / 24, then each 0.709 of the one before while 48 pixels hold a window of 12.
    np.testing.assert_allclose(pyramid_scales((64, 48), 24), [0.5, 0.3545, 0.2513], atol=1e-4)
    assert pyramid_scales((64, 20), 24) == ()


def test_split_by_hand():
    # At full size 100 x 200 pixels in bands of 100 x 100, each with 12 rows of the next.
    assert split_into_tiles((100, 200), (1.0,), 10_000) == (
        Tile(1.0, 0, 0, 100, 112),
        Tile(1.0, 0, 100, 100, 200),
    )
    # A band is never lower than two windows.
    assert len(split_into_tiles((10_000, 60), (1.0,), 1000)) == 2


def test_tiles_around_by_hand():
    middle, corner = [100, 100, 140, 150], [-20, -20, 20, 20]
    parts = tiles_around((300, 200), np.array([middle, corner], np.float32))
    assert {(p.left, p.top, p.right, p.bottom) for p in parts} == {
        (70, 75, 170, 175),
        (0, 0, 40, 40),
    }
    assert parts[1].scale == pytest.approx(12 / 50)


def test_a_place_outside_of_the_picture_has_nothing_around_it():
    assert tiles_around((300, 200), np.array([[400, 100, 440, 150]], np.float32)) == []
