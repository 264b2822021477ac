"""Model tab: the evaluation of the network in use, made when a visitor opens it; a comparison."""

import json
import logging
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from fer.i18n import current_language
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.images import ImageError
from fer.model.classifier import ModelError
from fer.model.evaluation_results import Evaluation
from fer.model.hub import EVALUATION_FILE
from fer.paths import public_name
from fer.pipeline import Classifier
from fer.ui import html
from fer.ui.event_listeners import PAGE_EVENT
from fer.ui.fair_scheduler import MAX_WAITING_EVENTS, BusyError, FairScheduler, Superseded
from fer.ui.localization import localized
from fer.ui.model.two_networks import SecondNetwork, compare_networks, comparison_html
from fer.ui.model.views import model_html
from fer.ui.photo.handlers import PhotoHandlers, PhotoResult
from fer.ui.sender import Sender
from fer.ui.sessions import SessionError, Sessions

COMPARISON_NOTE = N_(
    "Open a photo in the Photo tab; then see here what %(second)s makes of its faces, and how long "
    "both take."
)

OTHER, EXACT = N_("a second network"), N_("the same network in single precision")
"""What the network in use is compared with."""

IS_SHOWN = "(content) => content ? 'shown' : ''"
"""What the page sends instead of the tab's whole content."""

RESULT_IS_SHOWN = "(content, token) => [content ? 'shown' : '', token]"
"""What the page sends instead of the comparison, with the visitor's token."""

NO_PHOTO = N_("Choose one in the Photo tab, with a face in it; then press Compare again.")

NOT_LOADED = N_("Whoever runs this page finds the reason in its log.")

logger = logging.getLogger(__name__)


class ModelEvents:
    """Event listeners of the Model tab.

    Args:
        photos: Reads photos, with the network in use.
        sessions: The visitors' sessions.
        second: The network that it is compared with.
    """

    def __init__(self, photos: PhotoHandlers, sessions: Sessions, second: SecondNetwork) -> None:
        self._photos, self._sessions, self._second = photos, sessions, second
        self._classifier = photos.pipeline.classifier
        self._turns = FairScheduler(1, "networks", MAX_WAITING_EVENTS)
        self._rendered = cache(self._render)

    def show(self, shown: str) -> Any:
        """Return the tab's HTML, made once per language; nothing new where it is there already.

        Args:
            shown: "" where it isn't.
        """
        return gr.skip() if shown else self._rendered(current_language())

    def translate(self, shown: str) -> Any:
        """Return the tab's HTML in the page's new language.

        Args:
            shown: "" where it isn't there yet.
        """
        return self._rendered(current_language()) if shown else gr.skip()

    def _render(self, _language: str) -> str:
        return model_html(public_name(self._classifier.name), find_evaluation(self._classifier))

    async def compare(self, token: str, request: gr.Request | None = None) -> Any:
        """Return HTML of both networks on the photo of the Photo tab, or what is missing for it.

        Args:
            token: The visitor's token.
            request: The request.
        """
        sender = Sender(request)
        try:
            photo = self._sessions.get_or_create(token, sender).photo
            if photo is None or not photo.labels:
                return html.message(_("No photo yet"), _(NO_PHOTO))
            return await self._turns.run(str(token), sender, partial(self._compare, photo))
        except Superseded:
            return gr.skip()
        except (SessionError, BusyError) as error:
            return html.message(_("Not now"), str(error), "trouble")

    async def translate_comparison(
        self, shown: str, token: str, request: gr.Request | None = None
    ) -> Any:
        """Compare once more in the page's new language; see `translate` and `compare`."""
        return await self.compare(token, request) if shown else gr.skip()

    def _compare(self, photo: PhotoResult) -> str:
        try:
            networks = self._classifier, self._second.load()
        except ModelError as error:
            logger.warning("FER_SECOND_MODEL can't be loaded. %s", error)
            title = _("The second network can't be loaded")
            return html.message(title, _(NOT_LOADED), "trouble")
        try:
            return comparison_html(compare_networks(photo, self._photos.load, networks))
        except ImageError as error:
            return html.message(_("This photo can't be used"), str(error), "trouble")


def find_evaluation(classifier: Classifier) -> Evaluation:
    """Return the most detailed metrics of a network; an empty evaluation where there are none.

    That is evaluation.json in its folder, if it is about the same weights; else what metrics.json
    has of a split, as a network from the Hub brings it.
    """
    beside = _evaluation_file(classifier)
    if beside.weights == classifier.fingerprint():
        return beside
    metrics = classifier.metrics
    measured = {name: split for name, split in metrics.splits.items() if split.accuracy is not None}
    detailed = [name for name, split in measured.items() if split.reliability]
    for name in (detailed or [*measured])[-1:]:  # test comes last
        rows = [row for row in metrics.robustness if row.split in (None, name)]
        split = measured[name]
        return replace(split, split=name, robustness=split.robustness or rows)
    return Evaluation()


def _evaluation_file(classifier: Classifier) -> Evaluation:
    """Return evaluation.json without what is not of its form; an empty one if it can't be read."""
    if classifier.folder is None:
        return Evaluation()
    try:
        text = (classifier.folder / EVALUATION_FILE).read_text(encoding="utf-8")
        return Evaluation.from_json(json.loads(text))[0]
    except (OSError, ValueError, RecursionError):
        return Evaluation()


def build_model(
    tab: gr.Tab,
    photos: PhotoHandlers,
    sessions: Sessions,
    token: gr.HTML,
    second: str | Path | None = None,
) -> None:
    """Build the Model tab; its content is made when it is opened.

    Args:
        tab: The tab around it.
        photos: Reads photos, with the network in use.
        sessions: The visitors' sessions.
        token: Has the visitor's token.
        second: A folder or a Hub id of the network that it is compared with; None for its own
            single precision.
    """
    other = SecondNetwork(photos.pipeline.classifier, second)
    events = ModelEvents(photos, sessions, other)
    panel = gr.HTML(elem_id="model-panel")
    known: dict[str, Any] = {"js": IS_SHOWN, "preprocess": False, **PAGE_EVENT}
    tab.select(events.show, panel, panel, **known)
    token.input(events.translate, panel, panel, **known)
    if not other.is_available:
        return
    note = gr.HTML(localized(partial(_note, OTHER if second else EXACT)), elem_id="networks-note")
    compare = gr.Button("Compare", elem_id="networks-compare")
    result = gr.HTML(elem_id="networks-result")
    # The second network takes a while to load at first, and the result is empty until then.
    shown: dict[str, Any] = {"show_progress": "minimal", "show_progress_on": note}
    compare.click(events.compare, token, result, **{**PAGE_EVENT, **shown})
    token.input(
        events.translate_comparison,
        [result, token],
        result,
        js=RESULT_IS_SHOWN,
        trigger_mode="always_last",
        **PAGE_EVENT,
    )


def _note(second: str) -> Markup:
    """Return what the comparison is; `second` is what the network in use is compared with."""
    heading, note = _("Two networks on one photo"), _(COMPARISON_NOTE, second=_(second))
    card = Markup('<section class="fer-card"><h2>{}</h2><p>{}</p></section>')
    return card.format(heading, note)
