import errno
import inspect
import io
import re
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fer.cli.video_command
from fer.__main__ import run
from fer.cli import main
from fer.cli.video_command import stop_on_interrupt
from fer.recording import AnalysisCancelled, choose_view
from fer.recording.span import Span
from fer.video import VideoError, VideoReader
from fer.vision.face_sizes import VIDEO_MIN_FACE
from tests.fakes import FakeDetector, fake_pipeline, sure
from tests.sample_videos import make_film

BOX = (60.0, 60.0, 110.0, 120.0)


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "lesson.mp4", [i / 25 for i in range(50)], (192, 144))


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    """Stand-ins for the two networks."""
    pipeline = fake_pipeline([BOX], sure("happy"))
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda model, min_face, device: pipeline)


def test_it_writes_everything_and_says_where(tmp_path, film, capsys):
    assert main(["video", str(film), "--output", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert "happy" in printed.out
    assert printed.out.startswith("View: person, a series for each face; --view class has")
    assert f"Everything is in {tmp_path / 'out'}; open report.html first.\n" in printed.out
    assert printed.err == ""
    assert (tmp_path / "out" / "annotated.mp4").is_file()


def test_own_recordings_may_be_larger_and_longer_than_visitors(tmp_path, film, monkeypatch):
    for name, most in (("reader.MAX_SECONDS", 1), ("header.MAX_SECONDS", 1)):
        monkeypatch.setattr(f"fer.video.{name}", most)
    monkeypatch.setattr("fer.video.container.MAX_BYTES", 1000)
    assert main(["video", str(film), "--output", str(tmp_path / "out")]) == 0


def test_small_faces_are_looked_for_on_request(tmp_path, film, monkeypatch):
    asked = []

    def load(model, min_face, device):
        asked.append(min_face)
        return fake_pipeline([BOX], sure("happy"))

    monkeypatch.setattr("fer.pipeline.Pipeline.load", load)
    for chosen in ([], ["--min-face", "30"]):
        assert main(["video", str(film), "--output", str(tmp_path / "out"), *chosen]) == 0
    assert asked == [VIDEO_MIN_FACE, 30]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"file": "missing.mp4"}, "There is no file"),
        ({"--rate": "90"}, "rate is 1 to 30"),
        ({"--min-face": "11"}, "at least 12 pixels"),
    ],
)
def test_an_error_is_one_sentence(tmp_path, film, capsys, change, sentence):
    options = {"file": str(film), "--output": str(tmp_path / "out"), "--rate": "5"} | change
    file = options.pop("file")
    assert main(["video", file, *(word for pair in options.items() for word in pair)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("fer video: ")
    assert sentence in printed.err
    assert printed.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_could_not_be_read_is_reported(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("fer.timeline.report.report_html", lambda *_, **__: "<p>A report.</p>")
    film = make_film(tmp_path / "a.mkv", [i / 25 for i in range(100)], (192, 144))
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert main(["video", str(film), "--output", str(tmp_path / "out")]) == 0
    assert "Warning: The file ends after" in capsys.readouterr().out


def test_a_terminal_gets_the_time_left(tmp_path, film, monkeypatch):
    monkeypatch.setattr("sys.stderr", terminal := io.StringIO())
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    assert main(["video", str(film), "--output", str(tmp_path / "out")]) == 0
    assert re.search(r"lesson.mp4: +[1-9]\d*%.* 00:\d\d left", terminal.getvalue())


@pytest.mark.parametrize(("faces", "view"), [(1, "person"), (4, "person"), (5, "class")])
def test_the_view_fits_the_faces_and_is_named(tmp_path, film, monkeypatch, capsys, faces, view):
    boxes = [(10.0 + 30 * index, 60.0, 52.0 + 30 * index, 110.0) for index in range(faces)]
    pipeline = fake_pipeline(boxes, sure("happy"))
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: pipeline)
    assert main(["video", str(film), "--output", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.startswith(f"View: {view}, ")
        and "Chosen because most sampled frames have" in printed
    )
    assert main(["video", str(film), "--output", str(tmp_path / "b"), "--view", "person"]) == 0
    assert "Chosen" not in capsys.readouterr().out


def test_the_view_fits_the_faces_in_the_stretch_that_is_analysed(tmp_path):
    class Class(FakeDetector):
        def detect(self, image, *arguments):
            return FakeDetector([BOX] * (5 if image.mean() > 100 else 1)).detect(image)

    def picture(index, size):
        return np.full((size[1], size[0], 3), 200 if index >= 75 else 30, np.uint8)

    film = make_film(tmp_path / "a.mp4", [i / 25 for i in range(100)], (192, 144), picture=picture)
    assert choose_view(film, Class()) == choose_view(film, Class(), Span(0, 1)) == "person"
    assert choose_view(film, Class(), Span(3.1)) == "class"


def test_a_folder_of_videos_goes_into_a_folder_each(tmp_path, film, capsys):
    (tmp_path / "week" / "day").mkdir(parents=True)
    for name in ("week/a.mp4", "week/A.mov", "week/day/a.mp4"):
        shutil.copy(film, tmp_path / name)
    (tmp_path / "week" / "broken.mkv").write_text("no video")
    (tmp_path / "week" / "notes.txt").write_text("no video")
    out = tmp_path / "week" / "out"
    assert main(["video", str(tmp_path / "week"), str(film), "--output", str(out)]) == 0
    printed = capsys.readouterr().out
    reports = {str(path.parent.relative_to(out)) for path in out.rglob("report.html")}
    assert reports == {"A", "a-2", "day/a", "lesson"}
    assert f"{tmp_path}/week/day/a.mp4:\nView: person" in printed
    assert f"{tmp_path}/week/broken.mkv is left out. " in printed and "notes" not in printed


def test_annotated_videos_of_an_earlier_run_are_no_recordings(tmp_path, film):
    for _ in range(2):
        assert main(["video", str(tmp_path), "--output", str(tmp_path)]) == 0
    assert [path.parent.name for path in tmp_path.rglob("report.html")] == ["lesson"]
    annotated = str(tmp_path / "lesson" / "annotated.mp4")
    assert main(["video", annotated, "--output", str(tmp_path / "again")]) == 0


def test_only_unreadable_videos_are_an_error(tmp_path, capsys):
    (tmp_path / "week").mkdir()
    (tmp_path / "week" / "broken.mkv").write_text("no video")
    assert main(["video", str(tmp_path / "week"), "--output", str(tmp_path / "out")]) == 1
    assert "fer video: No video can be read. " in capsys.readouterr().err
    (tmp_path / "week" / "empty.mp4").touch()
    assert main(["video", str(tmp_path / "week"), "--output", str(tmp_path / "out")]) == 1
    first, *reasons = capsys.readouterr().err.splitlines()
    assert first == "fer video: No video can be read."
    assert ["broken.mkv" in reasons[0], "empty.mp4: The file is empty" in reasons[1]] == [True] * 2
    assert not (tmp_path / "out").exists()


def test_outside_the_main_thread_nothing_is_stopped_by_signals():
    def run():
        with stop_on_interrupt() as stopped:
            return stopped()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result() is False


@pytest.fixture
def interrupt(monkeypatch):
    """Return what has signals sent at the sixth sample of a video."""

    def send(*numbers):
        pipeline, calls = fake_pipeline([BOX], sure("happy")), []
        process = pipeline.process_frame

        def process_and_send(*arguments):
            calls.append(arguments)
            for number in numbers if len(calls) == 6 else ():
                signal.raise_signal(number)
            return process(*arguments)

        monkeypatch.setattr(pipeline, "process_frame", process_and_send)
        monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: pipeline)

    return send


# Twice: when the second one comes depends on the machine, which a busy one makes too late.
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=[pytest.mark.long, pytest.mark.slow])])
def test_ctrl_c_keeps_what_was_analysed_and_twice_ends_at_once(
    tmp_path, film, interrupt, capsys, times
):
    interrupt(*[signal.SIGINT] * times)
    handler, out = signal.getsignal(signal.SIGINT), tmp_path / "out"
    assert main(["video", str(film), "--output", str(out)]) == 130
    kept = f" What was analysed until then is in {out}." if times == 1 else ""
    assert capsys.readouterr().err == f"fer video: Interrupted.{kept}\n"
    assert signal.getsignal(signal.SIGINT) is handler
    assert out.exists() == (times == 1)
    if times == 1:
        report = (out / "report.html").read_text()
        assert "The analysis was stopped after 1 of 2 seconds." in report
        with VideoReader(out / "annotated.mp4") as annotated:
            assert [frame.time for frame in annotated][-1] < 1.3


