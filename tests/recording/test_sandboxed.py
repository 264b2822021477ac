"""The analysis in a worker: the same result, and an end in time whatever the video does."""

import json
import math
import os
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fer.model.classifier import ExpressionClassifier
from fer.pipeline import Pipeline
from fer.recording import (
    AnalysisCancelled,
    AnalysisSettings,
    analyze,
    sandboxed,
    worker_monitor,
    worker_tasks,
)
from fer.recording.outputs import FILE_NAMES, FRAMES_NAME, ResultsError
from fer.recording.sandboxed import analyze_sandboxed, check_video_sandboxed
from fer.recording.worker_monitor import WorkerMonitor
from fer.recording.worker_tasks import NO_ROOM
from fer.sandbox import Message, Worker, WorkerError, start_fork_server
from fer.timeline.serialization import from_json
from fer.video import VideoError, check_video
from fer.vision.detector import FaceDetector
from tests.sample_videos import make_film
from tests.sandbox import works

EXAMPLES = Path(__file__).parents[2] / "fer/ui/photo/examples"


@pytest.fixture(autouse=True, scope="module")
def server():
    start_fork_server("fer.recording.worker_preload")


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(FaceDetector(), ExpressionClassifier.load())


def photo(index, size):
    """A photo that moves to the right."""
    image = Image.open(sorted(EXAMPLES.glob("*.jpg"))[0]).convert("RGB").resize(size)
    return np.roll(np.array(image), 2 * index, axis=1)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    times = [index / 10 for index in range(8)]
    return make_film(path, times, (320, 240), picture=photo, sound="aac", sound_seconds=0.8)


@pytest.mark.slow
def test_the_result_is_the_same_bit_for_bit(tmp_path, film, pipeline):
    reports = []
    here = analyze(film, tmp_path / "here", pipeline, AnalysisSettings("person", 10))
    there = analyze_sandboxed(
        film, tmp_path / "there", pipeline, AnalysisSettings("person", 10), reports.append
    )
    assert here.timeline == there.timeline and len(there.timeline.track_counts()[0])
    known = "timeline", "metadata", "view"
    assert [getattr(here, name) for name in known] == [getattr(there, name) for name in known]
    assert there.thumbnails is None
    for kind in set(FILE_NAMES) - {"report", "thumbnails"}:  # plots have names made by chance
        files = [getattr(recording, kind) for recording in (here, there)]
        assert files[0].read_bytes() == files[1].read_bytes(), kind
    for one, other in zip(here.pictures, there.pictures, strict=True):
        assert (one.time, one.caption) == (other.time, other.caption)
        assert np.array_equal(one.image, other.image)
    names = set(FILE_NAMES.values()) - {FILE_NAMES["thumbnails"]} | {FRAMES_NAME}
    assert {file.name for file in (tmp_path / "there").iterdir()} == names
    assert reports[-1].fraction == 1.0


@pytest.mark.slow
def test_what_is_known_of_a_file_is_the_same(film, tmp_path):
    assert check_video_sandboxed(film) == check_video(film)
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(VideoError, match="can't be read as a video"):
        check_video_sandboxed(tmp_path / "a.mp4")
    with pytest.raises(VideoError, match="There is no file"):
        check_video_sandboxed(tmp_path / "gone.mp4")


@pytest.mark.parametrize("name", ["CAM.MTS", "a.flv", "a.m4v"])
def test_each_format_can_be_read_in_a_worker(tmp_path, name):
    path = tmp_path / name
    kind = {"CAM.MTS": "a.ts", "a.m4v": "a.mp4"}.get(name, name)
    make_film(tmp_path / kind, [36_000, 36_000.1], sound="aac", sound_start=36_000).rename(path)
    assert check_video_sandboxed(path) == check_video(path)


def test_a_cancelled_analysis_ends_at_once(film, tmp_path, pipeline, monkeypatch):
    monkeypatch.setattr(sandboxed, "analyze_video", works.hang_anyhow)
    begin = time.monotonic()
    with pytest.raises(AnalysisCancelled):
        analyze_sandboxed(film, tmp_path, pipeline, cancelled=lambda: time.monotonic() > begin + 1)
    assert time.monotonic() < begin + 10


@pytest.mark.parametrize(
    ("module", "limit", "work"),
    [
        (worker_monitor, "CHECK_TIMEOUT", works.hang_anyhow),
        (worker_tasks, "MIN_TIME_LIMIT", works.hang_once_open),
    ],
)
def test_a_video_that_takes_too_long_is_reported(
    film, tmp_path, pipeline, monkeypatch, module, limit, work
):
    monkeypatch.setattr(sandboxed, "analyze_video", work)
    monkeypatch.setattr(worker_tasks, "TIME_PER_VIDEO_SECOND", 0.0)
    monkeypatch.setattr(module, limit, 0.5)
    with pytest.raises(VideoError, match="takes too long"):
        analyze_sandboxed(film, tmp_path, pipeline)


def test_a_slow_start_of_the_server_costs_a_video_no_time(film, monkeypatch):
    monkeypatch.setattr(worker_monitor, "CHECK_TIMEOUT", 1.0)

    def start_slowly(*arguments):
        time.sleep(1.2)
        return Worker(*arguments)

    monkeypatch.setattr(sandboxed, "Worker", start_slowly)
    assert check_video_sandboxed(film) == check_video(film)


def test_a_worker_gets_no_more_time_by_asking_twice():
    one = WorkerMonitor()
    one.handle(Message("opened", {"duration": 1.0, "has_audio": True}))
    end = one.end
    one.handle(Message("opened", {"duration": 9e9, "has_audio": True}))
    assert one.end == end and one.has_audio


