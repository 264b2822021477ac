"""Timeline handlers: start and stop the live timeline, set its marks, and make its downloads."""

import io
import math
import time
from functools import partial
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import gradio as gr

from fer.i18n import SOURCE, use_language
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.timeline.annotation_tiers import interval_table
from fer.timeline.exports import FORMATS, export_texts
from fer.timeline.methods import NetworkIdentity, TimelineMetadata, methods_paragraph
from fer.timeline.moments import find_moments
from fer.timeline.serialization import to_csv, to_json
from fer.timeline.timeline import Timeline
from fer.ui import html
from fer.ui.fair_scheduler import MAX_WAITING_EVENTS, BusyError, FairScheduler, Superseded
from fer.ui.live.timeline_recorder import TimelineRecorder, idle_html
from fer.ui.sender import Sender
from fer.ui.sessions import Session, SessionError, Sessions

DRAWN_LATER = N_("This was done, but the page is busy: it is shown with the next change.")


class TimelineHandlers:
    """Starts, stops and exports the visitors' timelines.

    Args:
        sessions: The visitors' sessions.
        uncertain_below: Least probability at which an expression is named.
        network: The network in use, for the report and JSON.
    """

    def __init__(
        self, sessions: Sessions, uncertain_below: float, network: NetworkIdentity
    ) -> None:
        self.sessions, self.uncertain_below = sessions, uncertain_below
        self.network = network
        self._turns = FairScheduler(1, "timeline", MAX_WAITING_EVENTS)

    async def start(self, token: str, view: str, request: gr.Request | None = None) -> str:
        """Start a new timeline; the previous one is dropped.

        Args:
            token: The visitor's token.
            view: "person" or "class".
            request: The request.

        Returns:
            The timeline's HTML.
        """
        try:
            visitor = self.sessions.get_or_create(token, Sender(request)).live
            self.sessions.require_space()
        except SessionError as error:
            return html.message(_("No timeline can be started"), str(error), "trouble")
        timeline, now = Timeline(view, uncertain_below=self.uncertain_below), time.monotonic()
        visitor.recorder = TimelineRecorder(timeline, now)
        return visitor.recorder.html(now)

    async def stop(self, token: str, request: gr.Request | None = None) -> Any:
        """End the timeline; return its HTML."""
        sender = Sender(request)
        try:
            recorder = self.sessions.get_or_create(token, sender).live.recorder
        except SessionError as error:
            return html.message(_("Nothing can be stopped"), str(error), "trouble")
        if recorder is None:
            return idle_html()
        recorder.stop(time.monotonic())
        return await self._draw(recorder, token, sender)

    async def mark(self, action: Any, token: str, request: gr.Request | None = None) -> Any:
        """Set, change or remove a mark; return the timeline's HTML."""
        sender = Sender(request)
        try:
            recorder = self.sessions.get_or_create(token, sender).live.recorder
        except SessionError as error:
            return html.message(_("Nothing can be marked"), str(error), "trouble")
        if recorder is None:
            return gr.skip()
        trouble = recorder.mark(action, time.monotonic())
        return await self._draw(recorder, token, sender, trouble)

    async def _draw(
        self, recorder: TimelineRecorder, token: str, sender: Sender, note: str = ""
    ) -> Any:
        """Return a timeline's HTML in the visitor's turn: a long one takes a while to draw.

        Of several that wait only the last one is drawn; what is to be seen holds already.
        """
        work = partial(recorder.html, time.monotonic(), note)
        try:
            drawn = await self._turns.run(token, sender, work)
            visitor = self.sessions.get_or_create(token, sender).live
            return drawn if visitor.recorder is recorder else gr.skip()
        except (Superseded, SessionError):
            return gr.skip()
        except BusyError:
            gr.Warning(_(DRAWN_LATER))
            return gr.skip()

    def save_csv(self, session: Session) -> dict[str, str]:
        """Return the timeline as CSV, as a download."""
        return html.download(
            "timeline.csv", to_csv(_finished(session).timeline).encode(), "text/csv"
        )

    def save_json(self, session: Session) -> dict[str, str]:
        """Return the timeline as JSON, as a download."""
        recorder = _finished(session)
        with use_language(SOURCE):  # as in a recording's
            methods = methods_paragraph(recorder.timeline, self._metadata(recorder))
        about = {
            "started": recorder.started_at,
            "model": self.network.name,
            "fingerprint": self.network.fingerprint,
            "methods": methods,
        }
        content = to_json(recorder.timeline, about).encode()
        return html.download("timeline.json", content, "application/json")

    def save_plot(self, session: Session) -> dict[str, str]:
        """Return the timeline's plot as PNG, as a download."""
        from fer.timeline.plot import timeline_plot

        recorder, file = _finished(session), io.BytesIO()
        timeline = recorder.timeline
        figure = timeline_plot(timeline, find_moments(timeline), recorder.length)
        figure.savefig(file, format="png", dpi=150)
        return html.download("timeline.png", file.getvalue(), "image/png")

    def save_report(self, session: Session) -> dict[str, str]:
        """Return the timeline's report as one HTML file, as a download."""
        from fer.timeline.report import report_html

        recorder = _finished(session)
        content = report_html(recorder.timeline, self._metadata(recorder))
        return html.download("timeline.html", content.encode(), "text/html")

    def _metadata(self, recorder: TimelineRecorder) -> TimelineMetadata:
        return TimelineMetadata(
            _("Live timeline"),
            self.network,
            duration=recorder.length,
            started=recorder.started_at,
        )

    def save_exports(self, session: Session) -> dict[str, str]:
        """Return files for other programs as one ZIP file, as a download."""
        recorder, file = _finished(session), io.BytesIO()
        table = interval_table(recorder.timeline, math.ceil(recorder.length))  # as marks are taken
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for name, text in export_texts(table, "timeline", FORMATS).items():
                archive.writestr(name, text)
        return html.download("timeline_exports.zip", file.getvalue(), "application/zip")


def _finished(session: Session) -> TimelineRecorder:
    """Return the session's finished timeline; where there is none, report so to the visitor."""
    recorder = session.live.recorder
    if recorder is None or recorder.running or not len(recorder.timeline):
        raise gr.Error(_("There is no finished timeline to save yet."), print_exception=False)
    return recorder
