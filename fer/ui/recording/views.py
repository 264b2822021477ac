"""Recording views: instructions, why there is no result, the finished result."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from fer.i18n import current_language
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.recording import RecordingResult
from fer.recording.thumbnails import Thumbnail, match_pictures
from fer.templates import render
from fer.timeline.chart import timeline_html
from fer.timeline.comparison_table import stretches_html
from fer.timeline.formatting import format_exact_time
from fer.timeline.summary import Summary
from fer.timeline.summary_table import summary_html
from fer.ui import html
from fer.ui.mark_editor import marks_html

RESULT_LIFETIME = 3000
"""Seconds for which the files of a recording can be played and saved."""

LIFETIME_NOTE = N_("Play and save it within %(minutes)s minutes; then its files are deleted.")

LIFETIME_NOTE_IN_QUEUE = N_(
    "Its files are deleted %(minutes)s minutes after the last recording of the queue."
)


class Failure(NamedTuple):
    """Why a recording has no result: a title, a sentence, and a kind as `html.message` has it.

    `language` is that of the sentence where it came with an error, so that it can't be translated.
    """

    title: str
    text: str
    kind: str = "trouble"
    language: str | None = None

    def html(self) -> Markup:
        """Return it as a message, in the current language."""
        return html.message(_(self.title), _(self.text), self.kind)


CANCELLED = Failure(
    N_("Cancelled"), N_("The analysis was stopped, and no file of it was kept."), "info"
)

FAILED = Failure(
    N_("Something went wrong"),
    N_(
        "The analysis failed, and no file of it was kept; try again, or save the video as MP4 "
        "(H.264) first."
    ),
)


def instructions() -> Markup:
    """Return what the tab shows without a recording."""
    return html.instructions(
        _("What you get"),
        _("Your video with a box around every face, its sound and its length kept."),
        _("The expressions over time, and the moments at which they changed."),
        _(
            "Video, plot, CSV, JSON, a one-page report, and files for ELAN, Praat, BORIS and BIDS "
            "to save."
        ),
        note=_(
            "Results are deleted within a quarter of an hour after you leave the page; results and "
            "upload within an hour of the end of the analysis at the latest."
        ),
    )


def not_started(error: ValueError) -> Failure:
    """Return why no recording is analysed: what the visitor has to do first."""
    return Failure(N_("Nothing was started"), str(error))


def unusable(error: ValueError) -> Failure:
    """Return the failure of a recording that can't be used."""
    return Failure(N_("This video can't be used"), str(error), language=current_language())


def finished_html(summary: Summary, warning: str | None, lifetime: float | None) -> Markup:
    """Return the result in a sentence; its class makes the video and the buttons visible.

    Args:
        summary: Summary of the whole timeline.
        warning: How much couldn't be read or kept; None if all was.
        lifetime: Seconds until the files are deleted, which the page then states; None while other
            recordings of the queue are analysed.
    """
    return render(
        "recording_finished.html",
        lifetime=lifetime,
        warning=html.message(_("Please note"), warning) if warning else "",
        finished=html.message(_("Finished"), summary.sentence),
        note=_(
            LIFETIME_NOTE_IN_QUEUE if lifetime is None else LIFETIME_NOTE,
            minutes=RESULT_LIFETIME // 60,
        ),
        deleted=html.message(
            _("Its files have been deleted"), _("To get them again, upload the recording again.")
        ),
    )


def result_html(recording: RecordingResult, summary: Summary, trouble: str = "") -> Markup:
    """Return the timeline, thumbnails that move the video to their time, and the mean shares.

    Args:
        recording: Recording with its thumbnails: one per moment or, without moments, some of the
            whole.
        summary: Summary of its timeline.
        trouble: Why a mark was not changed; "" for nothing.
    """
    timeline, start = recording.timeline, recording.metadata.start
    return render(
        "recording_result.html",
        key=recording.video.parent.name,  # by it `marks.js` knows that another one is displayed
        video_offset=recording.video_offset,
        origin=_("Times count from %(time)s of the recording.", time=format_exact_time(start))
        if start
        else "",
        chart=timeline_html(timeline, duration=recording.metadata.end),
        marks=marks_html(timeline, trouble=trouble),
        compared=stretches_html(timeline),
        heading=_("Moments") if summary.moments else _("At a glance"),
        moments=_moments(summary, recording.pictures),
        means=summary_html(summary, timeline),
    )


def _moments(summary: Summary, pictures: Sequence[Thumbnail]) -> list[dict[str, Any]]:
    """Return time, caption, picture and sentence of each; of the pictures without any moment."""
    matched = match_pictures(summary.moments, pictures)
    sentences = [moment.sentence for moment in summary.moments] or [""] * len(matched)
    return [
        {
            "time": time,
            "caption": caption,
            "picture": "" if image is None else html.picture(image, ""),
            "sentence": sentence,
        }
        for (time, caption, image), sentence in zip(matched, sentences, strict=True)
    ]
