"""The live benchmark's parts: the films, the stopwatch, and a run with stand-ins."""

from itertools import islice

import numpy as np
import pytest

from benchmarks.agreement import pairs
from benchmarks.live import Measurement, Times, agreement_row, blocks, speed_row
from benchmarks.scenes import RATE, Actor, Scene, View, acted, made_scenes
from benchmarks.stopwatch import Spent, Stopwatch, Timed
from fer.vision.detector import FaceDetector
from tests.fakes import fake_pipeline

BOX = [100, 80, 200, 180]


def test_made_up_faces_are_where_the_scene_says():
    view = next(islice(made_scenes()["six faces"].play(), 20, None))
    found = FaceDetector().detect(view.image).xyxy
    assert view.image.shape == (630, 1200, 3) and view.image.dtype == np.uint8
    assert len(pairs(view.xyxy, found, least=0.7)) == len(view.ids) == len(found) == 6


def test_a_scene_moves_is_noisy_and_is_the_same_each_time():
    scene = acted("tiny", (200, 150), [Actor(1, (100, 75), 120, 20), Actor(2, (0, 0), 80, 0, 0.05)])
    first, second, third = islice(scene.play(), 3)
    again = next(scene.play())
    assert np.array_equal(first.image, again.image)
    assert (first.image != second.image).mean() > 0.5
    assert (first.xyxy[0] != second.xyxy[0]).all()
    assert [len(view.ids) for view in (first, second, third)] == [1, 1, 2]
    assert third.xyxy[1].min() == 0  # clipped to the picture
    assert scene.newcomers == {2: 0.05}


def test_inner_stages_count_only_as_themselves(monkeypatch):
    clock, computed = [100.0], [5.0]
    monkeypatch.setattr("benchmarks.stopwatch.perf_counter", lambda: clock[0])
    monkeypatch.setattr("benchmarks.stopwatch.process_time", lambda: computed[0])
    stopwatch = Stopwatch()

    class Inner:
        size = 3

        def work(self):
            clock[0] += 2
            computed[0] += 0.5

    class Outer:
        def __init__(self, inner):
            self.inner = inner

        def work(self):
            self.inner.work()
            clock[0] += 1
            return self.inner.size

    inner = Timed(Inner(), stopwatch, {"work": "inside"}, "rest")
    outer = Timed(Outer(inner), stopwatch, {}, "outside")
    answer, spent = stopwatch.measure("rest", outer.work)
    assert answer == 3
    assert spent.stages == {"inside": 2, "outside": 1, "rest": 0}
    assert (spent.seconds, spent.cpu) == (3, 0.5)


def test_a_rate_is_the_median_of_the_blocks():
    times = Times()
    for seconds in (0.1, 0.2, 0.5):
        times.add([Spent({"detect": seconds / 2, "classify": seconds / 2}, seconds / 4)] * 4)
    figures = times.figures()
    assert figures["frames_per_second"] == 5
    assert figures["ms_computing"] == pytest.approx(66.667)
    assert figures["ms_by_stage"] == {
        "classify": pytest.approx(133.333),
        "detect": pytest.approx(133.333),
    }
    assert Times().figures() is None


class FakeYardstick:
    def seconds(self):
        return 0.02


def still_scene():
    image = np.zeros((240, 320, 3), np.uint8)

    def play():
        for index in range(60):
            seen = index >= 30
            yield View(
                image,
                index / RATE,
                np.array([BOX] * seen, np.float32).reshape(-1, 4),
                np.arange(1, 1 + seen),
            )

    return Scene("still", play, newcomers={1: 1.0})


def test_a_run_from_end_to_end():
    measurement = Measurement(still_scene(), fake_pipeline([BOX]), None, FakeYardstick(), stride=3)
    for views in blocks(measurement.scene, seconds=2):
        measurement.block(views)
    figures = measurement.figures()
    assert figures["frames"] == 60 and figures["faces_a_frame"] == 1
    assert figures["peer"] is None and figures["times_as_fast_as"].keys() == {"naive"}
    assert figures["agreement"]["recall"] >= 0.95  # the first frame only is without
    assert figures["agreement"]["id_switches"] == 0
    assert figures["newcomers"]["mean_delay"] < 0.05  # a frame
    assert {"follow", "classify", "smooth"} <= figures["ours"]["ms_by_stage"].keys()
    assert {"detect", "classify"} <= figures["naive"]["ms_by_stage"].keys()
    assert speed_row("still", figures)["x naive"] > 0
    assert agreement_row("still", figures)["checked"] == 20
