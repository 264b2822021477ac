"""The consent notice of the Live and the Recording tab."""

from fer.timeline.withholding import MIN_FACES
from fer.ui import html


def consent_notice(where: str) -> str:
    """Return the notice; `where` the people are, such as "in the recording"."""
    return html.message(
        "Only with everybody's consent",
        f"Everyone {where} has to have agreed. Class figures are aggregates of at least "
        f"{MIN_FACES} faces, but someone who knows the others may infer one. Not for workplaces "
        "and education in the European Union, where emotion recognition is prohibited. Inform the "
        "people in view; the About tab has a notice to print.",
    )
