"""A visitor's queue as HTML: what was chosen, how far the analysis is, and how it has ended."""

from fer.i18n import gettext as _
from fer.timeline.formatting import format_duration
from fer.ui import html
from fer.ui.job_queue import JobQueue
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.recording.session import MAX_QUEUED, QueueRun, RecordingSession
from fer.ui.recording.views import (
    CANCELLED,
    NOTHING_TO_DO,
    QUEUE_CANCELLED,
    cancelling_html,
    facts_html,
    progress_html,
    video_facts,
    waiting_html,
)


def chosen_html(session: RecordingSession, chosen: int) -> str:
    """Return what is known of the recordings in the field.

    Args:
        session: The visitor's.
        chosen: How many are in the field, also those that are passed over.
    """
    uploaded = [each for each in session.recordings if each.uploaded]
    if len(uploaded) == 1:
        only = uploaded[0]
        if only.failure is not None:
            return only.failure.html()
        return facts_html(() if only.info is None else video_facts(only.info))
    if not uploaded:
        return ""
    lengths = [each.length() for each in uploaded]
    together = format_duration(sum(length for length in lengths if length))
    number = _("%(number)s recordings", number=len(uploaded))
    known = facts_html((number, _("%(time)s together", time=together)))
    if chosen <= MAX_QUEUED:
        return known
    note = _("The first %(most)s are in the queue; remove some to add others.", most=MAX_QUEUED)
    return known + html.message(_("Too many recordings"), note)


def unfinished_html(
    recording: QueuedRecording, session: RecordingSession, job_queue: JobQueue
) -> str:
    """Return the state of a recording whose turn has come, until its analysis ends."""
    job, run = recording.job, session.run
    if run is None or (job is not None and job.is_cancelled()):
        return cancelling_html()
    heading = session.position_of(recording)
    waiting = 0 if job is None else job_queue.jobs_before(job)
    if waiting:
        return waiting_html(waiting, heading)
    lengths = [each.length(run.settings.span) for each in (recording, *session.waiting())]
    return progress_html(None if job is None else job.progress, heading, lengths)


def ended_html(run: QueueRun, session: RecordingSession) -> str:
    """Return what the page states in place of the progress when a run has ended."""
    if not run.begun:
        return NOTHING_TO_DO.html()
    failure = run.begun[-1].failure
    if failure is not None and len(session.recordings) == 1:
        return failure.html()
    return QUEUE_CANCELLED.html() if failure is CANCELLED else ""
