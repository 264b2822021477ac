"""Several recordings in a queue: one after the other, each with its own end."""

import asyncio
import shutil
import threading
from functools import partial
from pathlib import Path

import gradio as gr
import pytest

from fer.i18n import use_language
from fer.recording import AnalysisSettings, Progress
from fer.ui.job_queue import Job, JobQueue
from fer.ui.recording.comparison import ComparisonEvents
from fer.ui.recording.events import RecordingEvents
from fer.ui.recording.handlers import WORKERS
from fer.ui.recording.queue_views import UNCHANGED, progress_html, restored_outputs
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.recording.session import RecordingSession
from fer.ui.recording.views import instructions
from fer.ui.sender import Sender
from fer.ui.sessions import Sessions
from fer.video import check_video
from tests.async_runner import run_async
from tests.fakes import fake_pipeline
from tests.ui.recording.test_handlers import (
    BOX,
    Handlers,
    choose,
    filled,
    path_of,
    quick,
    run,
    slow,
)

TOKEN = "0123456789abcdef" * 2


@pytest.fixture
def clips(clip):
    """Three recordings; the second one is a text."""
    path = Path(clip)
    paths = [path.with_name(f"{name}.mp4") for name in ("one", "two", "three")]
    for each in paths:
        shutil.copy(path, each)
    paths[1].write_text("no video")
    return [str(each) for each in paths]


@pytest.fixture
def handlers():
    return Handlers(fake_pipeline([BOX]), quick)


def names(session):
    """Return the names of the recordings that have a result."""
    return [each.name for each in session.finished]


def test_one_after_the_other_is_analysed_and_one_that_is_refused_stops_none(handlers, clips):
    session = RecordingSession()
    update = run(handlers, clips, session=session)
    headings = [row[0] for row in update if "of 3" in row[0]]
    assert "Recording 1 of 3: one.mp4" in headings[0]
    assert "Recording 3 of 3: three.mp4" in headings[-1]
    first_result = next(row for row in update if row[3])
    assert "Recording 3 of 3" in first_result[0] or "Recording 2 of 3" in first_result[0]
    assert "after the last recording of the queue" in first_result[2]
    progress, queue, state, _, video, *_ = update[-1]
    assert progress == "" and names(session) == ["one.mp4", "three.mp4"]
    assert "be read as a video" in queue and queue.count("data-show") == 2
    assert "within 50 minutes" in state and path_of(video).name == "one_annotated.mp4"
    # Once more: only what has no result yet.
    kept = session.recordings[0].result
    again = run(handlers, [*clips, clips[0] + ".gone"], session=session)
    assert session.recordings[0].result is kept
    assert {row[0].split(":")[0][-16:] for row in again if "Recording" in row[0]} == {
        "Recording 2 of 4",
        "Recording 4 of 4",
    }


async def test_the_last_update_alone_is_all_that_the_page_displays(handlers, clips):
    """Updates are left out for a page that doesn't fetch them; the last one never is."""
    *_, last = [row async for row in handlers.start(clips, "person", 5, RecordingSession())]
    assert gr.skip() not in last and path_of(last[4]).name == "one_annotated.mp4"


def test_results_stay_whose_uploads_are_gone(handlers, clips):
    """Uploads are deleted earlier; another view can't be had of them, but what is there stays."""
    session = RecordingSession()
    run(handlers, clips, session=session)
    kept = session.recordings[0].result
    Path(clips[0]).unlink()
    _, queue, *_ = run(handlers, clips, "class", session)[-1]
    assert session.recordings[0].result is kept and kept.has_files()
    assert queue.count("data-show") == 2 and "no longer here; upload it again" in queue
    assert session.recordings[2].result.recording.timeline.view == "class"


async def test_each_result_is_displayed_marked_and_compared(handlers, clips):
    sessions = Sessions()
    events = RecordingEvents(handlers, sessions)
    comparison = ComparisonEvents(sessions)
    session = sessions.get_or_create(TOKEN, Sender(None)).recording
    rows = [row async for row in handlers.start(clips, "person", 5, session)]
    other = session.recordings[2]
    shown = await events.show(other.number, TOKEN)
    same = await events.show(other.number, TOKEN)
    with pytest.raises(gr.Error, match="have been deleted"):
        await events.show({"number": 0}, TOKEN)
    mark = '{"do": "add", "kind": "event", "start": 0.5, "text": "quiz"}'
    marked = [row async for row in events.mark(mark, TOKEN)]
    both = await comparison.compare(None, "recordings", TOKEN)
    one = await comparison.select([other.number], None, "recordings", TOKEN)
    first, shown = filled([*rows, shown])[-2:]
    assert path_of(first[4]).name == "one_annotated.mp4"
    assert path_of(shown[4]).name == "three_annotated.mp4" and "fer-chart" in shown[3]
    assert same[3:] == tuple([gr.skip()] * 8)
    assert path_of(marked[-1][-1]).name == "three_exports.zip"
    assert [len(each.result.recording.timeline.marks) for each in session.finished] == [0, 1]
    assert [name for name, _ in both[0]["choices"]] == ["one.mp4", "three.mp4"]
    assert "three less one" in both[1] and "fer-comparison" not in one[1]
    assert one[0]["value"] == [session.recordings[2].number]


