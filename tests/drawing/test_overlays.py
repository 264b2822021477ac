"""Bars in the picture and words below it, and that nothing else changes."""

import numpy as np
import pytest

from fer.colors import COLORS
from fer.drawing.overlays import MIN_SIDE, add_probability_bars, add_status_bar
from fer.labels import EXPRESSIONS
from tests.fakes import sure

PICTURE = np.full((480, 640, 3), 200, np.uint8)
LEFT_BOX, RIGHT_BOX = [20, 200, 220, 440], [420, 200, 620, 440]


def rgb(name):
    return [int(COLORS[name][i : i + 2], 16) for i in (1, 3, 5)]


def longest_run(drawn, name):
    """The most pixels of an expression's colour in one row: the length of its bar."""
    return int((drawn == rgb(name)).all(axis=2).sum(axis=1).max())


def test_a_bar_is_as_long_as_its_probability():
    rows = dict(zip(EXPRESSIONS, (0.05, 0, 0.1, 0.4, 0.05, 0.2, 0.2), strict=True))
    drawn = add_probability_bars(PICTURE, list(rows.values()), "happy", [LEFT_BOX])
    whole = longest_run(
        add_probability_bars(PICTURE, sure("happy", 1.0), "happy", [LEFT_BOX]), "happy"
    )
    assert longest_run(drawn, "disgust") == 0
    for name in ("happy", "surprise"):
        assert longest_run(drawn, name) / whole == pytest.approx(rows[name], abs=0.05)


@pytest.mark.parametrize(("box", "side"), [(LEFT_BOX, "right"), (RIGHT_BOX, "left")])
def test_bars_leave_the_face_alone(box, side):
    before = PICTURE.copy()
    drawn = add_probability_bars(PICTURE, sure("sad"), "sad", [box], "face 1")
    assert np.array_equal(PICTURE, before)
    assert drawn.shape == PICTURE.shape and drawn.dtype == np.uint8
    columns = np.flatnonzero((drawn != PICTURE).any(axis=(0, 2)))
    assert columns.min() > 320 if side == "right" else columns.max() < 320
    left, top, right, bottom = box
    assert (drawn[top:bottom, left:right] == 200).all()


def test_bars_go_where_they_cover_less_of_all_faces():
    small, others = [40, 300, 100, 380], [[420, 200, 520, 440], [530, 200, 630, 440]]
    drawn = add_probability_bars(PICTURE, sure("sad"), "sad", [small, *others])
    assert np.flatnonzero((drawn != PICTURE).any(axis=(0, 2))).max() < 320


def test_a_title_takes_a_row_of_its_own():
    heights = [
        (drawn != PICTURE).any(axis=(1, 2)).sum()
        for title in ("", "face 1")
        for drawn in [add_probability_bars(PICTURE, sure("sad"), "sad", [LEFT_BOX], title)]
    ]
    assert heights[1] - heights[0] == pytest.approx(25, abs=5)


@pytest.mark.parametrize("size", [(MIN_SIDE - 1, 640), (20, 20)])
def test_small_pictures_get_no_bars(size):
    picture = np.zeros((*size, 3), np.uint8)
    drawn = add_probability_bars(picture, sure("sad"), "sad", [[0, 0, 9, 9]])
    assert np.array_equal(drawn, picture) and drawn is not picture


@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (40, 30)])
def test_the_status_bar_is_below_the_picture(size):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    before = picture.copy()
    drawn = add_status_bar(picture, ["1 face", "24.0 frames/s"], ["q quit", "r record"])
    assert np.array_equal(picture, before)
    assert np.array_equal(drawn[: size[0]], picture)
    assert drawn.shape[1:] == picture.shape[1:] and drawn.dtype == np.uint8
    assert 20 < len(drawn) - size[0] < 100


def test_hints_come_as_far_as_there_is_room():
    hints = ["q quit", "space pause", "s save", "r record"]

    def ink(width, hints):
        drawn = add_status_bar(np.zeros((480, width, 3), np.uint8), ["1 face"], hints)
        return int((drawn[480:] > 120).any(axis=(0, 2)).sum())

    assert ink(640, hints) > ink(640, hints[:3]) > ink(640, [])
    assert ink(260, hints) == ink(260, hints[:3]) > ink(260, hints[:2])


def test_an_alert_has_a_red_dot():
    def red(alert):
        drawn = add_status_bar(PICTURE, ["1 face"], alert=alert)
        return int((drawn == (0xF0, 0x3E, 0x3E)).all(axis=2).sum())

    assert red("0:07") > 50 and red(None) == 0
