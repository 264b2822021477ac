"""Any bytes give a picture, our own sentence or a dead worker, and the page goes on; two minutes.

`python -m tests.security.fuzz` does the same for as long as one wants, and replays a seed.
"""

import random

import pytest

from tests.security.fuzz import Findings, damaged_file, fuzz
from tests.security.mutations import damaged, strange_value
from tests.security.readers import DEAD, FOREIGN, READ, SENTENCE, SILENCE_LIMIT, Reader
from tests.security.seeds import picture_seeds, video_seeds

SECONDS = {"picture": 20, "video": 40, "request": 60}
"""How long each kind is tried."""


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    yield reader
    reader.close()


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("kind", SECONDS)
def test_damaged_files_and_strange_requests_do_no_harm(kind):
    seed = random.SystemRandom().randrange(10**6)
    findings = fuzz([kind], SECONDS[kind], seed)
    assert sum(findings.outcomes.values()) > 20
    assert not findings.wrong, "\n".join(findings.lines())


def test_undamaged_seeds_are_read(reader):
    for content in picture_seeds():
        assert reader.read("picture", content) == (READ, "")
    for content in video_seeds():
        assert reader.read("video", content) == (READ, "")


def test_a_file_of_another_kind_is_one_sentence(reader):
    assert reader.read("picture", b"text")[0] == SENTENCE
    assert reader.read("video", b"text")[0] == SENTENCE


def test_a_file_without_an_end_is_given_up():
    reader = Reader(patience=0.0)
    assert reader.read("video", video_seeds()[0]) == (DEAD, "no end in 0 s")
    reader.patience = 20
    assert reader.read("video", video_seeds()[0]) == (READ, "")
    reader.close()


def test_a_seed_makes_the_same_file_and_the_same_value():
    assert damaged_file("picture:1:2") == damaged_file("picture:1:2") != damaged_file("picture:1:3")
    values = [[repr(strange_value(random.Random(seed))) for seed in range(50)] for _ in range(2)]
    assert values[0] == values[1] and len(set(values[0])) > 10


@pytest.mark.parametrize("content", [b"", b"a", b"ab"])
def test_small_files_are_damaged_too(content):
    for seed in range(200):
        assert isinstance(damaged(content, [], random.Random(seed)), bytes)


def test_what_is_wrong_is_listed_with_its_first_seed():
    findings = Findings()
    for index, outcome in enumerate((READ, FOREIGN, FOREIGN, SILENCE_LIMIT, DEAD)):
        findings.add(f"video:0:{index}", "video", outcome, "details")
    assert findings.wrong == {("video", "details"): "video:0:1"}
    assert "WRONG: --replay video:0:1: video: details" in list(findings.lines())
    assert "video: 2 foreign" in list(findings.lines())
