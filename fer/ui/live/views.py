"""Live panel: the probabilities of one person, or the mean of a class, as bars."""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from supervision import Detections

from fer.array_types import Float32Array
from fer.drawing.annotators import display_ids
from fer.drawing.face_export import describe_turn
from fer.labels import EXPRESSIONS
from fer.templates import render
from fer.timeline.chart_notes import mean_statistics
from fer.timeline.summary_table import top_expression
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES
from fer.ui import html
from fer.vision.detections import areas, probabilities, turned

MAX_OTHER_FACES = 6
"""Faces listed below the bars of the largest one."""

INSTRUCTIONS = html.instructions(
    "One press",
    "Press Start camera and allow the browser to use it. The bars for your face appear here.",
    "Press Stop at any time; no picture is kept.",
    note="No camera? The Photo tab works without one.",
)

NO_FACE_IN_VIEW = html.message(
    "No face in view",
    "Face the camera, come a little closer, and make sure that your face is well lit.",
    "quiet",
)

FACE_TO_CONFIRM = html.card(
    html.message("One moment", "A face counts once it is detected in a second picture.", "quiet")
)


def person_panel(faces: Detections, labels: Sequence[str], rate: float) -> Markup:
    """Return the bars of the largest face, and the labels of the others.

    Args:
        faces: With `data["probabilities"]` (n, 7); n may be 0.
        labels: The label of each face.
        rate: Frames a second.
    """
    if not labels:
        return _message_panel(NO_FACE_IN_VIEW, 0, rate, "no face in view")
    ids, rows, largest = display_ids(faces), probabilities(faces), int(np.argmax(areas(faces)))
    others = sorted(set(range(len(labels))) - {largest}, key=ids.__getitem__)
    texts = [
        (labels[i], f"{ids[i]} {html.label_text(labels[i], _probability(labels, rows, i))}")
        for i in others[:MAX_OTHER_FACES]
    ]
    left = len(others) - MAX_OTHER_FACES
    return render(
        "live_panel.html",
        announcement=html.count_labels(labels),
        message=None,
        heading="Your expression" if not others else f"Face {ids[largest]}, the largest",
        label=labels[largest],
        probability=_probability(labels, rows, largest),
        probabilities=rows[largest],
        others=texts,
        more=html.pluralize(left, "other") if left > 0 else "",
        faces=html.pluralize(len(labels), "face"),
        turn=describe_turn(turned(faces), "camera's picture"),
        rate=rate,
    )


def _probability(labels: Sequence[str], rows: Float32Array, face: int) -> float:
    return html.label_probability(labels[face], rows[face])


def _message_panel(message: Markup, faces: int, rate: float, announcement: str) -> Markup:
    return render(
        "live_panel.html",
        announcement=announcement,
        message=message,
        faces=html.pluralize(faces, "face"),
        turn="",
        rate=rate,
    )


def camera_lost_panel(reason: str) -> Markup:
    """Return a panel without figures; `live.js` finds by its attribute that the camera is lost.

    Args:
        reason: What is wrong with the camera and what to do, in a sentence or two.
    """
    return render("camera_lost.html", message=html.message("No camera picture", reason, "trouble"))


def class_panel(faces: Detections, rate: float, uncertain_below: float) -> Markup:
    """Return the mean probabilities of all faces, or why they are withheld.

    Args:
        faces: With `data["probabilities"]` (n, 7); n may be 0.
        rate: Frames a second.
        uncertain_below: Least probability at which a face's expression is named.
    """
    moment = Timeline("class", uncertain_below=uncertain_below)
    moment.add(faces, 0.0)
    mean = mean_statistics(moment)
    if not mean["judged"]:
        return _message_panel(withheld_message(moment.small), len(faces), rate, "withheld")
    top = top_expression(mean)
    judged = round(mean["judged"])
    return render(
        "live_panel.html",
        announcement=f"on average of {judged} faces {html.label_text(top, mean[top])}",
        message=None,
        heading=_class_heading(judged, len(faces), mean),
        label=top,
        probability=mean[top],
        probabilities=[mean[name] for name in EXPRESSIONS],
        others=(),
        faces=html.pluralize(len(faces), "face"),
        turn=describe_turn(turned(faces), "camera's picture"),
        rate=rate,
    )


def _class_heading(judged: int, faces: int, mean: Mapping[str, float]) -> str:
    heading = f"On average of {judged} faces"
    if uncertain := round(judged * mean["uncertain"]):
        heading += f", {uncertain} of them uncertain"
    if turned := round(faces * mean["turned"]):
        heading += f"; {turned} turned away"
    return heading


def withheld_message(small: float) -> Markup:
    """Return why a mean is withheld, and what helps; faces under `small` pixels don't count."""
    return html.message(
        "Withheld",
        f"A class needs at least {MIN_FACES} faces, so that its mean doesn't describe single ones. "
        f"Faces that are turned away or under {small:.0f} pixels don't count: move the camera "
        "closer, in front of them.",
        "quiet",
    )
