"""Live handlers: frames in, faces and HTML out, a stream state a visitor."""

import asyncio
import re
import threading

import numpy as np
import pytest
from supervision import Detections

from fer.ui.live.handlers import (
    FRAME_WORKERS,
    LiveHandlers,
)
from fer.ui.live.session import LiveSession
from fer.ui.live.views import class_panel, person_panel
from fer.ui.sessions import Sessions
from fer.vision.detections import expression_labels
from tests.async_runner import run_async
from tests.fakes import fake_pipeline, sure
from tests.ui.live_helpers import TOKEN, LivePage, hold_clock, payload

FRAME = np.full((240, 320, 3), 128, np.uint8)
BOX = [100, 80, 200, 180]


def class_panel_of(faces):
    return class_panel(faces, 9, 0.4)


def test_a_face_gets_a_caption_and_its_box_in_pixels_of_the_frame():
    reading = LivePage([BOX], sure("sad", 0.8)).settle(FRAME)
    caption = {"track": 1, "label": "sad", "text": "sad 80%"}
    assert reading.faces == ({"box": BOX, **caption},)
    assert (reading.view, reading.width, reading.height) == ("person", 320, 240)
    panel = reading.panel
    assert "1 face" in panel and "80%" in panel and "Your expression" in panel
    assert reading.chart is None and 0 < reading.seconds < 20


def test_a_face_in_one_picture_only_gets_a_plain_box_and_no_expression():
    reading = LivePage([BOX], sure("sad", 0.8)).read_frame(FRAME)
    assert reading.faces == ({"box": BOX, "state": "tentative"},)
    assert "second picture" in reading.panel and "meter" not in reading.panel
    assert "sad" not in reading.panel


def test_no_face_gives_advice():
    reading = LivePage().read_frame(FRAME)
    assert reading.faces == ()
    assert "No face in view" in reading.panel and "meter" not in reading.panel


@pytest.mark.parametrize("query", [None, 7, [], {}, {"frame": None, "token": TOKEN}])
def test_what_is_no_frame_is_refused_in_a_sentence(query, monkeypatch):
    monkeypatch.setattr("fer.ui.live.handlers.REFUSAL_DELAY", 0.01)
    reading = run_async(LivePage().handlers.read_frame(query))
    assert "No picture is read" in reading.panel and "must be a JPEG" in reading.panel
    assert "data-camera-lost" in reading.panel  # a timeline is paused


def test_few_refusals_are_delayed_as_each_stays_in_memory(monkeypatch):
    monkeypatch.setattr("fer.ui.live.handlers.REFUSAL_DELAY", 0.3)
    monkeypatch.setattr("fer.ui.live.handlers.MAX_DELAYED", 3)

    async def scenario():
        handlers = LivePage().handlers
        return await asyncio.gather(*(handlers.read_frame(None) for _ in range(5)))

    assert (
        sorted(reading.seconds > 0.2 for reading in run_async(scenario()))
        == [False] * 2 + [True] * 3
    )


@pytest.mark.parametrize("panel", [lambda f: person_panel(f, ["happy"] * 5, 9), class_panel_of])
def test_an_upside_down_camera_is_stated(panel):
    faces = Detections(
        xyxy=np.array([BOX] * 5, np.float32),
        tracker_id=np.arange(1, 6),
        data={"probabilities": np.array([sure("happy")] * 5, np.float32)},
        metadata={"rotation": 180},
    )
    sentence = "picture looks turned by 180 degrees; it was read as turned."
    assert sentence in panel(faces)
    faces.metadata = {}
    assert "turned" not in panel(faces)


def test_a_weak_face_is_uncertain():
    reading = LivePage([BOX], sure("fear", 0.42)).settle(FRAME)
    assert reading.faces[0]["text"] == "uncertain"
    panel = reading.panel
    assert "uncertain" in panel and "no expression stands out" in panel


def test_bars_show_the_first_of_several_faces():
    boxes = [BOX, [10, 10, 60, 60]]
    panel = LivePage(boxes, sure("angry"), sure("happy")).settle(FRAME).panel
    assert "Face 1, the largest" in panel and "2 faces" in panel and "2 happy 90%" in panel
    assert re.search(r"fer-top.*?aria-label=\"(\w+)\"", panel)[1] == "angry"


def test_other_faces_have_the_probability_of_their_labels():
    faces = fake_pipeline([BOX, [10, 10, 60, 60]], sure("angry"), sure("happy", 0.52))(FRAME)
    faces.data["probabilities"][1] = [0.4, 0, 0, 0.38, 0.22, 0, 0]
    panel = person_panel(faces, ["angry", "happy"], 10.0)
    assert "2 happy 38%" in panel and "40%" not in panel


def test_one_odd_prediction_does_not_change_the_label(monkeypatch):
    live = LivePage([BOX], sure("happy"))
    clock = hold_clock(monkeypatch)
    for index in range(5):
        clock[0] = index / 10
        live.read_frame(FRAME)
    clock[0] = 0.5
    live.pipeline.classifier.rows = [sure("angry", 0.5)]
    panel = live.read_frame(FRAME).panel
    assert re.search(r"fer-top.*?aria-label=\"(\w+)\"", panel)[1] == "happy"
    panel = live.settle(FRAME, token="f" * 32).panel
    assert re.search(r"fer-top.*?aria-label=\"(\w+)\"", panel)[1] == "angry"


