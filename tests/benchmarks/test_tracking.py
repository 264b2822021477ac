"""Numbers stay with people in scenes in which who is where is known."""

import pytest

from benchmarks.scripted_scenes import bundled_cast, scripts
from benchmarks.tracking import Identities, follow_live, follow_recording
from fer.threads import limit_threads
from fer.vision.detector import FaceDetector


@pytest.fixture(scope="module")
def people():
    return bundled_cast()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scene", "follow"),
    [
        ("cut", follow_live),
        ("short insert", follow_live),
        ("one leaves, another comes", follow_live),
        ("fast walker", follow_recording),
        ("turned phone", follow_recording),
    ],
)
def test_everybody_keeps_a_number_and_nobody_takes_it_over(people, scene, follow):
    limit_threads(1)
    (script,) = [script for script in scripts(0) if script.name == scene]
    figures = follow(script, people, FaceDetector())[0].figures()
    assert (figures["switches"], figures["takeovers"], figures["extra"]) == (0, 0, 0)
    assert figures["found"] > 0.5 * figures["faces"]


def test_identities_by_hand():
    found, here, there = Identities(), [0, 0, 10, 10], [50, 0, 60, 10]
    found.add({1: here, 2: there}, [here, there], [7, 8])
    found.add({1: here, 2: there}, [here], [8])  # takes a number over
    found.add({2: there}, [there, [90, 0, 99, 9]], [9, 8])
    assert found.figures() == {
        "faces": 5,
        "found": 4,
        "extra": 1,
        "switches": 2,
        "takeovers": 1,
        "fragments": 2,
    }
