"""The paragraph and the curve of a long run."""

from docs import long_run

POINT = {"seconds": 60.0, "video_seconds": 600, "largest_mb": 400.0, "all_mb": 900.0}
MEASURED = {
    "command": "python -m benchmarks.long_run",
    "machine": {"cores": 2, "processor": "Any"},
    "films": ["a.mp4", "b.mp4"],
    "workers": 2,
    "files": 20,
    "refused": 0,
    "video_seconds": 36_000.0,
    "face_rows": 1_234_567,
    "timeline_rows": 36_000,
    "table_mb": 99.6,
    "hours": 0.5,
    "per_second": 20.0,
    "cores_busy": 0.964,
    "growth_mb": -3.2,
    "curve": [
        {**POINT, "computing": 90.0},
        {**POINT, "seconds": 120.0, "video_seconds": 1800, "computing": 200.0},
        {**POINT, "seconds": 240.0, "video_seconds": 3600, "computing": 320.0},
    ],
}


def test_the_paragraph_has_what_was_measured():
    text = " ".join(long_run.section(MEASURED).split())
    for words in (
        "**10.0 hours of video in one run**: 20 files",
        "(a.mp4, b.mp4). 2 workers on 2 cores of Any read them in 0.50 hours: 20.0 seconds of",
        "96% of the cores busy",
        "1,234,567 rows of faces and 36,000 of seconds in 100 MB; 0 files were refused",
        "was 3 MB lower in the second half",
        "`python -m benchmarks.long_run` measured it.",
    ):
        assert words in text
    assert "3 MB higher" in long_run.section({**MEASURED, "growth_mb": 3.2})


def test_the_curve_has_hours_cores_and_memory():
    read, busy, memory = long_run.plot(MEASURED).axes
    assert list(read.lines[0].get_ydata()) == [600 / 3600, 0.5, 1.0]
    assert list(busy.lines[0].get_ydata()) == [110 / 60, 1.0]
    assert list(busy.lines[0].get_xdata()) == [2.0, 4.0]
    assert [line.get_ydata()[0] for line in memory.lines] == [900.0, 400.0]