def test_a_run_that_another_one_replaces_changes_nothing_at_its_end(clips):
    handlers, session = Handlers(fake_pipeline([BOX]), slow), RecordingSession()

    async def scenario():
        replaced = handlers.start(clips[:1], "person", 5, session)
        await anext(replaced)
        session.begin(AnalysisSettings("class", 5))
        return [update async for update in replaced][-1]

    last = run_async(asyncio.wait_for(scenario(), 30))
    assert last == (gr.skip(),) * 11


def test_cancel_ends_all_and_keeps_what_is_finished(clips):
    handlers, session = Handlers(fake_pipeline([BOX]), quick), RecordingSession()
    paths = [clips[0], clips[2], clips[0].replace("one", "lesson <1>")]

    def second_is_slow(source, *args, **options):
        return (quick if "one" in source.name else slow)(source, *args, **options)

    handlers.analyze = second_is_slow

    async def scenario():
        async for update in handlers.start(paths, "person", 5, session):
            if "25%" in update[0]:
                assert len(handlers.kept_folders()) == 3
                session.cancel()
        return update

    progress, queue, *_ = run_async(asyncio.wait_for(scenario(), 30))
    assert "what was finished before is kept" in progress and names(session) == ["one.mp4"]
    assert "no file of it was kept" in queue and handlers.kept_folders() == set()
    assert [each.failure is None for each in session.recordings] == [True, False, True]


def test_a_recording_that_is_removed_leaves_the_queue(clips):
    handlers, session = Handlers(fake_pipeline([BOX]), slow), RecordingSession()
    paths = [clips[0], clips[2]]

    async def scenario():
        async for update in handlers.start(paths, "person", 5, session):
            if "1 of 2" in update[0] and "25%" in update[0]:
                choose(handlers, session, clips[2])
            if "25%" in update[0] and len(session.recordings) == 1:
                handlers.analyze = None
                choose(handlers, session)
        return update

    update = run_async(asyncio.wait_for(scenario(), 30))
    assert update[:4] == ("", "", instructions(), "") and not session.recordings


def test_what_is_added_meanwhile_comes_last(handlers, clips):
    session = RecordingSession()

    async def scenario():
        async for update in handlers.start(clips[:1], "person", 5, session):
            choose(handlers, session, clips[0], clips[2])
            queues.append(update[1])

    queues = []
    run_async(scenario())
    assert 'data-show="1"' in queues[-1] and names(session) == ["one.mp4", "three.mp4"]


def test_results_come_back_to_a_page_that_is_loaded_again(handlers, clips):
    session = RecordingSession()
    run(handlers, clips, session=session)
    session.compact()
    _, queue, state, _, video, *_ = restored_outputs(session)
    assert queue.count("data-show") == 2 and "two.mp4" not in queue and "Finished" in state
    # The field is empty now; what is put into it doesn't replace them.
    choose(handlers, session, f"{clips[0]}.mov")
    assert len(session.recordings) == 3 and path_of(video).exists()
    session.clear()
    assert not path_of(video).exists() and session.is_empty


def test_the_time_of_all_is_estimated_from_that_of_one():
    estimate = partial(progress_html, Progress(0.5, 60.0), "Recording 1 of 2: a.mp4")
    assert "About 1\xa0min left, about 3\xa0min for all" in estimate(lengths=[100.0, 100.0])
    for lengths in ([100.0], [100.0, None], [None, 100.0]):
        assert "for all" not in estimate(lengths=lengths)


class Gate:
    """A check of videos that waits until the test lets it; it notes what it has read."""

    def __init__(self) -> None:
        self.opened, self.read = threading.Event(), []

    def check(self, path):
        self.opened.wait(10)
        self.read.append(path.name)
        return check_video(path)


def copies(clip, names):
    return [str(shutil.copy(clip, Path(clip).with_name(f"{name}.mp4"))) for name in names]


async def test_files_of_several_visitors_are_checked_in_turns(clip):
    gate, paths = Gate(), copies(clip, "abcdefg")
    events = RecordingEvents(Handlers(fake_pipeline([BOX]), quick, check=gate.check), Sessions())
    others = asyncio.create_task(events.choose(files(paths[4:]), "e" * 32))
    many = asyncio.create_task(events.choose(files(paths[:4]), "a" * 32))
    one = asyncio.create_task(events.choose(files([clip]), "b" * 32))
    await asyncio.sleep(0.05)
    gate.opened.set()
    known, *_ = await one
    assert "160 x 120" in known and Path(clip).name in gate.read[:4]
    for task, number in ((many, 4), (others, 3)):
        assert f"{number} recordings" in (await task)[0]


async def test_a_later_choice_replaces_one_that_is_being_checked(clip):
    gate, paths = Gate(), copies(clip, "abc")
    events = RecordingEvents(Handlers(fake_pipeline([BOX]), quick, check=gate.check), Sessions())
    earlier = asyncio.create_task(events.choose(files(paths), TOKEN))
    await asyncio.sleep(0.05)
    later = asyncio.create_task(events.choose(files(paths[2:]), TOKEN))
    await asyncio.sleep(0.05)
    gate.opened.set()
    assert (await earlier)[0] == gr.skip() and "160 x 120" in (await later)[0]
    assert gate.read == ["a.mp4", "c.mp4"]


