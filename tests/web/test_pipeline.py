"""The pipelines in Python and JavaScript compute the same: both match the golden files."""

import json
import subprocess

import pytest

from web import config, golden
from web.config import MIRRORED
from web.golden_states import states
from web.golden_steps import detection, label_placement, pixels
from web.golden_streams import streams

WEB = config.FILE.parents[1]

TOLERANCES = {"box": 0.1, "landmarks": 0.1, "pixels": 1, "size": 0.1}
"""Of numbers by the name above them: networks differ a little from machine to machine."""

OTHERWISE = 0.01

ADVICE = "make its twin in JavaScript compute the same, then run `python -m web.golden`"


def expected(name):
    return json.loads((golden.FOLDER / name).read_text(encoding="utf-8"))


def assert_close(value, other, name=""):
    if isinstance(other, dict):
        assert value.keys() == other.keys(), name
        for key in other:
            assert_close(value[key], other[key], key)
    elif isinstance(other, list):
        assert len(value) == len(other), name
        for one, two in zip(value, other, strict=True):
            assert_close(one, two, name)
    elif isinstance(other, float) or name in TOLERANCES:
        assert value == pytest.approx(other, abs=TOLERANCES.get(name, OTHERWISE), rel=0.01), name
    else:
        assert value == other, name


@pytest.mark.parametrize("name", MIRRORED)
def test_python_twin_is_the_one_that_the_golden_files_were_written_from(name):
    hashes = expected("sources.json")
    assert hashes.get(name) == golden.source_hash(name), f"{name} has changed: {ADVICE}"


@pytest.mark.parametrize(
    ("file", "compute"),
    [
        ("pixels.json", pixels),
        ("detection.json", detection),
        ("states.json", states),
        ("streams.json", streams),
        ("label_placement.json", lambda _picture: label_placement()),
    ],
)
def test_python_gives_what_the_golden_files_have(file, compute):
    assert_close(golden.rounded(compute(golden.read_picture())), expected(file))


def test_configuration_of_the_page_is_current():
    assert config.FILE.read_text(encoding="utf-8") == config.text(), "run python -m web.config"


@pytest.mark.slow
def test_javascript_gives_what_the_golden_files_have(web_packages):
    done = subprocess.run([web_packages, "test"], cwd=WEB, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
