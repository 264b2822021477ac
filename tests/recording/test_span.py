"""An analysis from a start to an end: the same frames, times and sound, counted from the start."""

import json
import math

import numpy as np
import pytest

from fer.recording import AnalysisSettings, analyze
from fer.recording.span import Span
from fer.timeline.marks import Mark
from fer.video import VideoError, VideoReader
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film, tone_starts

TIMES = [i / 25 for i in range(100)]


@pytest.fixture(params=["a.mp4", "a.mkv", "a.avi"])
def film(request, tmp_path):
    codec = "mpeg4" if request.param == "a.avi" else "libx264"
    return make_film(tmp_path / request.param, TIMES, codec=codec)


def seen(film, span):
    with VideoReader(film) as reader:
        return [(f.time, f.duration, int(f.image.mean())) for f in span.frames(reader)]


@pytest.mark.parametrize("span", [Span(1.0, 2.0), Span(1.01, 1.5), Span(2.0), Span(0.0, 1.0)])
def test_frames_are_those_of_the_whole_within_it(film, span):
    whole = [frame for frame in seen(film, Span())]
    wanted = [
        (max(time, span.start) - span.start, image)
        for time, duration, image in whole
        if time + duration > span.start + 1e-9 and time < span.end - 1e-9
    ]
    found = seen(film, span)
    assert [image for *_, image in found] == [image for _, image in wanted]
    assert [time for time, *_ in found] == pytest.approx([time for time, _ in wanted], abs=2e-3)
    end = found[-1][0] + found[-1][1]
    assert end == pytest.approx(min(span.end, 4.0) - span.start, abs=2e-3)


@pytest.mark.parametrize("skipped", [0.0, 1.0])
def test_a_picture_stays_until_the_next_one(tmp_path, skipped):
    """Matroska states 40 ms for each here, as of a screen that is recorded when it changes."""
    film = make_film(tmp_path / "a.mkv", [0, 1.0, 5.0, 9.0])
    start = Span(3.0 - skipped, 6.0)
    with VideoReader(film) as reader:
        frames = list(start.frames(reader, skipped))
    assert [frame.time for frame in frames] == pytest.approx([0, 2.0 + skipped])
    assert frames[0].duration == pytest.approx(2.0 + skipped)
    assert [time for time, *_ in seen(film, Span(6.0, 8.0))] == [0]


def test_times_marks_and_length_count_from_the_start(tmp_path):
    film = make_film(tmp_path / "a.mp4", TIMES, (192, 144))
    pipeline = fake_pipeline([(60.0, 60.0, 110.0, 120.0)], sure("happy"))
    marks = Mark(0.5, 1.5, "stretch"), Mark(2, 2, "event"), Mark(3.5, 3.5, "event")
    progress, settings = [], AnalysisSettings(span=Span(1.0, 3.0), marks=marks)
    recording = analyze(film, tmp_path / "out", pipeline, settings, progress.append)
    assert recording.duration == pytest.approx(2.0, abs=1e-3)
    assert recording.timeline.counts()[0].tolist() == [0, 1]
    assert recording.timeline.counts()[1][:, 0].tolist() == [5, 5]
    assert recording.timeline.marks == (Mark(0, 0.5, "stretch"), Mark(1, 1, "event"))
    assert json.loads(recording.json.read_text())["about"]["start"] == 1.0
    assert "Times count from 0:01 of the recording." in recording.report.read_text()
    assert recording.warning is None and progress[-1].fraction == 1.0
    with VideoReader(recording.video) as reader:
        assert reader.info.duration == pytest.approx(2.0, abs=0.05)
        assert len(list(reader)) == 50


@pytest.mark.parametrize(("name", "sound"), [("a.mp4", "aac"), ("a.mkv", "pcm_s16le")])
def test_the_sound_keeps_its_place(tmp_path, name, sound):
    film = make_film(tmp_path / name, TIMES, (192, 144), sound=sound, sound_seconds=4.0)
    whole = tone_starts(film)
    start = whole - 0.4
    recording = analyze(
        film, tmp_path / "out", fake_pipeline(), AnalysisSettings(span=Span(start, start + 1.5))
    )
    assert tone_starts(recording.video) == pytest.approx(0.4, abs=0.05)
    with VideoReader(recording.video) as reader:
        assert reader.info.duration == pytest.approx(1.5, abs=0.1)
    assert recording.warning is None and recording.video_offset == 0
    assert recording.metadata.limited


def test_impossible_spans_are_refused_in_a_sentence(tmp_path):
    film = make_film(tmp_path / "a.mp4", TIMES)
    with pytest.raises(VideoError, match="ends at 0:04, before 1:00,"):
        analyze(film, tmp_path / "out", fake_pipeline(), AnalysisSettings(span=Span(60.0)))
    assert not (tmp_path / "out").exists()
    for start, end in ((2.0, 1.0), (1.0, 1.0), (-1.0, 2.0), (math.nan, 2.0), (1.0, math.nan)):
        with pytest.raises(VideoError, match="must be after its start"):
            Span(start, end)
    assert Span(1.0).length(None) is None and Span(1.0, 3.0).length(2.5) == 1.5
    assert np.isinf(Span().end)
