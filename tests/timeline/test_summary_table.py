"""The summary of a timeline below its chart."""

import re

import pytest

from fer.timeline.summary import summarise
from fer.timeline.summary_table import MAX_ROWS, summary_html
from fer.timeline.timeline import Timeline
from fer.ui.live.timeline_recorder import TimelineRecorder
from tests.fakes import sure
from tests.timeline.test_chart import faces


@pytest.fixture
def two():
    """Two faces for two seconds, the second of which is too small in the second one."""
    timeline = Timeline("person")
    timeline.add(faces(sure("happy", 0.7), sure("sad", 0.4)), 0)
    timeline.add(faces(sure("happy", 0.7), tracks=[1]), 1)
    timeline.add(faces(sure("sad", 0.4), side=20, tracks=[3]), 1.5)
    return timeline


def rows(html):
    table = html[html.index("<tbody>") :]
    cells = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in table.split("<tr>")[1:]]
    return {row[0]: row[1:] for row in cells}


def test_each_face_has_a_row_as_the_summary_has_it(two):
    html = summary_html(summarise(two), two)
    assert rows(html) == {
        "1": ["5", "5", "5", "70", "5", "5", "5", "+0.50", "0%", "0%", "1.5\xa0s"],
        "2": ["10", "10", "10", "10", "40", "10", "10", "\N{MINUS SIGN}0.60", "0%", "0%", "1\xa0s"],
        "3": [*["\N{EN DASH}"] * 7, "\N{EN DASH}", "\N{EN DASH}", "0%", "0.5\xa0s"],
    }
    assert html.count("fer-top") == 3  # a bar, and a share of each classified face


def test_no_share_of_a_face_that_is_mostly_uncertain_is_bold():
    timeline = Timeline("person", uncertain_below=0.5)
    for second, value in enumerate((0.3, 0.3, 0.9)):
        timeline.add(faces(sure("happy", value), sure("sad", 0.9), tracks=[1, 2]), second)
    table = summary_html(summarise(timeline), timeline).split("<tbody>")[1]
    assert [row.count("fer-top") for row in table.split("<tr>")[1:]] == [0, 1]


def test_bars_show_the_mean_of_all(two):
    html = summary_html(summarise(two), two)
    mean = round(100 * summarise(two).mean["happy"])
    meter = re.search(r'aria-label="happy" [^>]*aria-valuenow="(\d+)"', html)
    assert "On average" in html and int(meter[1]) == mean


def test_of_many_faces_those_seen_longest_are_listed():
    timeline = Timeline("person")
    for second in range(2):
        tracks = range(1 + second, 33)
        timeline.add(faces(*[sure("happy")] * len(tracks), tracks=list(tracks)), second)
    html = summary_html(summarise(timeline), timeline)
    assert len(rows(html)) == MAX_ROWS == 30
    assert "1" not in rows(html) and "2 more faces, seen no longer than these, are not" in html


def test_a_class_has_bars_but_no_single_face():
    timeline = Timeline("class")
    timeline.add(faces(*[sure("happy")] * 5), 0)
    html = summary_html(summarise(timeline), timeline)
    assert "meter" in html and "<table" not in html


def test_without_a_figure_there_is_nothing():
    timeline = Timeline("class")
    timeline.add(faces(*[sure("happy")] * 4), 0)
    assert summary_html(summarise(timeline), timeline) == ""


def test_a_finished_live_timeline_has_them(two):
    assert summary_html(summarise(two), two) in TimelineRecorder(two, 0.0, running=False).html(0.0)
