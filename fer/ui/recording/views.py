"""Recording views: instructions, progress, the finished result."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.i18n import ngettext
from fer.recording import Progress
from fer.recording.thumbnails import Thumbnail, match_pictures
from fer.templates import render
from fer.timeline.chart import timeline_html
from fer.timeline.comparison_table import stretches_html
from fer.timeline.formatting import format_duration, format_time
from fer.timeline.summary import Summary
from fer.timeline.summary_table import summary_html
from fer.timeline.timeline import Timeline
from fer.ui import html
from fer.ui.mark_editor import marks_html
from fer.video import VideoInfo

RESULT_LIFETIME = 3000
"""Seconds for which the files of a recording can be played and saved."""

LIFETIME_NOTE = N_("Play and save it within %(minutes)s minutes; then its files are deleted.")

LIFETIME_NOTE_IN_QUEUE = N_(
    "Its files are deleted %(minutes)s minutes after the last recording of the queue."
)


class Failure(NamedTuple):
    """Why a recording has no result: a title, a sentence, and a kind as `html.message` has it."""

    title: str
    text: str
    kind: str = "trouble"

    def html(self) -> Markup:
        """Return it as a message, in the current language."""
        return html.message(_(self.title), _(self.text), self.kind)


CANCELLED = Failure(
    N_("Cancelled"), N_("The analysis was stopped, and no file of it was kept."), "info"
)

QUEUE_CANCELLED = Failure(
    N_("Cancelled"), N_("The analysis was stopped; what was finished before is kept."), "info"
)

NOTHING_TO_DO = Failure(
    N_("Nothing left to analyse"),
    N_("Each recording has its result with these settings; change them, or add a recording."),
    "info",
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
        _("Video, plot, CSV, JSON and a one-page report to save."),
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
    return Failure(N_("This video can't be used"), str(error))


def _job_html(heading: str, note: str, done: float | None = None, left: str = "") -> Markup:
    """Return the state of a job: how much is done, 0 to 1, or None, and what is left."""
    return render("recording_job.html", heading=heading, note=note, done=done, left=left)


def cancelling_html() -> Markup:
    """Return the state of a job that ends with its current frame."""
    return _job_html(_("Cancelling"), _("The current frame is finished first."))


def video_facts(info: VideoInfo) -> tuple[str, str, str]:
    """Return a video's length, size and whether it has sound."""
    return (
        format_duration(info.duration) if info.duration else _("of unknown length"),
        f"{info.width} x {info.height}",
        _("with sound") if info.has_audio else _("no sound"),
    )


def facts_html(facts: Sequence[str]) -> Markup:
    """Return what is known of the chosen recordings."""
    return render("recording_facts.html", facts=facts)


def waiting_html(jobs_before: int, heading: str = "") -> Markup:
    """Return the state of a queued job; its class makes the Cancel button visible.

    Args:
        jobs_before: Jobs of other visitors that come first.
        heading: Which of several recordings it is.
    """
    before = ngettext(
        "%(num)s recording before yours.", "%(num)s recordings before yours.", jobs_before
    )
    note = f"{before} {_('It begins by itself; keep the page open.')}"
    if heading:
        return _job_html(_("%(recording)s, waiting in line", recording=heading), note)
    return _job_html(_("Waiting in line"), note)


def progress_html(
    progress: Progress | None, heading: str = "", lengths: Sequence[float | None] = ()
) -> Markup:
    """Return the progress of a job; its class makes the Cancel button visible.

    Args:
        progress: Of the job.
        heading: Which of several recordings it is.
        lengths: Seconds that are analysed of this recording and of those that come after it, from
            which the time of all is estimated; None where one isn't known.
    """
    note = _("Keep the page open: closing or reloading it cancels the analysis.")
    left = None if progress is None else progress.left
    if progress is None or left is None:
        done = 0.0 if progress is None else progress.done
        return _job_html(heading, note, done, _("Reading the video"))
    text = _("About %(time)s left", time=_approximate(left))
    first, *later = lengths or (None,)
    if later and first and progress.done < 1 and None not in later:
        rate = left / (1 - progress.done) / first  # seconds of work for a second of video
        every = left + rate * sum(each for each in later if each is not None)
        text = _(
            "About %(time)s left, about %(every)s for all",
            time=_approximate(left),
            every=_approximate(every),
        )
    return _job_html(heading, note, progress.done, text)


def _approximate(seconds: float) -> str:
    return format_duration(max(1, round(seconds)))


def finished_html(summary: Summary, warning: str | None, lifetime: float | None) -> Markup:
    """Return the result in a sentence; its class makes the video and the buttons visible.

    Args:
        summary: Of the whole timeline.
        warning: How much couldn't be read or kept; None if all was.
        lifetime: Seconds until the files are deleted, which the page then states; None while other
            recordings of the queue are analysed.
    """
    return render(
        "recording_finished.html",
        lifetime=lifetime,
        warning=html.message(_("Not everything could be read"), warning) if warning else "",
        finished=html.message(_("Finished"), summary.sentence),
        note=_(
            LIFETIME_NOTE_IN_QUEUE if lifetime is None else LIFETIME_NOTE,
            minutes=RESULT_LIFETIME // 60,
        ),
        deleted=html.message(
            _("Its files have been deleted"), _("To get them again, upload the recording again.")
        ),
    )


def result_html(
    timeline: Timeline,
    summary: Summary,
    pictures: Sequence[Thumbnail],
    video_offset: float = 0.0,
    trouble: str = "",
    start: float = 0.0,
    key: str = "",
) -> Markup:
    """Return the timeline, thumbnails that move the video to their time, and the mean shares.

    Args:
        timeline: The recording's timeline.
        summary: Its summary.
        pictures: One thumbnail a moment or, without moments, some of the whole recording.
        video_offset: Seconds by which the annotated video is later than the timeline.
        trouble: Why a mark was not changed; "" for nothing.
        start: Seconds of the recording from which times count.
        key: By which `marks.js` knows that another recording is displayed.
    """
    matched = match_pictures(summary.moments, pictures)
    sentences = [moment.sentence for moment in summary.moments] or [""] * len(matched)
    moments = [
        {
            "time": time,
            "caption": caption,
            "picture": "" if image is None else html.picture(image, ""),
            "sentence": sentence,
        }
        for (time, caption, image), sentence in zip(matched, sentences, strict=True)
    ]
    return render(
        "recording_result.html",
        key=key,
        video_offset=video_offset,
        origin=_("Times count from %(time)s of the recording.", time=format_time(start))
        if start
        else "",
        chart=timeline_html(timeline),
        marks=marks_html(timeline, trouble=trouble),
        compared=stretches_html(timeline),
        heading=_("Moments") if summary.moments else _("At a glance"),
        moments=moments,
        means=summary_html(summary, timeline),
    )
