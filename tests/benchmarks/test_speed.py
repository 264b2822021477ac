"""The speed of the network beside the yardstick."""

import json
from pathlib import Path

import pytest

import benchmarks.speed
from benchmarks.speed import (
    IN_FLOAT32,
    MANY,
    ONE,
    YARDSTICK,
    contenders,
    measure,
    with_ratios,
)
from fer.model.classifier import ExpressionClassifier


class Clock:
    """Goes on only when a call takes its time."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_the_median_a_face_of_calls_that_take_turns():
    clock, turns = Clock(), []

    def slow():
        turns.append("slow")
        # slow while warming up, at each turn's first call, and once more
        clock.now += 9.0 if len(turns) < 18 or len(turns) % 6 == 1 or len(turns) == 20 else 0.002

    def many():
        turns.append("many")
        clock.now += 0.064

    medians = measure({"slow": (slow, 1), "many": (many, 32)}, rounds=5, clock=clock)
    assert medians == {"slow": pytest.approx(2.0), "many": pytest.approx(2.0)}
    assert turns == [*["slow"] * 3, *["many"] * 3] * 8


def test_ratios_are_to_the_yardstick():
    figures = with_ratios({YARDSTICK: 20.0, ONE: 2.0})
    assert figures[ONE] == {"milliseconds": 2.0, "ratio": 0.1}
    assert figures[YARDSTICK]["ratio"] == 1


def test_what_is_timed_reads_as_many_faces_as_it_says():
    calls = contenders(None)
    assert calls[YARDSTICK][0]().shape == (1, 1000)
    names = (ONE, MANY, IN_FLOAT32.format(ONE), IN_FLOAT32.format(MANY))
    assert list(calls) == [YARDSTICK, *names]
    for name in names:
        call, faces = calls[name]
        assert call().shape == (faces, 7)


def test_the_figures_in_the_repository_are_of_the_embedded_weights():
    report = json.loads(Path(benchmarks.speed.__file__).with_suffix(".json").read_text())
    assert report["weights"] == ExpressionClassifier.load().fingerprint()
    assert report["times"][ONE]["ratio"] < 0.25
    assert report["times"][MANY]["ratio"] < 0.12
