import json

import pytest

from benchmarks import recording
from fer.video import VideoReader, check_video
from tests.fakes import fake_pipeline
from tests.sample_videos import make_film


@pytest.fixture(autouse=True)
def no_report(monkeypatch):
    monkeypatch.setattr("fer.timeline.report.report_html", lambda *_, **__: "<p>A report.</p>")


def test_each_stage_is_timed_and_nothing_stays_patched(tmp_path):
    film = make_film(tmp_path / "a.mp4", [i / 25 for i in range(50)], (192, 144))
    pipeline = fake_pipeline([(60, 60, 110, 120)])
    follow, parts = pipeline.process_frame, vars(recording.analysis).copy()
    figures = recording.measure(film, tmp_path / "out", pipeline, "person", 5.0)
    assert [row["stage"] for row in figures["stages"]] == ["decode", "follow", "draw", "encode"]
    assert all(row["ms a frame"] >= row["computing"] - 0.1 for row in figures["stages"])
    assert 2 / figures["times_real_time"] == pytest.approx(figures["seconds"], abs=0.01)
    assert figures["video"]["faces"] == 1
    assert figures["memory_mb"]["on_the_way"]["1"] <= figures["memory_mb"]["peak"] + 1
    assert pipeline.process_frame == follow
    assert vars(recording.analysis) == parts
    json.dumps(figures)


def test_a_clip_is_repeated_without_a_gap(tmp_path):
    film = make_film(tmp_path / "a.mp4", [i / 25 for i in range(25)])
    long = recording.repeated(film, tmp_path / "b.mp4", 5.0)
    assert check_video(long).duration == pytest.approx(5.0)
    with VideoReader(long) as reader:
        times = [frame.time for frame in reader]
        assert reader.warning is None
    assert times == pytest.approx([i / 25 for i in range(125)])


def test_the_made_video_has_six_faces_in_720p(tmp_path):
    info = check_video(recording.made_video(tmp_path, 0.2))
    assert (info.width, info.height, info.frame_rate) == (1280, 720, pytest.approx(30))
    assert info.duration == pytest.approx(0.2)


def test_the_made_video_of_fewer_frames(tmp_path):
    info = check_video(recording.made_video(tmp_path, 0.4, every=3))
    assert info.frame_rate == pytest.approx(10) and info.duration == pytest.approx(0.4)
