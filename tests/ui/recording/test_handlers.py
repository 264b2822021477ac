"""Recording handlers: choosing, queueing, progress, cancelling, files, errors."""

import asyncio
import json
import pickle
import re
import shutil
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import cv2
import gradio as gr
import numpy as np
import pytest

from fer.recording import AnalysisCancelled, Progress, RecordingResult, analyze
from fer.recording.outputs import FILE_NAMES, output_paths
from fer.recording.thumbnails import Thumbnail
from fer.timeline.formatting import format_duration
from fer.timeline.methods import NetworkIdentity, TimelineMetadata
from fer.timeline.serialization import from_json
from fer.timeline.timeline import Timeline
from fer.ui.recording.events import RecordingEvents
from fer.ui.recording.handlers import WORKERS, RecordingHandlers
from fer.ui.recording.queue_views import progress_html, restored_outputs
from fer.ui.recording.rendered_recording import EMPTY_OUTPUTS, RESULT_FILES
from fer.ui.recording.session import RecordingSession
from fer.ui.recording.views import instructions
from fer.ui.sender import Sender
from fer.ui.sessions import Sessions
from fer.video import VideoError, VideoReader, check_video
from tests.async_runner import run_async
from tests.fakes import fake_pipeline, sure
from tests.timeline.frames import table_of

BOX = [40, 30, 90, 90]

Handlers = partial(RecordingHandlers, check=check_video)  # no worker knows the fakes


@pytest.fixture
def handlers():
    def without_sheet(source, folder, pipeline, settings, **callbacks):  # as the worker does
        return analyze(source, folder, pipeline, replace(settings, sheet=False), **callbacks)

    return Handlers(fake_pipeline([BOX], sure("happy", 0.9)), without_sheet)


def path_of(file):
    """Return the path of a file that the page gets."""
    return Path(file["path"])


def run(handlers, recording, view="person", session=None, times=("", "")):
    """Return everything that the page is update: progress, list, state, result and files each time.

    What stays the same is filled in.
    """
    paths = [] if recording is None else [recording] if isinstance(recording, str) else recording

    async def collect():
        updates = handlers.start(paths, view, 5, session or RecordingSession(), times)
        return [update async for update in updates]

    return filled(run_async(collect()))


def filled(updates):
    """Return updates with the values before in place of `gr.skip()`."""
    rows = []
    for row in updates:
        before = rows[-1] if rows else row
        rows.append(
            [old if new == gr.skip() else new for old, new in zip(before, row, strict=True)]
        )
    return rows


def slow(source, folder, pipeline, settings, progress, cancelled):
    """Stand in for a long analysis that has written something."""
    (folder / "annotated.mp4").touch()
    progress(Progress(0.25, 90.0))
    while not cancelled():
        threading.Event().wait(0.005)
    raise AnalysisCancelled("called off")


def quick(source, folder, pipeline, settings, progress, cancelled, warning=None):
    """Stand in for a short analysis: the video is a copy, the other files are empty."""
    shutil.copy(source, folder / FILE_NAMES["video"])
    timeline = Timeline(settings.view)
    timeline.add(pipeline(np.zeros((120, 160, 3), np.uint8)), 0.0)
    paths = output_paths(folder, sheet=False)
    for path in paths.values():
        path.touch()
    network = NetworkIdentity("fake", "0123456789abcdef" * 4, "float32", None)
    metadata = TimelineMetadata("lesson.mp4", network, settings.rate, 1.0, warning, 1.0, 0.25)
    return RecordingResult(timeline, metadata, **paths)


