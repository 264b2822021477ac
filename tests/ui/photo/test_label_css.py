"""Tags of a photo's boxes: on which side of the box, and how much of them."""

import numpy as np
import pytest

from fer.drawing.captions import load_font
from fer.ui.photo.label_css import NARROW, WIDE, place_tags


def tags(boxes, width=WIDE, shape=(480, 640)):
    return place_tags(
        np.array(boxes, np.float32).reshape(-1, 4), ["happy"] * len(boxes), shape, width
    )


def test_sides_and_alignment():
    above, below, leftward, beside = tags(
        [[200, 100, 300, 200], [400, 2, 500, 100], [600, 100, 638, 200], [60, 2, 160, 478]]
    )
    assert above.inset == "auto auto 100% 0px"
    assert below.inset == "100% auto auto 0px"
    assert leftward.inset == "auto 0 100% auto"
    assert beside.inset == "0px auto auto 100%"
    assert {tag.classes for tag in (above, below, leftward, beside)} == {()}


def test_a_face_that_fills_the_photo_has_its_tag_within():
    (tag,) = tags([[0, 0, 640, 480]])
    assert tag.inset == "0 auto auto 0" and tag.classes == ()


def test_a_crowd_has_small_tags_and_numbers_where_it_is_close():
    crowd = [[x, y, x + 40, y + 40] for x in range(20, 600, 60) for y in range(40, 440, 55)]
    wide = tags(crowd)
    assert all("small" in tag.classes for tag in wide)
    assert any("number" in tag.classes for tag in wide)
    assert not any("hidden" in tag.classes for tag in wide)


def test_what_would_cover_a_small_face_waits_until_it_is_chosen():
    wall = [[x, y, x + 8, y + 8] for x in range(0, 96, 8) for y in range(0, 72, 8)]
    inner = tags(wall, NARROW, (72, 240))
    assert sum("hidden" in tag.classes for tag in inner) > 0.9 * len(wall)


def test_no_face_no_tag():
    assert tags([]) == []


@pytest.mark.parametrize("height", [570, 684, 900])
@pytest.mark.parametrize("shape", [(1280, 886), (1920, 1080), (1280, 400)])
def test_a_tag_of_a_high_photo_ends_within_it(shape, height):
    right = shape[1] - 50
    box = np.array([[right - 140, 600, right, 740]], np.float32)
    (tag,) = place_tags(box, ["turned away"], shape, WIDE)
    scale, left = height / shape[0], tag.inset.split()[3]
    tag_width = load_font(14).getlength("1 turned away") + 18
    if left == "auto":  # it ends where its box ends, or begins
        assert tag.inset.split()[1] in ("0", "100%")
    else:
        assert (right - 140) * scale + float(left[:-2]) + tag_width <= shape[1] * scale + 1