def test_sigterm_keeps_what_was_analysed_too_even_if_it_is_sent_twice(
    tmp_path, film, interrupt, monkeypatch, capsys, sigterm
):
    interrupt(sigterm, sigterm)
    monkeypatch.setattr(sys, "argv", ["fer", "video", str(film), "--output", str(tmp_path / "out")])
    assert run() == 143
    kept = f"What was analysed until then is in {tmp_path / 'out'}."
    assert capsys.readouterr().err == f"fer video: Interrupted. {kept}\n"
    assert "after 1 of 2 seconds." in (tmp_path / "out" / "report.html").read_text()


def test_the_views_are_those_of_timelines():
    from fer.timeline.timeline import VIEWS

    parser = fer.cli.build_parser()
    for view in VIEWS:
        assert parser.parse_args(["video", "a", "--output", "b", "--view", view]).view == view


def test_the_default_view_of_the_page_is_that_of_python():
    from fer.recording import AnalysisSettings
    from fer.ui.recording.handlers import RecordingHandlers

    parameters = inspect.signature(RecordingHandlers.analyse_recording).parameters
    assert parameters["view"].default == AnalysisSettings().view == "person"


def test_the_class_view_names_the_other_one(tmp_path, film, capsys):
    assert main(["video", str(film), "--output", str(tmp_path / "out"), "--view", "class"]) == 0
    assert "five faces or more only; --view person has each face" in capsys.readouterr().out


