"""Answers that calm down, and follow when the face really changes."""

from dataclasses import replace

import numpy as np
import pytest
from supervision import Detections

from fer.vision.expression_smoother import ExpressionSmoother

ANGRY, HAPPY, SAD, NEUTRAL = 0, 3, 4, 6


def seen(*rows, numbers=None):
    n = len(rows)
    return Detections(
        xyxy=np.tile([0.0, 0.0, 9.0, 9.0], (n, 1)),
        tracker_id=np.arange(1, n + 1) if numbers is None else np.array(numbers, int),
        data={"probabilities": np.array(rows, np.float32).reshape(n, 7)},
    )


def sure(expression, p=0.9):
    row = np.full(7, (1 - p) / 6)
    row[expression] = p
    return row


def test_the_first_prediction_stays_as_it_is():
    answer = ExpressionSmoother().update(seen(sure(HAPPY)), 0.0)
    np.testing.assert_allclose(answer.data["probabilities"][0], sure(HAPPY), atol=1e-6)
    assert answer.data["expression"].tolist() == [HAPPY]


def test_after_a_half_life_old_and_new_count_alike():
    smoother = ExpressionSmoother(half_life=0.5)
    smoother.update(seen(sure(HAPPY)), 0.0)
    row = smoother.update(seen(sure(ANGRY)), 0.5).data["probabilities"][0]
    assert row[ANGRY] == pytest.approx(row[HAPPY])
    assert row.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("step", [0.05, 0.1, 0.25])
def test_a_changed_expression_is_followed_within_half_a_second(step):
    smoother = ExpressionSmoother()
    for time in np.arange(0, 2, step):
        smoother.update(seen(sure(HAPPY)), time)
    answers = {
        time: smoother.update(seen(sure(ANGRY)), time).data["expression"][0]
        for time in np.arange(2, 3, step)
    }
    assert min(time for time, called in answers.items() if called == ANGRY) <= 2.5


def test_a_still_face_with_noise_keeps_its_label_for_a_minute():
    generator = np.random.default_rng(0)
    smoother, called = ExpressionSmoother(), []
    mean = np.log(sure(HAPPY, 0.4))
    mean[SAD] = mean[HAPPY] - 0.2
    flicker = 0
    for index in range(600):  # ten frames a second
        noisy = np.exp(mean + generator.normal(scale=0.3, size=7))
        row = noisy / noisy.sum()
        flicker += row.argmax() != HAPPY
        called.append(smoother.update(seen(row), index / 10).data["expression"][0])
    assert flicker > 100  # the single answers do change
    assert set(called) == {HAPPY}


def test_only_the_faces_of_this_frame_come_back():
    smoother = ExpressionSmoother()
    smoother.update(seen(sure(HAPPY), sure(SAD)), 0.0)
    answer = smoother.update(seen(sure(SAD), numbers=[2]), 0.1)
    assert answer.tracker_id.tolist() == [2]
    assert answer.data["expression"].tolist() == [SAD]
    assert len(smoother.update(seen(), 0.2)) == 0


def test_a_face_that_was_away_too_long_starts_anew():
    smoother = ExpressionSmoother(max_age=1.0)
    smoother.update(seen(sure(HAPPY)), 0.0)
    row = smoother.update(seen(sure(ANGRY)), 5.0).data["probabilities"][0]
    np.testing.assert_allclose(row, sure(ANGRY), atol=1e-6)


def test_the_argument_is_left_alone():
    frame = seen(sure(ANGRY))
    smoother = ExpressionSmoother()
    smoother.update(seen(sure(HAPPY)), 0.0)
    smoother.update(frame, 0.1)
    np.testing.assert_allclose(frame.data["probabilities"][0], sure(ANGRY), atol=1e-6)
    assert "expression" not in frame.data


@pytest.mark.parametrize("settings", [{"half_life": 0}, {"margin": -1}, {"max_age": -1}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="half_life is above 0 seconds"):
        ExpressionSmoother(**settings)


def mixed(neutral, happy):
    row = np.full(7, (1 - neutral - happy) / 5)
    row[[HAPPY, NEUTRAL]] = happy, neutral
    return row


@pytest.mark.parametrize(("sure", "called"), [(1.0, HAPPY), (0.52, NEUTRAL)])
def test_an_expression_that_can_be_named_takes_over_from_one_that_cannot(sure, called):
    """A lead of 0.09 is too little, but neutral is above the bound and happy below."""
    smoother = ExpressionSmoother(margin=0.1)
    smoother.update(seen(mixed(0.2, 0.7)), 0.0)
    for step in range(40):
        answer = smoother.update(seen(mixed(0.535, 0.445)), 0.1 * step, sure)
    assert answer.data["expression"].tolist() == [called]


def looking(yaw, number=1):
    return replace(seen(sure(HAPPY)), data={**seen(sure(HAPPY)).data, "yaw": np.array([yaw])})


def test_a_face_at_the_limit_of_yaw_is_turned_away_steadily():
    smoother = ExpressionSmoother(half_life=0.1)
    yaws = [20, 80, 80, 80, 43, 46, 42, 44, 41, 10, 10, 10, 44, 42]
    turned = [
        bool(smoother.update(looking(yaw), i / 5).data["turned_away"][0])
        for i, yaw in enumerate(yaws)
    ]
    assert turned == [False, *[True] * 8, *[False] * 5]


def test_one_noisy_yaw_turns_nobody_away():
    smoother = ExpressionSmoother()
    smoother.update(looking(0), 0.0)
    faces = smoother.update(looking(70), 0.04)
    assert not faces.data["turned_away"][0] and 0 < faces.data["yaw"][0] < 10


def test_without_a_yaw_nobody_is_turned_away():
    smoother = ExpressionSmoother()
    faces = smoother.update(seen(sure(HAPPY)), 0.0)
    assert faces.data["turned_away"].tolist() == [False] and np.isnan(faces.data["yaw"][0])
    assert smoother.update(looking(60), 0.1).data["turned_away"].tolist() == [True]
