"""Marks: kept with the timeline, drawn and exported, and what is left out counts nowhere."""

import json

import numpy as np
import pytest

from fer.timeline.annotation_tiers import interval_table
from fer.timeline.chart import timeline_html
from fer.timeline.drawn_marks import mark_places
from fer.timeline.marks import (
    MAX_MARKS,
    MAX_TEXT,
    Mark,
    MarkError,
    bins_within,
    clipped,
    describe_marks,
    from_csv,
    letters,
    merged_ranges,
    sorted_marks,
)
from fer.timeline.moments import find_moments
from fer.timeline.plot import timeline_plot
from fer.timeline.report import report_html
from fer.timeline.serialization import from_json, to_csv, to_json
from fer.timeline.summary import mean_statistics, summarise
from fer.timeline.timeline import Timeline, TimelineError
from tests.timeline.frames import frame, mix, origin, random_frames, recorded, steady, table_of

MARKS = sorted_marks(
    [
        Mark(12.3456, 99.0, "event", 'a "quiz" <b>\n starts'),
        Mark(3.5, 7.0, "left out", "the door"),
        Mark(5.0, 9.0, "stretch", "group 1"),
        Mark(6.0, 10.0, "stretch", "group 2"),
        Mark(20.0, 30.0, "baseline"),
    ]
)


def steady_frames():
    """Five frames in each of forty seconds."""
    return [(faces, i / 5) for i, (faces, _) in enumerate(random_frames(200))]


def marked(view="class", marks=MARKS):
    timeline = recorded(steady_frames(), view=view)
    timeline.marks = marks
    return timeline


@pytest.mark.parametrize("view", ["class", "person"])
def test_json_keeps_marks_and_old_files_read(view):
    timeline = marked(view)
    assert from_json(to_json(timeline)) == timeline
    timeline.marks = ()
    old = to_json(timeline)
    assert "marks" not in json.loads(old) and from_json(old).marks == ()


@pytest.mark.parametrize("wrong", [[{}], [{"kind": "x", "start": 0, "end": 1, "text": ""}], [1]])
def test_damaged_marks_are_a_damaged_file(wrong):
    document = json.loads(to_json(marked())) | {"marks": wrong}
    with pytest.raises(TimelineError, match="no timeline as JSON"):
        from_json(json.dumps(document))


@pytest.mark.parametrize("view", ["class", "person"])
def test_a_second_that_a_left_out_range_touches_counts_as_if_it_were_not_there(view):
    frames = steady_frames()
    timeline = recorded(frames, view=view)
    timeline.marks = (Mark(3.5, 7.0, "left out"), Mark(6.5, 8.0, "left out"))
    without = recorded([(faces, time) for faces, time in frames if not 3 <= time < 8], view=view)
    with_marks, plain = summarise(timeline), summarise(without)
    assert with_marks.left_out == 5.0 and with_marks.seconds == plain.seconds
    assert with_marks.mean == pytest.approx(plain.mean, abs=0, nan_ok=True)
    assert repr(with_marks.tracks) == repr(plain.tracks)
    assert find_moments(timeline) == find_moments(without)
    assert repr(mean_statistics(timeline)) == repr(mean_statistics(without))
    assert timeline.included().counts()[0].tolist() == without.counts()[0].tolist()
    assert with_marks.sentence.endswith("Left out: 5\xa0s.")


@pytest.mark.parametrize("draw", [timeline_html, timeline_plot, summarise])
def test_a_timeline_is_copied_once_to_be_drawn(draw, monkeypatch):
    copies, select = [], Timeline.select_bins
    monkeypatch.setattr(
        Timeline, "select_bins", lambda *args: copies.append(select(*args)) or copies[-1]
    )
    draw(marked("person"))
    assert len(copies) == 1


def test_nothing_is_left_where_all_is_left_out():
    timeline = marked(marks=(Mark(0, 1000, "left out"),))
    assert summarise(timeline).sentence.startswith("No second counts. ")
    assert timeline_html(timeline) and timeline_plot(timeline)
    assert all(row.label == "left out" for row in interval_table(timeline).rows)


@pytest.mark.parametrize("view", ["class", "person"])
def test_the_table_names_marks_and_what_is_left_out(view):
    table = table_of(to_csv(marked(view)))
    by_second = table.drop_duplicates("time").set_index("time")
    assert by_second.index[by_second["left_out"] == 1].tolist() == [3, 4, 5, 6]
    assert 'event: a "quiz" <b> starts' in set(by_second["marks"])
    assert by_second["marks"].loc[6] == "left out: the door; stretch: group 1; stretch: group 2"
    assert np.isnan(by_second["marks"].loc[2])  # an empty cell


def test_letters_at_the_end_of_a_chart_are_left_of_their_mark():
    places = mark_places([Mark(8, 9, "left out"), Mark(9.5, 9.5, "event")], 10)
    classes = [place.classes for place in places]
    assert classes == ["fer-mark-left-out", "fer-mark-event fer-mark-late"]


def test_chart_plot_and_report_draw_marks():
    html = timeline_html(marked())
    assert html.count("<b>A</b>") == 1 and 'class="fer-mark fer-mark-left-out"' in html
    assert "a &#34;quiz&#34; &lt;b&gt; starts" in html
    texts = {text.get_text() for text in timeline_plot(marked()).axes[0].texts}
    assert {"A", "E"} <= texts
    report = report_html(marked(), origin())
    assert "<h2>Marks</h2>" in report and "group 2" in report and "left out" in report
    assert "Marks" not in report_html(recorded(random_frames(20)), origin())


