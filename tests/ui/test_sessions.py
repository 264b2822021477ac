"""Sessions: their owner, limits and expiry."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from fer.timeline.timeline import Timeline
from fer.ui import sessions as module
from fer.ui.job_queue import Job
from fer.ui.live.session import LiveSession
from fer.ui.live.timeline_recorder import TimelineRecorder
from fer.ui.recording.queue_views import restored_outputs
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.recording.session import RecordingSession
from fer.ui.sender import Sender
from fer.ui.sessions import GRACE_PERIOD, SHORT_GRACE_PERIOD, SessionError, Sessions
from tests.async_runner import run_async
from tests.fakes import fake_pipeline, sure

NOBODY = Sender(None)


def token(number):
    return f"{number:032x}"


@pytest.fixture
def clock(monkeypatch):
    """The sessions' clock, which the test sets."""
    times = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: times[0]))
    return times


@pytest.fixture
def recorder():
    faces = fake_pipeline([[10, 10, 90, 90]], sure("happy", 0.9))(np.zeros((99, 99, 3), np.uint8))
    kept = TimelineRecorder(Timeline("person"), 0.0)
    kept.record(faces, 0.0)
    return kept


def holding(job, result=None):
    """Return the recording state of a visitor with one recording."""
    recording = QueuedRecording(0, "clip.mp4", job=job, result=result)
    return RecordingSession(recordings=(recording,))


@pytest.fixture
def job(tmp_path):
    """Work that has left a file."""
    made = Job(tmp_path / "made", lambda job: (job.folder / "annotated.mp4").touch())
    made.folder.mkdir()
    return made


def page(name):
    sender = Sender(None)
    sender.session_hash = name
    return sender


async def test_a_page_that_is_loaded_again_takes_all_along(recorder, job):
    sessions = Sessions()
    before = sessions.open_page(token(1), page("before"))
    before.live.recorder = recorder
    job.run()
    before.recording = holding(job, SimpleNamespace(compact=lambda: None))
    again = sessions.open_page(token(1), page("after"))
    assert again is before and again.live.recorder is recorder
    assert list(job.folder.iterdir())
    sessions.close_page("before")  # Gradio may notice later
    assert sessions.get_or_create(token(1), page("after")) is again


def test_a_sweep_that_fails_is_not_the_last_one(monkeypatch):
    monkeypatch.setattr(module, "SWEEP_INTERVAL", 0.01)
    sweeps, errors = [], []

    def fail():
        sweeps.append(1)
        raise OSError("no such disk")

    async def scenario():
        asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
        sessions = Sessions()
        sessions.sweep = fail
        sessions.get_or_create(token(1), NOBODY)
        while len(sweeps) < 2:
            await asyncio.sleep(0.01)

    run_async(asyncio.wait_for(scenario(), 5))
    assert errors  # as asyncio logs them


async def test_unfinished_work_is_cancelled_when_its_page_is_closed(job):
    sessions = Sessions()
    for leave in (
        lambda: sessions.close_page("one"),
        lambda: sessions.open_page(token(1), page("two")),
    ):
        session = sessions.open_page(token(1), page("one"))
        session.recording = holding(job)
        job._cancelled.clear()
        leave()
        assert job.is_cancelled() and session.recording.is_empty


async def test_an_empty_session_is_dropped_at_once():
    sessions = Sessions()
    sessions.open_page(token(1), page("one"))
    sessions.close_page("one")
    sessions.close_page("never came")
    assert len(sessions) == 0


async def test_things_go_some_time_after_their_last_use(clock, recorder, job):
    sessions = Sessions()
    with_timeline, with_film, empty = (sessions.get_or_create(token(i), NOBODY) for i in range(3))
    with_timeline.live.recorder = recorder
    job.run()
    with_film.recording = holding(job)
    assert empty.is_empty
    clock[0] = SHORT_GRACE_PERIOD + 1
    sessions.sweep()
    assert len(sessions) == 2
    assert sessions.get_or_create(token(0), NOBODY) is with_timeline
    clock[0] = GRACE_PERIOD + 1
    sessions.sweep()
    assert len(sessions) == 1 and not job.folder.exists()
    clock[0] = GRACE_PERIOD + SHORT_GRACE_PERIOD + 2
    sessions.sweep()
    assert len(sessions) == 0
    assert 10 * 60 <= GRACE_PERIOD < 15 * 60


