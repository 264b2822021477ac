"""A visitor's queue of recordings as the page displays it: what was chosen, how far each one is."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.i18n import ngettext
from fer.recording import Progress
from fer.templates import render
from fer.timeline.formatting import format_duration
from fer.ui import html
from fer.ui.job_queue import JobQueue
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.recording.rendered_recording import EMPTY_OUTPUTS
from fer.ui.recording.session import MAX_QUEUED, QueueRun, RecordingSession
from fer.ui.recording.views import CANCELLED, Failure, instructions

UNCHANGED: tuple[Any, ...] = (gr.skip(),) * (3 + len(EMPTY_OUTPUTS))
"""In place of all that `outputs` returns."""

QUEUE_CANCELLED = Failure(
    N_("Cancelled"), N_("The analysis was stopped; what was finished before is kept."), "info"
)

NOTHING_TO_DO = Failure(
    N_("Nothing left to analyse"),
    N_("Each recording has its result with these settings; change them, or add a recording."),
    "info",
)


def outputs(session: RecordingSession, progress: Any, whole: bool = False) -> tuple[Any, ...]:
    """Return what the page displays.

    Args:
        session: The visitor's.
        progress: HTML of the progress, or a message in its place.
        whole: Whether the result is sent again that the page displays already.

    Returns:
        HTML of the progress, of the list of recordings and of the state of the displayed one, and
        then as `RenderedRecording.outputs`, unchanged where the page displays it already, unless
        `whole`.
    """
    shown, before = session.shown, session.on_page
    session.on_page = shown
    queue = queue_html(session) if len(session.recordings) > 1 else ""
    if shown is None or shown.result is None:
        return progress, queue, "" if progress else instructions(), *EMPTY_OUTPUTS
    state = shown.result.state()
    if shown is before and not whole:
        return progress, queue, state, *[gr.skip()] * len(EMPTY_OUTPUTS)
    return progress, queue, state, *shown.result.outputs()


def restored_outputs(session: RecordingSession) -> tuple[Any, ...] | None:
    """Return `outputs` for a page that was loaded again; None without a result with files.

    What its visitor has chosen since stays. A page that has another language gets what it displays
    already in that language, and its files stay as they are.
    """
    if not session.drop_deleted():
        return None
    shown, before = session.shown, session.on_page
    displayed = outputs(session, "" if session.run is None else gr.skip())
    if shown is not None and shown is before and shown.result is not None:
        return *displayed[:3], shown.result.outputs()[0], *displayed[4:]
    return displayed


def queue_html(session: RecordingSession) -> Markup:
    """Return the list of a visitor's recordings, with a button for each that is finished."""
    waiting, run = session.waiting(), session.run
    current = run.begun[-1] if run is not None and run.begun else None
    rows = [
        (each, [_state(each, each in waiting, each is current), *_known_facts(each)])
        for each in session.recordings
    ]
    return render("recording_queue.html", rows=rows, shown=session.shown)


def _state(recording: QueuedRecording, waits: bool, is_current: bool) -> str:
    """Return how far a recording is, in a word or two; "" where its analysis wasn't started."""
    if waits:
        return _("Waiting")
    if recording.result is not None:
        return _("Finished")
    return _("Being analysed") if is_current or recording.job is not None else ""


def _known_facts(recording: QueuedRecording) -> tuple[str, ...]:
    """Return a video's length, size and whether it has sound, once that is known."""
    if (info := recording.info) is None:
        return ()
    return (
        format_duration(info.duration) if info.duration else _("of unknown length"),
        f"{info.width} x {info.height}",
        _("with sound") if info.has_audio else _("no sound"),
    )


def chosen_html(session: RecordingSession, chosen: int) -> str:
    """Return what is known of the recordings in the field.

    Args:
        session: The visitor's.
        chosen: How many are in the field, also those that are passed over.
    """
    uploaded = [each for each in session.recordings if each.uploaded]
    if len(uploaded) == 1:
        failure = uploaded[0].failure
        return _facts_html(_known_facts(uploaded[0])) if failure is None else failure.html()
    if not uploaded:
        return ""
    lengths = [each.length() for each in uploaded]
    together = format_duration(sum(length for length in lengths if length))
    number = _("%(number)s recordings", number=len(uploaded))
    known = _facts_html((number, _("%(time)s together", time=together)))
    if chosen <= MAX_QUEUED:
        return known
    note = _("The first %(most)s are in the queue; remove some to add others.", most=MAX_QUEUED)
    return known + html.message(_("Too many recordings"), note)


