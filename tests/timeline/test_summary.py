"""The summary beside figures worked by hand, its sentence, and what a class withholds."""

import math

import numpy as np
import pytest

from fer.i18n import format_count, localized_number, use_language
from fer.timeline.formatting import (
    format_decimal,
    format_duration,
    format_number,
    format_percent,
    format_signed,
    format_time,
)
from fer.timeline.summary import summarise
from fer.timeline.timeline import Timeline
from tests.timeline.frames import frame, mix, recorded, steady

JOY, GLOOM = mix(happy=1.0), mix(sad=0.5, neutral=0.5)
UNSURE = mix(sad=0.3, fear=0.1, neutral=0.22, surprise=0.18, happy=0.1, angry=0.1)


def test_equals_figures_worked_by_hand():
    """Second 0: JOY and GLOOM. Second 1: JOY, small. Second 2: nobody. Second 3: GLOOM.

    Four faces in four frames; three classified, one JOY and two GLOOM: happy, sad and neutral 1/3
    each; index (1 - 0.5 - 0.5) / 3 = 0. Only 3 readings in 3 frames are 1 face: no error.
    """
    summary = summarise(
        recorded(
            [
                (frame([JOY, GLOOM]), 0),
                (frame([JOY], side=12), 1),
                (frame(), 2),
                (frame([GLOOM], tracks=[2]), 3),
            ],
            view="person",
        )
    )
    assert (summary.seconds, summary.shown_seconds, summary.faces, summary.small) == (4, 2, 1, 0.25)
    assert summary.mean == pytest.approx(
        dict.fromkeys(summary.mean, 0) | dict.fromkeys(("happy", "sad", "neutral"), 1 / 3)
    )
    assert summary.index == 0 and summary.uncertain == 0
    first, second = summary.tracks
    assert (first.track, first.seconds, first.index, first.small) == (1, 2, 1, 0.5)
    assert (second.track, second.seconds, second.index, second.mean["sad"]) == (2, 2, -0.5, 0.5)


def test_the_error_counts_faces_not_frames():
    """Six faces, three of JOY and three of GLOOM, for ten seconds.

    Indexes 1 and -0.5, three each: s^2 = 6 / 5 * 0.75^2, error sqrt(s^2 / 6) = 0.75 / sqrt(5),
    however long one looks.
    """
    timeline = recorded([(frame([JOY, GLOOM] * 3), i / 4) for i in range(40)])
    assert summarise(timeline).index_error == pytest.approx(0.75 / 5**0.5)


def test_one_face_has_no_error():
    assert math.isnan(summarise(steady(30, 1, view="person", happy=1.0)).index_error)


def test_few_faces_have_no_part_in_a_class_summary():
    many = [(frame([JOY] * 5), i) for i in range(10)]
    few = [(frame([GLOOM] * 4), i) for i in range(10, 30)]
    alone, both = (summarise(recorded(frames)) for frames in (many, many + few))
    assert both.mean == alone.mean and both.index == alone.index == 1
    assert both.uncertain == alone.uncertain and both.index_error == alone.index_error
    assert (both.seconds, both.shown_seconds) == (30, 10)
    assert both.tracks == () and both.moments == ()


def test_each_second_weighs_alike_however_many_frames_it_had():
    quick = [(frame([JOY]), i / 10) for i in range(600)]
    slow = [(frame([GLOOM]), 60 + i / 2) for i in range(120)]
    summary = summarise(recorded(quick + slow, view="person"))
    assert summary.mean["happy"] == pytest.approx(0.5)
    assert summary.index == pytest.approx(0.25)
    (track,) = summary.tracks
    assert track.mean["happy"] == pytest.approx(0.5)


def test_a_face_that_comes_and_goes_was_seen_for_less_time():
    frames = [(frame([JOY, JOY] if i % 5 == 0 else [JOY]), i / 5) for i in range(50)]
    first, second = summarise(recorded(frames, view="person")).tracks
    assert (first.seconds, second.seconds) == pytest.approx((10, 2))


def test_the_last_second_lasts_to_the_recordings_end():
    summary = summarise(steady(3, 1, rate=5, view="person", happy=1.0), end=2.4)
    assert summary.seconds == summary.shown_seconds == pytest.approx(2.4)
    assert summary.tracks[0].seconds == pytest.approx(2.4)
    assert summary.sentence.startswith("In 2.4")


def test_a_part_that_is_as_long_as_the_whole_in_words_is_not_stated_beside_it():
    timeline = recorded([(frame([JOY] * (i < 40)), i) for i in range(41)], view="person")
    summary = summarise(timeline, end=40.4)
    assert summary.shown_seconds < summary.seconds
    assert summary.sentence.startswith("In 40\N{NO-BREAK SPACE}s, with 1.0 faces on average,")


def test_nothing_to_show_is_nan():
    summary = summarise(recorded([(frame([GLOOM] * 4), 0)]))
    assert all(math.isnan(share) for share in summary.mean.values())
    assert math.isnan(summary.index) and math.isnan(summary.uncertain)


