"""`fer photo`: single photos, folders, files that aren't any, and what is written."""

import csv
import errno
import io
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.cli import main
from fer.cli.input_paths import find_files
from fer.cli.photo_command import annotated_paths
from fer.output_files import OutputError, write_file
from fer.paths import PHOTO
from tests.fakes import FakeDetector, fake_pipeline, sure

BOXES = [(30.0, 30.0, 90.0, 100.0), (110.0, 40.0, 150.0, 90.0)]


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    """Stand-ins for the two networks: they find the same two faces in every picture."""
    pipeline = fake_pipeline(BOXES, sure("happy", 0.93), sure("sad", 0.42))
    asked = {}

    def load(model, min_face, device):
        asked.update(model=model, min_face=min_face, device=device)
        return pipeline

    monkeypatch.setattr("fer.pipeline.Pipeline.load", load)
    return asked


@pytest.fixture
def photos(tmp_path):
    """A folder of photos, in one another, with a broken one and a text."""
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    for name in ("a.png", "a.jpg", "trip/a.jpg", "B.JPG"):
        Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(folder / name)
    (folder / "broken.jpg").write_text("I am no picture.")
    (folder / "notes.txt").write_text("Not one either.")
    return folder


def test_without_output_no_file_is_written(photos, tmp_path, capsys):
    before = set(tmp_path.rglob("*"))
    assert main(["photo", str(photos / "a.jpg")]) == 0
    assert capsys.readouterr().out == f"{photos}/a.jpg: 2 faces: happy 93%, uncertain\n"
    assert set(tmp_path.rglob("*")) == before


def test_a_photo_on_its_side_is_reported(photos, monkeypatch, capsys):
    def detect(self, image):
        return replace(self.detect(image), metadata={"rotation": 180})

    monkeypatch.setattr(FakeDetector, "detect_any_rotation", detect)
    main(["photo", str(photos / "a.jpg")])
    sentence = "The photo looks turned by 180 degrees; it was read as turned."
    assert capsys.readouterr().out.endswith(f"2 faces: happy 93%, uncertain. {sentence}\n")


def test_how_a_photo_was_read_is_reported(photos, tmp_path, capsys):
    Image.fromarray(np.full((240, 320), 3000, np.uint16)).save(photos / "dark.png")
    main(["photo", str(photos / "dark.png"), "--output", str(tmp_path / "out")])
    sentence = "The picture uses 12 of its 16 bits; it was brightened to the full range."
    assert f"dark.png: 2 faces: happy 93%, uncertain. {sentence}\n" in capsys.readouterr().out
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert document["pictures"][0]["notices"] == [sentence]


def test_options_reach_the_networks(photos, networks):
    main(["photo", str(photos / "a.jpg"), "--min-face", "33", "--model", "you/name@v1"])
    assert networks == {"min_face": 33, "model": "you/name@v1", "device": "cpu"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--min-face", "2"], "--min-face is at least 12 pixels, not 2."),
        (["--model", "nowhere"], "neither a folder here nor a Hub id"),
        (["--model", "."], ". is no folder of a network that can be loaded here: it lacks config"),
        (["--device", "cuda:77"], "Device cuda:77 can't be used on this machine"),
        (["--device", "toaster"], "Device toaster can't be used on this machine"),
        (["--device", "meta"], "Device meta can't be used on this machine"),
    ],
)
def test_options_that_will_not_do_are_refused_before_the_work(
    photos, networks, capsys, monkeypatch, words, sentence
):
    monkeypatch.chdir(photos)
    assert main(["photo", str(photos / "a.jpg"), *words]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("fer photo: ") and sentence in printed and printed.count("\n") == 1
    assert networks == {}


def test_another_device_needs_pytorch(photos, networks, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["photo", str(photos / "a.jpg"), "--device", "cuda"]) == 1
    assert "Device cuda needs PyTorch, which requirements.txt installs" in capsys.readouterr().err


def test_a_folder_into_files(photos, tmp_path, capsys):
    output = tmp_path / "out"
    assert main(["photo", str(photos), "--output", str(output)]) == 0
    printed = capsys.readouterr().out.splitlines()
    names = [f"{photos}/{name}" for name in ("B.JPG", "a.jpg", "a.png", "trip/a.jpg")]
    assert [line.split(": ")[0] for line in printed[:4]] == names
    assert printed[4].startswith(f"{photos}/broken.jpg is left out. The file is not a picture")
    assert printed[5:] == [f"Everything is in {output}."]
    assert sorted(str(path.relative_to(output)) for path in output.rglob("*.jpg")) == [
        "B-faces.jpg", "a-2-faces.jpg", "a-faces.jpg", "trip/a-faces.jpg"
    ]  # fmt: skip
    assert np.asarray(Image.open(output / "a-faces.jpg")).std() > 1  # there are boxes on it


def test_csv_and_json_hold_every_face_and_every_refused_photo(photos, tmp_path):
    main(["photo", str(photos), "--output", str(tmp_path / "out")])
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "faces.csv").read_text())))
    assert len(rows) == 9
    assert {row["note"] for row in rows[:8]} == {""}
    assert rows[8]["picture"] == f"{photos}/broken.jpg" and not rows[8]["expression"]
    assert rows[8]["note"].startswith("The file is not a picture")
    first = f"{photos}/B.JPG"
    assert (rows[0]["picture"], rows[0]["face"], rows[0]["expression"]) == (first, "1", "happy")
    assert float(rows[1]["sad"]) == pytest.approx(0.42)
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert [len(picture["faces"]) for picture in document["pictures"]] == [2] * 4
    assert list(document["refused"]) == [f"{photos}/broken.jpg"]


