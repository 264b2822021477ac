"""The live timeline: counting, drawing, its end and its exports."""

import asyncio
import base64
import io
import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from zipfile import ZipFile

import gradio as gr
import numpy as np
import pytest

from fer.i18n import use_language
from fer.timeline.marks import Mark
from fer.timeline.serialization import from_json
from fer.timeline.timeline import Timeline
from fer.ui.live.live_reading import LiveReading
from fer.ui.live.timeline_recorder import MAX_DURATION, MEMORY_FULL, TimelineRecorder, idle_html
from fer.ui.sessions import Session
from tests.async_runner import run_async
from tests.fakes import fake_pipeline, sure
from tests.timeline.frames import steady, table_of
from tests.ui.live_helpers import TOKEN, LivePage, hold_clock, payload, stopped

FRAME = np.full((240, 320, 3), 128, np.uint8)
SIX = [[5 + 52 * i, 80, 50 + 52 * i, 130] for i in range(6)]


def test_a_reloaded_page_explains_how_to_continue():
    recorder = TimelineRecorder(Timeline("person"), 10.0, reloaded=True)
    again = recorder.html(75.0)
    assert "fer-running" in again and "Recording 1:05" in again and "loaded again" in again
    assert recorder.html(75.0) == again  # also in another language, until a frame comes
    recorder.record(None, 75.0)
    assert "loaded again" not in recorder.html(75.0)
    recorder.reloaded = True
    stopped(recorder)
    assert recorder.html(80.0) == stopped(recorder)


@pytest.fixture
def clock(monkeypatch):
    """The recorders' clock, which the test sets."""
    return hold_clock(monkeypatch)


def content(download):
    return base64.b64decode(download["uri"].split(",")[1])


def record(live, clock, times, view="person", **who):
    """Look at a frame at each time; return what came for the chart."""
    charts = []
    for clock[0] in times:
        charts.append(live.read_frame(FRAME, view, **who).chart)
    return charts


def test_the_chart_is_drawn_once_a_second_and_grows(clock):
    live = LivePage(SIX[:1], sure("happy", 0.9))
    assert record(live, clock, [0.0]) == [None]  # nothing is recorded unasked
    live.start()
    charts = record(live, clock, [i / 10 for i in range(31)])
    assert [i for i, chart in enumerate(charts) if chart] == [0, 10, 20, 30]
    assert "Recording 0:03" in charts[30] and "person view" in charts[30]
    assert len(live.session().live.recorder.timeline) == 4


def test_a_long_timeline_is_drawn_less_often(clock):
    live = LivePage(SIX[:1])
    live.start()
    charts = record(live, clock, [0.0, *(3600 + i / 2 for i in range(21))])
    assert [i / 2 for i, chart in enumerate(charts[1:]) if chart] == [0, 3.5, 7]


def test_stop_ends_it_and_what_is_saved_reads_back(clock):
    live = LivePage(SIX[:2], sure("happy", 0.9), sure("sad", 0.8))
    live.start()
    record(live, clock, [0.0, 0.5, 1.0])
    text = live.stop()
    assert "fer-done" in text and "fer-running" not in text
    # Stop's answer may come in before that of a frame that was on its way: it is arguments again.
    assert record(live, clock, [2.0, 3.0]) == [text, None]
    session = live.session()
    timeline = session.live.recorder.timeline
    assert timeline.table()["frames"].tolist() == [2, 1]
    assert from_json(content(live.timelines.save_json(session)).decode()) == timeline
    table = table_of(content(live.timelines.save_csv(session)).decode())
    assert table["track"].tolist() == [1, 2, 1, 2]


def test_plot_and_report_are_made_in_memory(clock):
    live = LivePage(SIX[:1])
    live.start()
    record(live, clock, [0.0, 1.0])
    live.stop()
    assert content(live.timelines.save_plot(live.session())).startswith(b"\x89PNG")
    report = content(live.timelines.save_report(live.session())).decode()
    assert "tiny &lt;1&gt;" in report
    assert "70.0% of 10 pictures" in report