def test_intervals_have_marks_in_tiers_that_do_not_overlap():
    timeline = steady(20, 6, happy=1.0)
    timeline.marks = (*MARKS, Mark(12.346, 0, "event", "two"))
    rows = interval_table(timeline, end=15.0, video_offset=0.5).tiers()
    assert [(row.start, row.end) for row in rows["class"]] == [(0.5, 3.5), (7.5, 15.5)]
    assert [(row.start, row.end) for row in rows["stretch"]] == [(5.5, 9.5)]
    assert [row.text for row in rows["stretch 2"]] == ["group 2"]
    assert [(row.start, row.text) for row in rows["events"]] == [
        (12.846, 'a "quiz" <b> starts; two')
    ]
    assert "baseline" not in rows  # after the end


@pytest.mark.parametrize(
    "arguments",
    [
        (1.0, 1.0, "stretch"),
        (2.0, 1.0, "left out"),
        (1.0, 1.0004, "stretch"),
        (-1.0, 0.0, "event"),
        (float("nan"), 0.0, "event"),
        (0.0, float("inf"), "stretch"),
        (0.0, 1.0, "other"),
    ],
)
def test_impossible_marks_are_refused(arguments):
    with pytest.raises(MarkError):
        Mark(*arguments)


def test_texts_are_one_line_and_short():
    text = Mark(1, 1, "event", "a\tb\r\nc\x00\x1b[0m \udc80" + "x" * 300).text
    assert text.startswith("a b c [0m ") and len(text) <= MAX_TEXT and text.isprintable()
    for joined in ("\N{WOMAN}\u200d\N{SCHOOL}", "\u0645\u06cc\u200c\u062e"):  # a teacher; Persian
        assert Mark(1, 1, "event", joined).text == joined
    assert Mark(1, 1, "event", "\u200d \u200c").text == ""
    with pytest.raises(MarkError, match=f"{MAX_MARKS} marks at most"):
        sorted_marks(Mark(i, i, "event") for i in range(MAX_MARKS + 1))


def test_csv_takes_clock_times_and_names_the_line_of_an_error():
    text = '\ufeffkind,start,end,text\nEvent,1:15.5,,"hello, you"\nleft out,3,1:02:03,\n'
    assert from_csv(text) == (
        Mark(3, 3723, "left out"),
        Mark(75.5, 75.5, "event", "hello, you"),
    )
    assert from_csv("kind,start\nevent,2\n") == (Mark(2, 2, "event"),)
    assert from_csv("Kind, Start\nevent,2\n,\n") == (Mark(2, 2, "event"),)
    for separator in ";\t":
        rows = ("kind;start;end;text", "event;75,5;;a, b", "left out;3;1:02,5;", ";;;")
        assert from_csv("\r\n".join(rows).replace(";", separator)) == (
            Mark(3, 62.5, "left out"),
            Mark(75.5, 75.5, "event", "a, b"),
        )
    for wrong, error in (
        ('kind,start\nevent,"75h5"\n', "its start is no time"),
        ("a,b\n1,2\n", "this one has no 'kind'"),
        ("kind,start\nevent,soon\n", "Line 2 of the marks"),
        ("kind,start,end,text\nevent,1,,quiz,,\nevent,2,,quiz, part 2\n", "Line 3 .* more cells"),
        ('kind,start,text\nevent,1,"quiz\nleft out,2,\n', "no CSV file .unexpected end of data"),
        ("kind,start,end\nevent,1,\nevent,5,5s\n", "Line 3 .* its end is no time"),
        ("kind,start,end\nevent,1,\nstretch,5,4\n", "Line 3 .* needs an end after its start"),
        ("", "has no 'kind'"),
    ):
        with pytest.raises(MarkError, match=error):
            from_csv(wrong)


def test_clipped_marks_have_a_length_of_a_millisecond_or_more():
    stretch, event = Mark(10, 12, "stretch"), Mark(10, 10, "event")
    for start, end, shift, expected in (
        (0, 10.0003, 0.2, [(10.2, 10.2)]),  # the recording ends with the stretch's first moment
        (0, 10.0006, 0.2, [(10.2, 10.201), (10.2, 10.2)]),
        (0, 9, 0, []),
        (11.9997, 20, -11.9997, []),
        (11, 20, -11, [(0, 1)]),
    ):
        marks = clipped((stretch, event), start, end, shift)
        assert [(mark.start, mark.end) for mark in marks] == expected


def test_letters_ranges_and_descriptions_by_hand():
    assert [letters(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert merged_ranges([(5, 6), (1, 2), (2, 3), (1, 1.5)]) == [(1, 3), (5, 6)]
    touching = [(0.3, 0.6), (0.6, 0.9), (1.0, 1.15)]
    inside = bins_within(np.arange(13), 0.1, touching)
    assert np.flatnonzero(inside).tolist() == [3, 4, 5, 6, 7, 8, 10]
    assert describe_marks([Mark(1, 2, "stretch")], 2, 3) == ""
    assert describe_marks([Mark(2, 2, "event")], 2, 3) == "event"


def test_no_mark_brings_a_withheld_second_of_a_class_back():
    frames = [(frame([mix(happy=1)] * (4 if i == 2 else 5)), i / 5) for i in range(10)]
    timeline = recorded(frames)
    timeline.marks = (Mark(0.4, 0.5, "left out"), Mark(0.0, 0.4, "stretch"))
    assert timeline.included().counts()[0].tolist() == [1]
    assert from_json(to_json(timeline)).counts()[1][0, 6:13].sum() == 0
