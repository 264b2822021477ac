"""Live timeline: recorded in the visitor's session, drawn once per second, exported on demand.

Nothing of it is saved to disk: files are made in memory when the visitor requests them.
"""

import math
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

from markupsafe import Markup
from supervision import Detections

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.templates import render
from fer.timeline.chart import timeline_html
from fer.timeline.comparison_table import stretches_html
from fer.timeline.formatting import format_percent, format_signed, format_time
from fer.timeline.marks import MAX_SECONDS
from fer.timeline.summary import mean_statistics, summarise
from fer.timeline.summary_table import summary_html
from fer.timeline.timeline import Timeline
from fer.ui import html
from fer.ui.mark_editor import change_marks, marks_html

MAX_DURATION = 2 * 3600
"""Seconds after which a timeline stops by itself; it bounds the memory of a forgotten page."""

MAX_TIMELINE_BYTES = 32_000_000
"""Memory at which a timeline stops by itself: thirteen faces for two hours in the person view."""

DRAW_INTERVAL, MAX_DRAWINGS = 1.0, 1200
"""Seconds from one drawing of the chart to the next, and how many are made of one timeline.

Long timelines take longer to draw, and each second changes less of them: one every 6 s after
two hours."""

VIEW_NAMES = {"person": N_("person view"), "class": N_("class view")}

WAITING_NOTE = N_("Waiting for the camera's picture.")

LIMIT_REACHED = N_(
    "A timeline holds at most %(hours)s hours, less with many faces in view; save it or start a "
    "new one."
)

MEMORY_FULL = N_(
    "All visitors' timelines together take too much memory, and this one is among the largest; "
    "save it and start a new one later."
)

RESTORED_NOTE = N_(
    "The page was loaded again. Press Start camera to continue the timeline; the gap stays empty."
)


@dataclass
class TimelineRecorder:
    """A timeline and how its recording and drawing proceed.

    Args:
        timeline: What is recorded; its view holds as long as it runs.
        started: When, in seconds of `time.monotonic`.
        running: Whether frames are counted.
        length: Seconds after which it ended; more than any mark's while it runs.
        last_drawn: When the chart was drawn last, in seconds of `time.monotonic`.
        end_sent: Whether one more frame's response has contained the finished timeline.
        nbytes: Approximate memory of the timeline when it was drawn last.
        end_reason: Why it ends at the next frame, or ended by itself: a sentence in English; ""
            while it may go on, and where its visitor ended it.
        started_utc: The clock time at which it was started, in UTC.
        reloaded: Whether the page was loaded again, and no frame has come since.
    """

    timeline: Timeline
    started: float
    running: bool = True
    length: float = MAX_SECONDS
    last_drawn: float = float("-inf")
    end_sent: bool = False
    nbytes: int = 0
    end_reason: str = ""
    started_utc: datetime = field(default_factory=lambda: datetime.now(UTC))
    reloaded: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def started_at(self) -> str:
        """When it was started, in ISO 8601 to the second, in UTC."""
        return self.started_utc.isoformat(timespec="seconds")

    def record(self, faces: Detections | None, now: float) -> str | None:
        """Count a frame; return the timeline's HTML when it is time to draw it again, else None.

        Args:
            faces: Tracked and classified faces, with `data["probabilities"]` and `tracker_id`; None
                for a frame that counts for nothing, as of a lost camera: it leaves a gap.
            now: Seconds of `time.monotonic`.
        """
        with self.lock:
            self.reloaded = False
            if not self.running:  # once more, as an earlier frame's response may arrive after it
                sent_before, self.end_sent = self.end_sent, True
                return None if sent_before else _finished_html(self)
            if now < self.started:  # the frame is from before the start
                return None
            if now - self.started >= MAX_DURATION:
                self.end_reason = LIMIT_REACHED
            if self.end_reason:
                self.stop(now, self.end_reason)
                return _finished_html(self)
            if faces is not None:
                self.timeline.add(faces, now - self.started)
            if now - self.last_drawn < max(DRAW_INTERVAL, (now - self.started) / MAX_DRAWINGS):
                return None
            self.last_drawn, self.nbytes = now, self.timeline.nbytes
            if self.nbytes >= MAX_TIMELINE_BYTES:
                self.end_reason = LIMIT_REACHED
            return _running_html(self, now)

    def stop(self, now: float, end_reason: str = "") -> None:
        """End it, unless it has ended.

        Args:
            now: Seconds of `time.monotonic`.
            end_reason: Why it ends by itself; "" if its visitor ends it.
        """
        if self.running:
            self.running, self.length, self.end_reason = False, now - self.started, end_reason

    def html(self, now: float, note: str = "") -> str:
        """Return the HTML of the timeline as it is.

        Args:
            now: Seconds of `time.monotonic`.
            note: One more sentence; "" for none.
        """
        with self.lock:
            if not self.running:
                return _finished_html(self, note)
            note = note or (_(RESTORED_NOTE) if self.reloaded else "")
            return _running_html(self, now, note)

    def mark(self, action: object, now: float) -> str:
        """Set, change or remove a mark; return why not, or "".

        Args:
            action: What the page sends.
            now: Seconds of `time.monotonic`.
        """
        end = math.ceil(min(now - self.started, self.length))
        return change_marks(self.timeline, action, end)


