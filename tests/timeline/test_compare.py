"""Comparisons: the means of the summary, intervals that contain the truth, at least five faces."""

import csv
import io

import numpy as np
import pytest

from fer.labels import EXPRESSIONS
from fer.timeline.compare import (
    MAX_SAMPLES,
    compare,
    compare_timelines,
    sample_of,
    stretch_samples,
)
from fer.timeline.comparison_table import (
    LIMITS,
    comparison_csv,
    comparison_html,
    comparison_text,
    conclusions,
    stretches_html,
)
from fer.timeline.expression_statistics import MEASURES
from fer.timeline.marks import Mark
from fer.timeline.report import report_html
from fer.timeline.summary import summarise
from fer.timeline.timeline import Timeline, TimelineError
from tests.timeline.frames import frame, mix, origin, random_frames, recorded, steady


def lesson(seed, happy=0.0, seconds=120, faces=6, view="class"):
    """A class whose mood wanders: a frame a second of faces that follow it."""
    rng = np.random.default_rng(seed)
    mood, frames = 0.0, []
    for second in range(seconds):
        mood = 0.8 * mood + rng.normal() * 0.3
        logits = rng.normal(size=(faces, 7)) * 0.5
        logits[:, EXPRESSIONS.index("happy")] += mood + happy
        rows = np.exp(logits)
        frames.append((frame(rows / rows.sum(axis=1, keepdims=True)), float(second)))
    return recorded(frames, view=view)


@pytest.mark.parametrize("view", ["class", "person"])
def test_means_are_those_of_the_summary(view):
    timeline = recorded([(f, i / 5) for i, (f, _) in enumerate(random_frames(400))], view=view)
    timeline.marks = (Mark(10, 20, "left out"),)
    sample, summary = sample_of(timeline, "a"), summarise(timeline)
    for name in EXPRESSIONS:
        assert sample.means[name] == pytest.approx(summary.mean[name], abs=1e-12)
    assert sample.means["index"] == pytest.approx(summary.index, abs=1e-12)
    assert sample.seconds == summary.shown_seconds


def test_intervals_contain_the_true_difference():
    """Of two classes alike in the long run; the truth is 0 in each of eight figures."""
    held = []
    for seed in range(25):
        (differences,) = compare_timelines(
            [("a", lesson(2 * seed)), ("b", lesson(2 * seed + 1))]
        ).differences
        held += [not difference.is_clear for difference in differences.values()]
    assert 0.9 <= np.mean(held) <= 0.995


def test_a_large_difference_is_found_and_put_in_words():
    comparison = compare_timelines([("monday", lesson(1)), ("tuesday", lesson(2, happy=2.0))])
    happy = comparison.differences[0]["happy"]
    assert happy.is_clear and 0.1 < happy.low < happy.value < happy.high < 0.6
    sentences = conclusions(comparison)
    assert sentences[0].startswith("From monday to tuesday, by more than these seconds vary")
    assert "more happy, index; less angry" in sentences[0]
    assert sentences[-1] == LIMITS
    assert "Of 8 intervals" in sentences[1]
    text = comparison_text(comparison, ["a", "b"])
    assert "tuesday less monday, with 95% intervals:" in text and "Different networks" in text


def test_no_interval_is_announced_where_there_is_none():
    short = compare_timelines([("a", lesson(1, seconds=8)), ("b", lesson(2))])
    assert not short.intervals and "b less a:" in comparison_text(short)
    assert "b less a</caption>" in comparison_html(short)


def test_alike_recordings_do_not_differ():
    sentence = conclusions(compare_timelines([("a", lesson(3)), ("b", lesson(4))]))[0]
    assert sentence.startswith("From a to b no figure changes by more than these seconds")


def test_what_is_displayed_as_no_change_is_none():
    pair = [("a", steady(60, 6, neutral=1.0)), ("b", steady(60, 6, neutral=0.9998, fear=0.0002))]
    comparison = compare_timelines(pair)
    assert comparison.differences[0]["fear"].is_clear
    assert conclusions(comparison)[0].startswith("From a to b no figure changes")
    assert "fer-top" not in comparison_html(comparison)


