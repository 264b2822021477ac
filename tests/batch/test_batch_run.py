"""A batch in one process: its tables, what is refused, and what a stop leaves."""

import json
import os

import av
import fsspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer.batch import batch_run, store
from fer.batch.batch_run import BatchRun
from fer.batch.input_files import InputFile, Shard, find_input_files
from fer.batch.manifest import require_same_options, write_manifest
from fer.batch.store import BatchStore, copy_name
from fer.batch.task_runner import ENDED, TaskRunner
from fer.batch.tasks import BatchSettings, PhotoTask, SegmentTask, WorkerReady
from fer.labels import EXPRESSIONS
from tests.batch import batches
from tests.batch.batches import InlinePool, run, table, tables
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film

BOXES = [(20.0 + 60 * index, 30.0, 70.0 + 60 * index, 90.0) for index in range(5)]
STRANGE = os.fsdecode(b"stra\xffnge.jpg")


@pytest.fixture
def pipeline():
    return fake_pipeline(BOXES[:2], sure("happy", 0.9), sure("sad", 0.42))


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    """Photos, of which two have one name and one is none, and a film of eight seconds."""
    monkeypatch.setattr(batch_run, "MIN_PHOTOS", 2)
    folder = tmp_path / "inputs"
    (folder / "trip").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "trip/a.jpg", "trip/b.jpg", STRANGE):
        Image.fromarray(np.full((120, 400, 3), 90, np.uint8)).save(folder / name, "JPEG")
    (folder / "broken.jpg").write_text("I am no picture.")
    (folder / "broken.mp4").write_text("I am no film.")
    make_film(folder / "film.mp4", [index / 5 for index in range(40)], (400, 120))
    return folder


@pytest.fixture
def short():
    return BatchSettings(segment_seconds=3)


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name])


def test_tables_have_what_was_read_and_why_files_were_not(inputs, tmp_path, pipeline, short):
    run([inputs], tmp_path / "out", pipeline, short)
    made = tables(tmp_path / "out")
    files = made["files"].set_index("source")
    assert len(files) == 8
    photo, film = files.loc[f"{inputs}/trip/a.jpg"], files.loc[f"{inputs}/film.mp4"]
    assert photo[["kind", "width", "height", "frames", "faces"]].tolist() == [
        "photo", 400, 120, 1, 2
    ]  # fmt: skip
    assert photo[["duration", "tracks", "error"]].isna().all()
    assert film[["kind", "width", "frames", "faces", "tracks", "start"]].tolist() == [
        "video", 400, 40, 80, 2, 0.0
    ]  # fmt: skip
    refused = files["error"].dropna()
    assert refused[f"{inputs}/broken.jpg"].startswith("The file is not a picture")
    assert refused[f"{inputs}/broken.mp4"].startswith("The file can't be read as a video")
    assert len(refused) == 2 and files.loc[refused.index, "faces"].isna().all()
    faces = made["faces"]
    assert len(faces) == 5 * 2 + 80
    seen = faces[faces["source"] == f"{inputs}/a.jpg"]
    assert seen["expression"].tolist() == ["happy", "uncertain"]
    assert seen["face"].tolist() == [1, 2] and seen["time"].isna().all()
    assert seen[["left", "top", "right", "bottom"]].iloc[0].tolist() == list(BOXES[0])
    assert seen["happy"].iloc[0] == pytest.approx(0.9)
    assert seen["size"].iloc[0] == pytest.approx(np.sqrt(50 * 60))
    timeline = made["timeline"].groupby("source").size()
    assert timeline[f"{inputs}/film.mp4"] == 8 and timeline[f"{inputs}/a.jpg"] == 1
    assert len(set(files["source_id"])) == 8


@pytest.mark.parametrize(
    ("photos", "sizes"), [(1, {1}), (25, {10, 5}), (6400, {100}), (700, {11, 7})]
)
def test_photos_are_divided_among_workers(tmp_path, photos, sizes):
    files = [InputFile(f"/photos/{number}.jpg") for number in range(photos)]
    batch = BatchRun(files, BatchSettings(), BatchStore(tmp_path, Shard()))
    tasks = list(batch._first_tasks())
    assert {len(task.files) for task in tasks} == sizes
    assert [file for task in tasks for file in task.files] == files
    assert batch.most_tasks == len(tasks)