async def test_an_open_page_keeps_its_things(clock, recorder):
    sessions = Sessions()
    sender = page("open")
    sender.connections = SimpleNamespace(is_open=lambda name: name == "open")
    sessions.get_or_create(token(1), sender).live.recorder = recorder
    sessions.get_or_create(token(2), page("left")).live.recorder = recorder
    clock[0] = 2 * GRACE_PERIOD
    sessions.sweep()
    assert len(sessions) == 1 and sessions.get_or_create(token(1), sender).live.recorder is recorder


async def test_what_strangers_keep_is_never_dropped_for_newcomers(monkeypatch, recorder):
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    monkeypatch.setattr(module, "MAX_BRIEF_SECONDS", 0)
    sessions = Sessions()
    for number in range(3):
        sessions.get_or_create(token(number), NOBODY).live.recorder = recorder
    with pytest.raises(SessionError, match="quarter of an hour"):
        sessions.get_or_create(token(9), NOBODY)
    sessions.get_or_create(token(1), NOBODY).live.recorder = None
    sessions.get_or_create(token(9), NOBODY)  # what held nothing makes room
    assert [sessions.get_or_create(token(n), NOBODY).is_empty for n in (0, 2)] == [False, False]


async def test_thousands_of_photos_keep_no_newcomer_out(monkeypatch):
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    sessions = Sessions()
    for number in range(3):
        sender = page(f"page {number}")
        sender.connections = SimpleNamespace(is_open=lambda name: name == "page 0")
        sessions.get_or_create(token(number), sender).photo = "a result"
    sessions.get_or_create(token(9), page("newcomer"))
    kept = [sessions.get_or_create(token(n), page(f"page {n}")).photo for n in (0, 2)]
    assert kept == ["a result"] * 2  # of the open page, and the newer one of the others


async def test_one_page_has_few_sessions():
    sessions = Sessions()
    for number in range(module.MAX_PER_PAGE):
        sessions.get_or_create(token(number), page("one"))
    with pytest.raises(SessionError, match="load it again"):
        sessions.get_or_create(token(9), page("one"))
    sessions.get_or_create(token(0), page("one"))
    sessions.get_or_create(token(9), page("two"))


async def test_no_timeline_is_begun_when_they_take_too_much_memory(monkeypatch, recorder):
    monkeypatch.setattr(module, "MAX_TOTAL_BYTES", 100)
    sessions = Sessions()
    sessions.require_space()
    sessions.get_or_create(token(1), NOBODY).live.recorder = recorder
    with pytest.raises(SessionError, match="try again"):
        sessions.require_space()


def recorded(sessions, *sizes):
    """Return recorders of timelines of these sizes, each on a page of its own."""
    is_open = SimpleNamespace(is_open=lambda name: name.startswith("open"))
    for number, size in enumerate(sizes):
        sender = page(f"open {number}")
        sender.connections = is_open
        live = sessions.get_or_create(token(number), sender).live
        live.recorder = TimelineRecorder(Timeline("person"), 0.0, nbytes=size)
    return [session.live.recorder for session in sessions._sessions.values()]


async def test_the_largest_timeline_that_grows_ends_when_they_take_too_much_memory(monkeypatch):
    monkeypatch.setattr(module, "MAX_TOTAL_BYTES", 100)
    sessions = Sessions()
    recorders = recorded(sessions, 30, 31, 39, 0)
    recorders[2].running = False
    sessions.sweep()
    assert not any(recorder.end_reason for recorder in recorders)
    recorders[3].nbytes = 20
    for ended in ({1}, {0, 1}, {0, 1}):  # 20 is less than an equal share, 25
        sessions.sweep()
        assert {n for n, recorder in enumerate(recorders) if recorder.end_reason} == ended
    recorders[0].record(None, 1.0)
    assert not recorders[0].running and recorders[0].end_reason and len(sessions) == 4


