"""Live panel: the probabilities of one person, or the mean of a class, as bars."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from supervision import Detections

from fer.array_types import Float32Array
from fer.drawing.annotators import display_ids
from fer.drawing.face_export import describe_rotation
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.i18n import ngettext
from fer.labels import EXPRESSIONS
from fer.templates import render
from fer.timeline.summary import mean_statistics
from fer.timeline.summary_table import top_expression
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES
from fer.ui import html
from fer.vision.boxes import box_areas
from fer.vision.detections import boxes, picture_rotation, probabilities

MAX_OTHER_FACES = 6
"""Faces listed below the bars of the largest one."""


def instructions() -> Markup:
    """Return what to do, before the camera is on."""
    return html.instructions(
        _("One press"),
        _(
            "Press Start camera and allow the browser to use it. The bars for your face appear "
            "here."
        ),
        _("Press Stop at any time; no picture is kept."),
        note=_("No camera? The Photo tab works without one."),
    )


def no_face_in_view() -> Markup:
    """Return what to do where no face is in view."""
    return html.message(
        _("No face in view"),
        _("Face the camera, come a little closer, and make sure that your face is well lit."),
        "quiet",
    )


def face_to_confirm() -> Markup:
    """Return a panel for a face that doesn't count yet."""
    note = _("A face counts once it is detected in a second picture.")
    return html.card(html.message(_("One moment"), note, "quiet"))


def person_panel(faces: Detections, labels: Sequence[str], rate: float) -> Markup:
    """Return the bars of the largest face, and the labels of the others.

    Args:
        faces: n faces with `data["probabilities"]` (n, 7); n may be 0.
        labels: The label of each face.
        rate: Frames per second.
    """
    if not labels:
        return _message_panel(no_face_in_view(), 0, rate, _("no face in view"))
    ids, rows = display_ids(faces), probabilities(faces)
    largest = int(box_areas(boxes(faces)).argmax())
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
        heading=_("Face %(number)s, the largest", number=ids[largest])
        if others
        else _("Your expression"),
        label=labels[largest],
        probability=_probability(labels, rows, largest),
        probabilities=rows[largest],
        others=texts,
        more=ngettext("and %(num)s other", "and %(num)s others", left) if left > 0 else "",
        faces=html.count_faces(len(labels)),
        turn=describe_rotation(picture_rotation(faces), N_("camera's picture")),
        rate=rate,
    )


def _probability(labels: Sequence[str], rows: Float32Array, face: int) -> float:
    return html.label_probability(labels[face], rows[face])


def _message_panel(message: Markup, faces: int, rate: float, announcement: str) -> Markup:
    return render(
        "live_panel.html",
        announcement=announcement,
        message=message,
        faces=html.count_faces(faces),
        turn="",
        rate=rate,
    )


def camera_lost_panel(reason: str) -> Markup:
    """Return a panel without figures; by its attribute `live.js` finds that a timeline is paused.

    Args:
        reason: What is wrong with the camera and what to do, in a sentence or two.
    """
    message = html.message(_("No camera picture"), reason, "trouble")
    return render("camera_lost.html", announcement=_("no camera picture"), message=message)


def refused_panel(reason: str) -> Markup:
    """Return the same where the server reads no frame; the message is an alert of its own."""
    message = html.message(_("No picture is read"), reason, "trouble")
    return render("camera_lost.html", announcement="", message=message)


def class_panel(faces: Detections, rate: float, uncertain_below: float) -> Markup:
    """Return the mean probabilities of all faces, or why they are withheld.

    Args:
        faces: n faces with `data["probabilities"]` (n, 7); n may be 0.
        rate: Frames per second.
        uncertain_below: Least probability at which a face's expression is named.
    """
    moment = Timeline("class", uncertain_below=uncertain_below)
    moment.add(faces, 0.0)
    mean = mean_statistics(moment)
    if not mean["classified"]:
        return _message_panel(withheld_message(moment.small), len(faces), rate, _("withheld"))
    top = top_expression(mean)
    classified = round(mean["classified"])
    return render(
        "live_panel.html",
        announcement=_(
            "on average of %(number)s faces %(label)s",
            number=classified,
            label=html.label_text(top, mean[top]),
        ),
        message=None,
        heading=_class_heading(classified, len(faces), mean),
        label=top,
        probability=mean[top],
        probabilities=[mean[name] for name in EXPRESSIONS],
        others=(),
        faces=html.count_faces(len(faces)),
        turn=describe_rotation(picture_rotation(faces), N_("camera's picture")),
        rate=rate,
    )


def _class_heading(classified: int, faces: int, mean: Mapping[str, float]) -> str:
    heading = _("On average of %(number)s faces", number=classified)
    if uncertain := round(classified * mean["uncertain"]):
        heading += _(", %(number)s of them uncertain", number=uncertain)
    if turned := round(faces * mean["turned"]):
        heading += _("; %(number)s turned away", number=turned)
    return heading


def withheld_message(small: float) -> Markup:
    """Return why a mean is withheld, and what helps; faces under `small` pixels don't count."""
    return html.message(
        _("Withheld"),
        _(
            "A class needs at least %(least)s faces, so that its mean doesn't describe single "
            "ones. Faces that are turned away or under %(side)s pixels don't count: move the "
            "camera closer, in front of them.",
            least=MIN_FACES,
            side=f"{small:.0f}",
        ),
        "quiet",
    )
