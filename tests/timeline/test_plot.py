"""The plot: what is drawn where, gaps, hatching, the time axis, and nothing global touched."""

import math
import sys

import numpy as np
import pytest
from matplotlib.colors import to_hex

from fer.colors import COLORS, outcome_colors
from fer.i18n import DRAWN, use_language
from fer.timeline.annotation_tiers import interval_table
from fer.timeline.chart import timeline_html
from fer.timeline.drawn_marks import LEFT_OUT_STYLE
from fer.timeline.expression_statistics import STACK_ORDER
from fer.timeline.marks import Mark
from fer.timeline.moments import Moment
from fer.timeline.plot import hatching_reason, timeline_plot
from fer.timeline.report import report_html
from fer.timeline.timeline import VIEWS, Timeline
from tests.timeline.frames import frame, mix, origin, recorded, steady

HALF = mix(happy=0.5, sad=0.25, neutral=0.25)


def areas(axes):
    """Colour -> (left, right, low, high) of each filled area, rounded."""
    boxes = [(to_hex(area.get_facecolor()[0]), area.get_paths()[0]) for area in axes.collections]
    found: dict = {}
    for colour, path in boxes:
        extent = path.get_extents()
        edges = (extent.x0, extent.x1, extent.y0, extent.y1)
        found.setdefault(colour, []).append(tuple(round(float(edge), 6) for edge in edges))
    return found


def hatched(axes, pattern="////"):
    patches = [patch for patch in axes.patches if patch.get_hatch() == pattern]
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in patches]


def hatching_named(axes):
    legend = axes.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def test_expressions_are_stacked_to_a_hundred():
    upper, middle, *_ = timeline_plot(recorded([(frame([HALF] * 5), i) for i in range(4)])).axes
    found = areas(upper)
    assert found[COLORS["sad"]] == [(0, 4, 0, 25)]
    assert found[COLORS["neutral"]] == [(0, 4, 25, 50)]
    assert found[COLORS["happy"]] == [(0, 4, 50, 100)]
    assert [tick.get_text() for tick in middle.get_yticklabels()] == ["0", "5"]


def test_gaps_stay_empty():
    frames = [(frame([HALF] * 5), i) for i in (0, 1, 5, 6, 7)]
    upper, middle, outcomes, lower = timeline_plot(recorded(frames)).axes
    assert [place[:2] for place in areas(upper)[COLORS["happy"]]] == [(0, 2), (5, 8)]
    assert [[line.get_xdata()[0], line.get_xdata()[-1]] for line in middle.lines] == [
        [0, 2],
        [5, 8],
    ]
    assert hatched(upper) == hatched(outcomes) == hatched(lower) == []


def test_withheld_stretches_are_hatched_and_named():
    frames = [(frame([HALF] * (3 if 10 <= i < 40 else 5)), i) for i in range(60)]
    figure = timeline_plot(recorded(frames))
    upper, _, outcomes, lower = figure.axes
    assert hatched(upper) == hatched(outcomes) == hatched(lower) == [(10, 40)]
    assert [text.get_text() for text in upper.texts] == [hatching_reason(True)]
    assert hatching_named(upper) == [hatching_reason(True)]
    assert [place[:2] for place in areas(upper)[COLORS["happy"]]] == [(0, 10), (40, 60)]


def test_what_is_left_out_is_hatched_in_its_own_way():
    """So that nobody takes it for seconds with too few faces."""
    timeline = recorded([(frame([HALF] * (4 if i < 5 else 5)), i) for i in range(30)])
    timeline.marks = (Mark(10, 20, "left out"), Mark(15, 22, "left out"))
    upper = timeline_plot(timeline).axes[0]
    assert hatched(upper) == [(0, 5)]
    assert hatched(upper, LEFT_OUT_STYLE["hatch"]) == [(10, 22)]
    assert hatching_named(upper) == [hatching_reason(True), "left out"]
    timeline = recorded([(frame([HALF] * 5), i) for i in (*range(10), *range(20, 30))])
    timeline.marks = (Mark(10, 20, "left out"),)  # while nothing was recorded
    assert hatching_named(timeline_plot(timeline).axes[0]) == ["left out"]


def test_marks_before_the_first_picture_leave_the_plot_its_room():
    timeline = recorded([(frame([HALF] * 5), i) for i in range(100, 130)])
    plain = timeline_plot(timeline)
    timeline.marks = (Mark(2, 2, "event"), Mark(10, 20, "stretch"), Mark(90, 110, "stretch"))
    timeline.marks += (Mark(95, 100, "stretch"),)
    marked = timeline_plot(timeline)
    for figure in (plain, marked):
        figure.draw_without_rendering()
    assert [(text.get_text(), text.xy[0]) for text in marked.axes[0].texts] == [("C", 100)]
    places = [[axes.get_position().bounds for axes in figure.axes] for figure in (plain, marked)]
    assert np.allclose(*places, atol=0.01)