def test_a_batch_is_resumed_after_each_stop(inputs, tmp_path, pipeline, short):
    run([inputs], tmp_path / "whole", pipeline, short)
    for stop_after in range(1, 4):
        with pytest.raises(KeyboardInterrupt):
            run([inputs], tmp_path / "out", pipeline, short, stop_after=stop_after)
    pool = run([inputs], tmp_path / "out", pipeline, short)
    assert_equal(tables(tmp_path / "whole"), tables(tmp_path / "out"))
    assert 0 < len(pool.tasks) < 8
    assert not run([inputs], tmp_path / "out", pipeline, short).tasks  # refused ones are done, too
    assert not list((tmp_path / "out").glob(".*.unfinished"))
    Image.fromarray(np.zeros((50, 50, 3), np.uint8)).save(inputs / "new.png")
    later = run([inputs], tmp_path / "out", pipeline, short)
    assert [len(task.files) for task in later.tasks] == [1]
    assert len(table(tmp_path / "out", "files")) == 9


@pytest.mark.parametrize("at", [1, 2, 3, 5, 7, 10, 11])
def test_a_stop_while_parts_are_written_leaves_no_incomplete_part(
    inputs, tmp_path, pipeline, short, monkeypatch, at
):
    run([inputs], tmp_path / "whole", pipeline, short)
    write, count = store._write_parquet, 0

    def break_off(path, parts):
        nonlocal count
        count += 1
        if count == at:
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / f".new-{path.name}").write_bytes(b"half")
            raise KeyboardInterrupt
        return write(path, parts)

    monkeypatch.setattr(store, "_write_parquet", break_off)
    with pytest.raises(KeyboardInterrupt):
        run([inputs], tmp_path / "out", pipeline, short)
    left = [path.name for name in store.TABLES for path in (tmp_path / "out" / name).glob("*")]
    assert all(name.startswith("0001-of-0001-") for name in left)  # some programs read any name
    run([inputs], tmp_path / "out", pipeline, short)
    assert_equal(tables(tmp_path / "whole"), tables(tmp_path / "out"))
    assert not list((tmp_path / "out").rglob(".new-*"))


def test_a_part_that_is_not_in_all_tables_does_not_count(inputs, tmp_path, pipeline, short):
    run([inputs], tmp_path / "whole", pipeline, short)
    run([inputs], tmp_path / "out", pipeline, short)
    next((tmp_path / "out" / "files").iterdir()).unlink()  # as if killed before it was written
    (inputs / "0.jpg").write_bytes((inputs / "a.jpg").read_bytes())  # other photos come together
    for out in ("whole", "out"):
        run([inputs], tmp_path / out, pipeline, short)
    assert_equal(tables(tmp_path / "whole"), tables(tmp_path / "out"))


def test_killed_workers_cost_time_but_no_rows(inputs, tmp_path, pipeline, short):
    run([inputs], tmp_path / "whole", pipeline, short)
    run([inputs], tmp_path / "out", pipeline, short, losses=range(1, 20, 3))
    assert_equal(tables(tmp_path / "whole"), tables(tmp_path / "out"))


class Deadly:
    """Does tasks as another runner does, but for those over which its worker ends."""

    def __init__(self, runner, is_deadly):
        self.runner, self.is_deadly = runner, is_deadly
        self.close = runner.close

    def run(self, task):
        return None if self.is_deadly(task) else self.runner.run(task)


def test_a_file_that_always_ends_its_worker_is_refused(
    inputs, tmp_path, pipeline, short, monkeypatch
):
    """It is found among the others of its task, which are read."""
    kill = f"{inputs}/b.jpg"

    def is_deadly(task):
        return isinstance(task, PhotoTask) and kill in [one.location for one in task.files]

    monkeypatch.setattr(batches, "TaskRunner", lambda *args: Deadly(TaskRunner(*args), is_deadly))
    run([inputs], tmp_path / "out", pipeline, short)
    errors = table(tmp_path / "out", "files").set_index("source")["error"].dropna()
    assert errors[kill] == ENDED and len(errors) == 3


