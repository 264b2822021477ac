"""A recording from file to files, with stand-ins for the networks."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from supervision import Detections

from benchmarks.recording import repeated
from benchmarks.reporting import STATUS
from fer.colors import COLORS
from fer.pipeline import Pipeline
from fer.recording import RATE_RANGE, AnalysisCancelled, AnalysisSettings, analyze
from fer.recording.frame_analyzer import FrameAnalyzer
from fer.recording.outputs import FILE_NAMES
from fer.recording.span import Span
from fer.timeline.serialization import from_json
from fer.video import Frame, VideoError, VideoReader, check_video
from tests.fakes import FakeClassifier, FakeDetector, fake_pipeline, sure
from tests.sample_videos import grey, make_film, tone_starts
from tests.timeline.frames import table_of

SIZE = (192, 144)
BOX = (60.0, 60.0, 110.0, 120.0)
HAPPY = np.array(list(bytes.fromhex(COLORS["happy"][1:])))


class SlidingPipeline(Pipeline):
    """Finds a happy face that lies the further right the brighter the picture is."""

    def __init__(self) -> None:
        super().__init__(FakeDetector(), FakeClassifier())
        self.times = []

    def process_frame(self, image, time, following) -> Detections:
        self.times.append(time)
        left = 20 + 6 * round((float(image.mean()) - 20) / 8)
        image[:] = 0  # what it was given is its own
        return Detections(
            xyxy=np.array([[left, 60, left + 50, 120]], np.float32),
            confidence=np.ones(1, np.float32),
            tracker_id=np.array([1]),
            data={
                "probabilities": np.array([sure("happy")], np.float32),
                "size": np.full(1, 54.8, np.float32),
            },
        )


@pytest.fixture
def no_plots(monkeypatch):
    """Leave out what takes seconds."""
    monkeypatch.setattr(
        "fer.timeline.report.report_html", lambda *arguments: f"A report: {arguments}"
    )
    monkeypatch.setattr("fer.timeline.plot.timeline_plot", lambda *_: Figure())


@pytest.fixture
def film(tmp_path):
    times = [i / 25 for i in range(50)]
    return make_film(tmp_path / "lesson.mkv", times, SIZE, sound="pcm_s16le")


def images_of(path):
    with VideoReader(path) as reader:
        return [frame.image for frame in reader]


def box_left(image: np.ndarray) -> float:
    """Where the left line of the box drawn in `image` is."""
    row = np.abs(image[100].astype(int) - HAPPY).sum(axis=1) < 120
    return float(np.flatnonzero(row)[0])


def test_faces_that_are_not_looked_for_have_no_part_and_the_results_say_so(tmp_path, film):
    pipeline = Pipeline(FakeDetector([BOX], min_face=30), FakeClassifier(sure("happy")))
    recording = analyze(film, tmp_path / "out", pipeline)
    assert json.loads(recording.json.read_text())["settings"]["small"] == 30
    assert "Faces of at least 30 pixels" in recording.report.read_text()


def test_a_length_that_is_known_is_not_measured_again(tmp_path, film):
    reports, known = [], replace(check_video(film), duration=200.0)
    analyze(film, tmp_path / "out", fake_pipeline([]), progress=reports.append, video_info=known)
    assert max(report.fraction for report in reports[:-1]) < 0.1


def test_everything_is_written(tmp_path, film):
    reports = []
    pipeline = fake_pipeline([BOX], sure("happy"))
    recording = analyze(film, tmp_path / "out", pipeline, progress=reports.append)
    paths = {kind: getattr(recording, kind) for kind in FILE_NAMES}
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILE_NAMES.values())
    assert all(path.is_file() and path.stat().st_size > 100 for path in paths.values())
    assert (recording.view, recording.warning) == ("person", None)
    with VideoReader(paths["video"]) as reader:
        assert reader.info.has_audio
        assert len(list(reader)) == 50
    assert len(recording.timeline) == 2  # seconds
    assert from_json(paths["json"].read_text()) == recording.timeline
    table = table_of(paths["csv"].read_text())
    assert table.equals(recording.timeline.track_table())
    assert table["frames"].tolist() == [5, 5]
    done = [report.fraction for report in reports]
    assert done == sorted(done)
    assert done[-1] == 1


@pytest.mark.usefixtures("no_plots")
def test_the_class_view_has_no_rows_of_single_faces(tmp_path, film):
    recording = analyze(film, tmp_path / "out", fake_pipeline([BOX]), AnalysisSettings("class"))
    table = table_of(recording.csv.read_text())
    assert recording.view == "class"
    assert "track" not in table
    assert table["happy"].isna().all()  # one face is too few


@pytest.mark.usefixtures("no_plots")
def test_the_class_view_shows_nobody_s_expression(tmp_path, film):
    """Happy and sad faces look alike in its video."""
    videos = [
        analyze(
            film, tmp_path / name, fake_pipeline([BOX], sure(name)), AnalysisSettings("class")
        ).video
        for name in ("happy", "sad")
    ]
    one, other = (images_of(video)[10].astype(int) for video in videos)
    np.testing.assert_array_equal(one, other)
    assert one[60:120, 60].min() < 60 or one[60:120, 60].max() > 200  # there is a box


@pytest.mark.parametrize(
    ("times", "rate", "expected"),
    [
        ([i / 25 for i in range(50)], 5, 10),
        ([i / 24 for i in range(48)], 5, 10),
        ([i / 30 for i in range(60)], 1, 2),
        ([i / 25 for i in range(50)], 30, 50),
        ([0, 0.04, 0.08, 0.9, 0.94, 5.0, 5.04], 5, 26),
        ([0, 3.0], 5, 16),
        ([i / 25 for i in range(50)], 12.5, 25),
    ],
)
@pytest.mark.usefixtures("no_plots")
def test_so_many_frames_a_second_are_analysed(tmp_path, times, rate, expected):
    pipeline = SlidingPipeline()
    film = make_film(tmp_path / "a.mp4", times, SIZE)
    recording = analyze(film, tmp_path / "out", pipeline, AnalysisSettings(rate=rate))
    assert recording.timeline.table()["frames"].sum() == expected
    assert len(pipeline.times) <= expected + 2  # its face jumps back once


@pytest.mark.parametrize("frames_a_second", [24, 25, 30000 / 1001, 60000 / 1001])
@pytest.mark.parametrize("rate", RATE_RANGE)
def test_a_face_keeps_its_number_and_no_second_is_left_out(frames_a_second, rate):
    watching = FrameAnalyzer(Pipeline(FakeDetector([BOX]), FakeClassifier()), "person", rate)
    for index in range(int(20 * frames_a_second)):
        watching.analyze(Frame(np.zeros((*SIZE[::-1], 3), np.uint8), index / frames_a_second, 0.04))
    table = watching.timeline.track_table()
    assert set(table["track"]) == {1}
    assert table["time"].tolist() == list(range(20))


class Blinking(FakeDetector):
    """Detects its face in pictures of these grey levels only."""

    def __init__(self, levels) -> None:
        super().__init__([BOX])
        self.levels = levels

    def detect(self, image, tiles=None, known_boxes=None, confidence=None) -> Detections:
        found = super().detect(image, tiles)
        return found if image.max() in self.levels else found[:0]


def watched(levels):
    """The rows of a video of grey levels 0 to 3, a second each."""
    watching = FrameAnalyzer(Pipeline(Blinking(levels), FakeClassifier()), "person", 1.0)
    for time in range(4):
        watching.analyze(Frame(np.full((*SIZE[::-1], 3), time, np.uint8), time, 1.0))
    return watching.timeline.track_table()


def test_a_face_counts_from_its_first_detection_if_there_is_a_second():
    assert watched({0, 1, 2, 3})["time"].tolist() == [0, 1, 2, 3]
    assert watched({1, 2, 3})["time"].tolist() == [1, 2, 3]
    assert watched({1, 3})["time"].tolist() == [3]  # it is known too late that 1 was a face
    assert len(watched({1})) == len(watched({3})) == 0


@pytest.mark.parametrize("pause", [1, 2, 3])
def test_a_face_in_a_slow_video_keeps_its_number(pause):
    watching = FrameAnalyzer(Pipeline(FakeDetector([BOX]), FakeClassifier()), "person", 5.0)
    for time in range(0, 12, pause):
        list(watching.repeat_last_frame(time))
        watching.analyze(Frame(np.zeros((*SIZE[::-1], 3), np.uint8), time, pause))
    list(watching.repeat_last_frame(watching.end))
    table = watching.timeline.track_table()
    assert set(table["track"]) == {1} and table["time"].tolist() == list(range(12))


@pytest.mark.usefixtures("no_plots")
def test_a_picture_that_stays_counts_for_as_long_as_it_stays(tmp_path):
    """A second of film, then its last picture for nine more."""
    seen = []

    class Watched(SlidingPipeline):
        def process_frame(self, image, time, following) -> Detections:
            seen.append(float(image.mean()))
            return super().process_frame(image, time, following)

    film = make_film(tmp_path / "a.mkv", [i / 25 for i in range(25)], SIZE, picture=grey, last=9.0)
    recording = analyze(film, tmp_path / "out", Watched())
    assert recording.duration == pytest.approx(9.96, abs=0.05)
    assert recording.timeline.track_table()["frames"].sum() == len(seen) == 49
    np.testing.assert_allclose(seen[5:], 20 + 8 * 24, atol=2)
    assert max(seen[:5]) < 190


def test_a_name_of_any_bytes_costs_no_analysis(tmp_path, film):
    named = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9.mp4")))
    shutil.copy(film, named)
    recording = analyze(named, tmp_path / "out", fake_pipeline([BOX]))
    assert "caf\N{REPLACEMENT CHARACTER}.mp4" in recording.report.read_text("utf-8")


@pytest.mark.usefixtures("no_plots")
def test_boxes_are_interpolated_between_the_analysed_frames(tmp_path):
    """Each frame's face lies 6 pixels further right; only every fifth is looked at."""
    film = make_film(tmp_path / "a.mkv", [i / 25 for i in range(16)], SIZE, picture=grey)
    recording = analyze(film, tmp_path / "out", SlidingPipeline())
    lefts = [box_left(image) for image in images_of(recording.video)]
    np.testing.assert_allclose(lefts, [20 + 6 * i for i in range(16)], atol=2)