def test_marks_after_the_last_picture_are_in_the_plot():
    timeline = recorded([(frame([HALF] * 5), i) for i in range(30)])
    timeline.marks = (Mark(10, 90, "left out"), Mark(41, 41, "event"), Mark(99, 99, "event"))
    upper = timeline_plot(timeline, duration=59.5).axes[0]
    assert upper.get_xlim() == (0, 60) and timeline_plot(timeline).axes[0].get_xlim() == (0, 30)
    assert [text.get_text() for text in upper.texts] == ["A", "B"]
    assert timeline_plot(timeline, duration=math.inf).axes[0].get_xlim() == (0, 100)


def test_marks_in_the_sound_after_the_last_picture_are_in_chart_plot_and_intervals():
    timeline = recorded([(frame([HALF] * 5), i) for i in range(30)])
    timeline.marks = (Mark(40, 40, "event"), Mark(50, 900, "stretch"))
    metadata = origin(duration=29.5, sound_end=55.5)
    upper = timeline_plot(timeline, duration=metadata.end).axes[0]
    assert upper.get_xlim() == (0, 56) and upper.texts[-1].get_text() == "B"
    html = timeline_html(timeline, duration=metadata.end)
    assert 'data-span="56"' in html and 'title="0:50 stretch"' in html
    assert 'data-span="56"' in report_html(timeline, metadata)
    table = interval_table(timeline, 29.5, 0.5, sound_end=metadata.sound_end)
    assert table.duration == 56 and {row.start for row in table.rows} >= {40.5, 50.5}
    silent = interval_table(timeline, 29.5, 0.5)
    assert silent.duration == 30 and {row.tier for row in silent.rows} == {"class"}


def test_marks_in_the_second_after_the_end_are_in_the_intervals():
    """The page takes them: the end that it names is a whole second."""
    timeline = recorded([(frame([HALF] * 5), i) for i in range(3)])
    timeline.marks = (Mark(2.4, 50, "stretch"), Mark(2.7, 2.7, "event"), Mark(3.5, 9, "baseline"))
    table = interval_table(timeline, 2.4)
    assert {(row.tier, row.start, row.end) for row in table.rows if row.tier != "class"} == {
        ("stretch", 2.4, 3), ("events", 2.7, 2.7)
    }  # fmt: skip
    assert table.duration == 3


@pytest.mark.parametrize("language", sorted(DRAWN))
def test_legends_fit(language):
    frames = [(frame([HALF] * (5 if i < 9 else 1)), i) for i in range(30)]
    timeline = recorded(frames)
    timeline.marks = (Mark(20, 25, "left out"),)
    with use_language(language):
        figure = timeline_plot(timeline, [Moment(29, 30, "happy", 0.1, 0.6, 1, 1)])
    figure.draw_without_rendering()
    upper, _, outcomes, _ = figure.axes
    for legend in (*figure.legends, upper.get_legend(), outcomes.get_legend()):
        box = legend.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width
    title = upper._left_title.get_window_extent()
    assert title.x1 < upper.get_legend().get_window_extent().x0


def test_it_is_drawn_who_was_classified_and_why_others_were_not():
    rows, sides = [HALF, HALF, mix(sad=0.3, happy=0.3, fear=0.4), HALF], [80, 80, 80, 10]
    faces = frame(rows, sides, turned_away=np.array([False, True, False, False]))
    frames = [(faces, 0), (faces, 1), (frame(), 2), (faces, 3)]
    outcomes = timeline_plot(recorded(frames, view="person", uncertain_below=0.45)).axes[2]
    found = areas(outcomes)
    for level, color in zip((0, 25, 50, 75), outcome_colors("person").values(), strict=True):
        assert found[color] == [(0, 2, level, level + 25), (3, 4, level, level + 25)]
    names = [text.get_text() for text in outcomes.get_legend().get_texts()]
    assert names == ["named", "uncertain", "turned away", "too small"]


def test_nothing_withheld_is_drawn():
    """The picture of four faces is the same whatever they look like."""
    one, other = (timeline_plot(steady(5, 4, **{name: 1.0})) for name in ("happy", "sad"))
    assert [areas(axes) for axes in one.axes] == [areas(axes) for axes in other.axes]
    assert all(len(axes.lines) <= 1 for axes in one.axes)  # the index has its line at 0 only


