"""`fer run` and `fer collect` as commands: options, refusals, and what they state."""

import json
from pathlib import Path
from types import SimpleNamespace

import fsspec
import numpy as np
import pytest
from PIL import Image

from fer.batch import collection
from fer.batch.batch_run import BatchRun
from fer.batch.input_files import InputFile, Shard
from fer.batch.store import BatchStore, read_rows
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings
from fer.cli import main, run_command
from tests.batch.batches import InlinePool, table
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film

BOXES = [(20.0 + 60 * index, 30.0, 70.0 + 60 * index, 90.0) for index in range(5)]


@pytest.fixture
def pools(monkeypatch):
    """The workers of each run, which are in this process, and options for the next ones."""
    made, options = [], {}

    def make_pool(given, settings, tasks):
        pipeline = fake_pipeline(BOXES[:2], sure("happy", 0.9), sure("sad", 0.42))
        made.append(InlinePool(TaskRunner(settings, pipeline), **options))
        return made[-1]

    monkeypatch.setattr(run_command, "make_pool", make_pool)
    return made, options


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((120, 400, 3), 90, np.uint8)).save(tmp_path / "photos" / name)
    make_film(tmp_path / "photos" / "film.mp4", [0.0, 1.0, 2.0, 3.0], (400, 120))
    return tmp_path


def test_a_run_and_its_tables(photos, pools, capsys):
    words = ["run", "photos", "--output", "out", "--start", "1", "--rate", "2"]
    assert main(words) == 0
    read = "2 photos and 1 video are read, with 14 rows of faces."
    assert capsys.readouterr().out == f"{read}\nEverything is in {photos}/out.\n"
    film = table(photos / "out", "files").set_index("kind").loc["video"]
    assert film[["start", "frames"]].tolist() == [1.0, 5]
    assert main(words) == 0 and len(pools[0]) == 2 and not pools[0][1].tasks
    assert main(["collect", "out", "--csv"]) == 0
    assert capsys.readouterr().out.endswith(f"\n5 spreadsheets are in {photos}/out/csv.\n")
    options = json.loads((photos / "out" / "manifest.json").read_text())["options"]
    assert options["start"] == 1.0 and options["rate"] == 2.0 and options["shards"] == 1


def test_the_same_command_resumes_after_ctrl_c(photos, pools, capsys):
    words = ["run", "photos", "--output", "out"]
    pools[1]["stop_after"] = 3
    assert main(words) == 130
    printed = capsys.readouterr()
    kept = f"Interrupted. 2 of 3 files are in {photos}/out; run the same command again to continue."
    assert printed.out == "" and printed.err == f"fer run: {kept}\n"
    pools[1]["stop_after"] = None
    assert main(words) == 0 and len(pools[0][1].tasks) == 2  # its plan, and the film


def test_what_cannot_be_fetched_is_one_sentence(photos, pools, capsys, monkeypatch):
    memory, open_address = fsspec.filesystem("memory"), fsspec.open
    for name in ("a.png", "b.png"):
        memory.pipe(f"/photos/{name}", (photos / "photos" / name).read_bytes())

    def lost(location, mode):
        if location.endswith("b.png"):
            raise TimeoutError("No reply")
        return open_address(location, mode)

    words = ["run", "memory://photos", "--output", "out"]
    with monkeypatch.context() as patch:
        patch.setattr(fsspec, "open", lost)
        patch.setattr("fer.batch.transient_errors.PAUSES", ())
        assert main(words) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err == (
        "fer run: memory:///photos/b.png is left for later: No reply. Run the same command "
        "again to continue; 1 of 2 files are done.\n"
    )
    assert main(words) == 0
    memory.rm("/photos", recursive=True)


def test_the_table_of_files_is_read_once_at_the_end(photos, pools, monkeypatch):
    parts = []
    monkeypatch.setattr(
        collection, "read_rows", lambda path, *rest: parts.append(path) or read_rows(path, *rest)
    )
    assert main(["run", "photos", "--output", "out"]) == 0
    assert sorted(parts) == sorted(Path("out/files").iterdir())


def test_a_run_that_can_read_no_file_is_an_error(photos, pools, capsys):
    broken = photos / "photos" / "broken.jpg"
    broken.write_text("I am no picture.")
    words = ["run", str(broken), "--output", "out"]
    for tasks in (1, 0):
        assert main(words) == 1 and len(pools[0][-1].tasks) == tasks
        printed = capsys.readouterr()
        where = f"the table `files` in {photos}/out has the reason for each"
        assert printed.err.startswith(f"fer run: No file can be read; {where}. {broken}: ")
        assert printed.out == "" and printed.err.count("\n") == 1
    assert main(["collect", "out", "--csv"]) == 0
    assert capsys.readouterr().out.endswith(f"\n1 spreadsheet is in {photos}/out/csv.\n")
    assert main(["run", "photos", "--output", "out"]) == 0  # though one was refused
    assert "1 file could not be read:\n" in capsys.readouterr().out