def test_a_video_without_faces(tmp_path, film):
    recording = analyze(film, tmp_path / "out", fake_pipeline([]))
    assert recording.timeline.table()["faces"].tolist() == [0, 0]
    assert all((tmp_path / "out" / name).is_file() for name in FILE_NAMES.values())
    assert "No face was found in" in recording.report.read_text()


@pytest.mark.usefixtures("no_plots")
def test_a_phone_s_video_comes_out_upright_at_its_own_times_with_its_sound(tmp_path):
    times = [i / 30 + 0.1 * (i > 20) for i in range(50)]
    turned = {"display": (90, False), "sound": "aac", "sound_start": 0.2}
    film = make_film(tmp_path / "a.mov", times, SIZE, **turned)
    recording = analyze(film, tmp_path / "out", fake_pipeline([BOX]))
    with VideoReader(film) as source, VideoReader(recording.video) as reader:
        assert (reader.info.width, reader.info.height) == SIZE[::-1]
        assert reader.info.duration == pytest.approx(source.info.duration, abs=1 / 30)
        kept = [frame.time for frame in reader]
    np.testing.assert_allclose(kept, times, atol=1e-3)
    assert tone_starts(recording.video) == pytest.approx(tone_starts(film), abs=0.01)


@pytest.mark.usefixtures("no_plots")
def test_a_large_video_is_analysed_at_1080p(tmp_path):
    film = make_film(tmp_path / "a.mp4", [0, 0.2, 0.4], (2560, 1440))
    recording = analyze(
        film, tmp_path / "out", fake_pipeline([BOX]), AnalysisSettings(exports=("frames",))
    )
    with VideoReader(recording.video) as reader:
        assert (reader.info.width, reader.info.height) == (1920, 1080)
    about = json.loads(recording.json.read_text())["about"]
    assert about["downscale_factor"] == pytest.approx(4 / 3)
    assert (about["title"], about["rate"], about["duration"]) == ("a.mp4", 5, pytest.approx(0.44))
    face = pd.read_csv(tmp_path / "out" / "a_frames.csv").iloc[0]
    side = np.sqrt((face["right"] - face["left"]) * (face["bottom"] - face["top"]))
    assert face["size"] == pytest.approx(side)
    assert pd.read_csv(recording.csv)["size"].tolist() == [round(side)]