async def test_finished_timelines_of_closed_pages_go_before_another_one_ends(monkeypatch):
    monkeypatch.setattr(module, "MAX_TOTAL_BYTES", 100)
    sessions = Sessions()
    recorders = recorded(sessions, 30, 31, 32, 33)
    for recorder in recorders[:3]:
        recorder.running = False
    for number in (1, 2):
        sessions.get_or_create(token(number), NOBODY).session_hash = "closed"
    sessions.sweep()
    left = [sessions.get_or_create(token(number), NOBODY).live.recorder for number in range(4)]
    assert left == [recorders[0], None, *recorders[2:]] and not recorders[3].end_reason
    sessions.require_space()


def test_no_image_is_left_of_a_closed_page_but_track_ids_continue():
    visitor = LiveSession()
    pipeline = fake_pipeline([[10, 10, 90, 90]], sure("happy", 0.9))
    frame = np.zeros((120, 160, 3), np.uint8)
    for time in (0.0, 0.1):
        faces = pipeline.process_frame(frame, time, visitor.stream_state)
    assert faces.tracker_id.tolist() == [1]
    left = visitor.without_images()
    assert left.recorder is visitor.recorder
    detector = left.stream_state.stream_detector
    assert vars(detector.scene_changes)["_reference"] is None
    assert vars(detector.tracker)["_tracks"] == []
    assert vars(left.stream_state.prediction_cache)["_predictions"] == {}
    pipeline.process_frame(frame, 0.2, visitor.stream_state)  # which was on its way
    assert vars(detector.tracker)["_tracks"] == []
    for time in (100.0, 100.1):
        later = pipeline.process_frame(frame, time, left.stream_state)
    assert later.tracker_id.tolist() == [2]


async def test_no_image_is_left_of_a_frame_that_came_after_its_page_was_closed(recorder):
    sessions = Sessions()
    session = sessions.open_page(token(1), page("one"))
    session.live.recorder = recorder
    sessions.close_page("one")
    seen = sessions.get_or_create(token(1), page("one")).live
    sessions._connections = None
    sessions.sweep()
    assert session.live is seen  # in use, perhaps by a page that could not arrive
    session.used -= module.SWEEP_INTERVAL + 1
    sessions._connections = SimpleNamespace(is_open=lambda name: True)
    sessions.sweep()
    assert session.live is seen
    sessions._connections = None
    sessions.sweep()
    assert session.live.stream_state is not seen.stream_state
    assert session.live.recorder is recorder
    without = session.live
    sessions.sweep()
    assert session.live is without


async def test_a_timeline_without_a_frame_yet_is_there_again_on_a_page_loaded_again(clock):
    sessions = Sessions()
    before = sessions.open_page(token(1), page("before"))
    before.live.recorder = TimelineRecorder(Timeline("person"), 0.0)
    sessions.close_page("before")
    assert sessions.open_page(token(1), page("after")).live.recorder is before.live.recorder
    sessions.close_page("after")
    clock[0] = SHORT_GRACE_PERIOD + 1
    sessions.sweep()
    assert len(sessions) == 0  # it isn't kept as long as one with frames


def test_a_recording_whose_files_are_deleted_is_not_restored(job):
    job.run()
    video = job.folder / "annotated.mp4"
    result = SimpleNamespace(
        has_files=video.exists, state=lambda: "state", outputs=lambda: ("result",)
    )
    session = holding(job, result)
    assert restored_outputs(session) == ("", "", "state", "result")
    video.unlink()
    assert restored_outputs(session) is None


async def test_a_result_goes_with_its_files_though_its_page_is_open(job, monkeypatch):
    clock = [5.0]
    monkeypatch.setattr("fer.ui.recording.session.monotonic", lambda: clock[0])
    sessions = Sessions()
    session = sessions.get_or_create(token(1), NOBODY)
    job.run()
    result = SimpleNamespace(kept_since=None)
    session.recording = kept = holding(job, result)
    kept.shown = kept.recordings[0]
    for since, clock[0], left in ((None, 9e3, True), (9e3, 12e3, True), (9e3, 12_121, False)):
        result.kept_since = since
        sessions.sweep()
        assert (kept.shown is not None) is bool(kept.finished) is left is job.folder.exists()
    assert [each.uploaded for each in kept.recordings] == [True]  # it may be analysed again