def test_a_class_keeps_no_track_and_names_no_face(clock):
    live = LivePage(SIX, sure("happy", 0.9))
    live.read_frame(FRAME)
    live.start("class")
    # The view chosen at the start holds, whatever is chosen later.
    reading = live.read_frame(FRAME, "person")
    assert "On average of 6 faces" in reading.panel
    assert "Face 1" not in reading.panel + reading.chart
    assert reading.view == "class" and {*reading.faces[0]} == {"box"}
    live.stop()
    document = json.loads(content(live.timelines.save_json(live.session())))
    assert document["settings"]["view"] == "class" and "tracks" not in document


def test_fewer_than_five_faces_are_no_class(clock):
    live = LivePage(SIX[:4], sure("happy", 0.9))
    live.read_frame(FRAME)
    live.start("class")
    reading = live.read_frame(FRAME, "class")
    assert "at least 5 faces" in reading.panel and "4 faces" in reading.panel
    assert "meter" not in reading.panel
    assert "shows no expression" in reading.chart and "% uncertain" not in reading.chart


def test_it_ends_by_itself_and_reports_it(clock):
    live = LivePage(SIX[:1])
    live.start()
    charts = record(live, clock, [0.0, *(MAX_DURATION + second for second in (-1, 0, 1, 2))])
    for chart in charts[2:4]:  # an answer may be lost, or come after a later one
        assert "The timeline has ended" in chart and "2 hours" in chart
    session = live.session()
    assert charts[4] is None and not session.live.recorder.running
    assert live.timelines.save_csv(session)["name"] == "timeline.csv"


def test_it_ends_by_itself_when_it_takes_much_memory(clock, monkeypatch):
    live = LivePage(SIX)
    live.read_frame(FRAME)
    live.start()
    record(live, clock, range(20))
    enough = live.session().live.recorder.timeline.nbytes
    clock[0] = 0
    live = LivePage(SIX)
    live.read_frame(FRAME)
    live.start()
    monkeypatch.setattr("fer.ui.live.timeline_recorder.MAX_TIMELINE_BYTES", enough)
    charts = record(live, clock, range(30))
    assert [i for i, chart in enumerate(charts) if "has ended" in (chart or "")] == [20, 21]
    assert live.session().nbytes == live.session().live.recorder.timeline.nbytes


def test_it_is_explained_where_it_ends_for_all_visitors_memory(clock):
    live = LivePage(SIX[:1])
    live.start()
    record(live, clock, [0.0])
    live.session().live.recorder.end_reason = MEMORY_FULL
    (chart,) = record(live, clock, [1.0])
    assert "The timeline has ended" in chart and "among the largest" in chart
    assert "2 hours" not in chart


def test_a_lost_timeline_is_reported_to_its_page(clock):
    """As after a restart of the server: it would show a recording for ever."""
    live = LivePage(SIX[:1])
    query = {"frame": payload(FRAME), "token": TOKEN, "view": "person", "recording": True}
    assert "The timeline is lost" in run_async(live.handlers.read_frame(query)).chart
    live.start()
    assert "The timeline is lost" not in (run_async(live.handlers.read_frame(query)).chart or "")


def test_nothing_recorded_and_nothing_to_save(clock):
    live = LivePage()
    assert live.stop() == idle_html()
    live.start()
    for session in (live.session(), live.session("f" * 32)):
        with pytest.raises(gr.Error, match="no finished timeline"):
            live.timelines.save_csv(session)
    assert "The camera sent no picture" in live.stop()
    with pytest.raises(gr.Error, match="no finished timeline"):
        live.timelines.save_json(live.session())


def test_waiting_for_the_camera_is_stated():
    assert "Waiting for the camera" in LivePage().start()


def test_two_visitors_record_apart(clock):
    live = LivePage(SIX[:1])
    live.start()
    record(live, clock, [0.0, 1.0], token="f" * 32)
    assert live.session("f" * 32).live.recorder is None
    assert len(live.session().live.recorder.timeline) == 0