@pytest.mark.usefixtures("no_plots")
def test_how_much_later_the_film_is_than_the_timeline_is_known(tmp_path):
    times = [3 + i / 25 for i in range(50)]
    film = make_film(tmp_path / "a.mkv", times, SIZE, sound="aac", sound_seconds=5)
    recording = analyze(film, tmp_path / "out", fake_pipeline([BOX]))
    assert recording.video_offset == pytest.approx(3, abs=0.05)
    assert recording.duration == pytest.approx(2, abs=0.05)
    assert json.loads(recording.json.read_text())["about"]["video_offset"] == recording.video_offset
    assert f"video_offset={recording.video_offset}" in recording.report.read_text()


class UpsideDown(FakeDetector):
    """Finds its face in frames that are turned by half; marked by a bright corner."""

    def detect(self, image, tiles=None, known_boxes=None, confidence=None) -> Detections:
        found = super().detect(image, tiles)
        return found if image[-1, -1].min() > 128 else found[:0]

    def detect_any_rotation(self, image) -> Detections:
        return Detections(xyxy=np.array([BOX], np.float32), metadata={"rotation": 180})


@pytest.mark.usefixtures("no_plots")
def test_an_upside_down_video_is_turned_and_reported(tmp_path):
    def cornered(index, size):
        image = grey(index, size)
        image[:32, :32] = 255
        return image

    source = make_film(tmp_path / "a.mp4", [i / 5 for i in range(10)], SIZE, picture=cornered)
    pipeline = Pipeline(UpsideDown([BOX]), FakeClassifier())
    recording = analyze(source, tmp_path / "out", pipeline)
    assert recording.warning == "The video looks turned by 180 degrees; it was read as turned."
    assert set(recording.timeline.track_table()["track"]) == {1}


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_faces_of_a_film_too_short_for_two_samples_count(tmp_path, frames):
    film = make_film(tmp_path / "a.mp4", [i / 25 for i in range(frames)], SIZE)
    recording = analyze(film, tmp_path / "out", fake_pipeline([BOX]))
    assert recording.timeline.table()["faces"].tolist() == [1]
    assert recording.timeline.track_table()["track"].tolist() == [1]


