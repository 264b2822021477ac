"""Recording views: instructions, queue and progress, the finished result."""

from collections.abc import Sequence
from html import escape

from fer.recording import Progress
from fer.recording.thumbnails import Thumbnail
from fer.timeline.chart import timeline_html
from fer.timeline.formatting import format_duration, format_percent
from fer.timeline.summary import Summary
from fer.timeline.timeline import Timeline
from fer.ui import html
from fer.ui.summary_table import summary_html
from fer.video import VideoInfo

INSTRUCTIONS = html.card(
    '<h3 class="fer-heading">What you get</h3><ol class="fer-steps">'
    "<li>Your video with a box around every face, its sound and its length kept.</li>"
    "<li>The expressions over time, and the moments at which they changed.</li>"
    "<li>Video, plot, CSV, JSON and a one-page report to save.</li></ol>"
    '<p class="fer-note">Results are deleted within a quarter of an hour after you leave the page; '
    "results and upload within an hour of the end of the analysis at the latest.</p>"
)

RESULT_LIFETIME = 3000
"""Seconds for which the files of a recording can be played and saved."""

LIFETIME_NOTE = (
    f"Play and save it within {RESULT_LIFETIME // 60} minutes; then its files are deleted."
)

DELETED_HTML = html.message(
    "Its files have been deleted", "To get them again, upload the recording again."
)

CANCELLED_HTML = html.message("Cancelled", "The analysis was stopped, and no file of it was kept.")

FAILED_HTML = html.message(
    "Something went wrong",
    "The analysis failed, and no file of it was kept; try again, or save the video as MP4 "
    "(H.264) first.",
    "trouble",
)

CANCELLING_HTML = html.card(
    '<div class="fer-working"><h3 class="fer-heading">Cancelling</h3>'
    '<p class="fer-note">The current frame is finished first.</p></div>'
)


def video_facts(info: VideoInfo) -> str:
    """Return a video's length, size and whether it has sound."""
    length = format_duration(info.duration) if info.duration else "of unknown length"
    facts = (
        length,
        f"{info.width} x {info.height}",
        "with sound" if info.has_audio else "no sound",
    )
    items = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
    return f'<p class="fer-readout fer-known">{items}</p>'


def waiting_html(jobs_before: int) -> str:
    """Return the state of a queued job; its class makes the Cancel button visible."""
    return html.card(
        '<div class="fer-working" role="status"><h3 class="fer-heading">Waiting in line</h3>'
        f'<p class="fer-note">{html.pluralize(jobs_before, "recording").capitalize()} before '
        "yours. "
        "It begins by itself; keep the page open.</p></div>"
    )


def progress_html(progress: Progress | None) -> str:
    """Return the progress of a job; its class makes the Cancel button visible."""
    done = 0.0 if progress is None else progress.done
    left = None if progress is None else progress.left
    share = format_percent(done)
    rest = (
        "Reading the video"
        if left is None
        else f"About {format_duration(max(1, round(left)))} left"
    )
    return html.card(
        '<div class="fer-working"><p class="fer-verdict">'
        f'<strong class="fer-figure">{share}</strong> <span class="fer-note">{rest}</span></p>'
        '<div class="fer-track fer-progress" role="progressbar" aria-label="Analysed" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{round(100 * done)}" '
        f'style="--value:{share}"><span></span></div>'
        '<p class="fer-note">Keep the page open: closing or reloading it cancels the analysis.'
        "</p></div>"
    )


def finished_html(summary: Summary, warning: str | None, lifetime: float = RESULT_LIFETIME) -> str:
    """Return the result in a sentence; its class makes the video and the buttons visible.

    Args:
        summary: Of the whole timeline.
        warning: How much couldn't be read or kept; None if all was.
        lifetime: Seconds until the files are deleted, which the page then states.
    """
    lost = html.message("Not everything could be read", warning) if warning else ""
    return (
        f'<div class="fer-finished" data-kept="{lifetime:.0f}">{lost}'
        f'{html.message("Finished", summary.sentence)}<p class="fer-note '
        f'fer-kept">{LIFETIME_NOTE}</p>'
        f'<div class="fer-gone">{DELETED_HTML}</div></div>'
    )


def result_html(
    timeline: Timeline, summary: Summary, pictures: Sequence[Thumbnail], lead: float = 0.0
) -> str:
    """Return the timeline, thumbnails that move the video to their time, and the mean shares.

    Args:
        timeline: The recording's timeline.
        summary: Its summary.
        pictures: One thumbnail a moment or, without moments, some of the whole recording.
        lead: Seconds by which the annotated video is later than the timeline.
    """
    heading = "Moments" if summary.moments else "At a glance"
    sentences = [moment.sentence for moment in summary.moments] or [""] * len(pictures)
    means = summary_html(summary)
    items = "".join(_moment(*pair) for pair in zip(pictures, sentences, strict=True))
    return (
        f'<section class="fer-card" data-lead="{lead:.3f}"><h3 class="fer-title">Timeline</h3>'
        f"{timeline_html(timeline)}</section>"
        f'<section class="fer-card"><h3 class="fer-title">{heading}</h3>'
        f'<ol class="fer-moments">{items}</ol></section>'
        + (f'<section class="fer-card">{means}</section>' if means else "")
    )


def _moment(picture: Thumbnail, sentence: str) -> str:
    return (
        f'<li><button type="button" data-time="{picture.time:.2f}" '
        f'aria-label="Go to {escape(picture.caption)}">{html.picture(picture.image, "")}'
        f"<b>{escape(picture.caption)}</b></button><span>{escape(sentence)}</span></li>"
    )
