"""The About tab: what this is, what it can't do, where it must not be used, and the figures."""

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
<p>It finds faces in a picture and says which of seven <em>expressions</em> each one looks most
like: angry, disgust, fear, happy, sad, surprise or neutral. Faces are found with MTCNN. Expressions
are read by a compact network; the one that comes with this page was trained from scratch on
FER2013, small grey pictures of faces gathered from the web. When no expression stands out, it says
<em>uncertain</em>.</p>
<p>The Live tab can keep a timeline of what the camera sees, and the Recording tab makes one of a
video: the seven expressions second by second, with the moments at which they changed. The view of a
class shows aggregates only, and nothing below {MIN_FACES} faces.</p>
"""

LIMITS = """
<h2>What it can't do</h2>
<ul>
<li>It does not know what somebody feels. People smile out of politeness and frown when they
concentrate; the network sees the shape of a face and nothing else.</li>
<li>It learned from labels that people don't agree on. Asked again, they gave the pictures it
learned from the same label about two times in three.</li>
<li>Faces seen from the side, half hidden, badly lit or smaller than about 40 pixels are missed or
misread.</li>
<li>FER2013 does not show all people alike. Expect it to work better for some faces than for
others.</li>
<li>It recognises nobody: there are no names and no identities.</li>
</ul>
"""

NOTICE = Path(__file__).with_name("notice.html")
"""What people in view have to be told, to be filled in and printed by whoever runs the page."""

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
it, and put up a notice for the others: {_NOTICE_LINK}, for the
door or the call.</p>
"""

PRIVACY = """
<h2>Your pictures and recordings</h2>
<p>Camera frames are sent to the computer that runs this page and read in memory; none is written
to disk, and the last one is forgotten when you leave. A photo you upload lies in a temporary
folder while you look at it and is deleted within the hour; what you save is made in memory. A
live timeline and a photo's numbers stay in memory and are gone within a quarter of an hour after
you leave. A recording lies in a temporary folder while it waits and is worked on; what is made of
it is deleted within a quarter of an hour after you leave, and it and your upload within an hour of
the end of the work at the latest. All wait so long in case only your connection broke: then a
timeline or a finished recording is there again when the page is.
Nothing is passed on, nothing is used for training, and this page loads nothing from elsewhere.</p>
"""

TWO_HEADS = """
<p>The network combines two heads: one learned FER2013's own labels, each of which is one person's
opinion, the other how ten people voted on the same pictures (FER+). <em>As most people say</em>
is how often the combined output names what most of the ten did. Accuracy, macro F1 and the table
are of the FER2013 head.</p>
"""

NO_METRICS = "<p>No figures came with this model.</p>"


def build_about(name: str, precision: str, metrics: Mapping[str, Any]) -> None:
    """Put the About tab on the page.

    Args:
        name: The model in use.
        precision: In which it answers here.
        metrics: What the training wrote beside the weights; may be empty.
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
    """Return the model's figures, as its training wrote them down.

    Args:
        name: The model in use.
        precision: In which it answers here.
        metrics: May hold `validation` and `test` (each with `accuracy`, `macro_f1`, `per_class`),
            `parameters` and `command`; what is missing is left out.
    """
    model = f"<code>{escape(name)}</code>, which answers in {escape(precision)} here"
    heading = f"<h2>The model in use</h2><p>{model}</p>"
    facts = _facts(metrics)
    recalls = _recall_table(metrics.get("validation"))
    if not facts and not recalls:
        return heading + NO_METRICS
    command = metrics.get("command")
    trained = f"<p>Trained by <code>{escape(str(command))}</code></p>" if command else ""
    return heading + facts + _measured_on(metrics.get("validation")) + recalls + trained


def _facts(metrics: Mapping[str, Any]) -> str:
    """Return the few figures that stand for the whole model."""
    facts = []
    for split in ("validation", "test"):
        figures = metrics.get(split) or {}
        if agreement := combined_agreement(figures):
            facts.append((f"{agreement['accuracy']:.1%}", f"as most people say, {split}"))
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
    """Return which labels and pictures the figures stand for, as far as the file says so."""
    figures = figures or {}
    parts = [str(figures["label_set"])] if "label_set" in figures else []
    parts += [f"{figures['views']} view"] if "views" in figures else []
    parts += [f"{figures['pictures']:,} pictures"] if "pictures" in figures else []
    on = escape("; ".join(parts))
    measured = (
        f"<p>Accuracy, macro F1 and the table were measured in float32, on {on}.</p>"
        if parts
        else ""
    )
    return (TWO_HEADS if combined_agreement(figures) else "") + measured


def _recall_table(figures: Mapping[str, Any] | None) -> str:
    """Return how many faces of each expression are found again, as a table."""
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