def test_what_a_damaged_video_gives_comes_with_a_warning(tmp_path):
    film = make_film(tmp_path / "a.mkv", [i / 25 for i in range(100)], SIZE)
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    recording = analyze(film, tmp_path / "out", fake_pipeline([BOX]))
    assert "The file ends after" in recording.warning
    assert recording.warning in recording.report.read_text()
    assert 20 < len(images_of(recording.video)) < 80


def test_the_report_says_what_was_used(tmp_path, film):
    figures = {"accuracy": 0.5, "pictures": 1234, "label_set": "own labels"}
    pipeline = fake_pipeline([BOX], metrics={"test": figures})
    report = analyze(film, tmp_path / "out", pipeline, AnalysisSettings(rate=2)).report.read_text()
    for words in ("lesson.mkv", "fake &lt;model&gt;", "1,234 pictures of the test", "2 a second"):
        assert words in report


@pytest.mark.parametrize("frames", [0, 20])
def test_cancelling_leaves_nothing(tmp_path, film, frames):
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > frames

    with pytest.raises(AnalysisCancelled):
        analyze(film, tmp_path / "out", fake_pipeline([BOX]), cancelled=cancelled)
    assert len(asked) == frames + 1
    assert not (tmp_path / "out").exists()


def test_cancelling_leaves_what_else_is_in_the_folder(tmp_path, film):
    with pytest.raises(AnalysisCancelled):
        analyze(film, tmp_path, fake_pipeline([BOX]), cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == [film]


@pytest.mark.usefixtures("no_plots")
def test_cancelling_keeps_what_came_of_an_earlier_analysis(tmp_path, film):
    earlier = analyze(film, tmp_path / "out", fake_pipeline([BOX]))
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert earlier.video in before
    with pytest.raises(AnalysisCancelled):
        analyze(film, tmp_path / "out", fake_pipeline([BOX]), cancelled=lambda: True)
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.usefixtures("no_plots")
def test_the_sound_of_a_stopped_analysis_ends_with_the_pictures(tmp_path, film):
    answers = iter([False] * 12)
    pipeline = fake_pipeline([BOX])
    recording = analyze(film, tmp_path / "out", pipeline, stopped=lambda: next(answers, True))
    assert recording.warning == "The analysis was stopped after 1 of 2 seconds."
    with av.open(str(recording.video)) as container:
        sound = container.streams.audio[0]
        assert sound.duration * sound.time_base < recording.duration + 0.1


@pytest.mark.parametrize("how", ["stopped", "cancelled"])
def test_an_analysis_can_be_ended_on_the_way_to_its_start(tmp_path, how, monkeypatch):
    """An AVI is read from its beginning, which may take minutes."""
    film = make_film(tmp_path / "a.avi", [i / 25 for i in range(50)], SIZE, codec="mpeg4")
    read = []
    monkeypatch.setattr(
        Span, "_read", lambda span, reader, *_: (read.append(1) or one for one in reader)
    )
    with pytest.raises(AnalysisCancelled):
        settings, end = AnalysisSettings(span=Span(1.0)), {how: lambda: True}
        analyze(film, tmp_path / "out", fake_pipeline([BOX]), settings, **end)
    assert len(read) == 2  # the first frame, and the one that ends it
    assert not (tmp_path / "out").exists()


def test_a_video_is_not_written_over_itself(tmp_path, film):
    source = film.rename(tmp_path / FILE_NAMES["video"])
    before = source.read_bytes()
    with pytest.raises(VideoError, match="would be written over; name another folder"):
        analyze(source, tmp_path, fake_pipeline([BOX]))
    assert source.read_bytes() == before


def test_an_error_midway_leaves_nothing(tmp_path, film):
    class Broken(FakeClassifier):
        def classify(self, crops):
            raise KeyError

    with pytest.raises(KeyError):
        analyze(film, tmp_path / "out", Pipeline(FakeDetector([BOX]), Broken()))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"rate": 0.5}, "rate is 1 to 30"),
        ({"rate": 60}, "rate is 1 to 30"),
        ({"view": "everybody"}, "view is one of"),
    ],
)
def test_settings_out_of_range(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        AnalysisSettings(**options)


def test_what_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_text("Dear diary")
    with pytest.raises(VideoError, match="can't be read"):
        analyze(tmp_path / "a.mp4", tmp_path / "out", fake_pipeline([]))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="Only Linux tells a process's memory so.")