def test_a_worker_that_floods_the_page_with_messages_is_ended():
    one, message = WorkerMonitor(), Message("progress", {"fraction": 0.5, "seconds_left": None})
    one.start()
    with pytest.raises(WorkerError, match="too many messages"):
        for _ in range(1000):
            one.handle(message)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"width": 8, "height": 8, "duration": 1.0, "frame_rate": 9.0},
        {"width": [], "height": 8, "duration": 1.0, "frame_rate": 9.0, "has_audio": True},
        {"width": 8, "height": 8, "duration": math.nan, "frame_rate": 9.0, "has_audio": True},
        {"width": math.inf, "height": 8, "duration": 1.0, "frame_rate": 9.0, "has_audio": True},
    ],
)
def test_properties_of_another_form_are_not_taken(film, monkeypatch, fields):
    monkeypatch.setattr(sandboxed, "_run_worker", lambda *given: Message("result", fields))
    with pytest.raises(VideoError, match="breaks the reader"):
        check_video_sandboxed(film)


def test_a_worker_that_fills_its_folder_is_ended(film, tmp_path, pipeline, monkeypatch):
    monkeypatch.setattr(sandboxed, "analyze_video", works.fill_folder)
    monkeypatch.setattr(sandboxed, "MAX_FOLDER_BYTES", 1_000_000)
    monkeypatch.setattr(sandboxed, "_WATCH_INTERVAL", 0.1)
    begin = time.monotonic()
    with pytest.raises(VideoError, match="breaks the reader"):
        analyze_sandboxed(film, tmp_path, pipeline)
    assert time.monotonic() < begin + 10


@pytest.mark.parametrize("kind", ["opened", "progress", "nonsense"])
def test_a_message_of_another_form_ends_the_worker(kind):
    nothing, text, array = (
        {},
        {"duration": "long", "has_audio": 1},
        {"fraction": [], "seconds_left": None},
    )
    for fields in (nothing, text, array, {"fraction": float("nan"), "seconds_left": None}):
        with pytest.raises(WorkerError, match="another form"):
            WorkerMonitor().handle(Message(kind, fields))


def test_a_video_that_ends_its_worker_is_reported(film, tmp_path, pipeline, monkeypatch):
    monkeypatch.setattr(sandboxed, "analyze_video", works.crash_anyhow)
    with pytest.raises(VideoError, match="breaks the reader"):
        analyze_sandboxed(film, tmp_path, pipeline)


@pytest.mark.slow
def test_sound_that_ends_a_worker_is_left_out(film, tmp_path, pipeline, monkeypatch):
    monkeypatch.setattr(sandboxed, "analyze_video", works.crash_with_sound)
    made = analyze_sandboxed(film, tmp_path, pipeline)
    assert made.warning == sandboxed.NO_SOUND and made.video.exists()


@pytest.mark.parametrize(
    ("duration", "seconds"), [(0.5, 300), (600, 7200), (7200, 21_600), (None, 21_600)]
)
def test_time_grows_with_the_video_up_to_a_limit(duration, seconds):
    assert worker_tasks.time_limit(duration) == seconds


def test_a_link_or_a_huge_file_is_not_taken_for_a_result(tmp_path, film, pipeline, monkeypatch):
    made = analyze(film, tmp_path / "here", pipeline, AnalysisSettings(keep_frames=True))
    fields = {
        "warning": None,
        "duration": made.duration,
        "video_offset": 0.0,
        "sound_end": made.metadata.sound_end,
        "scale": 1.0,
        "pictures": [],
    }
    message = Message("result", fields)
    assert sandboxed._read_result(message, tmp_path / "here", made.metadata) == replace(
        made, thumbnails=None, pictures=()
    )
    far = json.loads(made.json.read_text())
    far["bins"][-1][0] = 2**39  # its chart would take gigabytes of the page's own memory
    with monkeypatch.context() as patch, pytest.raises(VideoError, match="breaks the reader"):
        patch.setattr(sandboxed, "from_json", lambda text: from_json(json.dumps(far)))
        sandboxed._read_result(message, tmp_path / "here", made.metadata)
    with monkeypatch.context() as patch, pytest.raises(VideoError, match="breaks the reader"):
        patch.setattr(sandboxed, "_MAX_TIMELINE", 100)
        sandboxed._read_result(message, tmp_path / "here", made.metadata)
    secret = tmp_path / "secret"
    secret.write_text("another visitor's")
    for file in (made.frames, made.csv):
        file.unlink(), os.symlink(secret, file)
        with pytest.raises(VideoError, match="breaks the reader"):
            sandboxed._read_result(message, tmp_path / "here", made.metadata)
    wrong_values = {"pictures": [{"height": 9}], "duration": "long", "scale": math.nan}
    for wrong in ({}, *({**fields, name: value} for name, value in wrong_values.items())):
        with pytest.raises(VideoError, match="breaks the reader"):
            sandboxed._read_result(Message("result", wrong), tmp_path / "here", made.metadata)


def test_of_too_many_faces_no_table_is_made(tmp_path, film, pipeline, monkeypatch):
    """The page makes it itself, outside of all limits."""
    monkeypatch.setattr(sandboxed, "_MAX_FRAMES", 100)
    made = analyze_sandboxed(film, tmp_path, pipeline, AnalysisSettings("person", 10))
    assert made.frames is None and not (tmp_path / FRAMES_NAME).exists()
    assert made.warning == sandboxed.NO_FRAMES


def test_a_full_disk_is_a_sentence_without_the_names_of_folders():
    sent = []
    channel = SimpleNamespace(send=lambda kind, **fields: sent.append((kind, fields)))

    def work(channel):
        raise ResultsError("/srv/secret can't be written: the disk is full.")

    worker_tasks.report_errors(work, channel)
    assert sent == [("refused", {"sentence": NO_ROOM})]
