"""`fer collect`: what is in the tables, and spreadsheets of them."""

import csv
import os
from pathlib import Path

import pytest
from PIL import Image

from fer.batch.collection import file_rows, summarise_batch, write_spreadsheets
from fer.batch.manifest import write_manifest
from fer.batch.tasks import BatchSettings, WorkerReady
from fer.labels import EXPRESSIONS
from tests.batch.batches import run
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film

BOXES = [(20.0 + 60 * index, 30.0, 70.0 + 60 * index, 90.0) for index in range(5)]


@pytest.fixture(params=["person", "class"])
def batch(request, tmp_path):
    """A finished batch with a name that spreadsheets might compute, and refused files."""
    inputs = tmp_path / "inputs"
    (inputs / "more").mkdir(parents=True)
    for name in ("=1+1.png", "b.png"):
        Image.new("RGB", (400, 120), "gray").save(inputs / name)
    for name in ("Stunde 3.mp4", "more/Stunde 3.mp4"):
        make_film(inputs / name, [0.0, 1.0], (400, 120))
    for number in range(7):
        (inputs / f"broken {number}.mp4").write_text("I am no film.")
    pipeline = fake_pipeline(BOXES[:2], sure("happy", 0.9), sure("sad", 0.42))
    settings, out = BatchSettings(request.param), tmp_path / "out"
    out.mkdir()
    write_manifest(out, settings, 1, WorkerReady("fake", "0123", "int8"))
    run([inputs], out, pipeline, settings)
    return out


def rows(path):
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_batch_is_described_in_words(batch):
    lines = str(summarise_batch(file_rows(batch))).splitlines()
    assert lines[0] == "2 photos and 2 videos are read, with 28 rows of faces."
    assert lines[1] == "7 files could not be read:"
    assert lines[2].endswith("broken 0.mp4: The file can't be read as a video: it may be cut off "
        "or damaged, or of another kind than MP4, M4V, MOV, 3GP, WebM, MKV, AVI, GIF, MPG, VOB, "
        "TS, MTS, FLV, WMV or OGV. Save it as MP4 (H.264), or choose another one.")  # fmt: skip
    assert lines[7] == "  and 2 more; see the table `files`." and len(lines) == 8


def test_files_with_a_notice_are_counted(batch):
    files = file_rows(batch)
    notices = [None, "It was read as turned.", *files["notice"].to_pylist()[2:]]
    at = files.column_names.index("notice")
    files = files.set_column(at, "notice", [notices])
    assert "\n1 file read with a notice; see the table `files`.\n" in str(summarise_batch(files))


def test_spreadsheets(batch):
    written = {path.name: path for path in write_spreadsheets(batch)}
    single = (batch / "faces").exists()
    kinds = ("timeline", "faces") if single else ("timeline",)
    films = {name: path for name, path in written.items() if name.startswith("Stunde 3-")}
    assert len(films) == 2 * len(kinds)
    expected = {"files.csv", *films, *(f"photos_{kind}.csv" for kind in kinds)}
    assert set(written) == expected
    assert {path.parent for path in written.values()} == {batch / "csv"}
    files = rows(written["files.csv"])
    assert len(files) == 11 and sum(bool(row["error"]) for row in files) == 7
    assert {row["source"][0] for row in files} == {"/"}
    timeline = [row for name in films if "timeline" in name for row in rows(films[name])]
    assert [row["time"] for row in timeline] == ["0.0", "1.0"] * 2
    assert {row["frames"] for row in timeline} == {"5", "1"}
    if single:
        faces = rows(written["photos_faces.csv"])
        assert [row["expression"] for row in faces] == ["happy", "uncertain"] * 2
        assert faces[0]["happy"] == "0.9"
    else:
        every = [row for path in written.values() for row in rows(path)]
        assert not any(row.get(name) for row in every for name in EXPRESSIONS)


def test_a_video_that_is_read_meanwhile_is_not_among_the_photos(batch, monkeypatch):
    def go_on(folder):
        make_film(batch.parent / "inputs" / "new.mp4", [0.0, 1.0], (400, 120))
        pipeline = fake_pipeline(BOXES[:2], sure("happy"))
        settings = BatchSettings("person" if (batch / "faces").exists() else "class")
        run([batch.parent / "inputs"], batch, pipeline, settings)

    names = {path.name for path in write_spreadsheets(batch)}
    with monkeypatch.context() as patch:
        patch.setattr("fer.batch.collection.check_output_folder", go_on)
        written = write_spreadsheets(batch)
    assert {path.name for path in written} == names
    assert len(rows(batch / "csv" / "photos_timeline.csv")) == 2
    assert len(write_spreadsheets(batch)) > len(names)


@pytest.mark.parametrize("name", ["lesson-10:30", os.fsdecode(b"\xff")])
def test_the_folder_may_have_any_name(batch, monkeypatch, name):
    """With a colon it looks like an address, as long as it is relative."""
    monkeypatch.chdir(batch.parent)
    batch.rename(name)
    assert len(write_spreadsheets(Path(name))) > 3
    make_film(Path("inputs", "new.mp4"), [0.0, 1.0], (400, 120))
    pipeline = fake_pipeline(BOXES[:2], sure("happy"))
    settings = BatchSettings("person" if Path(name, "faces").exists() else "class")
    for tasks in (2, 0):
        assert len(run(["inputs"], Path(name), pipeline, settings).tasks) == tasks


def test_formulas_stay_text(tmp_path):
    import pyarrow as pa

    from fer.batch.collection import _write

    _write(tmp_path / "a.csv", iter([pa.table({"a": ["=1+1", "b"], "n": [-1.5, None]})]))
    assert rows(tmp_path / "a.csv") == [{"a": "'=1+1", "n": "-1.5"}, {"a": "b", "n": ""}]