def test_marked_stretches_are_compared_with_the_baseline():
    timeline = lesson(5, seconds=100)
    timeline.marks = (
        Mark(0, 20.5, "stretch", "talk"),
        Mark(30, 60, "baseline", "rest"),
        Mark(40, 44, "left out"),
        Mark(70, 80, "stretch", "talk"),
    )
    baseline, talk = stretch_samples([("a", timeline)])
    assert (baseline.name, baseline.seconds) == ("baseline", 26)
    assert (talk.name, talk.seconds) == ("talk", 30)  # whole seconds, of both
    assert talk.adjacent.sum() == 28
    assert [sample.name for sample in stretch_samples([("a", timeline), ("b", timeline)])] == [
        *("a: baseline", "a: talk", "b: baseline", "b: talk")
    ]
    timeline.marks = (Mark(0, 20, "stretch"), Mark(5, 5, "event"), Mark(30, 50, "stretch"))
    assert [sample.name for sample in stretch_samples([("", timeline)])] == [
        "stretch A",
        "stretch C",
    ]
    timeline.marks = timeline.marks[:1]
    with pytest.raises(TimelineError, match="Two marked stretches are needed"):
        compare_timelines([("a", timeline)], stretches=True)


def test_of_hundreds_of_stretches_none_is_worked_out_in_vain(monkeypatch):
    timeline = lesson(5, seconds=100)
    timeline.marks = tuple(Mark(0, 100, "stretch", f"{number}") for number in range(500))
    assert len(stretch_samples([("", timeline)])) == MAX_SAMPLES
    monkeypatch.setattr(Timeline, "counts", lambda self: pytest.fail("it is worked out"))
    with pytest.raises(TimelineError, match="not 500"):
        compare_timelines([("a", timeline)], stretches=True)


def test_short_and_empty_samples_have_no_interval():
    comparison = compare_timelines(
        [("a", lesson(1)), ("b", lesson(2, seconds=5)), ("c", recorded([]))]
    )
    assert all(np.isnan(each.low) for sample in comparison.differences for each in sample.values())
    assert np.isfinite(comparison.differences[0]["happy"].value)
    assert "Fewer than 10 s with figures have no interval: b, c." in conclusions(comparison)
    assert "\N{EN DASH}" in comparison_text(comparison) and comparison_html(comparison)


def test_csv_holds_all_digits():
    comparison = compare_timelines([("a, b", lesson(1)), ('"c"', lesson(2))])
    rows = list(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    assert len(rows) == 2 * len(MEASURES)
    assert float(rows[1]["low"]) == comparison.differences[0]["angry"].low
    assert rows[0]["low"] == "" and rows[0]["sample"] == "a, b"


def test_html_escapes_names_and_shows_bars():
    html = comparison_html(compare_timelines([("<b>", lesson(1)), ("c", lesson(2, happy=2))]))
    # Isolated: beside a name in Hebrew or Arabic the length would be set among its letters.
    assert "<b><bdi>&lt;b&gt;</bdi></b> 2" in html
    assert html.count("fer-compared-bar") == 2 * len(EXPRESSIONS)


def test_what_does_not_fit_is_refused():
    with pytest.raises(TimelineError, match="compare those of one view"):
        compare_timelines([("a", lesson(1)), ("b", lesson(2, view="person"))])
    with pytest.raises(TimelineError, match="bins of different lengths"):
        compare_timelines([("a", recorded([])), ("b", recorded([], bin_seconds=2))])
    for count in (1, MAX_SAMPLES + 1):
        with pytest.raises(TimelineError, match="A comparison takes 2 to"):
            compare([sample_of(recorded([]), "a")] * count)


def test_no_comparison_of_a_class_depends_on_how_fewer_than_five_faces_look():
    tables = []
    for look in (mix(happy=1), mix(fear=1), mix()):
        timeline = steady(60, 6, rate=2, neutral=0.9, happy=0.1)
        for time in (5.5, 70.0):
            timeline.add(frame([look] * 4), time)
        timeline.marks = (Mark(5, 6, "stretch", "x"), Mark(0, 30, "stretch", "y"))
        pair = [("a", timeline), ("b", lesson(1))]
        tables.append(comparison_csv(compare_timelines(pair)))
        tables[-1] += comparison_csv(compare_timelines(pair[:1], stretches=True))
    assert tables[0] == tables[1] == tables[2]


def test_marked_stretches_are_compared_in_the_report():
    timeline = lesson(5, seconds=100)
    assert stretches_html(timeline) == ""
    assert "stretches compared" not in report_html(timeline, origin())
    timeline.marks = (Mark(0, 40, "stretch", "talk <1>"), Mark(50, 90, "baseline"))
    assert "talk &lt;1&gt; less baseline" in stretches_html(timeline)
    assert stretches_html(timeline) in report_html(timeline, origin())
    timeline.marks = tuple(Mark(i, i + 2, "stretch", str(i)) for i in range(30))
    assert stretches_html(timeline).count("less 0</caption>") == MAX_SAMPLES - 1
