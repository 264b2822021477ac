"""Sliders that can be typed into: what is not yet a number of theirs is no error."""

import gradio as gr


def typed_slider(lowest: int, usual: int, highest: int, **options: str) -> gr.Slider:
    """Return a slider of whole numbers that takes each state of its number field.

    While somebody types 40, the field holds 4, and nothing before that. Gradio would call both an
    error; here nothing is the usual value, and others become the nearest possible one, as in the
    field itself when it is left.
    """
    slider = gr.Slider(lowest, highest, usual, step=1, **options)
    slider.preprocess = lambda typed: usual if typed is None else min(max(typed, lowest), highest)
    return slider


def strict_slider(lowest: int, usual: int, highest: int) -> gr.Slider:
    """Return the same for programs, which are told when their number is too low or too high."""
    return gr.Slider(lowest, highest, usual, step=1, visible=False)
