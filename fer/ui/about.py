"""The About tab: purpose, limits, prohibited uses, privacy and the model's metrics."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from fer.labels import EXPRESSIONS
from fer.model.headline_metrics import combined_agreement
from fer.templates import render
from fer.timeline.formatting import format_percent
from fer.timeline.timeline import MIN_FACES
from fer.ui import html

NOTICE = Path(__file__).with_name("notice.html")
"""Information for people in view, to be completed and printed by whoever runs the page."""


def build_about(
    name: str, precision: str, metrics: Mapping[str, Any], device_page: bool = False
) -> None:
    """Build the About tab.

    Args:
        name: The model in use.
        precision: In which it computes here, "int8" or "float32".
        metrics: The metrics.json of the model; may be empty.
        device_page: Whether the Live tab offers `fer.ui.device_page`'s page.
    """
    panel = about_html(name, precision, metrics, device_page=device_page)
    gr.HTML(panel, elem_id="about-panel")


def about_html(
    name: str,
    precision: str,
    metrics: Mapping[str, Any],
    device_notice: str | None = None,
    device_page: bool = False,
) -> Markup:
    """Return the whole panel; see `build_about`.

    Args:
        name: The model in use.
        precision: In which it computes, "int8" or "float32".
        metrics: The metrics.json of the model; may be empty.
        device_notice: Of the page that computes on the visitor's device: the URL of `NOTICE`.
        device_page: Of the page that computes on a server: whether it offers the other one.
    """
    return render(
        "about.html",
        min_faces=MIN_FACES,
        on_device=device_notice is not None,
        device_page=device_page,
        notice=device_notice or html.data_uri(NOTICE.read_bytes(), "text/html"),
        metrics=metrics_html(name, precision, metrics),
    )


def metrics_html(name: str, precision: str, metrics: Mapping[str, Any]) -> Markup:
    """Return the model's metrics.

    Args:
        name: The model in use.
        precision: In which it computes here, "int8" or "float32".
        metrics: May hold `validation` and `test` (each with `accuracy`, `macro_f1`, `per_class`),
            `parameters` and `command`; what is missing is left out.
    """
    validation = metrics.get("validation") or {}
    return render(
        "about_metrics.html",
        name=name,
        precision=precision,
        facts=_facts(metrics),
        two_heads=bool(combined_agreement(validation)),
        measured_on=_measured_on(validation),
        recalls=_recalls(validation),
        command=metrics.get("command"),
    )


def _facts(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the few metrics that summarise the model, each with its meaning."""
    facts = []
    for split in ("validation", "test"):
        figures = metrics.get(split) or {}
        if agreement := combined_agreement(figures):
            facts.append((f"{agreement['accuracy']:.1%}", f"agreement with the majority, {split}"))
        if "accuracy" in figures:
            facts.append((f"{figures['accuracy']:.1%}", f"accuracy, {split}"))
        if "macro_f1" in figures:
            facts.append((f"{figures['macro_f1']:.1%}", f"macro F1, {split}"))
    if "parameters" in metrics:
        facts.append((f"{metrics['parameters'] / 1e6:.1f} M", "parameters"))
    return facts


def _measured_on(validation: Mapping[str, Any]) -> str:
    """Return which labels and pictures the metrics were measured on, as far as it is known."""
    details = [str(validation["label_set"])] if "label_set" in validation else []
    details += [f"{validation['views']} view"] if "views" in validation else []
    details += [f"{validation['pictures']:,} pictures"] if "pictures" in validation else []
    return "; ".join(details)


def _recalls(validation: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return recall, precision and faces of each expression that has them."""
    per_class = validation.get("per_class") or {}
    return [(name, _cells(per_class[name])) for name in EXPRESSIONS if name in per_class]


def _cells(figures: Mapping[str, Any]) -> list[str]:
    shares = (figures.get(key) for key in ("recall", "precision"))
    cells = [format_percent(share) if share is not None else "-" for share in shares]
    return [*cells, f"{figures['support']:,.0f}" if "support" in figures else "-"]
