"""HTML building blocks: bars, messages, pictures as data URIs. All text is escaped here."""

import base64
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from fer.array_types import FloatArray, UInt8Array
from fer.colors import COLORS, text_color_on
from fer.images import encode_jpeg
from fer.labels import EXPRESSIONS, TURNED_AWAY, UNCERTAIN, UNNAMED
from fer.timeline.formatting import format_percent

UNNAMED_NOTES = {
    UNCERTAIN: "no expression stands out",
    TURNED_AWAY: "it looks too far aside to name an expression",
}
"""Why a face's expression isn't named."""


def colour_style(label: str) -> str:
    """Return a `style` value that sets a label's colour, and the text colour on it, for the CSS."""
    return f"--hue:{COLORS[label]};--ink:{text_color_on(COLORS[label])}"


def chip(label: str, text: str | None = None) -> str:
    """Return a label, or another text, on the label's colour."""
    content = escape(label if text is None else text)
    return f'<span class="fer-chip" style="{colour_style(label)}">{content}</span>'


def bars(probabilities: Sequence[float] | FloatArray, label: str) -> str:
    """Return the seven probabilities as bars that screen readers announce as meters.

    Args:
        probabilities: Seven probabilities, in the order of `EXPRESSIONS`.
        label: The face's label; its bar is set in bold, none when its expression isn't named.
    """
    rows = "".join(
        _bar(name, float(p), name == label)
        for name, p in zip(EXPRESSIONS, probabilities, strict=True)
    )
    return f'<div class="fer-bars">{rows}</div>'


def verdict(label: str, probabilities: Sequence[float] | FloatArray) -> str:
    """Return the line above the bars: the expression and its percentage, or why there is none."""
    if label in UNNAMED:
        note = f'<span class="fer-note">{UNNAMED_NOTES[label]}</span>'
        return f'<p class="fer-verdict">{chip(label)} {note}</p>'
    figure = format_percent(label_probability(label, probabilities))
    return f'<p class="fer-verdict">{chip(label)} <strong class="fer-figure">{figure}</strong></p>'


def label_probability(label: str, probabilities: Sequence[float] | FloatArray) -> float:
    """Return the probability of a face's label; 0 where no expression is named.

    In a stream it needn't be the largest: by label hysteresis, a label stays until another leads
    clearly.
    """
    return 0.0 if label in UNNAMED else float(probabilities[EXPRESSIONS.index(label)])


def label_text(label: str, probability: float) -> str:
    """Return "happy 83%", or "uncertain" or "turned away" alone."""
    return label if label in UNNAMED else f"{label} {format_percent(probability)}"


def message(title: str, text: str, kind: str = "info") -> str:
    """Return a framed message.

    Args:
        title: Its heading.
        text: One or two sentences.
        kind: How screen readers announce it: "info" politely, "trouble" at once, "quiet" not at
            all.
    """
    role = {"info": ' role="status"', "trouble": ' role="alert"', "quiet": ""}[kind]
    return (
        f'<div class="fer-message fer-{kind}"{role}>'
        f"<strong>{escape(title)}</strong><span>{escape(text)}</span></div>"
    )


def script(name: str) -> str:
    """Return the text of a script in `fer/ui/scripts`."""
    return (Path(__file__).with_name("scripts") / name).read_text(encoding="utf-8")


def picture(image: UInt8Array, alt: str, quality: int = 80) -> str:
    """Return RGB uint8 (h, w, 3) as an `img` that carries its own JPEG: no file, no request."""
    height, width = image.shape[:2]
    return (
        f'<img class="fer-picture" width="{width}" height="{height}" alt="{escape(alt)}" '
        f'decoding="sync" src="{data_uri(encode_jpeg(image, quality), "image/jpeg")}">'
    )


def data_uri(content: bytes, media_type: str) -> str:
    """Return bytes as a `data:` URI."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def card(content: str, announcement: str = "") -> str:
    """Return HTML within a card; `announcements.js` announces `announcement` to screen readers."""
    return f'<div class="fer-card"{announcement_attribute(announcement)}>{content}</div>'


def announcement_attribute(text: str) -> str:
    """Return the attribute that `announcements.js` reads; "" without a text."""
    return f' data-spoken="{escape(text)}"' if text else ""


def count_labels(labels: Sequence[str]) -> str:
    """Return "3 faces: 2 happy, 1 uncertain", the most frequent first."""
    each = ", ".join(f"{number} {label}" for label, number in Counter(labels).most_common())
    return f"{pluralize(len(labels), 'face')}: {each}" if labels else "no face"


def pluralize(number: int, noun: str) -> str:
    """Return "no face", "1 face" or "3 faces"."""
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"


def _bar(name: str, probability: float, top: bool) -> str:
    value = round(100 * probability)
    return (
        f'<div class="fer-bar{" fer-top" if top else ""}" role="meter" aria-label="{name}" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{value}" '
        f'aria-valuetext="{value} percent" style="--value:{value}%;{colour_style(name)}">'
        f'<span class="fer-name">{name}</span><span class="fer-track"><span></span></span>'
        f'<span class="fer-value">{value}%</span></div>'
    )