def test_results_of_an_earlier_run_and_hidden_files_are_no_photos(photos):
    for hidden in ("out", ".thumbnails"):
        (photos / hidden).mkdir()
        Image.new("RGB", (60, 60)).save(photos / hidden / "a-faces.jpg")
    (photos / "._a.jpg").write_text("what macOS leaves on a stick")
    names = {path.as_posix() for path in find_files(PHOTO, [photos], photos / "out", {}).values()}
    assert names == {"B.JPG", "a.jpg", "a.png", "trip/a.jpg", "broken.jpg"}
    assert photos / "out" / "a-faces.jpg" in find_files(PHOTO, [photos], None, {})


def test_the_folder_of_the_results_is_left_out_beside_others(photos, tmp_path):
    """As a shell's * has it at the second time."""
    (photos / "out").mkdir()
    Image.new("RGB", (60, 60)).save(photos / "out" / "a-faces.jpg")
    left_out = {}
    given = [photos / "a.jpg", photos / "out"]
    assert list(find_files(PHOTO, given, photos / "out", left_out)) == given[:1]
    assert list(left_out) == [str(photos / "out")]
    assert len(find_files(PHOTO, given[1:], photos / "out", left_out)) == 1


def test_a_photo_named_twice_is_read_once(photos):
    given = [photos / "a.jpg", photos / "trip" / ".." / "a.jpg", photos]
    assert len(find_files(PHOTO, given, None, {})) == 5


def test_the_output_may_be_the_folder_itself_but_no_photo_is_overwritten(photos, capsys):
    arguments = ["photo", str(photos), "--output", str(photos)]
    assert main(arguments) == 0
    marked = (photos / "a-faces.jpg").read_bytes()
    assert main(arguments) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("fer photo: The photo ") and "would be overwritten" in printed
    assert (photos / "a-faces.jpg").read_bytes() == marked


def test_an_output_that_is_a_link_to_itself_is_refused(photos, tmp_path, capsys):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for given in (photos, photos / "a.jpg"):
        assert main(["photo", str(given), "--output", str(tmp_path / "loop")]) == 1
        refusal = f"fer photo: {tmp_path / 'loop'} is a file; name a folder for the results.\n"
        assert capsys.readouterr().err == refusal


def test_names_that_differ_in_case_have_copies_of_their_own(tmp_path):
    paths = {Path("one/X.jpg"): Path("X.jpg"), Path("two/x.png"): Path("x.png")}
    assert list(annotated_paths(paths, tmp_path).values()) == [
        tmp_path / "X-faces.jpg", tmp_path / "x-2-faces.jpg"
    ]  # fmt: skip


