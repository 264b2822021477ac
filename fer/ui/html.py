"""HTML building blocks: messages, pictures and files as data URIs, and labels in words."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from fer.array_types import FloatArray, UInt8Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.i18n import ngettext, with_translations
from fer.images import encode_jpeg
from fer.labels import EXPRESSIONS, UNNAMED
from fer.templates import call_macro, data_uri
from fer.timeline.formatting import format_percent
from fer.timeline.withholding import MIN_FACES

JPEG_QUALITY = 80
"""JPEG quality of the pictures within the page, 1 to 95."""

EVERYONE = {
    "in view": N_("Everyone in view has to have agreed."),
    "in the recording": N_("Everyone in the recording has to have agreed."),
}


def label_probability(label: str, probabilities: Sequence[float] | FloatArray) -> float:
    """Return the probability of a face's label; 0 where no expression is named.

    In a stream it needn't be the largest: by label hysteresis, a label stays until another leads
    clearly.
    """
    return 0.0 if label in UNNAMED else float(probabilities[EXPRESSIONS.index(label)])


def label_text(label: str, probability: float) -> str:
    """Return "happy 83%", or "uncertain" or "turned away" alone."""
    name = _(label)
    return name if label in UNNAMED else f"{name} {format_percent(probability)}"


def message(title: str, text: str, kind: str = "info") -> Markup:
    """Return a framed message.

    Args:
        title: Its heading.
        text: One or two sentences.
        kind: How screen readers announce it: "info" politely, "trouble" at once, "quiet" not at
            all.
    """
    return call_macro("message", title, text, kind)


def consent_notice(where: str) -> Markup:
    """Return the notice on consent; `where` the people are, "in view" or "in the recording"."""
    rest = _(
        "Class figures are aggregates of at least %(least)s faces, but someone who knows the "
        "others may infer one. Not for workplaces and education in the European Union, where "
        "emotion recognition is prohibited. Inform the people in view; the About tab has a notice "
        "to print.",
        least=MIN_FACES,
    )
    return message(_("Only with everybody's consent"), f"{_(EVERYONE[where])} {rest}")


def hidden_heading(text: str) -> Markup:
    """Return the heading of a tab, for screen readers only: what is seen is the tab's button."""
    return Markup("<h2>{}</h2>").format(_(text))


def note(text: str, **values: object) -> Markup:
    """Return a small paragraph in the current language; see `fer.i18n.gettext`."""
    return Markup('<p class="fer-note">{}</p>').format(_(text, **values))


def card(content: Markup) -> Markup:
    """Return HTML within a card."""
    return call_macro("card", caller=lambda: content)


def instructions(heading: str, *steps: str, note: str) -> Markup:
    """Return numbered steps and a note, within a card."""
    return call_macro("steps", heading, steps, note)


def script(name: str) -> str:
    """Return the text of a script in `fer/ui/scripts`, with translations of what it writes."""
    source = Path(__file__).with_name("scripts") / name
    return with_translations(source.read_text(encoding="utf-8"))


def picture(image: UInt8Array, alt: str) -> Markup:
    """Return RGB uint8 (h, w, 3) as an `img` that carries its own JPEG: no file, no request."""
    height, width = image.shape[:2]
    source = data_uri(encode_jpeg(image, JPEG_QUALITY), "image/jpeg")
    return call_macro("picture", width, height, alt, source)


def download(name: str, content: bytes, media_type: str) -> dict[str, str]:
    """Return a file as `download.js` passes it to the browser; none is on the server's disk."""
    return {"name": name, "uri": data_uri(content, media_type)}


def count_labels(labels: Sequence[str]) -> str:
    """Return "3 faces: 2 happy, 1 uncertain", the most frequent first."""
    each = ", ".join(f"{number} {_(label)}" for label, number in Counter(labels).most_common())
    return f"{count_faces(len(labels))}: {each}" if labels else count_faces(0)


def count_faces(number: int) -> str:
    """Return "no face", "1 face" or "3 faces"."""
    return ngettext("%(num)s face", "%(num)s faces", number) if number else _("no face")