def _running_html(recorder: TimelineRecorder, now: float, note: str = "") -> Markup:
    """Return the timeline while it is recorded; its class shows the Stop button.

    Args:
        recorder: Recorder of the timeline so far.
        now: Seconds of `time.monotonic`.
        note: One more sentence; by default that no frame has come yet, where that is so.
    """
    timeline, elapsed = recorder.timeline, now - recorder.started
    return render(
        "live_timeline.html",
        running=True,
        elapsed=elapsed,
        view=timeline.view,
        message="",
        readout=_readout(_("Recording %(time)s", time=format_time(elapsed)), timeline),
        note=note or ("" if len(timeline) else _(WAITING_NOTE)),
        chart=timeline_html(timeline, duration=elapsed, growing=True),
        marks=marks_html(timeline, editable=False) if timeline.marks else "",
        compared="",
        summary="",
    )


def _finished_html(recorder: TimelineRecorder, trouble: str = "") -> Markup:
    """Return a finished timeline; its class shows the Save buttons.

    Args:
        recorder: Recorder of the timeline.
        trouble: Why a mark was not changed; "" for nothing.
    """
    timeline, length, reason = recorder.timeline, recorder.length, recorder.end_reason
    if not len(timeline):
        return html.message(_("Nothing recorded"), _("The camera sent no picture; start it first."))
    ended = _("The timeline has ended")
    return render(
        "live_timeline.html",
        running=False,
        view=timeline.view,
        message=html.message(ended, _(reason, hours=MAX_DURATION // 3600)) if reason else "",
        readout=_readout(_("Finished"), timeline),
        note="",
        chart=timeline_html(timeline, duration=length, started=recorder.started_at),
        marks=marks_html(timeline, trouble=trouble),
        compared=stretches_html(timeline),
        summary=summary_html(summarise(timeline, length), timeline),
    )


def idle_html() -> Markup:
    """Return what the tab shows before a timeline is started."""
    consent = html.consent_notice("in view")
    return render("live_idle.html", hours=MAX_DURATION // 3600, consent=consent)


def lost_html() -> Markup:
    """Return the message for a page whose timeline the server no longer has."""
    reason = _("The server was restarted, or has given it up. Start a new timeline.")
    return html.message(_("The timeline is lost"), reason, "trouble")


def _readout(state: str, timeline: Timeline) -> list[str]:
    """Return what the line above the chart lists."""
    mean = mean_statistics(timeline)
    items = [state, _(VIEW_NAMES[timeline.view])]
    if mean["classified"]:
        items.append(_("positive-negative index %(index)s", index=format_signed(mean["index"])))
        items.append(_("%(share)s uncertain", share=format_percent(mean["uncertain"])))
    if mean["turned"] > 0:
        items.append(_("%(share)s turned away", share=format_percent(mean["turned"])))
    return items