def test_a_frame_from_before_the_start_is_not_counted():
    recorder = TimelineRecorder(Timeline("person"), 1.0)
    assert recorder.record(fake_pipeline(SIX[:1])(FRAME), 0.99) is None
    assert len(recorder.timeline) == 0


def test_a_stop_while_a_frame_is_drawn_is_not_drawn_over(clock, monkeypatch):
    live = LivePage(SIX[:1])
    live.start()
    record(live, clock, [0.0])
    recorder = live.session().live.recorder
    described = lambda *arguments: (stopped(recorder), LiveReading())[1]  # noqa: E731
    monkeypatch.setattr(live.handlers, "_describe", described)
    assert "fer-done" in record(live, clock, [2.0])[0]


def test_a_stop_right_after_a_frame_is_sent_again(clock, monkeypatch):
    live = LivePage(SIX[:1])
    live.start()
    recorder = live.session().live.recorder
    counted = recorder.record

    def late(faces, now):
        chart = counted(faces, now)
        stopped(recorder)
        return chart

    monkeypatch.setattr(recorder, "record", late)
    assert "fer-running" in record(live, clock, [0.0])[0]
    assert "fer-done" in record(live, clock, [0.1])[0]


def test_frames_after_the_stop_are_not_counted():
    recorder = TimelineRecorder(Timeline("person"), 0.0)
    stopped(recorder)
    assert "Nothing recorded" in recorder.record(fake_pipeline(SIX[:1])(FRAME), 1.0)
    assert recorder.record(fake_pipeline(SIX[:1])(FRAME), 1.1) is None
    assert len(recorder.timeline) == 0


def test_a_timeline_has_the_network_s_bound():
    live = LivePage()
    live.timelines.uncertain_below = 0.7
    live.start()
    assert live.session().live.recorder.timeline.uncertain_below == 0.7


def test_marks_are_set_while_it_runs_and_changed_afterwards():
    recorder = TimelineRecorder(steady(20, 1, view="person", happy=1.0), 100.0)
    add = {"do": "add", "kind": "left out", "at": [8, 12], "text": "noise"}
    assert recorder.mark(json.dumps(add), 112.0) == ""
    html = recorder.html(112.0)
    assert 'data-elapsed="12.000"' in html and "data-elapsed" not in stopped(replace(recorder))
    assert "fer-running" in html and "noise" in html and "<input" not in html
    html = stopped(recorder)
    assert "fer-done" in html and 'value="noise"' in html
    change = {"do": "change", "mark": [8.0, 12.0, "left out", "noise"], "start": 9, "end": "10"}
    recorder.mark(json.dumps(change | {"text": "talk"}), 200.0)
    assert recorder.timeline.marks == (Mark(9, 10, "left out", "talk"),)
    trouble = recorder.mark(json.dumps({"do": "add", "start": 1, "end": 2}), 1.0)
    assert "A mark is one of" in trouble and "A mark is one of" in recorder.html(200.0, trouble)


def test_no_mark_begins_after_the_end_of_a_timeline():
    recorder = TimelineRecorder(steady(20, 1, view="person", happy=1.0), 100.0)
    recorder.stop(120.5)
    recorder.stop(300.0)  # pressed twice
    event = {"do": "add", "kind": "event"}
    late = recorder.mark(json.dumps(event | {"start": "21.5"}), 300.0)
    assert late == "The timeline ends at 0:21, before this mark."
    assert recorder.mark(json.dumps(event | {"start": "20.7"}), 300.0) == ""
    on_its_way = {"do": "add", "kind": "left out", "at": [18, 21.5]}
    assert recorder.mark(json.dumps(on_its_way), 121.5) == ""
    assert recorder.timeline.marks[0] == Mark(18, 21, "left out")


