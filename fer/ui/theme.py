"""The page's theme: colours, fonts and spacing; `styles` has what a theme can't express."""

from pathlib import Path

import gradio as gr
from gradio.themes.utils import colors, sizes
from gradio.themes.utils.fonts import LocalFont

from fer.templates import FIGURES_CSS

ACCENT = colors.Color(
    name="teal",
    c50="#effcf9",
    c100="#cff7ee",
    c200="#9fecdd",
    c300="#62d9c7",
    c400="#2fbfae",
    c500="#14a193",
    c600="#0d8278",
    c700="#0d6861",
    c800="#0f534f",
    c900="#114541",
    c950="#03302d",
)
"""The accent colour; everything else is warm grey, so that the expressions' colours stand out."""

STYLESHEETS = [
    FIGURES_CSS,
    *(
        Path(__file__).with_name("styles") / f"{name}.css"
        for name in ("base", "live", "photo", "recording", "marks", "about", "model", "screens")
    ),
]
"""In this order, as later rules may override earlier ones."""

SETTINGS = {
    "body_background_fill": "#faf9f7",
    "body_background_fill_dark": "#151210",
    "body_text_color": "*neutral_900",
    "body_text_color_dark": "*neutral_100",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_400",
    "background_fill_primary": "#ffffff",
    "background_fill_primary_dark": "#1f1b18",
    "background_fill_secondary": "#f4f2ee",
    "background_fill_secondary_dark": "#28231f",
    "block_background_fill": "#ffffff",
    "block_background_fill_dark": "#1f1b18",
    "block_border_width": "1px",
    "block_border_color": "*neutral_200",
    "block_border_color_dark": "#3a342f",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "#3a342f",
    "block_shadow": "0 1px 2px rgb(28 25 23 / 0.05)",
    "block_shadow_dark": "none",
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_400",
    "block_title_text_weight": "600",
    "color_accent": "*primary_700",
    "color_accent_soft": "*primary_50",
    "color_accent_soft_dark": "#16302d",
    "border_color_accent": "*primary_700",
    "border_color_accent_dark": "*primary_300",
    "link_text_color": "*primary_700",
    "link_text_color_dark": "*primary_300",
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "#28231f",
    "input_border_width": "1px",
    "input_border_color": "*neutral_400",
    "input_border_color_dark": "*neutral_500",
    "input_placeholder_color": "*neutral_500",
    "input_placeholder_color_dark": "*neutral_400",
    "slider_color": "*primary_700",
    "slider_color_dark": "*primary_300",
    "checkbox_background_color_selected": "*primary_700",
    "checkbox_background_color_selected_dark": "*primary_600",
    "checkbox_border_color": "*neutral_500",
    "checkbox_border_color_dark": "*neutral_400",
    "button_primary_background_fill": "*primary_700",
    "button_primary_background_fill_hover": "*primary_800",
    "button_primary_text_color": "#ffffff",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_dark": "#28231f",
    "button_secondary_border_color": "*neutral_300",
    "button_secondary_border_color_dark": "*neutral_600",
    "button_secondary_text_color": "*neutral_900",
    "button_secondary_text_color_dark": "*neutral_100",
}
"""Gradio's theme variables; `*name` refers to another one."""


def build_theme() -> gr.themes.Base:
    """Return the theme.

    Its fonts ship with Gradio, so that the browser loads none from elsewhere. Not every font file
    there has Latin letters (IBM Plex Sans SemiBold and Lexend don't); a test checks these.
    """
    theme = gr.themes.Base(
        primary_hue=ACCENT,
        secondary_hue=ACCENT,
        neutral_hue=colors.stone,
        radius_size=sizes.radius_lg,
        text_size=sizes.text_md,
        font=[
            LocalFont("IBM Plex Sans", weights=(400, 700)),
            "ui-sans-serif",
            "sans-serif",
        ],
        font_mono=[LocalFont("IBM Plex Mono", weights=(400,)), "ui-monospace", "monospace"],
    )
    return theme.set(**SETTINGS)
