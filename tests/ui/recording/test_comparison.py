"""The comparison of saved timelines on the page."""

import json
import random

import pytest

from fer.timeline.marks import Mark
from fer.timeline.serialization import to_json
from fer.timeline.timeline import TimelineError
from fer.ui.recording import comparison
from fer.ui.recording.comparison import ComparisonEvents, compare_html, distinct_names
from fer.ui.sessions import Sessions
from tests.async_runner import run_async
from tests.timeline.test_compare import lesson

TOKEN = "0123456789abcdef" * 2


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / "mon <day>.json", tmp_path / "tuesday.json"]
    for seed, path in enumerate(paths):
        timeline = lesson(seed, happy=2.0 * seed)
        timeline.marks = (Mark(0, 40, "stretch", "talk"), Mark(50, 90, "baseline"))
        path.write_text(to_json(timeline))
    return paths


HOSTILE = (None, True, "x", -1, 0, 1e300, 2**70, float("nan"), [], {}, [[[]]], "\udc80", -(2**63))


def places(value, path=()):
    """Yield where each value of a document is."""
    yield path
    items = dict(enumerate(value)) if isinstance(value, list) else value
    for key, each in items.items() if isinstance(items, dict) else ():
        yield from places(each, (*path, key))


def changed(document, path, value):
    """Return a document with another value somewhere."""
    if not path:
        return value
    copied = dict(document) if isinstance(document, dict) else list(document)
    copied[path[0]] = changed(copied[path[0]], path[1:], value)
    return copied


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_whatever_is_in_a_file_is_compared_or_refused(tmp_path, files):
    document = json.loads(to_json(lesson(1, seconds=12, view="person"), {"fingerprint": "a"}))
    chance = random.Random(1)
    known = [path for path in places(document) if path[:1] != ("table",) and len(path) < 4]
    for index in range(400):
        value = HOSTILE[index % len(HOSTILE)]
        text = json.dumps(changed(document, chance.choice(known), value))
        files[0].write_text(text)
        files[1].write_text(json.dumps(document))
        try:
            assert "fer-comparison" in compare_html([], files, False)
        except TimelineError as error:
            assert str(error)


def compared_html(paths, way="recordings"):
    payload = [{"path": str(path)} for path in paths]
    return str(run_async(ComparisonEvents(Sessions()).compare(payload, way, TOKEN))[1])


def test_timelines_are_compared_by_the_names_of_their_files(files):
    html = compared_html(files)
    assert "tuesday less mon &lt;day&gt;" in html and "From mon &lt;day&gt; to tuesday" in html
    assert "talk less baseline" in compared_html(files[:1], "stretches")
    assert compared_html([]) == ""


def test_files_of_one_name_are_told_apart(tmp_path, files):
    (tmp_path / "later").mkdir()
    other = files[1].rename(tmp_path / "later" / files[0].name)
    assert "mon &lt;day&gt; (2) less mon &lt;day&gt;" in compared_html([files[0], other])
    assert distinct_names(["a", "a (2)", "a", "a"]) == ["a", "a (2)", "a (3)", "a (4)"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("lesson <1>.mp4", "lesson &lt;1&gt;"),
        ("a" * 999, "a" * 255),
        ("a\0\n.mp4", "a\ufffd\ufffd"),
        ("", "timeline"),
        (3, "timeline"),
        (["x"], "timeline"),
    ],
)
def test_the_file_of_the_command_is_named_after_its_recording(tmp_path, files, title, name):
    document = json.loads(files[0].read_text())
    document["about"] = {"title": title}
    (tmp_path / "lesson").mkdir()
    made = tmp_path / "lesson" / "timeline.json"
    made.write_text(json.dumps(document))
    assert f"{name} less mon &lt;day&gt;" in compared_html([files[0], made])


def test_what_is_missing_is_a_sentence(tmp_path, files, monkeypatch):
    assert "takes 2 to 12" in compared_html(files[:1])
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "latin.json").write_bytes(b"\xff")
    (tmp_path / "many.json").write_bytes(b'{"format": [' + b"[]," * comparison.MAX_ROWS + b"[]]}")
    for name in ("deep", "latin", "many"):
        assert f"{name}.json is no timeline" in compared_html([files[0], tmp_path / f"{name}.json"])
    (tmp_path / "other.json").write_text("{}")
    html = compared_html([files[0], tmp_path / "other.json"])
    assert "other.json: This is no timeline" in html
    assert "gone.json is no longer here" in compared_html([files[0], tmp_path / "gone.json"])
    with pytest.raises(TimelineError, match="At most 12"):
        compare_html([], files * 7, False)
    monkeypatch.setattr(comparison, "MAX_BYTES", 10)
    assert "more than 0 MB together" in compared_html(files)
