"""Sliders whose number field may hold an incomplete number while it is typed."""

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
    """Return a slider of whole numbers that accepts each state of its number field.

    While a visitor types 40, the field is first empty and then holds 4. Gradio would report both as
    errors; here an empty field means the default, and other numbers are clipped to the range, as
    the field itself does when it loses focus.
    """
    slider = gr.Slider(minimum, maximum, default, step=1, label=label, info=info, elem_id=elem_id)

    def preprocess(typed: float | None) -> float:
        return default if typed is None else min(max(typed, minimum), maximum)

    # A subclass would have Gradio write a .pyi file beside this one.
    slider.preprocess = preprocess  # type: ignore[method-assign, assignment]
    return slider


def strict_slider(minimum: int, default: int, maximum: int) -> gr.Slider:
    """Return the same for the API, where a number out of range is an error."""
    return gr.Slider(minimum, maximum, default, step=1, visible=False)
