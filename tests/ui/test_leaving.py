"""Visitors whose connection breaks: what goes at once, what waits for them, and for how long."""

import json
import secrets
import time
from types import SimpleNamespace
from urllib.request import Request, urlopen

import gradio as gr
import numpy as np
import pytest
from fer.ui.leaving import GRACE, LeftSession, leave
from PIL import Image

from fer.timeline.timeline import Timeline
from fer.ui import build_demo, launch_settings
from fer.ui.jobs import Job
from fer.ui.photo_handlers import Reading
from fer.ui.recorder import Recorder
from fer.ui.recording_handlers import Desk
from fer.ui.returning import take
from fer.ui.visitor import Visitor
from tests.fakes import fake_pipeline, sure


@pytest.fixture(scope="module")
def uploads(tmp_path_factory):
    """Where Gradio looks for uploads."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("uploads")
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def demo(uploads):
    opened = build_demo(fake_pipeline([[10, 10, 90, 90]], sure("happy", 0.9)))
    opened.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    yield opened
    opened.close()


def key_of(demo, kind):
    """The key of the state that holds a Visitor or a Desk."""
    states = [(key, block) for key, block in demo.blocks.items() if isinstance(block, gr.State)]
    return next(key for key, block in states if isinstance(block.value, kind))


@pytest.fixture
def job(tmp_path):
    """Work that has left a file."""
    made = Job(tmp_path / "made", lambda job: (job.folder / "annotated.mp4").touch())
    made.folder.mkdir()
    return made


@pytest.fixture
def timeline():
    faces = fake_pipeline([[10, 10, 90, 90]], sure("happy", 0.9))(np.zeros((99, 99, 3), np.uint8))
    kept = Timeline("person")
    kept.add(faces, 0.0)
    return kept


def wait_until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def break_off(demo, visitor):
    """Open the connection by which Gradio knows that a page is open, and let it break."""
    before = demo.state_holder.session_data[visitor]
    with urlopen(f"{demo.local_url}gradio_api/heartbeat/{visitor}", timeout=20) as heartbeat:
        heartbeat.readline()
    wait_until(lambda: demo.state_holder.session_data.get(visitor) is not before)


def ask(demo, visitor, name, data):
    """Do what the page does when a handler of this name is called; return what it shows."""
    number = next(key for key, fn in demo.fns.items() if fn.api_name == name)
    asked = {"data": data, "fn_index": number, "session_hash": visitor}
    head = {"Content-Type": "application/json"}
    join = Request(f"{demo.local_url}gradio_api/queue/join", json.dumps(asked).encode(), head)
    urlopen(join, timeout=20).close()
    with urlopen(
        f"{demo.local_url}gradio_api/queue/data?session_hash={visitor}", timeout=20
    ) as told:
        for line in told:
            said = json.loads(line[len(b"data:") :]) if line.startswith(b"data:") else {}
            if said.get("msg") == "process_completed":
                assert said["success"], said
                return said["output"]["data"]


def test_a_timeline_outlives_a_broken_connection_but_no_picture_does(demo, timeline, uploads):
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(uploads / "one.png")
    photo = [{"path": str(uploads / "one.png"), "meta": {"_type": "gradio.FileData"}}]
    key, visitor = key_of(demo, Visitor), secrets.token_hex(5)
    seen = Visitor(recorder=Recorder(timeline, 0.0, running=False))
    demo.state_holder[visitor][key] = seen
    ask(demo, visitor, "read", [*photo, 20, False, False])
    assert "data:image" in str(demo.state_holder[visitor].config_values)

    break_off(demo, visitor)
    session = demo.state_holder.session_data[visitor]
    assert session[key].recorder is seen.recorder
    assert {type(value) for value in session.state_data.values()} == {Visitor, Reading}
    assert "data:image" not in str(session.config_values)
    (parcel,) = ask(demo, visitor, "save_json", [None])
    assert parcel["name"] == "timeline.json"
    (parcel,) = ask(demo, visitor, "save_csv_1", [None])
    assert parcel["name"] == "one-faces.csv"
    ask(demo, visitor, "read", [*photo, 20, False, False])
    assert demo.state_holder.session_data[visitor] is session
    assert "data:image" not in str(session.config_values)


def test_a_recordings_files_wait_for_a_while_and_go_without_anybodys_doing(demo, job):
    key, visitor = key_of(demo, Desk), secrets.token_hex(5)
    job.run()
    demo.state_holder[visitor][key] = Desk(job, "clip.mp4")
    break_off(demo, visitor)
    session = demo.state_holder.session_data[visitor]
    assert session[key].job is job and not job.is_cancelled()
    time.sleep(2.5)  # Gradio looks every second
    assert list(job.folder.iterdir())
    session.STATE_TTL_WHEN_CLOSED = 0.1
    wait_until(lambda: not session.state_data)
    assert not job.folder.exists()
    assert 10 * 60 <= GRACE < 15 * 60


@pytest.fixture
def sessions(demo):
    """Gradio's sessions, of which none is left behind."""
    yield demo.state_holder
    demo.state_holder.session_data.clear()