def test_visitors_have_clocks_of_their_own():
    one, other = LiveSession().frame_rate, LiveSession().frame_rate
    one.tick(0.0), one.tick(0.1)
    assert other.tick(0.1) == 0


def query(token):
    return {"frame": payload(FRAME), "token": token, "view": "person"}


async def test_a_newer_frame_of_the_same_visitor_supersedes_one_that_waits():
    handlers = LivePage([BOX]).handlers
    busy = [handlers.read_frame(query(f"{i:032x}")) for i in range(FRAME_WORKERS)]
    *_, first, second, last = await asyncio.gather(
        *busy, *(handlers.read_frame(query("f" * 32)) for _ in range(3))
    )
    assert (first.skipped, second.skipped, last.skipped) == (True, True, False)
    assert first.seconds < 1 and last.faces


def test_many_frames_share_a_few_readers():
    pipeline, seen = fake_pipeline([BOX]), set()
    follow = pipeline.process_frame

    def noted(*arguments):
        seen.add(threading.current_thread().name)
        return follow(*arguments)

    async def scenario():
        pipeline.process_frame = noted
        handlers = LiveHandlers(pipeline, Sessions())
        for _ in range(2):
            looks = (handlers.read_frame(query(f"{i:032x}")) for i in range(24))
            readings = await asyncio.gather(*looks)
        return readings

    assert all("1 face" in reading.panel for reading in run_async(scenario()))
    assert 1 <= len(seen) <= FRAME_WORKERS and all(name.startswith("frame") for name in seen)


@pytest.mark.parametrize(("cameras", "seconds"), [(1, 0.45), (6, 0.45), (24, 1.8)])
async def test_with_many_cameras_the_search_for_new_faces_takes_longer(cameras, seconds):
    live = LivePage([BOX])
    for number in range(cameras):
        await live.handlers.read_frame(query(f"{number:032x}"))
    detector = live.session(f"{cameras - 1:032x}").live.stream_state.stream_detector
    assert detector.search_period == pytest.approx(seconds)


def test_a_camera_whose_frames_cant_be_decoded_loses_its_place(monkeypatch):
    monkeypatch.setattr("fer.ui.live.handlers.REFUSAL_DELAY", 0.01)
    live = LivePage([BOX])
    live.read_frame(FRAME)
    cut_off = query(TOKEN)
    cut_off["frame"]["url"] = cut_off["frame"]["url"][:1223]
    assert len(live.handlers._places) == 1
    assert "damaged" in run_async(live.handlers.read_frame(cut_off)).panel
    assert len(live.handlers._places) == 0


def test_an_error_in_a_reader_reaches_the_caller():
    live = LivePage([BOX])
    live.pipeline.process_frame = lambda *arguments: 1 / 0
    with pytest.raises(ZeroDivisionError):
        live.read_frame(FRAME)


def test_a_class_reports_how_many_of_its_faces_are_uncertain():
    boxes = [[60 * i, 10, 60 * i + 50, 60] for i in range(5)]
    rows = [sure("happy")] * 3 + [sure("sad", 0.42)] * 2
    frame = np.full((240, 320, 3), 128, np.uint8)
    panel = LivePage(boxes, *rows).settle(frame, "class").panel
    assert "On average of 5 faces, 2 of them uncertain" in panel


def test_a_class_that_is_too_small_gets_advice():
    boxes = [[60 * i, 10, 60 * i + 50, 60] for i in range(4)]
    panel = LivePage(boxes).settle(FRAME, "class").panel
    assert "at least 5 faces" in panel and "move the camera closer" in panel
    assert "meter" not in panel


def test_a_class_s_faces_show_nobody_s_expression():
    six = [[5 + 52 * i, 80, 50 + 52 * i, 130] for i in range(6)]
    happy, sad = (LivePage(six, sure(name)).settle(FRAME, "class") for name in ("happy", "sad"))
    assert happy.faces == sad.faces == tuple({"box": box} for box in six)


def test_a_face_that_is_turned_away_is_not_named():
    faces = crowd(1, turned=1)
    assert expression_labels(faces, 0.45) == ["turned away"]
    panel = person_panel(faces, ["turned away"], 10.0)
    assert "too far away" in panel and "fer-top" not in panel


def test_a_class_counts_those_who_are_turned_away_apart():
    panel = class_panel(crowd(8, turned=2), 10.0, 0.45)
    assert "On average of 6 faces; 2 turned away" in panel
    assert "Withheld" in class_panel(crowd(6, turned=2), 10.0, 0.45)


def crowd(count, turned):
    boxes = np.tile(np.array([0, 0, 80, 80], np.float32), (count, 1))
    rows = np.array([sure("happy")] * count, np.float32)
    data = {"probabilities": rows, "turned_away": np.arange(count) < turned}
    return Detections(xyxy=boxes, tracker_id=np.arange(1, count + 1), data=data)