def test_a_recording_becomes_video_timeline_and_files(handlers, clip):
    session = RecordingSession()
    *_, (progress, queue, state, result, *files) = run(handlers, clip, session=session)
    assert progress == queue == ""
    assert "fer-finished" in state and "Please note" not in state
    assert "fer-chart" in result and "At a glance" in result and result.count("data-time=") == 4
    paths = dict(zip(RESULT_FILES, map(path_of, files), strict=True))
    assert [path.name for path in paths.values()] == [
        f"lesson <1>_{name}"
        for name in (
            *("annotated.mp4", "timeline.png", "timeline.csv", "timeline.json", "report.html"),
            "exports.zip",
        )
    ]
    with VideoReader(paths["video"]) as reader:
        assert reader.info.duration == pytest.approx(1.0, abs=0.05)
        assert len(list(reader)) == 10
    timeline = from_json(paths["json"].read_text())
    assert timeline.view == "person" and len(timeline) == 1
    assert table_of(paths["csv"].read_text())["happy"].iloc[0] == pytest.approx(0.9, abs=0.01)
    assert paths["plot"].read_bytes().startswith(b"\x89PNG")
    assert "lesson &lt;1&gt;" in paths["report"].read_text()
    folder = paths["video"].parent
    left = {path for path in folder.rglob("*") if path.is_file()}
    assert left == {*paths.values(), *(folder / "pictures" / f"{index}.jpg" for index in range(4))}
    session.clear()
    assert not paths["video"].exists() and Path(clip).exists()


def test_it_is_stated_how_long_the_files_are_kept(clip, monkeypatch):
    session = RecordingSession()
    _, _, state, result, *_ = run(Handlers(fake_pipeline([BOX]), quick), clip, session=session)[-1]
    assert 'data-kept="3000"' in state and "within 50 minutes" in state
    assert 'data-video-offset="0.250"' in result
    clock = "fer.ui.recording.rendered_recording.time.monotonic"
    for later, left in ((600, 2400), (4000, 0)):
        now = session.shown.result.kept_since + later
        monkeypatch.setattr(clock, lambda now=now: now)
        assert f'data-kept="{left}"' in restored_outputs(session)[2]
    session.clear()
    assert restored_outputs(session) is None


def bytes_of(rendered):
    return len(pickle.dumps({**vars(rendered), "_lock": None}))


def test_a_recording_takes_little_memory_once_its_page_is_closed_and_comes_back_whole(clip):
    session, noise = RecordingSession(), np.random.default_rng(0).integers(0, 255, (240, 320, 3))
    picture = cv2.GaussianBlur(noise.astype(np.uint8), (0, 0), 9)

    def pictured(*args, **options):
        pictures = [Thumbnail(0.25 * i, f"0:0{i}", picture) for i in range(4)]
        return replace(quick(*args, **options), pictures=pictures)

    *_, result_and_files = run(Handlers(fake_pipeline([BOX]), pictured), clip, session=session)
    result, *files = result_and_files[3:]
    rendered = session.shown.result
    open_bytes = bytes_of(rendered)
    session.compact()
    session.compact()  # Gradio may notice again that the page is closed
    assert bytes_of(rendered) < 0.03 * open_bytes
    again_state, again, *again_files = restored_outputs(session)[2:]
    assert "fer-finished" in again_state and again_files == files
    assert re.sub('base64,[^"]*', "", again) == re.sub('base64,[^"]*', "", result)
    back = [thumbnail.image for thumbnail in rendered.recording.pictures]
    assert np.abs(np.stack(back).astype(int) - picture).mean() < 3
    session.compact()
    assert rendered.render()[1] == rendered.result  # a mark that comes late
    session.compact()
    shutil.rmtree(rendered.recording.video.parent)  # as after an hour
    assert "fer-chart" in rendered.outputs()[0] and "base64" not in rendered.outputs()[0]


def test_a_recording_is_analysed_again_with_other_settings_only(clip, uploads):
    handlers, session = Handlers(fake_pipeline([BOX]), quick), RecordingSession()
    first = run(handlers, clip, session=session)[-1][4]
    (update,) = run(handlers, clip, session=session)
    assert "Nothing left to analyse" in update[0] and path_of(first).exists()
    second = run(handlers, clip, "class", session)[-1][4]
    assert not path_of(first).exists() and path_of(second).exists()
    assert len(list((uploads / "recordings").iterdir())) == 1
    path_of(second).unlink()  # as after an hour
    assert "Finished" in run(handlers, clip, "class", session)[-1][2]


def test_a_class_has_no_single_face(handlers, clip):
    *_, (_, _, _, result, *files) = run(handlers, clip, "class")
    csv, file = files[3:5]
    assert "Face 1" not in result and "shows no expression" in result
    assert "tracks" not in json.loads(path_of(file).read_text())
    assert "0.9" not in path_of(csv).read_text()