def test_seconds_without_a_face_are_not_hatched():
    frames = [(frame([HALF] * (i < 20)), i) for i in range(40)]
    upper = timeline_plot(recorded(frames, view="person")).axes[0]
    assert hatched(upper) == []
    assert [text.get_text() for text in upper.texts] == ["no face"]


@pytest.mark.parametrize("view", VIEWS)
def test_nobody_is_not_hatched_and_small_faces_are(view):
    frames = [(frame([HALF] * 6, side=20) if i < 20 else frame(), i) for i in range(40)]
    figure = timeline_plot(recorded(frames, view=view))
    assert hatched(figure.axes[0]) == [(0, 20)]
    assert hatching_named(figure.axes[0]) == [hatching_reason(view == "class")]


def test_the_index_has_a_band_where_there_are_faces_to_compare():
    joy, gloom = mix(happy=1.0), mix(sad=0.5, neutral=0.5)
    lower = timeline_plot(recorded([(frame([joy, gloom] * 3), 0)])).axes[3]
    (band,) = (path for paths in areas(lower).values() for path in paths)
    # Mean 0.25, standard error 0.75 / sqrt(5), twice; cut at 1 and -1.
    assert band[2:] == pytest.approx((0.25 - 1.5 / 5**0.5, 0.25 + 1.5 / 5**0.5), abs=1e-5)
    seconds = [([joy, gloom], 0), ([joy], 1), ([joy, gloom], 2)]
    mixed = recorded([(frame(rows), second) for rows, second in seconds], view="person")
    (bands,) = areas(timeline_plot(mixed).axes[3]).values()
    assert [band[:2] for band in bands] == [(0, 1), (2, 3)]
    alone = timeline_plot(steady(1, 1, view="person", happy=1.0)).axes[3]
    assert alone.get_title(loc="left") == "Positive-negative index"


@pytest.mark.parametrize(
    ("seconds", "first", "last", "count"),
    [
        (1, "0:00", "0:01", 2),
        (5, "0:00", "0:05", 6),
        (180, "0:00", "3:00", 10),
        (3600, "0:00", "1:00:00", 7),
        (3 * 3600, "0:00", "3:00:00", 10),
    ],
)
def test_time_axis(seconds, first, last, count):
    rows = [HALF] * 5
    lower = timeline_plot(recorded([(frame(rows), 0), (frame(rows), seconds - 1)])).axes[3]
    labels = [tick.get_text() for tick in lower.get_xticklabels()]
    assert (labels[0], labels[-1], len(labels)) == (first, last, count)


def test_long_timelines_are_drawn_coarser():
    upper = timeline_plot(steady(3600, 5, happy=0.5, sad=0.5)).axes[0]
    (area,) = (c for c in upper.collections if to_hex(c.get_facecolor()[0]) == COLORS["happy"])
    assert len(area.get_paths()[0].vertices) < 1500
    assert areas(upper)[COLORS["happy"]] == [(0, 3600, 50, 100)]


@pytest.mark.parametrize(
    ("enough", "expected"), [(1, [(0, 3600)]), (7, [(0, 3600)]), (8, []), (15, [])]
)
def test_a_coarse_bin_is_withheld_if_half_of_it_is(enough, expected):
    """Columns of 15 seconds, of which so many have enough faces."""
    frames = [(frame([HALF] * (5 if i % 15 < enough else 4)), i) for i in range(3600)]
    upper = timeline_plot(recorded(frames)).axes[0]
    assert hatched(upper) == expected
    shown = areas(upper).get(COLORS["happy"], [])
    assert [place[:2] for place in shown] == ([] if expected else [(0, 3600)])


def test_moments_are_numbered():
    moments = [Moment(1, 2, "happy", 0.1, 0.6, 1, 1), Moment(3, 4, "sad", 0.1, 0.6, 1, 1)]
    upper = timeline_plot(steady(5, 5, happy=1.0), moments).axes[0]
    assert [(text.get_text(), text.xy[0]) for text in upper.texts] == [("1", 1), ("2", 3)]


@pytest.mark.parametrize("timeline", [Timeline(), steady(1, 5, happy=1.0)], ids=["empty", "one"])
def test_little_can_be_drawn(timeline, tmp_path):
    figure = timeline_plot(timeline)
    figure.savefig(tmp_path / "plot.png", dpi=40)
    if len(timeline):
        assert [t.get_text() for t in figure.legends[0].get_texts()] == list(STACK_ORDER)
    else:
        assert [text.get_text() for text in figure.texts] == ["Nothing was recorded."]


def test_pyplot_stays_out():
    timeline_plot(steady(2, 5, happy=1.0))
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []
