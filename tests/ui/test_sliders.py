"""Sliders with an incomplete number in their field."""

import gradio as gr
import pytest

from fer.ui.sliders import lenient_slider, strict_slider


@pytest.mark.parametrize(
    ("typed", "taken"), [(None, 20), (4, 16), (16, 16), (40, 40), (200, 200), (4000, 200)]
)
def test_what_is_typed_on_the_way_to_a_number_is_no_error(typed, taken):
    assert lenient_slider(16, 20, 200, label="Minimum face size").preprocess(typed) == taken


def test_the_api_refuses_a_number_that_is_too_low():
    slider = strict_slider(16, 20, 200)
    assert slider.value == 20 and slider.preprocess(16) == 16
    with pytest.raises(gr.Error, match="less than minimum value 16"):
        slider.preprocess(4)
