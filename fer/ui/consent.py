"""What has to be agreed on before expressions are recorded, in the same words on both tabs."""

from fer.timeline.timeline import MIN_FACES
from fer.ui import html


def consent_notice(where: str) -> str:
    """Return the message; `where` the people are, such as "in the recording"."""
    return html.message(
        "Only with everybody's consent",
        f"Everyone {where} has to have agreed. Class figures are aggregates of at least "
        f"{MIN_FACES} faces, but who knows the others may work out one. Not for workplaces and "
        "education in the European Union, where reading emotions there is prohibited. Inform the "
        "people in view; the About tab has a notice to print.",
    )
