"""The About tab: purpose, limits, prohibited uses, privacy and the model's metrics."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from fer.labels import EXPRESSIONS
from fer.model.headline_metrics import combined_agreement
from fer.timeline.formatting import format_percent
from fer.timeline.timeline import MIN_FACES
from fer.ui import html

PURPOSE = f"""
<h2>What it does</h2>
<p>It detects the faces in a picture and classifies the <em>expression</em> of each as one of seven:
angry, disgust, fear, happy, sad, surprise or neutral. Faces are detected with MTCNN. Expressions
are classified by a compact network; the one that comes with this page was trained from scratch on
FER2013, a data set of small grey face pictures from the web. When no expression is probable enough,
the label is <em>uncertain</em>.</p>
<p>The Live tab can record a timeline of the camera, and the Recording tab makes one of a video: the
seven expressions second by second, with the moments at which they changed. The class view shows
aggregates only, and nothing below {MIN_FACES} faces.</p>
"""

LIMITS = """
<h2>What it can't do</h2>
<ul>
<li>It does not know what a person feels. People smile out of politeness and frown when they
concentrate; the network sees the shape of a face and nothing else.</li>
<li>It learned from disputed labels: people who label the same pictures again agree with them about
two times in three.</li>
<li>Faces in profile, partly covered, badly lit or smaller than about 40 pixels are often missed or
misclassified.</li>
<li>FER2013 does not represent all people equally. Expect it to be more accurate for some than for
others.</li>
<li>It does not identify people: there are no names and no identities.</li>
</ul>
"""

NOTICE = Path(__file__).with_name("notice.html")
"""Information for people in view, to be completed and printed by whoever runs the page."""

_NOTICE_LINK = (
    f'<a id="fer-notice" href="{html.data_uri(NOTICE.read_bytes(), "text/html")}" '
    'download="notice.html">a notice to fill in and print</a>'
)

PROHIBITED_USES = f"""
<h2>Where not to use it</h2>
<p>Not to judge people: not in hiring, exams, lending, policing, border control, insurance or
health. In the European Union, inferring emotions of people <strong>at work or in
education</strong> has been prohibited since 2 February 2025 (AI Act, Article 5(1)(f); exceptions
only for medical or safety reasons). Elsewhere, whoever runs such a system has had to inform the
people in view since 2 August 2026 (Article 50(3)). Point a camera only at people who have agreed to
it, and post a notice that informs everyone in view: {_NOTICE_LINK}.</p>
"""

PRIVACY = """
<h2>Your pictures and recordings</h2>
<p>Camera frames are sent to the server that runs this page and processed in memory; none is saved
to disk, and the last one is discarded when you leave. A photo you upload is stored in a temporary
folder and deleted within the hour; the files you save are made in memory. A live timeline and a
photo's results stay in memory and are deleted within a quarter of an hour after you leave. A
recording is stored in a temporary folder while it is queued and analysed; its results are deleted
within a quarter of an hour after you leave, and both results and upload within an hour of the end
of the analysis at the latest. The delay after you leave is for interrupted connections: when the
page is back, so is a timeline or a finished recording. Nothing is shared, nothing is used for
training, and this page loads nothing from other sites.</p>
"""

TWO_HEADS = """
<p>The network combines two heads: one was trained on FER2013's own labels, each of which is one
person's opinion, the other on ten people's votes for the same pictures (FER+). <em>Agreement with
the majority</em> is how often the combined output is the expression with the most of these votes.
Accuracy, macro F1 and the table are of the FER2013 head.</p>
"""

NO_METRICS = "<p>This model comes without metrics.</p>"


def build_about(name: str, precision: str, metrics: Mapping[str, Any]) -> None:
    """Build the About tab.

    Args:
        name: The model in use.
        precision: In which it computes here, "int8" or "float32".
        metrics: The metrics.json of the model; may be empty.
    """
    gr.HTML(about_html(name, precision, metrics), elem_id="about-panel")


def about_html(name: str, precision: str, metrics: Mapping[str, Any]) -> str:
    """Return the whole panel; see `build_about`."""
    sections = (
        ("", PURPOSE),
        (" fer-tall", LIMITS),
        ("", PRIVACY),
        (" fer-wide", PROHIBITED_USES),
        (" fer-wide", metrics_html(name, precision, metrics)),
    )
    return "".join(
        f'<section class="fer-card{shape}">{content}</section>' for shape, content in sections
    )


def metrics_html(name: str, precision: str, metrics: Mapping[str, Any]) -> str:
    """Return the model's metrics.

    Args:
        name: The model in use.
        precision: In which it computes here, "int8" or "float32".
        metrics: May hold `validation` and `test` (each with `accuracy`, `macro_f1`, `per_class`),
            `parameters` and `command`; what is missing is left out.
    """
    model = f"<code>{escape(name)}</code>, computing in {escape(precision)}"
    heading = f"<h2>The model in use</h2><p>{model}</p>"
    facts = _facts(metrics)
    recalls = _recall_table(metrics.get("validation"))
    if not facts and not recalls:
        return heading + NO_METRICS
    command = metrics.get("command")
    trained = f"<p>Trained by <code>{escape(str(command))}</code></p>" if command else ""
    return heading + facts + _measured_on(metrics.get("validation")) + recalls + trained


def _facts(metrics: Mapping[str, Any]) -> str:
    """Return the few metrics that summarise the model."""
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
    items = "".join(
        f"<div><dd>{value}</dd><dt>{escape(meaning)}</dt></div>" for value, meaning in facts
    )
    return f'<dl class="fer-facts">{items}</dl>' if items else ""


def _measured_on(figures: Mapping[str, Any] | None) -> str:
    """Return which labels and pictures the metrics were measured on, as far as it is known."""
    figures = figures or {}
    details = [str(figures["label_set"])] if "label_set" in figures else []
    details += [f"{figures['views']} view"] if "views" in figures else []
    details += [f"{figures['pictures']:,} pictures"] if "pictures" in figures else []
    on = escape("; ".join(details))
    measured = (
        f"<p>Accuracy, macro F1 and the table were measured in float32, on {on}.</p>"
        if details
        else ""
    )
    return (TWO_HEADS if combined_agreement(figures) else "") + measured


def _recall_table(figures: Mapping[str, Any] | None) -> str:
    """Return the recall and precision of each expression, as a table."""
    per_class = (figures or {}).get("per_class") or {}
    rows = "".join(
        f'<tr><th scope="row">{html.chip(name)}</th>{_cells(per_class[name])}</tr>'
        for name in EXPRESSIONS
        if name in per_class
    )
    if not rows:
        return ""
    return (
        '<div class="fer-table"><table><caption>Each expression, on the validation split'
        '</caption><thead><tr><th scope="col">Expression</th><th scope="col">recall</th>'
        '<th scope="col">precision</th><th scope="col">faces</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cells(figures: Mapping[str, Any]) -> str:
    shares = (figures.get(key) for key in ("recall", "precision"))
    cells = [format_percent(share) if share is not None else "-" for share in shares]
    cells.append(f"{figures['support']:,.0f}" if "support" in figures else "-")
    return "".join(f"<td>{cell}</td>" for cell in cells)