def test_ctrl_c_is_one_line_and_leaves_nothing(tmp_path, film, monkeypatch, capsys):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("fer.recording.analysis.write_outputs", stop)
    assert main(["video", str(film), "--output", str(tmp_path / "new" / "out")]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "fer video: Interrupted."
    assert not (tmp_path / "new").exists()


def test_ctrl_c_before_the_first_frame_is_one_line_too(tmp_path, film, monkeypatch, capsys):
    def stop(*arguments, **options):
        raise AnalysisCancelled

    monkeypatch.setattr("fer.recording.analyze", stop)
    words = ["video", str(film), str(film.parent), "--output", str(tmp_path / "new" / "out")]
    assert main(words) == 130
    assert capsys.readouterr().err == "fer video: Interrupted.\n"
    assert not (tmp_path / "new").exists()


def test_a_signal_while_a_video_is_refused_ends_the_others_too(tmp_path, film, monkeypatch, capsys):
    asked = []

    def refuse(video, *arguments, **options):
        asked.append(video)
        signal.raise_signal(signal.SIGINT)
        raise VideoError("Its end is damaged.")

    monkeypatch.setattr("fer.recording.analyze", refuse)
    shutil.copy(film, tmp_path / "another.mp4")
    words = ["video", str(film), str(tmp_path / "another.mp4"), "--output", str(tmp_path / "out")]
    assert main(words) == 130 and len(asked) == 1
    assert capsys.readouterr().err == "fer video: Interrupted.\n"


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, film, monkeypatch, capsys):
    def fill(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fer.recording.analysis.write_outputs", fill)
    assert main(["video", str(film), "--output", str(tmp_path / "new" / "out")]) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("fer video: The results can't be written: the disk is full; make room")
    assert not (tmp_path / "new").exists()


def test_exports_are_named_after_the_recording(tmp_path, film):
    out = tmp_path / "out"
    words = ["video", str(film), "--output", str(out), "--view", "class", "--export"]
    assert main([*words, "bids, ELAN"]) == 0
    assert {path.name for path in out.glob("lesson*")} == {
        *("lesson.eaf", "lesson_events.tsv", "lesson_events.json"),
    }
    assert main([*words, "all"]) == 0
    assert (out / "lesson.TextGrid").is_file() and not list(out.glob("*frames*"))


def test_an_export_of_single_faces_is_refused_for_a_class(tmp_path, film, capsys):
    words = ["video", str(film), "--output", str(tmp_path / "out"), "--view", "class"]
    assert main([*words, "--export", "frames"]) == 1
    assert "which is of single faces" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_exports_that_cannot_be_written_are_refused_before_the_work(
    tmp_path, film, monkeypatch, capsys
):
    """As where requirements-lite.txt is installed."""
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("fer.recording.analysis.analyze_frames", None)  # the work
    for formats in ("vtt,parquet", "all"):
        words = ["video", str(film), "--output", str(tmp_path / "out"), "--export", formats]
        assert main(words) == 1
        assert "parquet need pyarrow: pip install pyarrow.\n" in capsys.readouterr().err


def test_where_a_class_is_recognised_its_missing_exports_are_named(
    tmp_path, film, monkeypatch, capsys
):
    monkeypatch.setattr("fer.recording.choose_view", lambda *_: "class")
    out = tmp_path / "out"
    assert main(["video", str(film), "--output", str(out), "--export", "vtt,frames"]) == 0
    assert "Not exported: frames; the class view" in capsys.readouterr().out
    assert {path.name for path in out.glob("lesson*")} == {"lesson.vtt"}


def test_exports_of_an_earlier_analysis_are_named(tmp_path, film, capsys):
    words = ["video", str(film), "--output", str(tmp_path / "out"), "--view"]
    assert main([*words, "person", "--export", "frames,elan,vtt"]) == 0
    assert "not written anew" not in capsys.readouterr().out
    assert main([*words, "class", "--export", "vtt"]) == 0
    names = f"{film.stem}.eaf, {film.stem}_frames.csv"
    assert f"Of an earlier analysis, and not written anew: {names}.\n" in capsys.readouterr().out


def test_marks_come_from_a_file(tmp_path, film, capsys):
    rows = "kind,start,end,text\nleft out,0:01,2,noise\nevent,1:15,,late\n"
    (tmp_path / "marks.csv").write_text(rows)
    words = ["video", str(film), "--output", str(tmp_path / "out"), "--marks"]
    assert main([*words, str(tmp_path / "marks.csv"), "--export", "frames,vtt"]) == 0
    output = capsys.readouterr().out
    assert "Left out: 1\xa0s" in output
    assert "Marks outside what was analysed, which nothing shows: 1." in output
    assert "noise" in (tmp_path / "out" / "report.html").read_text()
    assert "noise" in (tmp_path / "out" / "lesson.vtt").read_text()
    frames = (tmp_path / "out" / "lesson_frames.csv").read_text().splitlines()
    assert frames[1].endswith(",0,") and frames[-1].endswith(",1,left out: noise")


def test_marks_in_the_sound_after_the_last_picture_are_shown(tmp_path, capsys):
    times = [i / 25 for i in range(50)]
    film = make_film(tmp_path / "a.mp4", times, (192, 144), sound="aac", sound_seconds=6)
    (tmp_path / "marks.csv").write_text("kind,start,end\nevent,0.5,\nstretch,4,50\nevent,20,\n")
    words = ["video", str(film), "--output", str(tmp_path / "out"), "--start", "1"]
    words += ["--marks", str(tmp_path / "marks.csv"), "--export", "textgrid"]
    assert main(words) == 0
    assert "which nothing shows: 2." in capsys.readouterr().out
    text = (tmp_path / "out" / "a.TextGrid").read_text()
    (longest,) = set(re.findall(r"^xmax = (.*)$", text, re.MULTILINE))
    assert float(longest) == pytest.approx(5, abs=0.1)
    assert main([*words, "--end", "2"]) == 0  # the sound ends with the pictures
    assert "which nothing shows: 3." in capsys.readouterr().out


def test_marks_that_cannot_be_read_are_one_sentence(tmp_path, film, capsys):
    (tmp_path / "latin.csv").write_bytes("kind,start\nevent,1,\xe9\n".encode("latin-1"))
    words = ["video", str(film), "--output", str(tmp_path / "out"), "--marks"]
    for file, error in (("no.csv", "can't be read"), ("latin.csv", "is not in UTF-8")):
        assert main([*words, str(tmp_path / file)]) == 1
        assert error in capsys.readouterr().err
    words.insert(2, str(film))
    assert main([*words, str(tmp_path / "latin.csv")]) == 1
    assert "--marks belongs to one recording" in capsys.readouterr().err


def test_start_and_end_are_clock_times(tmp_path, film, capsys):
    words = ["video", str(film), "--output", str(tmp_path / "out")]
    assert main([*words, "--start", "0:00.5", "--end", "1.5"]) == 0
    assert "In 1\xa0s, with 1.0 faces" in capsys.readouterr().out
    for wrong in (["--start", "2", "--end", "1"], ["--start", "9"]):
        assert main([*words, *wrong]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit):
        main([*words, "--start", "soon"])
    assert "'soon' is no time such as 90 or 1:30" in capsys.readouterr().err
