"""What the chart's script gets: the values of the chart, and nothing that it withholds."""

import json

import pytest

from fer.templates import FOLDER
from fer.timeline.chart import timeline_html
from fer.timeline.chart_curves import MAX_SERIES_COLUMNS, chart_series
from fer.timeline.expression_statistics import STACK_ORDER
from fer.timeline.marks import Mark
from tests.timeline.frames import frame, mix, random_frames, recorded, steady


def series_of(timeline, tracks=()):
    return chart_series(timeline, timeline.included(), tracks)


def test_values_are_those_of_the_table():
    timeline = recorded([(f, i / 5) for i, (f, _) in enumerate(random_frames(200))], view="person")
    timeline.marks = (Mark(3, 5, "left out"),)
    series, table = json.loads(series_of(timeline, [1])), timeline.table()
    assert series["step"] == 1 and series["names"] == list(STACK_ORDER)
    assert series["areas"][0][3] is series["areas"][0][4] is None
    for second in (0, 7, 39):
        shares = [1000 * table[name][second] for name in STACK_ORDER]
        assert series["areas"][0][second] == pytest.approx(shares, abs=0.51)
        assert series["index"][second] == pytest.approx(1000 * table["index"][second], abs=0.51)
    assert len(series["areas"]) == 2


def test_long_timelines_have_as_many_values_as_fit():
    series = json.loads(series_of(steady(2500, 5, happy=1.0)))
    assert len(series["index"]) <= MAX_SERIES_COLUMNS and series["step"] == 3


def test_what_a_class_withholds_is_not_there():
    looks = [mix(happy=1), mix(fear=1)]
    texts = [
        series_of(recorded([(frame([look] * 4), 0), (frame([mix(sad=1)] * 5), 1)]))
        for look in looks
    ]
    assert texts[0] == texts[1] and json.loads(texts[0])["areas"][0][0] is None


def test_an_empty_timeline_and_a_growing_one():
    assert json.loads(series_of(recorded([])))["areas"] == [[]]
    assert "data-series" not in timeline_html(steady(3, 5, happy=1.0), growing=True)


def test_the_script_is_small():
    assert (FOLDER / "chart.js").stat().st_size < 12_000