def test_memory_does_not_grow_with_the_length(tmp_path):
    """600 frames would be 138 MB in a list."""
    clip = make_film(tmp_path / "clip.mp4", [i / 25 for i in range(25)], (320, 240))
    film = repeated(clip, tmp_path / "long.mp4", 24)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from benchmarks.reporting import resident\n"
        "import fer.timeline.report\n"
        "from fer.recording import analyze\n"
        "from tests.fakes import fake_pipeline\n"
        "fer.timeline.report.report_html = lambda *_, **__: ''\n"
        "seen = {}\n"
        "def report(progress):\n"
        "    seen.setdefault(progress.fraction > 0.25, resident('VmRSS'))\n"
        "    now = resident('VmRSS') * (progress.fraction < 0.97)\n"
        "    seen['last'] = max(seen.get('last', 0), now)\n"
        "pipeline = fake_pipeline([(60, 60, 110, 120)])\n"
        "analyze(Path(sys.argv[1]), Path(sys.argv[2]), pipeline, progress=report)\n"
        "print(seen['last'] - seen[True])"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program, film, tmp_path / "out"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert float(done.stdout) < 60, done.stderr


def test_the_timeline_has_the_network_s_bound():
    pipeline = fake_pipeline()
    pipeline.classifier.uncertain_below = 0.7
    assert FrameAnalyzer(pipeline, "person", 5.0).timeline.uncertain_below == 0.7