def test_a_copy_that_cannot_be_written_costs_nothing_else(photos, tmp_path, capsys):
    output = tmp_path / "out"
    (output / "a-faces.jpg").mkdir(parents=True)
    assert main(["photo", str(photos), "--output", str(output)]) == 0
    assert f"{photos}/a.jpg has no annotated copy: Is a directory" in capsys.readouterr().out
    assert len((output / "faces.csv").read_text().splitlines()) == 10
    assert (output / "trip" / "a-faces.jpg").is_file()


def test_names_of_any_bytes_and_lines(photos, tmp_path, capsys):
    for name in (b"caf\xe9.jpg", b"two\nlines.jpg"):
        shutil.copy(photos / "a.jpg", os.path.join(os.fsencode(photos), name))
    assert main(["photo", str(photos), "--output", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert f"{photos}/caf\N{REPLACEMENT CHARACTER}.jpg: 2 faces" in printed
    assert f"{photos}/two\N{REPLACEMENT CHARACTER}lines.jpg: 2 faces" in printed
    assert "caf\N{REPLACEMENT CHARACTER}" in (tmp_path / "out" / "faces.csv").read_text("utf-8")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_for_a_terminal_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fer.terminal.DELAY", 0)
    for index in range(25):
        Image.new("RGB", (160, 120)).save(tmp_path / f"{index}.png")
    assert main(["photo", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    assert main(["photo", str(tmp_path)]) == 0
    assert "Photos:" in terminal.getvalue() and "/25 [00:0" in terminal.getvalue()


def test_an_interrupted_run_keeps_its_results(photos, tmp_path, monkeypatch, capsys):
    pipeline, calls = fake_pipeline(BOXES), []

    def stop_at_the_third(image):
        calls.append(image)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return pipeline(image)

    stop_at_the_third.classifier = pipeline.classifier
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: stop_at_the_third)
    assert main(["photo", str(photos), "--output", str(tmp_path / "out")]) == 130
    assert capsys.readouterr().err == (
        f"fer photo: Interrupted. The results of 2 of 5 photos are in {tmp_path / 'out'}.\n"
    )
    assert len((tmp_path / "out" / "faces.csv").read_text().splitlines()) == 5


class BadSector(io.BytesIO):
    """A file that can be opened, but not read."""

    def read(self, size=-1):
        raise OSError(errno.EIO, "Input/output error")


def test_a_photo_that_fails_costs_nothing_else(photos, tmp_path, monkeypatch, capsys):
    pipeline, opened = fake_pipeline(BOXES), Path.open

    def analyze(image):
        if len(image) == 60:
            raise MemoryError
        return pipeline(image)

    def open_file(path, *options, **named):
        return BadSector() if path.parent.name == "trip" else opened(path, *options, **named)

    analyze.classifier = pipeline.classifier
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: analyze)
    monkeypatch.setattr(Path, "open", open_file)
    Image.new("RGB", (90, 60)).save(photos / "large.png")
    assert main(["photo", str(photos), "--output", str(tmp_path / "out")]) == 0
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert len(document["pictures"]) == 3
    refused = {Path(name).name: why for name, why in document["refused"].items()}
    assert refused["a.jpg"] == "The file can't be read: Input/output error."
    assert refused["large.png"] == "There is too little memory for it; save it smaller."


def test_what_was_read_is_kept_when_the_disk_is_full(photos, tmp_path, monkeypatch, capsys):
    def fill(path, content):
        if path.suffix == ".jpg":
            raise OutputError("a copy can't be written", disk_full=True)
        write_file(path, content)

    monkeypatch.setattr("fer.cli.photo_command.write_file", fill)
    assert main(["photo", str(photos), "--output", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "fer photo: a copy can't be written\n"
    assert len((tmp_path / "out" / "faces.csv").read_text().splitlines()) == 3


def test_a_whole_picture_is_one_face(photos, capsys):
    assert main(["photo", str(photos / "a.jpg"), "--whole"]) == 0
    assert capsys.readouterr().out == f"{photos}/a.jpg: 1 face: happy 93%\n"


def test_a_face_that_is_turned_away_has_no_percentage(photos, monkeypatch, capsys):
    aside = np.array([[30, 40], [44, 40], [50, 60], [30, 80], [44, 80]], np.float32)

    def detect(self, image):
        faces = self.detect(image)
        return replace(faces, data={"landmarks": np.tile(aside, (len(faces), 1, 1))})

    monkeypatch.setattr(FakeDetector, "detect_any_rotation", detect)
    assert main(["photo", str(photos / "a.jpg")]) == 0
    assert capsys.readouterr().out == f"{photos}/a.jpg: 2 faces: turned away, turned away\n"


def test_many_faces_are_counted(photos, monkeypatch, capsys):
    crowd = fake_pipeline(BOXES * 4, sure("sad", 0.42), sure("happy"), sure("happy"))
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: crowd)
    assert main(["photo", str(photos / "a.jpg")]) == 0
    assert capsys.readouterr().out == f"{photos}/a.jpg: 8 faces: 5 happy, 3 uncertain\n"


def test_no_face_is_a_row_too(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: fake_pipeline([]))
    assert main(["photo", str(photos / "a.jpg"), "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith(f"{photos}/a.jpg: no face found\n")
    (row,) = csv.DictReader(io.StringIO((tmp_path / "out" / "faces.csv").read_text()))
    assert (row["picture"], row["face"]) == (f"{photos}/a.jpg", "")
    assert row["note"] == "No face was found."


def test_a_folder_that_cannot_be_read_is_named(photos, tmp_path, monkeypatch, capsys):
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("trip"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", refuse)  # root can read everything
    assert main(["photo", str(photos), "--output", str(tmp_path / "out")]) == 0
    sentence = "The folder can't be read: Permission denied."
    assert f"{photos}/trip is left out. {sentence}" in capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "faces.csv").read_text())))
    assert {"picture": f"{photos}/trip", "note": sentence}.items() <= rows[6].items()
    assert main(["photo", str(photos / "trip")]) == 1
    assert sentence in capsys.readouterr().err


def test_empty_folders_and_links_that_lead_nowhere_are_left_out_with_the_reason(photos, capsys):
    link, empty = photos / "gone.jpg", photos / "empty"
    empty.mkdir()
    link.symlink_to(photos / "nothing.jpg")
    for given in (photos, link):
        assert main(["photo", str(given), str(photos / "a.jpg"), str(empty)]) == 0
        printed, reason = capsys.readouterr().out, f"There is no file {link}; check the path."
        assert f"{link} is left out. {reason}\n" in printed
        assert f"{empty} is left out. It holds no photo: no file in it ends in" in printed


def test_an_output_that_cannot_be_written_is_refused_before_the_work(photos, monkeypatch, capsys):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: pytest.fail("loaded"))
    monkeypatch.setattr("fer.output_files.TemporaryFile", refuse)
    output = photos / "new" / "out"
    assert main(["photo", str(photos / "a.jpg"), "--output", str(output)]) == 1
    sentence = f"{output} can't be written: Permission denied; name another folder."
    assert capsys.readouterr().err == f"fer photo: {sentence}\n"
    assert not (photos / "new").exists()


def test_a_full_disk_is_one_sentence_and_leaves_no_cut_file(photos, tmp_path, monkeypatch, capsys):
    write = Path.write_bytes

    def fill(path, content):
        write(path, content[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill)
    output = tmp_path / "new" / "out"
    assert main(["photo", str(photos), "--output", str(output)]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("fer photo: ") and printed.count("\n") == 1
    assert "can't be written: the disk is full; make room, or name a folder on another" in printed
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.jpg", "missing.jpg; check the path."),
        ("two\nlines.jpg", "two\N{REPLACEMENT CHARACTER}lines.jpg; check the path."),
        ("empty", "empty: It holds no photo: no file in it ends in .apng, .avif, "),
        ("text.jpg", "No photo can be read. "),
    ],
)
def test_nothing_to_read_is_one_sentence(tmp_path, capsys, name, sentence):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.jpg").write_text("I am no picture.")
    output = tmp_path / "out"
    assert main(["photo", str(tmp_path / name), "--output", str(output)]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("fer photo: ") and sentence in printed and printed.count("\n") == 1
    assert not output.exists()


def test_an_output_that_is_a_file_is_refused(photos, capsys):
    assert main(["photo", str(photos / "a.jpg"), "--output", str(photos / "notes.txt")]) == 1
    assert capsys.readouterr().err == (
        f"fer photo: {photos}/notes.txt is a file; name a folder for the results.\n"
    )
