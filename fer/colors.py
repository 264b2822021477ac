"""The colour of each expression, and the contrast of text on it."""

from functools import cache

from fer.i18n import gettext_noop as N_
from fer.labels import TURNED_AWAY, UNCERTAIN

COLORS = {
    "angry": "#d9480f",
    "disgust": "#0b9d62",
    "fear": "#9e56d7",
    "happy": "#f5c211",
    "sad": "#326289",
    "surprise": "#5bb8e8",
    "neutral": "#969696",
    UNCERTAIN: "#ececec",
    TURNED_AWAY: "#57534e",
}
"""Each expression's colour as sRGB hex.

They were searched for so that any two stay apart (CIEDE2000 of 13 or more) for normal sight and,
simulated, for each of the three kinds of colour blindness; a test computes it again.
"""

NAMED_OR_UNCERTAIN = N_("named or uncertain")
"""Faces of a second that the class view withholds: which of them were uncertain isn't kept."""

_OUTCOME_COLORS = {
    N_("named"): "#6fb3aa",
    UNCERTAIN: COLORS[UNCERTAIN],
    NAMED_OR_UNCERTAIN: "#b5d6d1",
    TURNED_AWAY: COLORS[TURNED_AWAY],
    N_("too small"): "#c8b18b",
}


def outcome_colors(view: str) -> dict[str, str]:
    """Return the outcomes of faces in a view, from the bottom of the plot up, with their colours.

    Args:
        view: View of a timeline, "class" or "person".
    """
    withheld = view == "class"
    return {
        name: color
        for name, color in _OUTCOME_COLORS.items()
        if withheld or name != NAMED_OR_UNCERTAIN
    }


def relative_luminance(color: str) -> float:
    """Return the relative luminance, 0 to 1, of "#rrggbb" as WCAG 2.2 defines it."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast_ratio(one: str, other: str) -> float:
    """Return the contrast ratio, 1 to 21, of two "#rrggbb" colours as WCAG 2.2 defines it."""
    darker, lighter = sorted((relative_luminance(one), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@cache
def text_color_on(color: str) -> str:
    """Return black or white, whichever reads better on "#rrggbb"; at least 4.5:1 on any colour."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast_ratio(ink, color))
