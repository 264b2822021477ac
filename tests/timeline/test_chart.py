"""The timeline chart: coordinates compared with values computed by hand."""

import re

import numpy as np
import pytest
from supervision import Detections

from fer.colors import COLORS, NAMED_OR_UNCERTAIN, outcome_colors
from fer.timeline.chart import MAX_COLUMNS, longest_tracks, timeline_html
from fer.timeline.chart_notes import chart_description
from fer.timeline.expression_statistics import ERROR_BAND, STACK_ORDER
from fer.timeline.marks import Mark
from fer.timeline.summary import mean_statistics
from fer.timeline.timeline import Timeline
from tests.fakes import sure
from tests.timeline.frames import steady


def faces(*rows, side=80, tracks=None):
    return Detections(
        xyxy=np.tile(np.array([0, 0, side, side], np.float32), (len(rows), 1)),
        confidence=np.ones(len(rows), np.float32),
        tracker_id=np.array(tracks or range(1, len(rows) + 1), int),
        data={"probabilities": np.array(rows, np.float32).reshape(-1, 7)},
    )


def path(html, colour):
    return re.search(rf'fill="{colour}" d="([^"]*)"', html)[1]


HALF = [0.5, 0, 0, 0.5, 0, 0, 0]  # angry and happy


def test_areas_are_stacked_to_the_whole_at_their_times():
    timeline = Timeline("person")
    timeline.add(faces(HALF), 0.5)
    timeline.add(faces(sure("angry", 1.0)), 1.5)
    timeline.add(faces(), 9.5)
    html = timeline_html(timeline)
    # Bins of 1 s on an axis of 10 s: edges at 0 and 200 of 1000, middles at 50 and 150.
    assert path(html, COLORS["angry"]) == (
        "M0 500L50 500L150 0L200 0L200 1000L150 1000L50 1000L0 1000Z"
    )
    assert path(html, COLORS["happy"]).startswith("M0 0L50 0L150 0L200 0L")
    assert re.findall(r"left:([\d.]+)%", html) == ["0.0", "20.0", "40.0", "60.0", "80.0"]


def test_the_description_is_of_the_seconds_that_count():
    timeline = steady(90, 1, view="person", happy=1.0)
    timeline.marks = (Mark(30, 200, "left out"),)
    assert chart_description(timeline.included()) == "Expressions over 0:30: on average happy 100%."


def test_the_index_is_explained():
    assert "share of happy minus angry, disgust, fear and sad" in timeline_html(Timeline("person"))


def test_gaps_stay_gaps():
    timeline = Timeline("person")
    for second in (0, 1, 5):
        timeline.add(faces(HALF), second)
    timeline.add(faces(), 3)  # a frame without a face
    assert path(timeline_html(timeline), COLORS["angry"]).count("M") == 2


def test_a_class_with_too_few_faces_is_hatched_without_values():
    timeline = Timeline("class")
    timeline.add(faces(*[HALF] * 5), 0)
    timeline.add(faces(*[HALF] * 4), 1)
    timeline.add(faces(), 9)
    html = timeline_html(timeline)
    assert '<i style="left:10.0%;width:10.0%"></i>' in html
    assert "Hatched: fewer than 5 faces" in html
    assert path(html, COLORS["angry"]).startswith("M0 500L50 500L100 500L100 1000")
    only_few = Timeline("class")
    only_few.add(faces(*[sure("fear", 1.0)] * 4), 0)
    html = timeline_html(only_few)
    assert path(html, COLORS["fear"]) == "" and "shows no expression" in html


def test_small_faces_are_hatched_with_the_reason():
    timeline = Timeline("person")
    timeline.add(faces(HALF, side=80), 0)
    assert "Hatched" not in timeline_html(timeline)
    timeline.add(faces(HALF, side=20), 1)
    timeline.add(faces(), 9)
    html = timeline_html(timeline)
    assert '<i style="left:10.0%;width:10.0%"></i>' in html
    assert "Hatched: faces too small to classify, or turned away." in html