async def test_progress_is_reported_and_cancel_leaves_no_file(clip, uploads):
    handlers, session = Handlers(fake_pipeline(), slow), RecordingSession()
    before = set(uploads.rglob("*"))
    states = []
    async for update in handlers.start([clip], "person", 5, session):
        states.append(update[0])
        if "25%" in update[0]:
            assert len(list(uploads.rglob("annotated.mp4"))) == 1
            session.cancel()
    assert any(f"About {format_duration(90)} left" in state for state in states)
    assert "Cancelled" in update[0] and update[1:] == ("", "", *EMPTY_OUTPUTS)
    assert set(uploads.rglob("*")) - before == {uploads / "recordings"}


def test_a_visitor_who_leaves_cancels_the_job(clip, uploads):
    handlers, session = Handlers(fake_pipeline(), slow), RecordingSession()

    async def scenario():
        update = handlers.start([clip], "person", 5, session)
        while (job := session.recordings[0].job if session.recordings else None) is None:
            await anext(update)
        while not job.started:
            await asyncio.sleep(0.005)
        await update.aclose()
        assert job.is_cancelled()
        while job.folder.exists():
            await asyncio.sleep(0.005)

    run_async(asyncio.wait_for(scenario(), 30))


def test_a_queued_job_reports_its_position_and_can_be_cancelled(clip):
    handlers = Handlers(fake_pipeline(), slow)
    sessions = [RecordingSession() for _ in range(WORKERS + 1)]

    async def scenario():
        running = [handlers.start([clip], "person", 5, session) for session in sessions[:WORKERS]]
        for update in running:
            await anext(update), await anext(update)
        last = handlers.start([clip], "person", 5, sessions[-1])
        waiting = [(await anext(last))[0] for _ in range(2)][1]
        sessions[-1].cancel()
        update = [update[0] async for update in last]
        for told_to_others in running:
            await told_to_others.aclose()
        return waiting, update[-1]

    waiting, update = run_async(asyncio.wait_for(scenario(), 30))
    assert "Waiting in line" in waiting and "1 recording before yours" in waiting
    assert "Cancelled" in update


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.mp4", b"<script>alert(1)</script>", "be read as a video"),
        ("empty.mov", b"", "empty"),
        (None, None, "Choose a recording first"),
        ("gone.mp4", None, "upload it again"),
    ],
)
def test_what_is_no_video_gets_one_sentence(handlers, uploads, name, content, words):
    path = None if name is None else uploads / name
    if content is not None:
        path.write_bytes(content)
    state = run(handlers, path and str(path))[-1][0]
    assert words in state and 'role="alert"' in state
    assert "<script>" not in state and str(uploads) not in state
    assert not (uploads / "recordings").exists()


def choose(handlers, session, *paths):
    """Return what the page is update: what is known of the files, then as `run`."""
    session.choose(paths)
    for recording in session.recordings:
        handlers.read_properties(recording)
    return handlers.choose(session, len(paths))


def test_a_file_is_checked_when_it_is_chosen(handlers, clip, uploads):
    known, progress, queue, state, *_ = choose(handlers, RecordingSession(), clip)
    assert re.findall(r"<span>([^<]+)</span>", known) == [
        format_duration(1),
        "160 x 120",
        "no sound",
    ]
    assert progress == queue == "" and state == instructions()
    assert "files for ELAN, Praat, BORIS and BIDS" in state
    (uploads / "text.mp4").write_text("no video")
    text = str(uploads / "text.mp4")
    assert "be read as a video" in choose(handlers, RecordingSession(), text)[0]
    known, _, queue, *_ = choose(handlers, RecordingSession(), clip, text)
    assert f"2 recordings</span><span>{format_duration(1)} together" in known
    assert "lesson &lt;1&gt;.mp4" in queue and "be read as a video" in queue
    many = [clip, *(f"{i}.mp4" for i in range(10))]
    session = RecordingSession()
    assert "Too many recordings" in choose(handlers, session, *many)[0]
    assert len(session.recordings) == 10
    assert choose(handlers, session)[:4] == ("", "", "", instructions())


