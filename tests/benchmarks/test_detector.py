"""The detector's benchmark on one small scene."""

import numpy as np
from skimage.data import astronaut

from benchmarks.detector import count_false_faces, figures, measure, row
from benchmarks.scenes import Scene, View
from benchmarks.stopwatch import Spent


def test_both_find_the_astronaut_in_every_frame():
    views = [View(np.roll(astronaut(), shift, axis=1), shift / 25) for shift in range(15)]
    found = measure(Scene("astronaut", lambda: iter(views), "astronaut"), 2)
    assert (found["library_faces"], found["our_faces"], found["faces_of_both"]) == (2, 2, 2)
    assert all(value > 0 for value in found["ms_by_stage"].values())


def test_figures_by_hand():
    ours = [Spent({"first network": 0.002, "rest": 0.001}, 0), Spent({"rest": 0.005}, 0)]
    theirs = [Spent({"rest": 0.016}, 0)] * 2
    found = figures(ours, theirs, 3, (4, 5))
    assert (found["ours_ms"], found["library_ms"], found["times_as_fast"]) == (4.0, 16.0, 4.0)
    assert found["ms_by_stage"]["first network"] == 1.0
    assert row("a", found)["third network ms"] == 0.0


def test_no_face_is_found_where_there_is_none():
    assert count_false_faces(["brick", "coffee", "page"])["ours"] == 0
