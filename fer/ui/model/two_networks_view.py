"""Two networks on one photo as HTML."""

import math

from markupsafe import Markup

from fer.i18n import gettext as _
from fer.i18n import ngettext
from fer.labels import EXPRESSIONS, UNCERTAIN
from fer.templates import render
from fer.ui import html
from fer.ui.model.two_networks import NetworkComparison, Reading


def comparison_html(comparison: NetworkComparison) -> Markup:
    """Return both networks with their time, every face with what each names, and the first's bars.

    Args:
        comparison: Of one face or more.
    """
    first, second = comparison.readings
    labels = [(_label(first, i), _label(second, i)) for i in range(len(comparison.crops))]
    apart = abs(first.probabilities - second.probabilities).max(axis=1)
    same = sum(one == other for one, other in labels)
    return render(
        "model_comparison.html",
        names=_names(first, second),
        readings=comparison.readings,
        verdict=_verdict(same, len(labels), float(apart.max())),
        faces=[
            {
                "number": i + 1,
                "picture": html.picture(crop, _("Face %(number)s", number=i + 1)),
                "labels": labels[i],
                "tops": (float(first.probabilities[i].max()), float(second.probabilities[i].max())),
                "apart": float(apart[i]),
            }
            for i, crop in enumerate(comparison.crops)
        ],
        shares=[
            (name, [float(each.probabilities[0, i]) for each in comparison.readings])
            for i, name in enumerate(EXPRESSIONS)
        ],
        left_out=_left_out(comparison.left_out),
    )


def _label(reading: Reading, face: int) -> str:
    row = reading.probabilities[face]
    return UNCERTAIN if row.max() < reading.uncertain_below else EXPRESSIONS[int(row.argmax())]


def _names(first: Reading, second: Reading) -> tuple[str, str]:
    """Return two names that differ: the precisions where it is one network."""
    if first.name == second.name:
        return first.precision, second.precision
    return first.name, second.name


def _verdict(same: int, faces: int, apart: float) -> str:
    if faces == 1:
        named = _("Both name the face alike.") if same else _("They name the face differently.")
    else:
        named = _("Both name %(same)s of the %(faces)s faces alike.", same=same, faces=faces)
    most = ngettext(
        "No probability differs by more than %(num)s percentage point.",
        "No probability differs by more than %(num)s percentage points.",
        math.ceil(100 * apart) or 1,
    )
    return f"{named} {most}"


def _left_out(faces: int) -> str:
    if not faces:
        return ""
    return ngettext(
        "%(num)s smaller face was left out.", "%(num)s smaller faces were left out.", faces
    )