def test_a_single_face_that_is_hatched_is_explained():
    timeline = Timeline("person")
    pair = faces(HALF, HALF)
    timeline.add(pair, 0)
    assert "Hatched" not in timeline_html(timeline)
    pair.data["turned_away"] = np.array([True, False])
    timeline.add(pair, 1)
    assert "Hatched: faces too small to classify, or turned away." in timeline_html(timeline)


def test_it_is_stated_which_single_faces_are_drawn():
    timeline = Timeline("person")
    for time in range(3):
        timeline.add(faces(*[HALF] * 8), time)
    assert "Of 8 faces, the 3 seen longest are drawn separately." in timeline_html(timeline)


def test_faces_are_drawn_alone_that_were_seen_longest():
    timeline = Timeline("person")
    for index in range(50):  # 1 and 2 are there once a second, the others all the time
        there = [1, 2, 3, 4, 5] if index % 5 == 0 else [3, 4, 5]
        timeline.add(faces(*[HALF] * len(there), tracks=there), index / 5)
    assert longest_tracks(timeline) == [3, 4, 5]
    for index in range(60):  # more frames, but of two seconds
        timeline.add(faces(*[HALF] * 3, tracks=[6, 7, 8]), 10 + index / 30)
    assert longest_tracks(timeline) == [3, 4, 5]
    assert longest_tracks(Timeline("person")) == []


def test_a_long_recordings_ups_and_downs_are_no_differences_between_faces():
    """Six faces that all look alike, happy and angry by turns, in columns of two seconds."""
    timeline = Timeline("class")
    for time in range(2 * MAX_COLUMNS):
        timeline.add(faces(*[sure(("happy", "angry")[time % 2], 1.0)] * 6), time)
    band = re.search(r'class="fer-band" d="([^"]*)"', timeline_html(timeline))[1]
    assert set(re.findall(r"\d+ (\d+)", band)) == {"500"}


def test_the_index_has_a_band_as_wide_as_its_error():
    timeline = Timeline("person")
    timeline.add(faces(HALF, HALF, sure("happy", 1.0), sure("angry", 1.0)), 0)
    html = timeline_html(timeline)
    # Indexes 0, 0, 1, -1: mean 0, error sqrt(2 / 3 / 4) = 0.408, twice that is 0.816 up and down.
    band = re.search(r'class="fer-band" d="([^"]*)"', html)[1]
    assert band == "M0 92L500 92L1000 92L1000 908L500 908L0 908Z"
    assert re.search(r'class="fer-line" d="([^"]*)"', html)[1] == "M0 500L500 500L1000 500"


@pytest.mark.parametrize(
    ("view", "headings"),
    [("person", ["All faces", "Face 3", "Face 8"]), ("class", ["Expressions"])],
)
def test_single_faces_are_drawn_in_the_person_view_only(view, headings):
    timeline = Timeline(view)
    timeline.add(faces(*[HALF] * 6, tracks=[8, 3, 8, 3, 8, 3]), 0)
    found = re.findall(r"<h4>([^<]+)</h4>", timeline_html(timeline))
    index = "Positive-negative index, ± 2 standard errors"
    assert found == [*headings, index, "Faces", "Faces classified, and why others were not"]


def test_only_the_faces_seen_longest_are_drawn():
    timeline = Timeline("person")
    for second in range(6):
        timeline.add(faces(*[HALF] * (second + 1), tracks=list(range(6, 5 - second, -1))), second)
    found = re.findall(r"<h4>Face (\d)</h4>", timeline_html(timeline))
    assert found == ["4", "5", "6"]