def summary_text(timeline):
    return summarise(timeline).sentence.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        (Timeline(), "Nothing was recorded."),
        (recorded([(frame(), i) for i in range(95)]), "No face was found in 1 min 35 s."),
        (
            steady(3, 4, happy=1.0),
            "In 3 s, with 4.0 faces on average, there is no figure to show: class figures need 5 "
            "faces to classify in every picture of a second, large enough and not turned away.",
        ),
        (
            recorded([(frame([JOY], side=9), 0)], view="person"),
            "In 1 s, with 1.0 faces on average, there is no figure to show: all faces were too "
            "small to classify.",
        ),
        (
            recorded([(frame([JOY], turned_away=np.ones(1)), 0)], view="person"),
            "In 1 s, with 1.0 faces on average, there is no figure to show: all faces were turned "
            "away.",
        ),
        (
            recorded([(frame([JOY] * 2, side=[9, 80], turned_away=np.ones(2)), 0)], view="person"),
            "In 1 s, with 2.0 faces on average, there is no figure to show: all faces were too "
            "small to classify or turned away.",
        ),
        (
            recorded([(frame([JOY, GLOOM] * 3), 0)]),
            "In 1 s, with 6.0 faces on average, the expressions looked happy (50%) and sad "
            "(25%); the positive-negative index was +0.25 \N{PLUS-MINUS SIGN} 0.34 "
            "(standard error).",
        ),
        (
            steady(2, 1, view="person", sad=0.75, neutral=0.25),
            "In 2 s, with 1.0 faces on average, the expressions looked sad (75%) and neutral "
            "(25%); the positive-negative index was \N{MINUS SIGN}0.75.",
        ),
        (
            steady(2, 1, view="person", happy=0.996, neutral=0.004),
            "In 2 s, with 1.0 faces on average, the expressions looked happy (100%); the "
            "positive-negative index was +1.00.",
        ),
        (
            recorded([(frame([JOY] * (5 if i < 3 else 4)), i) for i in range(3600)]),
            "In 3 s of 1 h there were 5 faces or more to classify: the expressions looked happy "
            "(100%); the positive-negative index was +1.00 \N{PLUS-MINUS SIGN} 0.00 (standard "
            "error).",
        ),
        (
            recorded([(frame([JOY] * (i < 2)), i) for i in range(600)], view="person"),
            "In 2 s of 10 min there was a face to classify: the expressions looked happy (100%); "
            "the positive-negative index was +1.00.",
        ),
        (
            recorded([(frame([UNSURE]), i) for i in range(60)], view="person"),
            "In 1 min, with 1.0 faces on average, 100% of the readings were uncertain, and on "
            "average the expressions looked sad (30%) and neutral (22%); the positive-negative "
            "index was \N{MINUS SIGN}0.40.",
        ),
        (
            recorded([(frame([JOY] * (i == 0), side=9), i) for i in range(60)], view="person"),
            "In 1 min, with under 0.1 faces on average, there is no figure to show: all faces were "
            "too small to classify.",
        ),
    ],
)
def test_sentence(timeline, expected):
    assert summary_text(timeline) == expected


def test_a_sentence_is_put_together_in_each_language_by_its_own_grammar():
    """German has the verb second, whatever begins the sentence; Spanish faces are feminine."""
    enough = recorded([(frame([JOY] * (5 if i < 3 else 4)), i) for i in range(10)])
    unsure = recorded([(frame([UNSURE]), i) for i in range(9)], view="person")
    turned = recorded([(frame([JOY], turned_away=np.ones(1)), 0)], view="person")
    with use_language("de"):
        assert "mit 5 oder mehr einzuordnenden Gesichtern, sahen die" in summary_text(enough)
        assert "waren 100% der Ablesungen unsicher, und im Mittel sahen die" in summary_text(unsure)
    with use_language("es"):
        assert summary_text(turned).endswith("todas las caras estaban giradas.")


def test_numbers_are_written_as_the_language_writes_them():
    numbers = {
        "en": ["2.5 s", "+0.13", "0.4", "5.0", "72.7%", "3,589"],
        "de": ["2,5 s", "+0,13", "0,4", "5,0", "72,7%", "3.589"],
    }
    for language, expected in (numbers | {"es": numbers["de"], "hi": numbers["en"]}).items():
        with use_language(language):
            texts = [format_duration(2.5), format_signed(0.126), format_number(0.4)]
            texts += [format_decimal(5.04), format_percent(0.7269, 1), format_count(3589)]
            assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts] == expected
            assert localized_number("1,234.5") == ("1.234,5" if "," in expected[0] else "1,234.5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (format_time(0), "0:00"),
        (format_time(760.4), "12:40"),
        (format_time(3725), "1:02:05"),
        (format_duration(20), "20 s"),
        (format_duration(2.5), "2.5 s"),
        (format_duration(9.94), "9.9 s"),
        (format_duration(9.97), "10 s"),
        (format_signed(-0.004), "+0.00"),
        (format_signed(-0.006), "\N{MINUS SIGN}0.01"),
        (format_duration(100), "1 min 40 s"),
        (format_duration(60), "1 min"),
        (format_duration(3725), "1 h 2 min"),
        (format_duration(7199), "2 h"),
        (format_duration(3599), "59 min 59 s"),
        (format_duration(0.04), "under 0.1 s"),
        (format_duration(0), "0 s"),
        (format_percent(0.381), "38%"),
        (format_signed(0.126), "+0.13"),
        (format_signed(-0.126), "\N{MINUS SIGN}0.13"),
    ],
)
def test_times_and_numbers_are_formatted(text, expected):
    assert text.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_units_stay_with_their_numbers():
    assert format_duration(3725) == "1\N{NO-BREAK SPACE}h 2\N{NO-BREAK SPACE}min"
    assert format_percent(0.5) == "50%"
