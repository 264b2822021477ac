"""Write what the page in `web/` takes from Python: `python -m web.page_settings`.

Colours, words, notices and the constants of the timeline have one source, the package `fer`; this
command writes them to `web/page/settings.json`, which is committed so that `npm run build` needs no
Python. A test checks that the file is current.
"""

import json
from pathlib import Path
from typing import Any

from fer.colors import COLORS, outcome_colors, text_color_on
from fer.i18n import LANGUAGES, SOURCE, use_language
from fer.i18n import gettext as _
from fer.labels import EXPRESSIONS, TURNED_AWAY, UNCERTAIN
from fer.model.classifier import ExpressionClassifier
from fer.templates import UNNAMED_NOTES, call_macro
from fer.timeline import (
    chart,
    chart_curves,
    expression_statistics,
    face_counts,
    formatting,
    serialization,
    timeline,
    track_counts,
    withholding,
)
from fer.ui import html
from fer.ui.about import about_html, notice_html
from fer.ui.live import camera_monitor, timeline_recorder, views
from fer.ui.photo.views import SMALL_FACE
from fer.ui.theme import ACCENT, SETTINGS, colors
from fer.vision.quality import QUALITY_COLUMNS

FILE = Path(__file__).with_name("page") / "settings.json"


def settings() -> dict[str, Any]:
    """Return the content of `FILE`."""
    classifier = ExpressionClassifier.load()
    return {
        "model": classifier.name,
        "uncertain_below": classifier.uncertain_below,
        "expressions": EXPRESSIONS,
        "labels": {"uncertain": UNCERTAIN, "turned_away": TURNED_AWAY},
        "colors": {name: [color, text_color_on(color)] for name, color in COLORS.items()},
        "outcome_colors": {view: outcome_colors(view) for view in timeline.VIEWS},
        "unnamed_notes": UNNAMED_NOTES,
        "small_face": SMALL_FACE,
        "timeline": _timeline(),
        "chart": _chart(),
        "camera": camera_monitor.camera_settings(),
        "languages": list(LANGUAGES),
        "panels": {language: _panels(classifier, language) for language in LANGUAGES},
        "theme": {"light": _theme(""), "dark": _theme("_dark")},
    }


def _timeline() -> dict[str, Any]:
    empty = timeline.Timeline()
    return {
        "format": serialization.FORMAT,
        "version": serialization.VERSION,
        "min_faces": withholding.MIN_FACES,
        "bin_seconds": empty.bin_seconds,
        "small": empty.small,
        "scale": face_counts.PROBABILITY_SCALE,
        "columns": face_counts.COUNT_COLUMNS,
        "index_signs": face_counts.INDEX_SIGNS.tolist(),
        "quality": QUALITY_COLUMNS,
        "quality_scales": track_counts.QUALITY_SCALES.tolist(),
        "quality_sums": track_counts.QUALITY_SUMS,
        "track_columns": timeline.TRACK_COLUMNS,
        "max_tracks_per_bin": track_counts.MAX_TRACKS_PER_BIN,
        "max_seconds": timeline_recorder.MAX_DURATION,
        "time_tolerance": timeline.TIME_TOLERANCE,
    }


def _chart() -> dict[str, Any]:
    return {
        "stack_order": expression_statistics.STACK_ORDER,
        "error_band": expression_statistics.ERROR_BAND,
        "side": chart_curves.VIEWBOX_SIDE,
        "min_live_span": chart.MIN_LIVE_SPAN,
        "min_span": chart.MIN_SPAN,
        "max_columns": chart.MAX_COLUMNS,
        "max_tracks": chart.MAX_TRACKS,
        "tick_steps": formatting.TICK_STEPS,
    }


def _panels(classifier: ExpressionClassifier, language: str) -> dict[str, str]:
    """Return what the page's HTML has of Python, by the name of its place, in a language."""
    suffix = "" if language == SOURCE else f".{language}"
    name, precision, metrics = classifier.name, "int8", classifier.metrics
    with use_language(language):
        texts = {
            "about": about_html(name, precision, metrics, f"notice{suffix}.html"),
            "consent": html.consent_notice("in view"),
            "legend": "".join(f"<li>{call_macro('chip', name)}</li>" for name in EXPRESSIONS),
            "notice": notice_html(),
            "no-face": views.no_face_in_view(),
            "one-moment": call_macro(
                "message",
                _("One moment"),
                _("A face counts once it is detected in a second picture."),
                "quiet",
            ),
            "withheld": views.withheld_message(timeline.Timeline().small),
        }
        return {place: str(text) for place, text in texts.items()}


def _theme(suffix: str) -> dict[str, str]:
    """Return the theme's CSS variables of the light or, with "_dark", of the dark page."""
    names = dict.fromkeys(name.removesuffix("_dark") for name in SETTINGS)
    values = {name: SETTINGS.get(name + suffix, SETTINGS.get(name, "")) for name in names}
    shades = {f"primary_{shade}": getattr(ACCENT, f"c{shade}") for shade in (300, 700, 800)}
    return {
        "--" + name.replace("_", "-"): _resolved(value)
        for name, value in {**values, **shades}.items()
        if value
    }


def _resolved(value: str) -> str:
    """Return a value of Gradio's themes without references: "*neutral_200" as its colour."""
    if not value.startswith("*"):
        return value
    hue, shade = value[1:].split("_")
    color: str = getattr({"primary": ACCENT, "neutral": colors.stone}[hue], f"c{shade}")
    return color


def text() -> str:
    """Return the settings as `FILE` holds them."""
    return json.dumps(settings(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