def test_a_long_timeline_is_counted_together_and_stays_small():
    timeline = Timeline("person")
    for second in range(7200):
        timeline.add(faces(sure("happy", 1.0) if second % 2 else sure("angry", 1.0)), second)
    html = timeline_html(timeline, growing=True)
    assert len(html) < 60_000 and len(timeline_html(timeline)) < 100_000
    points = path(html, COLORS["angry"]).split("Z")[0].split("L")
    assert len(points) == 2 * (MAX_COLUMNS + 2)
    assert points[100].endswith(" 500")  # as many angry as happy seconds in each wider bin
    assert ">1:30:00<" in html and 'data-span="7200"' in html


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (20, ["0:00", "4:00:00", "8:00:00", "12:00:00", "16:00:00"]),
        (24, ["0:00", "8:00:00", "16:00:00"]),
        (100, ["0:00", "24:00:00", "48:00:00", "72:00:00", "96:00:00"]),
    ],
)
def test_the_time_axis_of_a_day_has_few_labels(hours, labels):
    timeline = Timeline("person")
    timeline.add(faces(HALF), 3600 * hours - 1)
    times = str(timeline_html(timeline)).split("fer-times")[1].split("</div>")[0]
    assert re.findall(r">([\d:]+)<", times) == labels


def test_an_empty_timeline_is_an_empty_chart():
    html = timeline_html(Timeline("person"), growing=True)
    assert "shows no expression yet" in html and ">0:45<" in html


def test_mean_figures():
    timeline = Timeline("person")
    timeline.add(faces(HALF), 0)
    assert mean_statistics(timeline)["happy"] == 0.5
    assert mean_statistics(timeline)["index"] == 0


def test_the_saved_plot_stacks_alike():
    from fer.timeline import plot

    assert (STACK_ORDER, ERROR_BAND) == (plot.STACK_ORDER, plot.ERROR_BAND)


def test_a_plot_reports_who_could_be_classified_and_why_not():
    timeline = Timeline("person")
    unsure = [1 / 7] * 7
    known = faces(HALF, HALF, unsure, HALF, HALF)
    known.data["turned_away"] = np.array([False, False, False, True, False])
    known.xyxy[4] /= 8  # too small
    timeline.add(known, 0)
    timeline.add(faces(), 1)
    timeline.add(faces(HALF), 2)
    html = timeline_html(timeline)
    colors = outcome_colors("person")
    tops = {name: re.findall(r"M\d+ (\d+)L", path(html, color)) for name, color in colors.items()}
    assert tops == {  # of 1000, from the top; the second without a face is empty
        "named": ["600", "0"],
        "uncertain": ["400", "0"],
        "turned away": ["200", "0"],
        "too small": ["0", "0"],
    }
    # Each second weighs alike: of five faces and one, five could be classified less two.
    assert (
        "67% of the faces could be classified: 17% were turned away and 17% were too small." in html
    )


def test_of_a_withheld_second_it_is_kept_who_could_be_classified_but_not_who_was_named():
    timeline = Timeline("class")
    for second, row in enumerate((HALF, [1 / 7] * 7)):
        crowd = faces(*[row] * 6)
        crowd.data["turned_away"] = np.arange(6) < 3
        timeline.add(crowd, second)
    html = timeline_html(timeline)
    colors = outcome_colors("class")
    assert path(html, colors["named"]).startswith("M0 1000L250 1000L750 1000L")
    assert path(html, colors[NAMED_OR_UNCERTAIN]).startswith("M0 500L250 500L750 500L")
    assert path(html, colors["turned away"]).startswith("M0 0L250 0L750 0L")
    assert "only their number is kept." in html
    assert '<i style="left:0.0%;width:100.0%"></i>' in html


def test_each_legend_is_above_its_plot_and_the_time_axis_below_all():
    html = timeline_html(steady(5, 6, happy=1.0))
    parts = re.findall(r"<h4>|fer-key|fer-drawing|fer-times", html)
    areas = outcomes = ["<h4>", "fer-key", "fer-drawing"]
    assert parts == [*areas, *["<h4>", "fer-drawing"] * 2, *outcomes, "fer-times"]
