"""The consent notice of the Live and the Recording tab."""

from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.timeline.face_counts import MIN_FACES
from fer.ui import html

EVERYONE = {
    "in view": N_("Everyone in view has to have agreed."),
    "in the recording": N_("Everyone in the recording has to have agreed."),
}


def consent_notice(where: str) -> str:
    """Return the notice; `where` the people are, "in view" or "in the recording"."""
    rest = _(
        "Class figures are aggregates of at least %(least)s faces, but someone who knows the "
        "others may infer one. Not for workplaces and education in the European Union, where "
        "emotion recognition is prohibited. Inform the people in view; the About tab has a notice "
        "to print.",
        least=MIN_FACES,
    )
    return html.message(_("Only with everybody's consent"), f"{_(EVERYONE[where])} {rest}")