def test_marks_after_the_last_picture_are_in_the_chart():
    """As the camera was lost."""
    recorder = TimelineRecorder(steady(20, 1, view="person", happy=1.0), 100.0)
    assert (
        recorder.mark('{"do": "add", "kind": "event", "at": [80, 80], "text": "late"}', 180.0) == ""
    )
    assert recorder.mark('{"do": "add", "kind": "stretch", "start": 70, "end": 900}', 180.0) == ""
    assert 'data-span="81"' in recorder.html(180.0) and 'title="1:20 late"' in recorder.html(180.0)
    recorder.stop(190.5)
    assert 'data-span="91"' in recorder.html(999.0)
    recorder.timeline.marks = ()
    assert 'data-span="20"' in recorder.html(999.0)


def test_marked_stretches_are_compared_when_it_has_ended():
    recorder = TimelineRecorder(steady(40, 1, view="person", happy=1.0), 0.0)
    recorder.timeline.marks = (Mark(0, 15, "baseline"), Mark(20, 35, "stretch", "quiz"))
    assert "quiz less baseline" not in recorder.html(40.0)
    assert "quiz less baseline" in stopped(recorder)


def test_marks_after_the_last_picture_are_in_what_is_saved(clock):
    live = LivePage(SIX[:1], sure("happy", 0.9))
    live.start()
    record(live, clock, [0.0, 0.5, 1.0])
    clock[0] = 9.4
    live.stop()
    session, plain = live.session(), live.timelines.save_plot(live.session())
    marks = (
        Mark(6, 6, "event"),
        Mark(7, 8, "stretch"),
        Mark(9.7, 9.7, "event", "in the last second"),
    )
    session.live.recorder.timeline.marks = marks
    assert content(live.timelines.save_plot(session)) != content(plain)
    assert b'data-span="10"' in content(live.timelines.save_report(session))
    archive = ZipFile(io.BytesIO(content(live.timelines.save_exports(session))))
    assert b"stretch" in (exported := archive.read("timeline.TextGrid"))
    assert b"in the last second" in exported


async def test_marks_that_come_at_once_are_all_set_and_one_drawing_is_made_at_a_time(monkeypatch):
    """A long timeline takes a while to draw, in which others' Stop would wait."""
    live, drawing = LivePage(SIX[:1]), threading.Semaphore(1)
    live.start()
    recorder, draw = live.session().live.recorder, TimelineRecorder.html

    def alone(*given):
        assert drawing.acquire(blocking=False)
        time.sleep(0.02)
        drawing.release()
        return draw(*given)

    monkeypatch.setattr(TimelineRecorder, "html", alone)
    live.sessions._sweeping = None
    event = {"do": "add", "kind": "event", "at": [0, 0]}
    actions = [json.dumps(event | {"text": str(i)}) for i in range(20)]
    marks = (live.timelines.mark(action, TOKEN) for action in actions)
    *drawn, stopped = await asyncio.gather(*marks, live.timelines.stop(TOKEN))
    assert drawn.count(gr.skip()) >= 18 and "Nothing recorded" in stopped
    assert len(recorder.timeline.marks) == 20 and not recorder.running


def test_the_clock_time_of_the_start_is_kept():
    recorder = TimelineRecorder(steady(5, 1, view="person", happy=1.0), 0.0)
    recorder.started_utc = datetime(2026, 11, 29, 14, 3, 5, 400_000, UTC)
    assert 'data-started="2026-11-29T14:03:05+00:00"' in stopped(recorder)
    looking = LivePage()
    session = Session("page")
    session.live.recorder = recorder
    with use_language("de"):
        about = json.loads(content(looking.timelines.save_json(session)))["about"]
    assert about["started"] == "2026-11-29T14:03:05+00:00"
    assert "Faces were detected" in about["methods"]  # programs read it: as in a recording's JSON
    report = content(looking.timelines.save_report(session)).decode()
    assert "2026-11-29 14:03:05+00:00" in report
    with ZipFile(io.BytesIO(content(looking.timelines.save_exports(session)))) as archive:
        assert b"happy" in archive.read("timeline.TextGrid") and len(archive.namelist()) == 6
