"""The Live tab without a screen: frames in, HTML out, a clock a visitor."""

import base64
import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from fer.labels import COLOURS
from fer.ui.live_handlers import READERS, LiveHandlers
from fer.ui.live_panels import person_panel
from fer.ui.visitor import Visitor
from tests.fakes import fake_pipeline, sure

FRAME = np.full((240, 320, 3), 128, np.uint8)
BOX = [100, 80, 200, 180]


def pixels(html):
    content = base64.b64decode(re.search(r'base64,([^"]+)"', html)[1])
    return np.asarray(Image.open(io.BytesIO(content))).astype(int)


def test_a_face_gets_a_box_in_the_colour_of_its_expression():
    view, panel, _, _ = LiveHandlers(fake_pipeline([BOX], sure("sad", 0.8))).look(FRAME, Visitor())
    expected = [int(COLOURS["sad"][i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(pixels(view)[130, 100] - expected).max() < 60  # JPEG blurs a thin line
    assert "1 face" in panel and "80%" in panel and "Your expression" in panel
    assert (FRAME == 128).all()


def test_no_face_gives_the_plain_picture_and_a_friendly_word():
    view, panel, _, _ = LiveHandlers(fake_pipeline()).look(FRAME, Visitor())
    assert np.abs(pixels(view) - 128).max() <= 1
    assert "No face in view" in panel and "meter" not in panel


def test_no_frame_gives_the_first_steps():
    view, panel, _, _ = LiveHandlers(fake_pipeline()).look(None, Visitor())
    assert view == "" and "Press Record" in panel


def test_a_weak_face_is_uncertain():
    handlers = LiveHandlers(fake_pipeline([BOX], sure("fear", 0.42)))
    _, panel, _, _ = handlers.look(FRAME, Visitor())
    assert "uncertain" in panel and "no expression stands out" in panel


def test_bars_show_the_first_of_several_faces():
    pipeline = fake_pipeline([BOX, [10, 10, 60, 60]], sure("angry"), sure("happy"))
    _, panel, _, _ = LiveHandlers(pipeline).look(FRAME, Visitor())
    assert "Face 1, the largest" in panel and "2 faces" in panel and "2 happy 90%" in panel
    assert re.search(r"fer-top.*?aria-label=\"(\w+)\"", panel)[1] == "angry"


def test_other_faces_have_the_probability_of_what_they_are_called():
    faces = fake_pipeline([BOX, [10, 10, 60, 60]], sure("angry"), sure("happy", 0.52))(FRAME)
    faces.data["probabilities"][1] = [0.4, 0, 0, 0.38, 0.22, 0, 0]
    panel = person_panel(faces, ["angry", "happy"], 10.0)
    assert "2 happy 38%" in panel and "40%" not in panel


def test_one_odd_answer_does_not_change_the_label(monkeypatch):
    happy = LiveHandlers(fake_pipeline([BOX], sure("happy")))
    odd = LiveHandlers(fake_pipeline([BOX], sure("angry", 0.5)))
    times = iter(index / 10 for index in range(100))
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    visitor = Visitor()
    for _ in range(5):
        _, panel, _, visitor = happy.look(FRAME, visitor)
    _, panel, _, visitor = odd.look(FRAME, visitor)
    assert re.search(r"fer-top.*?aria-label=\"(\w+)\"", panel)[1] == "happy"
    _, panel, _, _ = odd.look(FRAME, Visitor())
    assert re.search(r"fer-top.*?aria-label=\"(\w+)\"", panel)[1] == "angry"


def test_visitors_have_clocks_of_their_own():
    one, other = Visitor().clock, Visitor().clock
    one.tick(0.0), one.tick(0.1)
    assert other.tick(0.1) == 0


def test_many_workers_share_a_few_readers():
    pipeline, seen = fake_pipeline([BOX]), set()
    follow = pipeline.follow

    def noted(*arguments):
        seen.add(threading.current_thread().name)
        return follow(*arguments)

    pipeline.follow = noted
    handlers = LiveHandlers(pipeline)
    with ThreadPoolExecutor(8, "worker") as workers:
        answers = list(workers.map(lambda _: handlers.look(FRAME, Visitor()), range(24)))
    assert all("1 face" in panel for _, panel, _, _ in answers)
    assert 1 <= len(seen) <= READERS and all(name.startswith("look") for name in seen)


def test_an_error_in_a_reader_reaches_the_caller():
    pipeline = fake_pipeline([BOX])
    pipeline.follow = lambda *arguments: 1 / 0
    with pytest.raises(ZeroDivisionError):
        LiveHandlers(pipeline).look(FRAME, Visitor())


def test_a_class_says_how_many_of_its_faces_are_uncertain():
    boxes = [[60 * i, 10, 60 * i + 50, 60] for i in range(5)]
    rows = [sure("happy")] * 3 + [sure("sad", 0.42)] * 2
    frame = np.full((240, 320, 3), 128, np.uint8)
    _, panel, _, _ = LiveHandlers(fake_pipeline(boxes, *rows)).look(frame, Visitor(), "class")
    assert "On average of 5 faces, 2 of them uncertain" in panel


def test_a_class_that_is_too_small_is_told_what_helps():
    boxes = [[60 * i, 10, 60 * i + 50, 60] for i in range(4)]
    _, panel, _, _ = LiveHandlers(fake_pipeline(boxes)).look(FRAME, Visitor(), "class")
    assert "at least 5 faces" in panel and "bring the camera nearer" in panel
    assert "meter" not in panel


def test_a_class_s_picture_shows_nobody_s_expression():
    six = [[5 + 52 * i, 80, 50 + 52 * i, 130] for i in range(6)]
    happy, sad = (
        LiveHandlers(fake_pipeline(six, sure(name))).look(FRAME, Visitor(), "class")[0]
        for name in ("happy", "sad")
    )
    assert happy == sad and (pixels(happy) != 128).any()