def _facts_html(facts: Sequence[str]) -> Markup:
    return render("recording_facts.html", facts=facts)


def unfinished_html(
    recording: QueuedRecording, session: RecordingSession, job_queue: JobQueue
) -> Markup:
    """Return the state of a recording whose turn has come, until its analysis ends."""
    job, run = recording.job, session.run
    if run is None or (job is not None and job.is_cancelled()):
        return _job_html(_("Cancelling"), _("The current frame is finished first."))
    heading = _position(recording, session.recordings)
    waiting = 0 if job is None else job_queue.jobs_before(job)
    if waiting:
        return waiting_html(waiting, heading)
    lengths = [each.length(run.settings.span) for each in (recording, *session.waiting())]
    return progress_html(None if job is None else job.progress, heading, lengths)


def _position(recording: QueuedRecording, recordings: Sequence[QueuedRecording]) -> str:
    """Return "Recording 2 of 5: lesson.mp4"; "" where it is the only one."""
    if len(recordings) < 2 or recording not in recordings:
        return ""
    return _(
        "Recording %(number)s of %(all)s: %(name)s",
        number=recordings.index(recording) + 1,
        all=len(recordings),
        name=recording.name,
    )


def waiting_html(jobs_before: int, heading: str) -> Markup:
    """Return the state of a queued job.

    Args:
        jobs_before: Jobs of other visitors that come first.
        heading: Which of several recordings it is; "" for the only one.
    """
    before = ngettext(
        "%(num)s recording before yours.", "%(num)s recordings before yours.", jobs_before
    )
    note = f"{before} {_('It begins by itself; keep the page open.')}"
    if heading:
        return _job_html(_("%(recording)s, waiting in line", recording=heading), note)
    return _job_html(_("Waiting in line"), note)


def progress_html(
    progress: Progress | None, heading: str, lengths: Sequence[float | None]
) -> Markup:
    """Return the progress of a job.

    Args:
        progress: The job's progress; None before it is queued.
        heading: Which of several recordings it is; "" for the only one.
        lengths: Seconds that are analysed of this recording and of those that come after it, from
            which the time of all is estimated; None where one isn't known.
    """
    note = _("Keep the page open: closing or reloading it cancels the analysis.")
    left = None if progress is None else progress.seconds_left
    if progress is None or left is None:
        done = 0.0 if progress is None else progress.fraction
        return _job_html(heading, note, done, _("Reading the video"))
    text = _("About %(time)s left", time=_approximate(left))
    first, *later = lengths
    if later and first and progress.fraction < 1 and None not in later:
        rate = left / (1 - progress.fraction) / first  # seconds of work for a second of video
        every = left + rate * sum(each for each in later if each is not None)
        text = _(
            "About %(time)s left, about %(every)s for all",
            time=_approximate(left),
            every=_approximate(every),
        )
    return _job_html(heading, note, progress.fraction, text)


def _approximate(seconds: float) -> str:
    return format_duration(max(1, round(seconds)))


def _job_html(heading: str, note: str, done: float | None = None, left: str = "") -> Markup:
    """Return the state of a job: how much is done, 0 to 1, or None, and what is left.

    Its class makes the Cancel button visible.
    """
    return render("recording_job.html", heading=heading, note=note, done=done, left=left)


def ended_html(run: QueueRun, session: RecordingSession) -> str:
    """Return what the page states in place of the progress when a run has ended."""
    if not run.begun:
        return NOTHING_TO_DO.html()
    failure = run.begun[-1].failure
    if failure is not None and len(session.recordings) == 1:
        return failure.html()
    return QUEUE_CANCELLED.html() if failure is CANCELLED else ""
