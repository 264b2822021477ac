"""Live panel: the probabilities of one person, or the mean of a class, as bars."""

from collections.abc import Sequence
from html import escape

import numpy as np
from supervision import Detections

from fer.drawing.annotators import display_ids
from fer.labels import EXPRESSIONS
from fer.timeline.chart import mean_statistics
from fer.timeline.timeline import MIN_FACES, Timeline
from fer.ui import html
from fer.vision.detections import areas, probabilities

MAX_OTHER_FACES = 6
"""Faces listed below the bars of the largest one."""

INSTRUCTIONS = html.card(
    '<h3 class="fer-heading">Three steps</h3><ol class="fer-steps">'
    "<li>Press the camera and allow the browser to use it.</li>"
    "<li>Press Record at the bottom of the picture. The bars for your face appear here.</li>"
    "<li>Press Stop at any time; no picture is kept.</li></ol>"
    '<p class="fer-note">No camera? The Photo tab works without one.</p>'
)

NO_FACE_IN_VIEW = html.message(
    "No face in view",
    "Face the camera, come a little closer, and make sure that your face is well lit.",
    "quiet",
)


def person_panel(faces: Detections, labels: Sequence[str], rate: float) -> str:
    """Return the bars of the largest face, and the labels of the others.

    Args:
        faces: With `data["probabilities"]` (n, 7); n may be 0.
        labels: The label of each face.
        rate: Frames a second.
    """
    if not labels:
        return html.card(NO_FACE_IN_VIEW + _status(0, rate), "no face in view")
    ids = display_ids(faces)
    rows, largest = probabilities(faces), int(np.argmax(areas(faces)))
    row, label = rows[largest], labels[largest]
    heading = "Your expression" if len(labels) == 1 else f"Face {ids[largest]}, the largest"
    others = [
        (n, name, html.label_probability(name, row))
        for n, name, row in zip(ids, labels, rows, strict=True)
        if n != ids[largest]
    ]
    return html.card(
        f'<h3 class="fer-heading">{heading}</h3>{html.verdict(label, row)}'
        f"{html.bars(row, label)}{_others(sorted(others))}{_status(len(labels), rate)}",
        html.count_labels(labels),
    )


def camera_lost_panel(reason: str) -> str:
    """Return a panel without figures; `live.js` knows by its attribute that the camera is lost.

    Args:
        reason: What is wrong with the camera and what to do, in a sentence or two.
    """
    message = html.message("No camera picture", reason, "trouble")
    return html.card(f"<div data-camera-lost>{message}</div>", "no camera picture")


def class_panel(faces: Detections, rate: float, uncertain_below: float) -> str:
    """Return the mean probabilities of all faces, or why they are withheld.

    Args:
        faces: With `data["probabilities"]` (n, 7); n may be 0.
        rate: Frames a second.
        uncertain_below: Least probability at which a face's expression is named.
    """
    moment = Timeline("class", uncertain_below=uncertain_below)
    moment.add(faces, 0.0)
    mean = mean_statistics(moment)
    status = _status(len(faces), rate)
    if not mean["judged"]:
        return html.card(withheld_message(moment.small) + status, "withheld")
    row = [mean[name] for name in EXPRESSIONS]
    top = EXPRESSIONS[int(np.argmax(row))]
    judged = round(mean["judged"])
    heading = f"On average of {judged} faces"
    if uncertain := round(judged * mean["uncertain"]):
        heading += f", {uncertain} of them uncertain"
    if turned := round(len(faces) * mean["turned"]):
        heading += f"; {turned} turned away"
    return html.card(
        f'<h3 class="fer-heading">{heading}</h3>{html.verdict(top, row)}'
        f"{html.bars(row, top)}{status}",
        f"on average of {judged} faces {html.label_text(top, mean[top])}",
    )


def withheld_message(small: float) -> str:
    """Return why a mean is withheld, and what helps; faces under `small` pixels don't count."""
    return html.message(
        "Withheld",
        f"A class needs at least {MIN_FACES} faces, so that its mean doesn't describe single ones. "
        f"Faces that are turned away or under {small:.0f} pixels don't count: move the camera "
        "closer, in front of them.",
        "quiet",
    )


def _others(others: Sequence[tuple[int, str, float]]) -> str:
    """Return the labels of faces, each with its track number and probability."""
    items = "".join(
        f"<li>{html.chip(label, f'{number} {html.label_text(label, probability)}')}</li>"
        for number, label, probability in others[:MAX_OTHER_FACES]
    )
    left = len(others) - MAX_OTHER_FACES
    more = f'<li class="fer-note">and {html.pluralize(left, "other")}</li>' if left > 0 else ""
    return f'<ul class="fer-others" aria-label="Other faces">{items}{more}</ul>' if items else ""


def _status(faces: int, rate: float) -> str:
    return (
        f'<p class="fer-status"><span>{escape(html.pluralize(faces, "face"))}</span>'
        f'<span class="fer-rate">{rate:.1f} frames/s</span></p>'
    )