async def test_start_does_not_end_the_check(clip):
    gate, paths = Gate(), copies(clip, "ab")
    sessions = Sessions()
    events = RecordingEvents(Handlers(fake_pipeline([BOX]), quick, check=gate.check), sessions)
    checked = asyncio.create_task(events.choose(files(paths), TOKEN))
    await asyncio.sleep(0.05)
    sessions.get_or_create(TOKEN, Sender(None)).recording.choose(paths)  # as Start does
    gate.opened.set()
    assert "2 recordings" in (await checked)[0] and gate.read == ["a.mp4", "b.mp4"]


async def test_recordings_that_take_long_to_check_keep_no_other_request_waiting(clip):
    """Each request needs one of anyio's threads, of which there are 40."""
    gate = Gate()
    handlers = Handlers(fake_pipeline([BOX]), quick, check=gate.check)
    known = QueuedRecording(0, clip, info=check_video(Path(clip)))
    settings = AnalysisSettings("person", 5)
    waiting = [asyncio.create_task(handlers.analyse_recording(clip)) for _ in range(45)]
    await asyncio.sleep(0.05)
    try:
        assert handlers._checks.borrowed_tokens == WORKERS
        # Nor does a recording wait that has been checked.
        job = await asyncio.wait_for(handlers._prepare(known, settings, ""), 5)
        assert (job.length, job.size) == (known.info.duration, Path(clip).stat().st_size)
    finally:
        for task in waiting:
            task.cancel()
        gate.opened.set()
        await asyncio.wait(waiting)


async def test_recordings_in_the_queue_keep_a_bounded_part_of_the_disk(clip, uploads, monkeypatch):
    monkeypatch.setattr("fer.ui.recording.handlers.MAX_HELD_BYTES", 2.5 * Path(clip).stat().st_size)
    handlers = Handlers(fake_pipeline([BOX]), slow)
    tasks = [asyncio.create_task(handlers.analyse_recording(clip)) for _ in range(3)]
    done, running = await asyncio.wait(tasks, return_when="FIRST_EXCEPTION", timeout=10)
    with pytest.raises(gr.Error, match="no room for another recording"):
        done.pop().result()
    assert len(running) == len(list((uploads / "recordings").iterdir())) == 2
    for task in running:
        task.cancel()
    await asyncio.wait(running)


def files(paths):
    """Return files as Gradio sends them."""
    return [{"path": path} for path in paths]


async def test_a_job_that_is_ready_after_its_run_has_ended_takes_no_other_ones_place(tmp_path):
    session, queue = RecordingSession(), JobQueue(1)
    settings = AnalysisSettings("person", 5)
    recording = QueuedRecording(1, "a.mp4")
    session.recordings = [recording]
    late, done = (Job(tmp_path / name, lambda job: None) for name in ("late", "done"))
    first, second = session.begin(settings), session.begin(settings)
    await session.start(second, recording, done, queue)
    session.end(second)
    session.start(first, recording, late, queue).cancel()
    assert recording.job is done and late.is_cancelled()


def test_results_are_in_the_language_that_the_page_has_by_then(clip):
    sessions = Sessions()
    events = RecordingEvents(Handlers(fake_pipeline([BOX]), quick), sessions)

    async def scenario():
        session = sessions.get_or_create(TOKEN, Sender(None)).recording
        async for row in events.start(files([clip]), "person", 5, "", "", TOKEN):
            ended, session.language = row, "de"
        with use_language("es"):
            return ended, restored_outputs(session)

    ended, restored = run_async(scenario())
    assert "Fertig" in ended[2] and "Verlauf" in ended[3]
    assert "Terminado" in restored[2] and "Línea de tiempo" in restored[3]
    assert all(file == gr.skip() for file in restored[4:])


async def test_what_was_chosen_and_cannot_be_used_is_stated_in_the_language_of_the_page(clips):
    gate, sessions = Gate(), Sessions()
    gate.opened.set()
    events = RecordingEvents(Handlers(fake_pipeline([BOX]), quick, check=gate.check), sessions)
    await events.choose(files(clips), TOKEN)
    gate.read.clear()
    with use_language("de"):
        known, progress, queue, state, *_ = await events.translate(files(clips), TOKEN)
        (alone, *_) = await events.translate(files(clips[1:2]), TOKEN)
        message = instructions()
    loaded = await events.translate([], TOKEN)
    assert "3 Aufnahmen" in known and progress == "" and state == message
    assert (
        "160 x 120" in queue and "ohne Ton" in queue and "lässt sich nicht als Video lesen" in queue
    )
    assert "Dieses Video lässt sich nicht verwenden" in alone
    assert gate.read == ["two.mp4"]  # what can be used is known
    assert loaded == (gr.skip(), "", *UNCHANGED[1:])
    assert len(sessions.get_or_create(TOKEN, Sender(None)).recording.recordings) == 1
