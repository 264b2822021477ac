"""The comparison of saved timelines on the page."""

import asyncio

import pytest

from fer.timeline.marks import Mark
from fer.timeline.serialization import to_json
from fer.timeline.timeline import TimelineError
from fer.ui.recording import comparison
from fer.ui.recording.comparison import ComparisonEvents, compare_files
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


def told(paths, way="recordings"):
    payload = [{"path": str(path)} for path in paths]
    return str(asyncio.run(ComparisonEvents().compare(payload, way, TOKEN)))


def test_timelines_are_compared_by_the_names_of_their_files(files):
    html = told(files)
    assert "tuesday less mon &lt;day&gt;" in html and "From mon &lt;day&gt; to tuesday" in html
    assert "talk less baseline" in told(files[:1], "stretches")
    assert told([]) == ""


def test_what_is_missing_is_a_sentence(tmp_path, files, monkeypatch):
    assert "takes 2 to 12" in told(files[:1])
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "latin.json").write_bytes(b"\xff")
    for name, error in (("deep", "no timeline"), ("latin", "no timeline"), ("gone", "no longer")):
        assert error in told([files[0], tmp_path / f"{name}.json"])
    with pytest.raises(TimelineError, match="At most 12"):
        compare_files(files * 7, False)
    monkeypatch.setattr(comparison, "MAX_BYTES", 10)
    assert "has more than 0 MB" in told(files)