def test_a_segment_that_cannot_be_read_leaves_the_others(inputs, tmp_path, pipeline, monkeypatch):
    def is_deadly(task):
        return isinstance(task, SegmentTask) and task.segment.number == 1

    monkeypatch.setattr(batches, "TaskRunner", lambda *args: Deadly(TaskRunner(*args), is_deadly))
    run([inputs / "film.mp4"], tmp_path / "out", pipeline, BatchSettings(segment_seconds=2))
    row = table(tmp_path / "out", "files").iloc[0]
    assert row["notice"] == f"From 0:02 to 0:04 nothing was read. {ENDED}"
    assert table(tmp_path / "out", "timeline")["time"].tolist() == [0, 1, 4, 5, 6, 7]


def test_class_view_has_no_single_faces(inputs, tmp_path):
    """Photos and seconds of fewer than five faces have no expression, of five they have means."""
    for count in (4, 5):
        out = tmp_path / str(count)
        pipeline = fake_pipeline(BOXES[:count], sure("happy", 0.9), sure("sad", 0.8))
        run([inputs], out, pipeline, BatchSettings("class", segment_seconds=3))
        assert not (out / "faces").exists()
        timeline = table(out, "timeline")
        assert (timeline["faces"] > 0).all()
        assert timeline[list(EXPRESSIONS)].isna().all(axis=None) == (count < 5)
        assert timeline["classified"].tolist() == [0] * len(timeline) or count == 5
        files = table(out, "files")
        assert files["tracks"].isna().all()
    columns = set(timeline) | set(files)
    assert not columns & {"track", "left", "expression", "face"}


@pytest.mark.parametrize("view", ["person", "class"])
def test_all_faces_of_a_photo_count_in_its_timeline(tmp_path, view):
    """As in `faces` and in `fer photo`, also those that would be too small in a video."""
    Image.new("RGB", (320, 60)).save(tmp_path / "a.png")
    boxes = [(10.0 + 60 * index, 10.0, 30.0 + 60 * index, 34.0) for index in range(5)]
    run([tmp_path / "a.png"], tmp_path / "out", fake_pipeline(boxes), BatchSettings(view))
    row = table(tmp_path / "out", "timeline").iloc[0]
    assert row[["faces", "classified", "small"]].tolist() == [5, 5, 0]
    assert row["happy"] == pytest.approx(0.9)


@pytest.mark.parametrize("side", [800, 802])  # of which one is analysed at just half its size
def test_sizes_and_boxes_of_a_large_video_are_in_its_own_pixels(
    tmp_path, pipeline, monkeypatch, side
):
    film = make_film(tmp_path / "a.mp4", [0, 0.2, 0.4], (480, side), display=(90, False))
    monkeypatch.setattr("fer.batch.video_rows.WORKING_SIDE", 400)
    run([film], tmp_path / "out", pipeline)
    assert table(tmp_path / "out", "files")[["width", "height"]].iloc[0].tolist() == [side, 480]
    boxes = table(tmp_path / "out", "faces")[["left", "top", "right", "bottom"]]
    assert boxes.iloc[0].tolist() == pytest.approx([side / 400 * edge for edge in BOXES[0]])


def test_class_view_stores_no_faces_of_unfinished_videos(inputs, tmp_path, pipeline):
    """The segments of a video that isn't complete hold none either."""
    with pytest.raises(KeyboardInterrupt):
        run(
            [inputs / "film.mp4"], tmp_path / "out", pipeline,
            BatchSettings("class", segment_seconds=2), stop_after=3,
        )  # fmt: skip
    kept = [path.name for path in (tmp_path / "out").rglob("*.parquet")]
    assert kept and set(kept) == {"timeline.parquet"}


