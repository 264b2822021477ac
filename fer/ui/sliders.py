"""Sliders that can be typed into: what is not yet a number of theirs is no error."""

import gradio as gr


def lenient_slider(
    minimum: int,
    default: int,
    maximum: int,
    *,
    label: str,
    info: str | None = None,
    elem_id: str | None = None,
) -> gr.Slider:
    """Return a slider of whole numbers that takes each state of its number field.

    While somebody types 40, the field holds 4, and nothing before that. Gradio would call both an
    error; here nothing is the usual value, and others become the nearest possible one, as in the
    field itself when it is left.
    """
    slider = gr.Slider(minimum, maximum, default, step=1, label=label, info=info, elem_id=elem_id)

    def preprocess(typed: float | None) -> float:
        return default if typed is None else min(max(typed, minimum), maximum)

    # A subclass would have Gradio write a .pyi file beside this one.
    slider.preprocess = preprocess  # type: ignore[method-assign, assignment]
    return slider


def strict_slider(minimum: int, default: int, maximum: int) -> gr.Slider:
    """Return the same for programs, which are told when their number is too low or too high."""
    return gr.Slider(minimum, maximum, default, step=1, visible=False)
