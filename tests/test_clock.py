"""Clocks driven by hand."""

import pytest

from fer.clock import FrameRateMeter, PausableClock


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        ([0.0], 0),  # one frame is no rate
        ([0.0, 0.1], 10),
        ([i * 0.125 for i in range(40)], 8),  # steady
        ([0.0, 0.1, 0.2, 9.0], 0),  # after a pause
        ([0.0, 0.1, 9.0, 9.5], 2),
    ],
)
def test_frames_a_second(times, rate):
    clock = FrameRateMeter()
    for now in times:
        last = clock.tick(now)
    assert last == pytest.approx(rate)


def test_a_paused_clock_resumes_where_it_was():
    time = 100.0
    clock = PausableClock(lambda: time)
    time = 101.0
    assert clock.now() == 1 and clock.running
    clock.pause()
    time = 105.0
    clock.pause()  # twice is once
    assert clock.now() == 1 and not clock.running
    clock.resume()
    clock.resume()
    time = 106.5
    assert clock.now() == 2.5 and clock.running