def test_annotated_copies_are_written(inputs, tmp_path, pipeline, monkeypatch):
    monkeypatch.setattr("fer.video.container.MAX_BYTES", 1000)  # as for visitors
    annotated = tmp_path / "out" / "annotated"
    settings = BatchSettings(annotated=annotated)
    source = InputFile(str(inputs / "film.mp4"))
    left = annotated / copy_name(source.source, source.source_id) / ".work-of-a-killed-run"
    left.mkdir(parents=True)
    run([inputs], tmp_path / "out", pipeline, settings)
    assert not left.exists()
    run([inputs], tmp_path / "plain", pipeline, BatchSettings())
    assert_equal(tables(tmp_path / "out"), tables(tmp_path / "plain"))
    names = sorted(path.name.rpartition("-")[0] for path in annotated.glob("*.jpg"))
    assert names == ["a", "a", "b", "b", "stra\N{REPLACEMENT CHARACTER}nge"]
    (film,) = annotated.glob("film-*")
    assert {"annotated.mp4", "report.html"} <= {path.name for path in film.iterdir()}


def test_remote_files_are_read(inputs, tmp_path, pipeline, short):
    memory = fsspec.filesystem("memory")
    for name in ("a.jpg", "broken.jpg", "film.mp4"):
        memory.pipe(f"/inputs/{name}", (inputs / name).read_bytes())
    run(["memory://inputs"], tmp_path / "out", pipeline, short)
    memory.rm("/inputs", recursive=True)
    run(
        [inputs / "a.jpg", inputs / "broken.jpg", inputs / "film.mp4"],
        tmp_path / "p",
        pipeline,
        short,
    )
    remote, local = tables(tmp_path / "out"), tables(tmp_path / "p")
    assert remote["files"]["source"].tolist()[0] == "memory:///inputs/a.jpg"
    for name in remote:
        ids = ["source", "source_id"]
        pd.testing.assert_frame_equal(remote[name].drop(columns=ids), local[name].drop(columns=ids))


def test_shards_fill_one_folder(inputs, tmp_path, pipeline, short):
    run([inputs], tmp_path / "whole", pipeline, short)
    for number in (3, 1, 2):
        run([inputs], tmp_path / "out", pipeline, short, Shard(number, 3))
    assert_equal(tables(tmp_path / "whole"), tables(tmp_path / "out"))


def test_two_processes_on_one_shard_are_refused(tmp_path):
    one, again, other = (BatchStore(tmp_path, Shard(number, 2)) for number in (1, 1, 2))
    refused = pytest.raises(
        ValueError, match=r"Another `fer run` is at work on this in .* end, or name another folder"
    )
    with one.locked(), other.locked(), refused, again.locked():
        pass
    with again.locked():
        pass


