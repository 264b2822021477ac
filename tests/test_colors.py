"""The colours can be told apart, and text on them can be read."""

from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from fer.colors import COLORS, contrast_ratio, text_color_on
from fer.labels import EXPRESSIONS, UNNAMED

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def seen(colour, sight):
    """CIELAB of "#rrggbb" as somebody with this sight sees it."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.asarray(SIGHT[sight]) @ linear, 0, 1)
    back = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb2lab(back)


def test_each_expression_and_state_without_one_has_a_colour():
    assert tuple(COLORS) == (*EXPRESSIONS, *UNNAMED)


@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_colours_can_be_told_apart(sight):
    apart = {
        (one, other): float(deltaE_ciede2000(seen(COLORS[one], sight), seen(COLORS[other], sight)))
        for one, other in combinations(COLORS, 2)
    }
    closest = min(apart, key=apart.get)
    assert apart[closest] >= 13, closest


@pytest.mark.parametrize("name", COLORS)
def test_text_on_a_colour_can_be_read(name):
    assert contrast_ratio(COLORS[name], text_color_on(COLORS[name])) >= 4.5


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#777777", "#ffffff", 4.48),  # the well-known near miss
        ("#ff0000", "#ffffff", 4.0),
        ("#123456", "#123456", 1),
    ],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast_ratio(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast_ratio(other, one) == contrast_ratio(one, other)
