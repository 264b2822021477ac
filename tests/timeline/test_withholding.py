"""The class view keeps nothing about the expressions of fewer than five faces."""

import numpy as np
import pytest

from fer.labels import EXPRESSIONS
from fer.timeline.withholding import MIN_FACES
from tests.timeline.frames import frame, mix, recorded

JOY, GLOOM = mix(happy=1.0), mix(sad=0.5, neutral=0.5)
UNSURE = mix(angry=0.3, fear=0.3, surprise=0.2, neutral=0.2)
ABOUT_EXPRESSIONS = [*EXPRESSIONS, "uncertain", "index", "index_error"]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([MIN_FACES], True),
        ([MIN_FACES - 1], False),
        ([0], False),
        ([MIN_FACES, MIN_FACES], True),
        ([MIN_FACES + 20, MIN_FACES - 1], False),  # one frame is enough to withhold
        ([MIN_FACES - 1, MIN_FACES + 20], False),
    ],
)
def test_class_view_withholds_small_groups(counts, shown):
    frames = [(frame([JOY] * n), i / 10) for i, n in enumerate(counts)]
    table = recorded(frames, view="class").table()
    assert table["faces"].tolist() == [np.mean(counts)]
    assert (table["classified"] > 0).tolist() == [shown]
    assert table[ABOUT_EXPRESSIONS].notna().all(axis=None) == shown
    assert shown or table[ABOUT_EXPRESSIONS].isna().all(axis=None)


def test_small_faces_do_not_make_a_class():
    faces = frame([JOY] * MIN_FACES, side=[80, 80, 80, 80, 20])
    assert recorded([(faces, 0)]).table()["happy"].isna().all()


def test_nothing_of_what_is_withheld_is_kept():
    """Other expressions on the same few faces leave the very same timeline."""
    few = [(frame([UNSURE] * 4), 10.0), (frame([JOY] * 9), 10.5), (frame([JOY]), 12.0)]
    same = [(frame([GLOOM] * 4), 10.0), (frame([UNSURE] * 9), 10.5), (frame([GLOOM]), 12.0)]
    class_part = [(frame([JOY] * 6), 0.0)]
    assert recorded(class_part + few) == recorded(class_part + same)
