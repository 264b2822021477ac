"""Moments: planted ones are found in time, noise brings none, and few faces give nothing away."""

import numpy as np
import pytest

from fer.labels import EXPRESSIONS
from fer.timeline.moments import MAX_MOMENTS, Moment, find_moments
from tests.timeline.frames import frame, mix, recorded


def wandering(rng, seconds, faces=1, calm=2.0, spread=0.6):
    """Shares (seconds, faces, 7) of faces that stay as they are but for noise.

    The logits wander around each face's own level with a standard deviation of `spread` and a
    memory of `recovery_means` seconds, about as they do in a video of somebody who does not change.
    """
    keep = np.exp(-1 / calm)
    logits = np.zeros((seconds, faces, 7))
    logits[0] = rng.normal(0, spread, (faces, 7))
    for i in range(1, seconds):
        logits[i] = keep * logits[i - 1] + rng.normal(0, spread * np.sqrt(1 - keep**2), (faces, 7))
    logits += rng.normal(0, 1, (1, faces, 7)) + np.array(mix(neutral=1.5))
    return np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)


def timeline_of(shares, view):
    return recorded([(frame(rows), i) for i, rows in enumerate(shares)], view=view)


@pytest.mark.parametrize(("faces", "view"), [(1, "person"), (6, "class"), (25, "class")])
def test_noise_is_no_moment(faces, view):
    """Twelve times ten minutes: fewer than one false alarm in ten minutes."""
    rng = np.random.default_rng(0)
    runs = [timeline_of(wandering(rng, 600, faces), view) for _ in range(12)]
    assert sum(len(find_moments(run)) for run in runs) / len(runs) < 1


@pytest.mark.parametrize(("faces", "view"), [(2, "person"), (25, "class")])
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_change_is_found_in_time(faces, view, seed):
    """Surprise rises for 20 s from 1:40 on, on the same faces."""
    shares = wandering(np.random.default_rng(seed), 240, faces, spread=0.3)
    shares[100:120] *= 0.6
    shares[100:120, :, EXPRESSIONS.index("surprise")] += 0.4
    (moment,) = find_moments(timeline_of(shares, view))
    assert moment.expression == "surprise"
    assert abs(moment.start - 100) <= 2 and abs(moment.end - 120) <= 2
    assert moment.after - moment.before == pytest.approx(0.38, abs=0.08)


def plain(*stretches):
    """A face with so many seconds of this share of surprise, and so on; the rest is neutral."""
    return [
        (frame([mix(surprise=share, neutral=1 - share)]), float(second))
        for second, share in enumerate(
            share for seconds, share in stretches for _ in range(seconds)
        )
    ]


def found_moments(frames, **settings):
    timeline = recorded(frames, view="person", **settings)
    return [(m.start, m.end, m.expression, m.before, m.after) for m in find_moments(timeline)]


UP, DOWN = (30, 0.05), (20, 0.38)


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([UP, DOWN, UP], [(30.0, 50.0, "surprise", 0.05, 0.38)]),
        ([(10, 0.05), DOWN, UP], [(10.0, 30.0, "surprise", 0.05, 0.38)]),
        ([UP, (2, 0.9), UP], []),  # too short
        ([UP, (20, 0.15), UP], []),  # too low
        ([(9, 0.05), DOWN, UP], []),  # nothing to compare with yet
        ([(60, 0.2), (60, 0.9), (60, 0.2)], [(60.0, 120.0, "surprise", 0.2, 0.9)]),  # no return
        ([UP, (90, 0.38)], [(30.0, 120.0, "surprise", 0.05, 0.38)]),  # to the end
        ([(20, 0.05), (1, 0.4), (20, 0.05), (1, 0.4), (8, 0.05), (6, 0.15)], []),
    ],
)
def test_moments_follow_the_stated_rules(stretches, expected):
    found = found_moments(plain(*stretches))
    assert [m[:3] for m in found] == [m[:3] for m in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[3:] == pytest.approx(other[3:])


def test_a_gap_ends_a_moment_and_does_not_start_one():
    frames = plain(UP, DOWN)
    late = [(faces, time + 600 * (time >= 40)) for faces, time in frames]
    assert [m[:2] for m in found_moments(late)] == [(30.0, 40.0)]


@pytest.mark.parametrize("bin_seconds", [0.5, 1.0, 2.0, 5.0, 10.0])
def test_bins_of_other_lengths(bin_seconds):
    frames = [(faces, time + part) for faces, time in plain(UP, DOWN, UP) for part in (0, 0.5)]
    assert [m[:2] for m in found_moments(frames, bin_seconds=bin_seconds)] == [(30.0, 50.0)]


def test_only_the_strongest_are_returned_by_time():
    shares = [0.4 + 0.04 * i for i in range(MAX_MOMENTS + 2)]
    frames = plain(*(stretch for share in shares for stretch in ((70, 0.05), (10, share))))
    found = found_moments(frames)
    assert [m[0] for m in found] == [80.0 * i + 70 for i in range(2, MAX_MOMENTS + 2)]


def test_no_moment_among_few_faces():
    quiet, loud = mix(neutral=1.0), mix(surprise=1.0)
    frames = [(frame([quiet] * 6), i) for i in range(60)]
    frames += [(frame([loud] * 4), i) for i in range(60, 80)]
    assert find_moments(recorded(frames, view="class")) == ()


def test_no_moment_of_a_class_spans_seconds_without_a_figure():
    quiet, loud = mix(neutral=0.9, happy=0.1), mix(happy=0.9, neutral=0.1)
    frames = [(frame([quiet] * 6), i) for i in range(20)]
    frames += [(frame([loud] * (2 if 23 <= i < 26 else 6)), i) for i in range(20, 30)]
    frames += [(frame([quiet] * 6), i) for i in range(30, 40)]
    found = find_moments(recorded(frames, view="class"))
    assert [(moment.start, moment.end) for moment in found] == [(20.0, 23.0)]


def test_sentence():
    moment = Moment(760.0, 780.0, "surprise", 0.05, 0.381, 6, 6)
    plain_spaces = moment.sentence.replace("\N{NO-BREAK SPACE}", " ")
    assert plain_spaces == "At 12:40 surprise rose from 5% to 38% for 20 s."


def test_a_change_of_the_number_of_faces_is_stated_beside_the_rise():
    calm, joy = mix(neutral=1.0), mix(happy=1.0)
    frames = [(frame([joy] if 60 <= i < 80 else [joy, calm]), i) for i in range(120)]
    (moment,) = find_moments(recorded(frames, view="person"))
    assert (moment.faces_before, moment.faces_after) == (2, 1)
    assert moment.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "At 1:00 happy rose from 50% to 100% for 20 s, while the faces to classify went from 2.0 "
        "to 1.0."
    )


def test_one_face_of_many_is_no_change_to_state():
    assert "while" not in Moment(760.0, 780.0, "surprise", 0.05, 0.381, 20, 17).sentence
