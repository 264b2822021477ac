from pathlib import Path

import pytest

from fer.cli import main
from fer.cli.compare_command import short_names
from fer.timeline.marks import Mark
from fer.timeline.serialization import to_json
from tests.timeline.test_compare import lesson


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / name / "timeline.json" for name in ("monday", "tuesday")]
    for seed, path in enumerate(paths):
        timeline = lesson(seed, happy=2.0 * seed)
        timeline.marks = (Mark(0, 40, "stretch", "talk"), Mark(50, 90, "baseline"))
        path.parent.mkdir()
        path.write_text(to_json(timeline, {"fingerprint": str(seed)}))
    return [str(path) for path in paths]


def test_two_timelines_are_compared_and_saved(tmp_path, files, capsys):
    assert main(["compare", *files, "--output", str(tmp_path / "out" / "table.csv")]) == 0
    printed = capsys.readouterr().out
    assert "tuesday less monday, with 95% intervals:" in printed
    assert "From monday to tuesday, " in printed and "Different networks" in printed
    assert "What this can't tell" in printed
    assert (tmp_path / "out" / "table.csv").read_text().startswith("measure,sample,mean,")


def test_a_folder_stands_for_the_only_timeline_in_it(tmp_path, files, capsys):
    folders = [str(Path(file).parent) for file in files]
    assert main(["compare", *folders]) == 0
    assert "tuesday less monday" in capsys.readouterr().out
    assert main(["compare", files[0], str(tmp_path)]) == 1
    sentence = f"{tmp_path} holds 2 timelines; name them, such as {files[0]}.\n"
    assert capsys.readouterr().err == f"fer compare: {sentence}"
    Path(files[1]).rename(Path(folders[1], "._timeline.json"))  # as macOS writes on some disks
    assert main(["compare", files[0], folders[1]]) == 1
    assert f"{folders[1]} holds no timeline.json, as fer video" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["one/a.json", "two/b.json"], ["a", "b"]),
        (["one/a.json"], ["a"]),
        (["one/lesson/a.json", "two/lesson/a.json"], ["one/lesson", "two/lesson"]),
        (["one/a.json", "two/a.json", "two/b.json"], ["one/a", "two/a", "two/b"]),
        (["one/a.json", "one/a.json"], ["one", "one"]),
        (["one/one/a.json", "one/a.json"], ["one/one", "{}/one"]),
    ],
)
def test_names_tell_the_files_apart(tmp_path, files, names):
    found = [name for name, _ in short_names([tmp_path / file for file in files])]
    assert found == [name.format(tmp_path.name) for name in names]


def test_marked_stretches_of_one_are_compared(files, capsys):
    assert main(["compare", files[0], "--stretches"]) == 0
    assert "talk less baseline" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "can't be read: No such file"),
        (b"\xff", "is no timeline as JSON"),
        (b"[]", "is no timeline as JSON"),
        (b'{"format": "other", "version": 1}', "is no timeline as JSON"),
        (b'{"format": "fer-timeline", "version": 99}', "saved in version 99 of its format"),
    ],
)
def test_what_is_no_timeline_is_one_sentence(tmp_path, files, capsys, content, error):
    other = tmp_path / "other.json"
    if content is not None:
        other.write_bytes(content)
    assert main(["compare", files[0], str(other)]) == 1
    printed = capsys.readouterr().err
    assert error in printed and f" {other} " in printed and printed.count("\n") == 1


def test_no_timeline_is_written_over(files, capsys):
    before = Path(files[1]).read_text()
    assert main(["compare", *files, "--output", files[1]]) == 1
    assert "would be written over; name another file." in capsys.readouterr().err
    assert Path(files[1]).read_text() == before


def test_a_folder_is_no_name_for_the_table(files, tmp_path, capsys):
    assert main(["compare", *files, "--output", str(tmp_path)]) == 1
    assert f"is a folder; name a file, such as {tmp_path}/compar" in capsys.readouterr().err


def test_a_single_timeline_is_refused(files, capsys):
    assert main(["compare", files[0]]) == 1
    assert "takes 2 to 12 recordings" in capsys.readouterr().err


def test_a_table_that_cannot_be_written_is_refused_before_the_work(tmp_path, files, capsys):
    Path(files[0]).write_text("[]")  # the work would end at it
    (tmp_path / "taken").touch()
    assert main(["compare", *files, "--output", str(tmp_path / "taken" / "table.csv")]) == 1
    assert "is a file; name a folder" in capsys.readouterr().err