def test_the_status_is_of_the_files_of_the_command(photos, pools, capsys):
    (photos / "broken.jpg").write_text("I am no picture.")
    (photos / "empty").mkdir()
    assert main(["run", "photos", "--output", "out"]) == 0
    part = sorted((photos / "out" / "timeline").iterdir())[0]
    part.write_bytes(part.read_bytes()[:100])
    capsys.readouterr()
    assert main(["run", "broken.jpg", "empty", "--output", "out"]) == 1  # others are in the tables
    first, *notes = capsys.readouterr().err.splitlines()
    assert first.startswith("fer run: No file can be read; ") and "broken.jpg: " in first
    assert [note.split(" ")[0] for note in notes] == ["1", "empty"]


def test_a_shard_may_have_no_file_that_can_be_read(photos, pools, capsys):
    (photos / "broken.jpg").write_text("I am no picture.")
    for number in (1, 2):
        words = ["run", "broken.jpg", "--output", "out", "--shard", f"{number}/2"]
        assert main(words) == 0


def test_a_damaged_part_is_named(photos, pools, capsys):
    assert main(["run", "photos", "--output", "out"]) == 0
    part = sorted((photos / "out" / "timeline").iterdir())[0]
    part.write_bytes(part.read_bytes()[:100])
    capsys.readouterr()
    assert main(["run", "photos", "--output", "out"]) == 0
    damaged = f"1 part of the tables was damaged (timeline/{part.name}), and made again.\n"
    assert capsys.readouterr().out.startswith(damaged)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--rate", "50"], "rate is 1 to 30 frames a second, not 50."),
        (["--rate", "0.5"], "rate is 1 to 30 frames a second, not 0.5."),
        (["--min-face", "3"], "--min-face is at least 12 pixels, not 3."),
        (["--start", "9", "--end", "3"], "must be after its start"),
        (["--workers", "0"], "--workers is 1 or more, not 0."),
        (["--model", "nowhere"], "neither a folder here nor a Hub id"),
        (["--shard", "2/3", "--min-face", "0"], "--min-face is at least 12 pixels, not 0."),
        (["--output", "photos/a.png"], "a.png is a file; name a folder for the results."),
    ],
)
def test_invalid_options_are_refused_before_the_work(photos, pools, capsys, words, sentence):
    assert main(["run", "photos", "--output", "out", *words]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("fer run: ") and sentence in printed.err and printed.out == ""
    assert printed.err.count("\n") == 1
    assert not pools[0] and not (photos / "out").exists()


def test_a_missing_source_is_refused(photos, pools, capsys):
    assert main(["run", "photos", "gone.jpg", "--output", "out"]) == 1
    assert capsys.readouterr().err == "fer run: There is no file gone.jpg; check the path.\n"
    assert not pools[0] and not (photos / "out").exists()


@pytest.mark.parametrize(
    ("names", "annotated", "workers"),
    [
        (["a.png"], None, 1),
        (["a.png", "film.mp4"], None, 7),
        (["a.png", "film.mp4"], Path("annotated"), 2),
        ([], None, 1),
    ],
)
def test_there_are_no_more_workers_than_tasks(photos, tmp_path, names, annotated, workers):
    files = [InputFile(str(photos / "photos" / name)) for name in names]
    run = BatchRun(files, BatchSettings(annotated=annotated), BatchStore(tmp_path, Shard()))
    options = SimpleNamespace(engine="local", workers=7)
    pool = run_command.make_pool(options, BatchSettings(), run.most_tasks)
    assert pool._count == workers
    pool.close()


def test_ray_is_an_extra(photos, pools, capsys, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["run", "photos", "--output", "out", "--engine", "ray"]) == 1
    assert "pip install -r requirements-ray.txt" in capsys.readouterr().err and not pools[0]


@pytest.mark.parametrize("words", [["run", "photos", "--output", "out"], ["collect", "out"]])
def test_pyarrow_may_be_missing(photos, pools, capsys, monkeypatch, words):
    import sys

    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    assert main(words) == 1 and not pools[0]
    sentence = "Tables of parquet need pyarrow: pip install pyarrow."
    assert capsys.readouterr().err == f"fer {words[0]}: {sentence}\n"


def test_other_options_for_the_same_folder_are_refused(photos, pools, capsys):
    assert main(["run", "photos", "--output", "out"]) == 0
    assert main(["run", "photos", "--output", "out", "--view", "class"]) == 1
    sentence = "The tables in out were made with --view person, not --view class; give the same"
    assert sentence in capsys.readouterr().err and len(pools[0]) == 1
    assert main(["run", "photos", "--output", "out", "--shard", "1/2"]) == 1
    assert "were made with no --shard, not --shard K/2;" in capsys.readouterr().err


@pytest.mark.parametrize("shard", ["4/3", "0/3", "1", "a/b", "1/0"])
def test_invalid_shards_are_refused(photos, pools, capsys, shard):
    with pytest.raises(SystemExit):
        main(["run", "photos", "--output", "out", "--shard", shard])
    assert f"{shard!r} is no shard K/N such as 3/64, with K from 1 to N" in capsys.readouterr().err


def test_shards(photos, pools, capsys):
    for number in (1, 2, 3, 4):
        assert main(["run", "photos", "--output", "out", "--shard", f"{number}/4"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("None of the files belongs to shard") == sum(
        pool.tasks == [] for pool in pools[0]
    )
    assert len(table(photos / "out", "files")) == 3


def test_collect_refuses_other_folders(photos, capsys):
    assert main(["collect", "photos"]) == 1
    assert capsys.readouterr().err == (
        "fer collect: photos holds no tables of `fer run`: it has no manifest.json.\n"
    )
