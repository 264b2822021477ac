import errno
import inspect

import pytest

import fer.cli.video_command
from fer.cli import main
from fer.cli.video_command import progress_lines
from fer.recording import Progress
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film

BOX = (60.0, 60.0, 110.0, 120.0)


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "lesson.mp4", [i / 25 for i in range(50)], (192, 144))


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    """Stand-ins for the two networks."""
    pipeline = fake_pipeline([BOX], sure("happy"))
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda model, min_face: pipeline)


def test_it_writes_everything_and_says_where(tmp_path, film, capsys):
    assert main(["video", str(film), "--output", str(tmp_path / "out")]) == 0
    told = capsys.readouterr()
    assert "happy" in told.out
    assert told.out.startswith("View: one person, a series for each face; --view class has")
    assert f"Everything is in {tmp_path / 'out'}; open report.html first.\n" in told.out
    assert told.err.endswith("100%, 0 s left\n")
    assert (tmp_path / "out" / "annotated.mp4").is_file()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "missing.mp4"}, "There is no file"),
        ({"--rate": "90"}, "rate is 1 to 30"),
    ],
)
def test_an_error_is_one_sentence(tmp_path, film, capsys, change, said):
    options = {"file": str(film), "--output": str(tmp_path / "out"), "--rate": "5"} | change
    file = options.pop("file")
    assert main(["video", file, *(word for pair in options.items() for word in pair)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("fer video: ")
    assert said in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_could_not_be_read_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("fer.timeline.report.report_html", lambda *_, **__: "<p>A report.</p>")
    film = make_film(tmp_path / "a.mkv", [i / 25 for i in range(100)], (192, 144))
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert main(["video", str(film), "--output", str(tmp_path / "out")]) == 0
    assert "Warning: The file ends after" in capsys.readouterr().out


def test_a_line_for_each_five_per_cent():
    lines = []
    tell = progress_lines(lines.append)
    for done, left in ((0, None), (0.02, None), (0.06, 30.4), (0.08, 29), (0.5, 10), (1, 0)):
        tell(Progress(done, left))
    assert lines == ["0%\n", "6%, 30 s left\n", "50%, 10 s left\n", "100%, 0 s left\n"]


def test_the_views_are_those_of_timelines():
    from fer.timeline.timeline import VIEWS

    parser = fer.cli.build_parser()
    for view in VIEWS:
        assert parser.parse_args(["video", "a", "--output", "b", "--view", view]).view == view


def test_the_default_view_is_that_of_the_page_and_of_python():
    from fer.recording import analyse, analyse_sandboxed
    from fer.ui.recording.handlers import RecordingHandlers

    functions = (analyse, analyse_sandboxed, RecordingHandlers.analyse_recording)
    views = {inspect.signature(function).parameters["view"].default for function in functions}
    options = fer.cli.build_parser().parse_args(["video", "a", "--output", "b"])
    assert views == {options.view} == {"person"}


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


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, film, monkeypatch, capsys):
    def fill(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fer.recording.analysis.write_outputs", fill)
    assert main(["video", str(film), "--output", str(tmp_path / "new" / "out")]) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("fer video: The results can't be written: the disk is full; make room")
    assert not (tmp_path / "new").exists()
