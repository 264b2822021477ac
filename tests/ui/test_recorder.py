"""A live timeline: what it counts, when it is drawn, when it ends, what is saved of it."""

import base64
import json

import gradio as gr
import numpy as np
import pytest

from fer.timeline.files import from_csv, from_json
from fer.timeline.timeline import Timeline
from fer.ui.live_handlers import LiveHandlers, TimelineHandlers
from fer.ui.recorder import IDLE, LONGEST, Recorder
from fer.ui.visitor import Visitor
from tests.fakes import fake_pipeline, sure

FRAME = np.full((240, 320, 3), 128, np.uint8)
SIX = [[5 + 52 * i, 80, 50 + 52 * i, 130] for i in range(6)]


def test_a_page_that_is_loaded_again_is_told_how_to_go_on():
    recorder = Recorder(Timeline("person"), 10.0)
    again = recorder.shown(75.0)
    assert "fer-running" in again and "Recording 1:05" in again and "loaded again" in again
    recorder.stop()
    assert recorder.shown(80.0) == recorder.stop()


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    times = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: times[0])
    return times


@pytest.fixture
def handlers():
    return TimelineHandlers(0.4, "tiny <1>", "70.0% of 10 pictures")


def content(parcel):
    return base64.b64decode(parcel["uri"].split(",")[1])


def record(live, visitor, clock, times, view="person"):
    """Look at a frame at each time; return what came for the chart."""
    charts = []
    for clock[0] in times:
        charts.append(live.look(FRAME, visitor, view)[2])
    return [chart if isinstance(chart, str) else None for chart in charts]


def test_the_chart_is_drawn_once_a_second_and_grows(clock, handlers):
    visitor = Visitor()
    live = LiveHandlers(fake_pipeline(SIX[:1], sure("happy", 0.9)))
    assert record(live, visitor, clock, [0.0]) == [None]  # nothing is recorded unasked
    handlers.start(visitor, "person")
    charts = record(live, visitor, clock, [i / 10 for i in range(31)])
    assert [i for i, chart in enumerate(charts) if chart] == [0, 10, 20, 30]
    assert "Recording 0:03" in charts[30] and "person view" in charts[30]
    assert len(visitor.recorder.timeline) == 4


def test_a_long_timeline_is_drawn_less_often(clock, handlers):
    visitor = Visitor()
    live = LiveHandlers(fake_pipeline(SIX[:1]))
    handlers.start(visitor, "person")
    charts = record(live, visitor, clock, [0.0, *(3600 + i / 2 for i in range(21))])
    assert [i / 2 for i, chart in enumerate(charts[1:]) if chart] == [0, 3.5, 7]


def test_stop_ends_it_and_what_is_saved_reads_back(clock, handlers):
    visitor = Visitor()
    live = LiveHandlers(fake_pipeline(SIX[:2], sure("happy", 0.9), sure("sad", 0.8)))
    handlers.start(visitor, "person")
    record(live, visitor, clock, [0.0, 0.5, 1.0])
    text, visitor = handlers.stop(visitor)
    assert "fer-done" in text and "fer-running" not in text
    # Stop's answer may come in before that of a frame that was on its way: it is told again.
    assert record(live, visitor, clock, [2.0, 3.0]) == [text, None]
    timeline = visitor.recorder.timeline
    assert timeline.table()["frames"].tolist() == [2, 1]
    assert from_json(content(handlers.save_json(visitor)).decode()) == timeline
    table = from_csv(content(handlers.save_csv(visitor)).decode())
    assert table["track"].tolist() == [1, 2, 1, 2]


def test_plot_and_report_are_made_in_memory(clock, handlers):
    visitor = Visitor()
    live = LiveHandlers(fake_pipeline(SIX[:1]))
    handlers.start(visitor, "person")
    record(live, visitor, clock, [0.0, 1.0])
    handlers.stop(visitor)
    assert content(handlers.save_plot(visitor)).startswith(b"\x89PNG")
    report = content(handlers.save_report(visitor)).decode()
    assert "tiny &lt;1&gt;" in report
    assert "70.0% of 10 pictures" in report