def test_unfinished_work_is_called_off_at_once(demo, sessions, job):
    sessions["left"][key_of(demo, Desk)] = Desk(job)
    leave(sessions, "left")
    assert job.is_cancelled() and "left" not in sessions


def test_whoever_made_nothing_is_forgotten_at_once(demo, sessions):
    sessions["left"][key_of(demo, Visitor)] = Visitor()
    leave(sessions, "left")
    leave(sessions, "never came")
    assert "left" not in sessions and "never came" not in sessions


def test_who_stayed_away_too_long_is_forgotten_when_the_next_one_leaves(demo, sessions, timeline):
    made = Visitor(recorder=Recorder(timeline, 0.0))
    for visitor in ("first", "second", "open"):
        sessions[visitor][key_of(demo, Visitor)] = made
    leave(sessions, "first", grace=0)
    sessions.delete_all_expired_state()
    assert isinstance(sessions.session_data["first"], LeftSession)
    leave(sessions, "second")
    assert "first" not in sessions and "second" in sessions and "open" in sessions


def test_nothing_that_was_seen_is_left_of_a_visitor_but_the_numbers_go_on():
    visitor = Visitor()
    pipeline = fake_pipeline([[10, 10, 90, 90]], sure("happy", 0.9))
    frame = np.zeros((120, 160, 3), np.uint8)
    pipeline.follow(frame, 0.0, visitor.following)
    left = visitor.without_pictures()
    assert left.recorder is visitor.recorder
    assert vars(left.following.follower)["_samples"] is None
    assert vars(left.following.answers)["_answers"] == {}
    later = pipeline.follow(frame, 100.0, left.following)
    assert later.tracker_id.tolist() == [2]


def test_a_page_that_is_loaded_again_takes_the_timeline_along(demo, sessions, timeline):
    key = key_of(demo, Visitor)
    recorder = Recorder(timeline, 0.0, running=False)
    sessions["before"][key] = Visitor(recorder=recorder)
    chart, *others = ask(demo, "after", "give_back", ["before"])
    assert "Finished" in chart and "before" not in sessions
    assert sessions["after"][key].recorder is recorder
    assert len(others) > 5 and "value" not in str(others)  # the Recording tab stays as it is


def test_it_takes_a_finished_recording_along_and_removes_none_of_its_files(demo, sessions, job):
    job.run()
    key, desk = key_of(demo, Desk), Desk(job, "clip.mp4")
    sessions["before"][key] = desk
    assert take(sessions, "before") == {Desk: desk}
    assert list(job.folder.iterdir()) and "before" not in sessions


def test_nothing_is_found_of_who_had_nothing_or_never_came(demo, sessions, job):
    sessions["before"][key_of(demo, Desk)] = Desk(job)
    assert take(sessions, "before") == take(sessions, "never came") == {}
    assert job.is_cancelled() and "before" not in sessions


def test_a_recording_whose_files_have_gone_is_not_shown_again(job):
    job.run()
    made = SimpleNamespace(video=job.folder / "annotated.mp4")
    desk = Desk(job, "clip.mp4", SimpleNamespace(recording=made, shown=lambda: ("shown",)))
    assert desk.shown() == ("shown",)
    made.video.unlink()
    assert desk.shown() is None