def test_a_full_disk_ends_the_batch(inputs, tmp_path, pipeline, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fer.output_files.Path.write_bytes", full)
    settings = BatchSettings(annotated=tmp_path / "out" / "annotated")
    with pytest.raises(ValueError, match="the disk is full; make room"):
        run([inputs / "a.jpg"], tmp_path / "out", pipeline, settings)


def test_a_video_whose_copy_finds_the_disk_full_is_read_by_the_next_run(
    inputs, tmp_path, pipeline, monkeypatch
):
    def full(writer, packets):
        raise writer._write_error(av.error.OSError(28, "No space left on device"))

    settings = BatchSettings(annotated=tmp_path / "out" / "annotated")
    with monkeypatch.context() as patch:
        patch.setattr("fer.video.writer.VideoWriter._mux", full)
        with pytest.raises(ValueError, match=r"^annotated\.mp4 can't be written: the disk is full"):
            run([inputs / "film.mp4"], tmp_path / "out", pipeline, settings)
    run([inputs / "film.mp4"], tmp_path / "out", pipeline, settings)
    assert table(tmp_path / "out", "files")["error"].isna().all()


NETWORK = WorkerReady("embedded weights", "0123", "int8")


def test_the_manifest_refuses_other_options(tmp_path):
    write_manifest(tmp_path, BatchSettings(end=90.0), 4, NETWORK)
    require_same_options(tmp_path, BatchSettings(end=90.0), 4)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["network"]["fingerprint"] == "0123" and manifest["options"]["end"] == 90
    assert manifest["versions"][0].keys() >= {"fer", "onnxruntime", "opencv-python"}
    for settings, shards, sentence in (
        (BatchSettings(end=90.0, rate=6.0), 4, "made with --rate 5.0, not --rate 6.0; give"),
        (BatchSettings(), 4, "made with --end 90.0, not no --end; give the same options"),
        (BatchSettings(end=90.0), 5, "made with --shard K/4, not --shard K/5; give"),
        (BatchSettings(end=90.0, annotated=tmp_path), 4, "with no --annotate, not --annotate;"),
        (BatchSettings("class", end=90.0), 4, "made with --view person, not --view class"),
    ):
        with pytest.raises(ValueError, match=sentence):
            require_same_options(tmp_path, settings, shards)
    other = WorkerReady("embedded weights", "0123", "float32")
    with pytest.raises(ValueError, match="made in int8, not float32; give the same --device"):
        write_manifest(tmp_path, BatchSettings(end=90.0), 4, other)
    other = WorkerReady("runs/mine", "4567", "int8")
    with pytest.raises(ValueError, match=r"'embedded weights' of other weights than 'runs/mine'"):
        write_manifest(tmp_path, BatchSettings(end=90.0), 4, other)


def test_the_manifest_keeps_all_versions(tmp_path, monkeypatch):
    monkeypatch.setattr("fer.batch.manifest._PACKAGES", ("numpy", "not-installed"))
    write_manifest(tmp_path, BatchSettings(), 1, NETWORK)
    write_manifest(tmp_path, BatchSettings(), 1, NETWORK)
    monkeypatch.setattr("fer.batch.manifest.__version__", "9.9")
    write_manifest(tmp_path, BatchSettings(), 1, NETWORK)
    versions = json.loads((tmp_path / "manifest.json").read_text())["versions"]
    assert [one["fer"] == "9.9" for one in versions] == [False, True]
    assert versions[0].keys() == {"fer", "numpy"}


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "fer-run", "format_version": 3}'])
def test_another_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match="is not of a `fer run` that this version can read"):
        require_same_options(tmp_path, BatchSettings(), 1)


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        *(("options", []), ("versions", {}), ("versions", None)),
        *(("network", {"name": "fake"}), ("network", "fake"), ("format_version", 1)),
    ],
)
def test_a_manifest_that_somebody_edited_is_refused(tmp_path, name, entry):
    write_manifest(tmp_path, BatchSettings(), 1, NETWORK)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for edited in (
        {**manifest, name: entry},
        {key: manifest[key] for key in manifest.keys() - {name}},
    ):
        (tmp_path / "manifest.json").write_text(json.dumps(edited))
        with pytest.raises(ValueError, match="is not of a `fer run` that this version can"):
            write_manifest(tmp_path, BatchSettings(), 1, NETWORK)


def test_progress_is_a_share_of_what_is_left(inputs, tmp_path, pipeline, short):
    out = tmp_path / "out"
    run([inputs / "a.jpg"], out, pipeline, short)
    shares = []
    batch = BatchRun(find_input_files([str(inputs)], out).files, short, BatchStore(out, Shard()))
    assert (batch.total, batch.done, batch.remaining) == (8, 1, 7)
    batch.run(InlinePool(TaskRunner(short, pipeline)), shares.append)
    assert (batch.done, batch.remaining) == (8, 0)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)
    assert 0 <= shares[0] < 0.5


def test_a_video_longer_than_expected_does_not_set_progress_back(tmp_path, pipeline):
    for name, frames in (("a", 5), ("b", 5), ("c", 40)):
        make_film(tmp_path / f"{name}.mp4", [index / 5 for index in range(frames)], (200, 120))
    shares, settings = [], BatchSettings(segment_seconds=2)
    batch = BatchRun(
        find_input_files([str(tmp_path)], tmp_path / "out").files,
        settings,
        BatchStore(tmp_path / "out", Shard()),
    )
    batch.run(InlinePool(TaskRunner(settings, pipeline), workers=1), shares.append)
    assert shares == sorted(shares) and 0 < shares[1] < 1 and shares[-1] == pytest.approx(1.0)