def test_another_file_or_none_clears_the_result(clip):
    handlers, session = Handlers(fake_pipeline([BOX]), quick), RecordingSession()
    for other in ((), (f"{clip}.mov",)):
        made = run(handlers, clip, session=session)[-1]
        assert choose(handlers, session, *other)[1:] == ("", "", instructions(), *EMPTY_OUTPUTS)
        assert not path_of(made[4]).exists()


def test_a_job_started_before_the_upload_event_continues(handlers, clip, uploads):
    session = RecordingSession()
    state = run(handlers, clip, session=session)[-1][2]
    known, *_, video = choose(handlers, session, clip)[:6]
    assert "160 x 120" in known and video == gr.skip()
    job = session.recordings[0].job
    assert "Finished" in state and not job.is_cancelled() and job.folder.exists()


def test_a_damaged_file_comes_with_a_warning(clip):
    damaged = partial(quick, warning="3 of 10 pictures <lost>.")
    handlers = Handlers(fake_pipeline([BOX]), damaged)
    state = run(handlers, clip)[-1][2]
    assert "Please note" in state and "3 of 10 pictures &lt;lost&gt;." in state


def test_a_full_disk_is_reported_and_nothing_is_left(handlers, clip, uploads, monkeypatch):
    def fail(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", fail)
    monkeypatch.setattr("shutil.copyfile", fail)
    assert "no room for another recording" in run(handlers, clip)[-1][0]
    assert list((uploads / "recordings").iterdir()) == []


def test_an_error_in_the_middle_is_reported_in_its_sentence(clip, uploads):
    def broken(*arguments, **options):
        raise VideoError("The disk is full; come back later.")

    state = run(Handlers(fake_pipeline(), broken), clip)[-1][0]
    assert "The disk is full" in state and list((uploads / "recordings").iterdir()) == []


def test_an_unexpected_error_is_reported_and_logged(clip, uploads, caplog):
    def broken(*arguments, **options):
        raise MemoryError("no bytes left")

    last = run(Handlers(fake_pipeline(), broken), clip)[-1]
    assert "Something went wrong" in last[0] and tuple(last[3:]) == EMPTY_OUTPUTS
    assert "no bytes left" in caplog.text
    assert list((uploads / "recordings").iterdir()) == []


def test_a_cancel_in_the_last_moment_shows_no_deleted_files(clip, uploads):
    session = RecordingSession()

    def late(*arguments, **options):
        session.cancel()
        return quick(*arguments, **options)

    handlers = Handlers(fake_pipeline([BOX]), late)
    last = run(handlers, clip, session=session)[-1]
    assert "Cancelled" in last[0] and tuple(last[3:]) == EMPTY_OUTPUTS
    assert list((uploads / "recordings").iterdir()) == []


def test_where_a_file_can_have_no_second_name_it_is_copied(handlers, clip, monkeypatch):
    def link(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", link)
    assert "Finished" in run(handlers, clip)[-1][2]


def test_programs_get_the_timeline_and_the_files(handlers, clip, monkeypatch):
    document, files = run_async(handlers.analyse_recording(clip, "person", 5))
    assert document["table"][0]["happy"] == pytest.approx(0.9, abs=0.01)
    suffixes = [".mp4", ".png", ".csv", ".json", ".html", ".zip"]
    assert [Path(file).suffix for file in files] == suffixes
    monkeypatch.setattr("fer.ui.recording.rendered_recording.MAX_DOCUMENT_BYTES", 100)
    short, _ = run_async(handlers.analyse_recording(clip, "person", 5))
    assert document.keys() - short.keys() == {"bins", "table", "tracks"}
    assert short["settings"] == document["settings"]
    for arguments, words in (
        ((None,), "send it as `recording`"),
        ((clip, "room"), "view"),
        ((clip, "class", 99), "rate"),
    ):
        with pytest.raises(gr.Error, match=words):
            run_async(handlers.analyse_recording(*arguments))


def test_a_program_that_hangs_up_stops_the_work(clip, uploads):
    handlers = Handlers(fake_pipeline(), slow)

    async def scenario():
        asking = asyncio.create_task(handlers.analyse_recording(clip))
        while not list(uploads.rglob("annotated.mp4")):
            await asyncio.sleep(0.005)
        asking.cancel()
        while list((uploads / "recordings").iterdir()):
            await asyncio.sleep(0.005)

    run_async(asyncio.wait_for(scenario(), 30))


def test_progress_is_a_progress_bar():
    text = progress_html(Progress(0.5, 61.7), "", [None])
    assert 'role="progressbar"' in text and 'aria-valuenow="50"' in text
    assert f"About {format_duration(62)} left" in text
    assert "Reading the video" in progress_html(None, "", [None])


def test_a_mark_changes_the_result_and_all_files(handlers, clip):
    session = RecordingSession()
    assert "fer-mark-left-out" not in run(handlers, clip, session=session)[-1][3]
    rendered = session.shown.result
    action = {"do": "add", "kind": "left out", "start": 0, "end": 0.5, "text": "noise"}
    assert rendered.mark(json.dumps(action)) == ""
    state, result = rendered.render()
    assert "Left out: 1\xa0s" in state and "fer-mark-left-out" in result
    files = dict(zip(RESULT_FILES[1:], map(path_of, rendered.rewrite()), strict=True))
    assert from_json(files["json"].read_text()).marks[0].text == "noise"
    assert "left out: noise" in files["csv"].read_text()
    assert "noise" in files["report"].read_text()
    with ZipFile(files["exports"]) as archive:
        texts = [archive.read(name) for name in archive.namelist() if "parquet" not in name]
    assert sum(b"noise" in text for text in texts) == len(texts) - 1  # not in the BIDS sidecar
    assert rendered.mark(json.dumps({"do": "add", "kind": "event", "start": "0:01"})) == ""
    late = json.dumps({"do": "add", "kind": "event", "start": "0:11.2"})
    assert rendered.mark(late) == "The timeline ends at 0:01, before this mark."
    metadata = replace(rendered.recording.metadata, sound_end=11.3)  # the player goes on
    rendered.recording = replace(rendered.recording, metadata=metadata)
    assert rendered.mark(late) == "" and 'data-span="12"' in rendered.render()[1]
    trouble = rendered.mark(json.dumps({"do": "add", "kind": "event", "start": "soon"}))
    assert trouble in rendered.render(trouble)[1] and trouble not in rendered.outputs()[0]


async def test_only_the_visitors_own_result_is_marked(handlers, clip):
    events = RecordingEvents(handlers, Sessions())
    mark = json.dumps({"do": "add", "kind": "event", "start": 0.5, "end": 0.5, "text": "quiz"})

    async def scenario(token):
        return [update async for update in events.mark(mark, token)]

    session = events.sessions.get_or_create("a" * 32, Sender(None)).recording
    async for _ in handlers.start([clip], "person", 5, session):
        pass
    with pytest.raises(gr.Error, match="files have been deleted"):
        await scenario("b" * 32)
    own = await scenario("a" * 32)
    assert len(own) == 2
    assert "fer-mark-event" in own[0][1] and all(path_of(file).exists() for file in own[1][2:])


async def test_the_end_of_a_mark_does_not_bring_earlier_ones_back(handlers, clip):
    events = RecordingEvents(handlers, Sessions())
    actions = [json.dumps({"do": "add", "kind": "event", "start": i / 10}) for i in range(4)]

    async def updates(action):
        return [update async for update in events.mark(action, "a" * 32)]

    session = events.sessions.get_or_create("a" * 32, Sender(None)).recording
    async for _ in handlers.start([clip], "person", 5, session):
        pass
    sent = await asyncio.gather(*map(updates, actions))
    assert len(session.shown.result.recording.timeline.marks) == len(actions)
    assert [each[-1][:2] for each in sent] == [(gr.skip(), gr.skip())] * len(actions)
    assert sum(each[-1][2] == gr.skip() for each in sent) > 0  # whose files others have written


def test_a_stretch_of_a_recording_is_analysed(handlers, clip):
    _, _, state, result, *_ = run(handlers, clip, times=("0:00.4", ""))[-1]
    assert "In 0.6\xa0s" in state and "Times count from 0:00.4 of the recording" in result
    for times, sentence in (
        (("soon", ""), "Start and end are times such as"),
        (("2", "1"), "must be after its start"),
        (("60", None), "The recording ends at 0:01"),
    ):
        message = run(handlers, clip, times=times)[-1][0]
        assert sentence in message
        assert ("This video can&#39;t be used" in message) == (times[0] == "60")
