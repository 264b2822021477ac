"""A visitor's recordings: what stays when a page is loaded again, expires, or is cancelled."""

from time import monotonic
from types import SimpleNamespace

import gradio as gr
import pytest

from fer.output_files import OutputError
from fer.ui.recording.queue_views import restored_outputs
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.recording.session import QueueRun, RecordingSession


def result(kept_since=None):
    """Return a result with files, which is displayed as nothing."""
    return SimpleNamespace(
        kept_since=kept_since,
        compact=lambda: None,
        has_files=lambda: True,
        state=lambda: "",
        outputs=lambda: ("",),
        summary=SimpleNamespace(sentence=""),
    )


@pytest.fixture
def session():
    recordings = tuple(QueuedRecording(i, f"/uploads/{i}/a.mp4", result=result()) for i in range(3))
    return RecordingSession(recordings=recordings, shown=recordings[0])


def test_what_was_chosen_since_a_page_was_loaded_again_stays(session):
    session.compact()  # as its page was closed
    session.recordings += (QueuedRecording(3, "/uploads/3/b.mp4"),)
    progress, *_ = restored_outputs(session)
    assert [each.number for each in session.recordings] == [0, 1, 2, 3] and progress == ""
    session.run = QueueRun(None)
    assert restored_outputs(session)[0] == gr.skip()


def test_a_result_that_has_expired_is_not_displayed(session):
    session.recordings[1].result = result(kept_since=-1e9)
    session.forget_expired()
    with pytest.raises(OutputError, match="have been deleted"):
        session.show(1)
    session.show(2)
    assert session.shown.number == 2


def test_the_sweep_displays_nothing_else_while_a_new_result_is_due(session):
    session.shown = None
    session.forget_expired()
    assert session.shown is None


def test_a_result_that_comes_after_cancel_expires_as_well(session):
    made = result()
    session.finish(session.recordings[0], made)
    assert monotonic() - made.kept_since < 5
