"""The About tab: purpose, limits, prohibited uses, privacy and the model's metrics."""

from markupsafe import Markup

from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.labels import EXPRESSIONS
from fer.model.evaluation_results import ClassMetrics, Evaluation
from fer.model.model_metrics import ModelMetrics
from fer.templates import data_uri, render
from fer.timeline.formatting import format_decimal, format_percent
from fer.timeline.withholding import MIN_FACES


def about_html(
    name: str,
    precision: str,
    metrics: ModelMetrics,
    device_notice: str | None = None,
    device_page: bool = False,
) -> Markup:
    """Return the whole panel.

    Args:
        name: The model in use.
        precision: Precision in which it computes here, "int8" or "float32".
        metrics: The metrics.json of the model; may be empty.
        device_notice: URL of the notice, on the page that computes on the visitor's device.
        device_page: Whether the Live tab offers that page, on the page that computes on a server.
    """
    return render(
        "about.html",
        min_faces=MIN_FACES,
        on_device=device_notice is not None,
        device_page=device_page,
        notice=device_notice or data_uri(notice_html().encode(), "text/html"),
        metrics=metrics_html(name, precision, metrics),
    )


def notice_html() -> Markup:
    """Return information for people in view, to be filled in and printed by who runs the page."""
    return render("notice.html")


def metrics_html(name: str, precision: str, metrics: ModelMetrics) -> Markup:
    """Return the model's metrics, as far as there are any; see `about_html`."""
    validation, per_class = metrics.validation, metrics.validation.per_class
    return render(
        "about_metrics.html",
        name=name,
        precision=precision,
        facts=_facts(metrics),
        two_heads=validation.combined_agreement is not None,
        measured_on=_measured_on(validation),
        recalls=[(name, _cells(per_class[name])) for name in EXPRESSIONS if name in per_class],
        command=metrics.command,
    )


def _facts(metrics: ModelMetrics) -> list[tuple[str, str]]:
    """Return the few metrics that summarise the model, each with its meaning."""
    facts = []
    for split, evaluated in metrics.splits.items():
        if agreement := evaluated.combined_agreement:
            meaning = f"{_('agreement with the majority')}, {_(split)}"
            facts.append((format_percent(agreement.accuracy, 1), meaning))
        if evaluated.accuracy is not None:
            facts.append((format_percent(evaluated.accuracy, 1), f"{_('accuracy')}, {_(split)}"))
        if evaluated.macro_f1 is not None:
            facts.append((format_percent(evaluated.macro_f1, 1), f"{_('macro F1')}, {_(split)}"))
    if metrics.parameters is not None:
        facts.append((f"{format_decimal(metrics.parameters / 1e6)} M", _("parameters")))
    return facts


def _measured_on(validation: Evaluation) -> str:
    """Return which labels and pictures the metrics were measured on, as far as it is known."""
    details = [_(validation.label_set)] if validation.label_set is not None else []
    if validation.views is not None:
        details.append(_("%(views)s view", views=_(validation.views)))
    if validation.pictures is not None:
        details.append(_("%(number)s pictures", number=format_count(validation.pictures)))
    return "; ".join(details)


def _cells(metrics: ClassMetrics) -> list[str]:
    """Return recall, precision and faces of an expression."""
    shares = (metrics.recall, metrics.precision)
    cells = [format_percent(share) if share is not None else "-" for share in shares]
    return [*cells, format_count(metrics.support) if metrics.support is not None else "-"]
