"""The browser benchmark's film and its sums."""

import numpy as np
import pytest

pytest.importorskip("playwright", reason="Playwright for Python is not installed")

from benchmarks.browser import BAR, FRAMES, bar_code, figures


@pytest.mark.parametrize("number", [0, 1, 100, FRAMES - 1])
def test_a_bar_code_says_its_number(number):
    code = bar_code(number, 640)
    assert code.shape == (BAR, 640, 3)
    cells = (code[BAR // 2, 32::64, 0] > 127).astype(int).tolist()
    assert cells[0] == 1 and cells[-1] == 0 and len(cells) == 10
    assert int("".join(map(str, cells[1:-1])), 2) == number


def test_what_one_visitor_saw():
    # Ten seconds are watched until 20; the first picture is too early to count.
    watched = [
        (9.0, 1, 100),
        (11.0, 5, 9),  # 4 frames behind: 0.2 s
        (12.0, FRAMES - 1, 1),  # 2 frames, around the film's end: 0.1 s
        (16.0, 50, 56),  # 6 frames: 0.3 s
        (18.0, None, 60),
    ]
    assert figures(watched, now=20.0, seconds=10.0) == {
        "frames_per_second": 0.4,
        "longest_gap": 4.0,
        "glass_to_glass_median": 0.2,
        "glass_to_glass_p90": pytest.approx(np.quantile([0.1, 0.2, 0.3], 0.9)),
        "glass_to_glass_longest": 0.3,
        "unread": 1,
    }


def test_a_visitor_who_saw_nothing():
    seen = figures([], now=20.0, seconds=10.0)
    assert seen["frames_per_second"] == 0 and seen["longest_gap"] == 10
    assert seen["glass_to_glass_median"] is None
