"""Each face against itself: change and spread, in table, chart and report."""

import numpy as np
import pytest

from fer.timeline import baseline
from fer.timeline.baseline import MIN_SECONDS, change_rows, compare_with_baseline
from fer.timeline.chart import timeline_html
from fer.timeline.marks import Mark
from fer.timeline.report import report_html
from fer.timeline.summary import summarise
from fer.timeline.summary_table import summary_html
from tests.timeline.frames import frame, mix, origin, recorded

BASELINE = Mark(0, 10, "baseline")


def two_faces(marks=(BASELINE,), view="person"):
    """Face 1 looks happier after ten seconds, face 2 the same; both vary in the baseline."""
    frames = []
    for second in range(20):
        wave = 0.05 if second % 2 else -0.05
        one = mix(
            happy=0.2 + wave + 0.5 * (second >= 10), neutral=0.8 - wave - 0.5 * (second >= 10)
        )
        frames.append((frame([one, mix(happy=0.5 + wave, neutral=0.5 - wave)]), float(second)))
    timeline = recorded(frames, view=view)
    timeline.marks = marks
    return timeline


def test_each_face_is_compared_with_itself():
    known = compare_with_baseline(two_faces(), [1, 2, 7])
    assert set(known) == {1, 2}
    assert known[1].mean["happy"] == pytest.approx(0.2, abs=1e-6)
    assert known[1].change["happy"] == pytest.approx(0.5, abs=1e-6)
    assert known[2].change["happy"] == pytest.approx(0, abs=1e-6)
    spread = np.std([0.05, -0.05] * 5, ddof=1)
    assert known[1].std["happy"] == pytest.approx(spread, abs=1e-6)
    one, two = change_rows(two_faces(), [1, 2, 7])
    assert one.texts[3] == "+50\xa0\N{PLUS-MINUS SIGN}\xa05" and one.highlighted[3]
    assert not any(two.highlighted)
    assert one.texts[-1].startswith("+0.50\xa0\N{PLUS-MINUS SIGN}\xa00.05")


def test_only_the_faces_that_are_listed_are_computed(monkeypatch):
    """A live timeline of two hours may have tens of thousands of them."""
    worked_out, compute = [], baseline._compare
    monkeypatch.setattr(
        baseline, "_compare", lambda *given: worked_out.append(1) or compute(*given)
    )
    assert [row.track for row in change_rows(two_faces(), [2])] == [2]
    assert len(worked_out) == 1


def test_what_is_left_out_does_not_count():
    marks = (BASELINE, Mark(0, 2, "left out"), Mark(12, 20, "left out"))
    known = compare_with_baseline(two_faces(marks), [1])
    assert known[1].mean["happy"] == pytest.approx(0.2, abs=1e-6)
    assert known[1].change["happy"] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("marks", "view"),
    [
        ((), "person"),
        ((Mark(0, MIN_SECONDS - 0.5, "baseline"),), "person"),
        ((Mark(50, 60, "baseline"),), "person"),
        ((BASELINE,), "class"),
    ],
)
def test_without_enough_of_a_baseline_there_is_no_change(marks, view):
    timeline = two_faces(marks, view)
    assert compare_with_baseline(timeline, [1, 2]) == {}
    assert "Change against the baseline" not in summary_html(summarise(timeline), timeline)


def test_a_baseline_that_is_all_has_no_change():
    (row,) = change_rows(two_faces((Mark(0, 20, "baseline"),)), [1])
    assert set(row.texts) == {"\N{EN DASH}"} and not any(row.highlighted)


def test_a_single_long_bin_has_no_spread():
    frames = [(frame([mix(happy=0.5, neutral=0.5)]), float(second)) for second in range(30)]
    timeline = recorded(frames, view="person", bin_seconds=10)
    timeline.marks = (BASELINE,)
    assert compare_with_baseline(timeline, [1]) == {}


def test_a_chart_of_long_bins_has_the_change_from_each_second_of_the_baseline():
    frames = [(frame([mix(happy=0.2 + i % 2 / 10, neutral=0.6)]), float(i)) for i in range(2400)]
    timeline = recorded(frames, view="person")
    timeline.marks = (BASELINE,)
    chart = timeline_html(timeline)
    assert "change of the index from the baseline" in chart
    spread = compare_with_baseline(timeline, [1])[1].std["index"]
    assert f"M0 {round(500 - 1000 * spread)}L" in chart


def test_a_change_that_rounds_to_nothing_does_not_stand_out():
    frames = [
        (frame([mix(disgust=(1 + i % 2 + 3 * (i >= 10)) * 1e-4, neutral=0.9)]), float(i))
        for i in range(20)
    ]
    timeline = recorded(frames, view="person")
    timeline.marks = (BASELINE,)
    (row,) = change_rows(timeline, [1])
    assert row.texts[1] == "+0\xa0\N{PLUS-MINUS SIGN}\xa00" and not row.highlighted[1]
    assert compare_with_baseline(timeline, [1])[1].change["disgust"] == pytest.approx(3e-4)


def test_table_chart_and_report_show_it():
    timeline = two_faces()
    assert "Change against the baseline" in summary_html(summarise(timeline), timeline)
    chart = timeline_html(timeline)
    assert chart.count("change of the index from the baseline") == 2
    without = timeline_html(two_faces(()))
    assert "change of the index" not in without and "No change from the baseline" not in without
    short = timeline_html(two_faces((Mark(0.5, 5.5, "baseline"),)))
    assert "seen in it for 5 whole seconds" in short and "No change" not in chart
    assert "Change against the baseline" in report_html(timeline, origin())
