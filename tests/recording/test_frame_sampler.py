"""Regular samples, and more of them where faces move fast."""

import numpy as np
import pytest
from supervision import Detections

from fer.recording.frame_sampler import MAX_EXTRA, FrameSampler


def faces(**lefts: float) -> Detections:
    """Faces of 50 pixels by number: `faces(_1=10)` is number 1 with its left edge at 10."""
    boxes = [[left, 0, left + 50, 50] for left in lefts.values()]
    return Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        tracker_id=np.array([int(name[1:]) for name in lefts], int),
    )


def play(seconds, seen, cut=lambda time: False, rate=5.0):
    """Times of the regular samples and of the others, at 25 frames a second."""
    sampler, regular, extra = FrameSampler(rate), [], []
    for index in range(round(seconds * 25)):
        time = index / 25
        if sampler.is_regular(time):
            regular.append(sampler.begin_regular(time))
        elif sampler.is_extra(time, cut(time)):
            sampler.begin_extra()
            extra.append(time)
        else:
            continue
        sampler.note(seen(time), time)
    return regular, extra


def test_slow_faces_are_sampled_at_the_rate():
    regular, extra = play(10, lambda time: faces(_1=100 * time))  # 0.4 faces a sample
    assert len(regular) == 50 and extra == []


@pytest.mark.parametrize(
    "seen",
    [
        lambda time: faces(_1=300 * max(time - 2, 0)),  # 1.2 faces a sample
        lambda time: faces(_1=0) if time < 2 else faces(_2=300),
    ],
)
def test_fast_and_lost_faces_get_more(seen):
    regular, extra = play(3, seen)
    assert len(regular) == 15
    assert 2 <= min(extra) <= 2.3 and len(extra) >= 1


def test_what_is_fast_for_long_costs_at_most_half_as_much_again():
    regular, extra = play(60, lambda time: faces(_1=1500 * time))
    assert len(regular) == 300
    assert len(extra) <= MAX_EXTRA + 150


def test_a_cut_is_sampled_at_once():
    _, extra = play(3, lambda time: faces(), lambda time: abs(time - 1.48) < 1e-6)
    assert extra == [1.48]


def test_no_extra_sample_comes_before_the_time_for_which_the_last_one_counts():
    """As after a cut in a frame that comes within the millisecond in which it was counted later."""
    sampler = FrameSampler(1.0, next_time=164.0)
    assert sampler.is_regular(163.9995)
    sampler.note(faces(), sampler.begin_regular(163.9995))
    assert not sampler.is_extra(163.9999, cut=True) and sampler.is_extra(164.04, cut=True)