def test_a_class_keeps_no_track_and_names_no_face(clock, handlers):
    visitor = Visitor()
    live = LiveHandlers(fake_pipeline(SIX, sure("happy", 0.9)))
    handlers.start(visitor, "class")
    # The view chosen at the start holds, whatever is chosen later.
    _, panel, chart, _ = live.look(FRAME, visitor, "person")
    assert "On average of 6 faces" in panel and "Face 1" not in panel + chart
    handlers.stop(visitor)
    document = json.loads(content(handlers.save_json(visitor)))
    assert document["settings"]["view"] == "class" and "tracks" not in document


def test_fewer_than_five_faces_are_no_class(clock, handlers):
    visitor = Visitor()
    live = LiveHandlers(fake_pipeline(SIX[:4], sure("happy", 0.9)))
    handlers.start(visitor, "class")
    _, panel, chart, _ = live.look(FRAME, visitor, "class")
    assert "at least 5 faces" in panel and "meter" not in panel and "4 faces" in panel
    assert "shows no expression" in chart and "uncertain" not in chart


def test_it_ends_by_itself_and_says_so(clock, handlers):
    visitor = Visitor()
    live = LiveHandlers(fake_pipeline(SIX[:1]))
    handlers.start(visitor, "person")
    charts = record(live, visitor, clock, [0.0, LONGEST - 1, LONGEST, LONGEST + 1])
    assert "The timeline has ended" in charts[2] and "2 hours" in charts[2]
    assert charts[3] is None and not visitor.recorder.running
    assert handlers.save_csv(visitor)["name"] == "timeline.csv"


def test_nothing_recorded_and_nothing_to_save(clock, handlers):
    visitor = Visitor()
    assert handlers.stop(visitor) == (IDLE, visitor)
    handlers.start(visitor, "person")
    for state in (visitor, Visitor()):
        with pytest.raises(gr.Error, match="no finished timeline"):
            handlers.save_csv(state)
    assert "The camera gave no picture" in handlers.stop(visitor)[0]
    with pytest.raises(gr.Error, match="no finished timeline"):
        handlers.save_json(visitor)


def test_waiting_for_the_camera_is_said(handlers):
    assert "Waiting for the camera" in handlers.start(Visitor(), "person")[0]


def test_two_visitors_record_apart(clock, handlers):
    one, other = Visitor(), Visitor()
    live = LiveHandlers(fake_pipeline(SIX[:1]))
    handlers.start(one, "person")
    record(live, other, clock, [0.0, 1.0])
    assert other.recorder is None and len(one.recorder.timeline) == 0


def test_a_frame_from_before_the_start_is_not_counted():
    recorder = Recorder(Timeline("person"), 1.0)
    assert recorder.record(fake_pipeline(SIX[:1])(FRAME), 0.99) is None
    assert len(recorder.timeline) == 0


def test_a_stop_while_a_frame_is_drawn_is_not_drawn_over(clock, handlers, monkeypatch):
    visitor, live = Visitor(), LiveHandlers(fake_pipeline(SIX[:1]))
    handlers.start(visitor, "person")
    record(live, visitor, clock, [0.0])
    monkeypatch.setattr(live, "_shown", lambda *told: (handlers.stop(visitor), (FRAME, ""))[1])
    assert "fer-done" in record(live, visitor, clock, [2.0])[0]


def test_a_stop_right_behind_a_frame_is_told_again(clock, handlers, monkeypatch):
    visitor, live = Visitor(), LiveHandlers(fake_pipeline(SIX[:1]))
    handlers.start(visitor, "person")
    counted = visitor.recorder.record

    def late(faces, now):
        chart = counted(faces, now)
        handlers.stop(visitor)
        return chart

    monkeypatch.setattr(visitor.recorder, "record", late)
    assert "fer-running" in record(live, visitor, clock, [0.0])[0]
    assert "fer-done" in record(live, visitor, clock, [0.1])[0]


def test_frames_after_the_stop_are_not_counted():
    recorder = Recorder(Timeline("person"), 0.0)
    recorder.stop()
    assert "Nothing recorded" in recorder.record(fake_pipeline(SIX[:1])(FRAME), 1.0)
    assert recorder.record(fake_pipeline(SIX[:1])(FRAME), 1.1) is None
    assert len(recorder.timeline) == 0


def test_a_timeline_has_the_network_s_bound():
    visitor = Visitor()
    TimelineHandlers(0.7, "a network").start(visitor, "person")
    assert visitor.recorder.timeline.uncertain_below == 0.7
