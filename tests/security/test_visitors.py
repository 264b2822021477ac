"""The figures of many visitors, and a short run of them."""

import json
from types import SimpleNamespace

import pytest

from tests.security import visitors
from tests.security.server import Usage
from tests.security.visitors import Log, main, spread, summary


def test_growth_counts_once_what_is_needed_once_is_there():
    samples = [
        {"time": 60.0 * minute, "page_mb": memory, "files": files}
        for minute, (memory, files) in enumerate([(500, 2), (650, 9), (700, 3), (712.5, 3)])
    ]
    log = Log()
    log.add("photo", 0.1, 0.3)
    log.add_error("save", "nothing there")
    figures = summary(log, samples, {"time": 240.0, "page_mb": 700, "files": 2}, [1.0, 6.0])
    assert figures["growth_mb"] == 12.5 and figures["usage"]["most"]["files"] == 9
    assert figures["errors"].pop("times") == [pytest.approx(log.now(), abs=5)]
    assert figures["errors"] == {"count": 1, "kinds": {"save: nothing there": 1}}
    assert figures["seconds"]["photo"] == {"count": 2, "p50": 0.2, "p99": 0.298, "max": 0.3}
    assert figures["newcomers"]["max"] == 6


def test_figures_so_far_are_written_from_time_to_time(monkeypatch):
    """A run of hours may end early, as when the page has ended."""
    monkeypatch.setattr(visitors, "SAMPLE_INTERVAL", 0.02)
    monkeypatch.setattr(visitors, "WRITE_INTERVAL", 0.04)
    ends = iter([None] * 20 + [1])
    server = SimpleNamespace(
        process=SimpleNamespace(poll=lambda: next(ends), returncode=1),
        usage=lambda: Usage(500, 0, 0, 5, 9, 2, 1, 0.1),
        log=SimpleNamespace(read_text=lambda: "a crash"),
    )
    written = []
    with pytest.raises(RuntimeError, match="a crash"):
        visitors.watch(server, Log(), 60, lambda samples: written.append(len(samples)))
    assert 2 <= len(written) < 20 and written[-1] > 10 and written == sorted(set(written))


def test_a_spread_is_of_the_measurements():
    assert spread([0.5]) == {"count": 1, "p50": 0.5, "p99": 0.5, "max": 0.5}


@pytest.mark.long
@pytest.mark.slow
def test_visitors_of_all_kinds_use_a_page(tmp_path, monkeypatch):
    output, written, write = tmp_path / "visitors.json", [], visitors.write_file
    monkeypatch.setattr(visitors, "WRITE_INTERVAL", 13)
    monkeypatch.setattr(
        visitors, "write_file", lambda *given: (written.append(given[1]), write(*given))
    )
    few = ["--minutes", "0.4", "--visitors", "4", "--recordings", "1", "--after", "2", "--fake"]
    assert main([*few, "--output", str(output)]) == 0
    figures = json.loads(output.read_text())
    assert [json.loads(text)["complete"] for text in written] == [False, True]
    assert figures["errors"]["count"] == 0, figures["errors"]["kinds"]
    assert figures["seconds"]["frame"]["count"] > 50 and figures["seconds"]["recording"]
    assert output.with_suffix(".png").stat().st_size > 10_000


@pytest.mark.long
@pytest.mark.slow
def test_among_hostile_visitors_a_newcomer_has_a_frame_in_five_seconds(tmp_path):
    output = tmp_path / "visitors.json"
    few = ["--minutes", "0.5", "--visitors", "4", "--recordings", "1", "--after", "1", "--fake"]
    assert main([*few, "--hostile", "--output", str(output)]) == 0
    assert json.loads(output.read_text())["newcomers"]["count"] >= 2
