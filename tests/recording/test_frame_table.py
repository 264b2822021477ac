"""The table of frames: what was counted, exactly, in CSV and Parquet."""

import os
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from fer.labels import EXPRESSIONS
from fer.recording import AnalysisSettings, analyze, frame_table
from fer.recording.exports import (
    EXPORT_FORMATS,
    check_formats,
    export_stem,
    formats_of,
    write_archive,
)
from fer.recording.frame_table import (
    FORMATS,
    FRAME_ROW,
    LABELS,
    FrameRecorder,
    read_frames,
    write_frame_tables,
)
from fer.recording.outputs import FILE_NAMES, FRAMES_NAME
from fer.timeline import exports
from fer.timeline.face_counts import counts_per_face
from fer.timeline.timeline import Timeline
from fer.vision.quality import QUALITY_COLUMNS
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film
from tests.timeline.frames import frame, mix, random_frames

TYPES = {name: FRAME_ROW[name] for name in FRAME_ROW.names if name != "label"}


@pytest.fixture
def frames():
    return random_frames(200)


@pytest.fixture
def rows(tmp_path, frames):
    path = tmp_path / "frames.bin"
    with path.open("wb") as file:
        recorder = FrameRecorder(file, 2.5, 40.0, 0.4)
        for faces, time in frames:
            recorder.add(faces, time)
    return path


def test_csv_and_parquet_hold_each_face_exactly(tmp_path, rows, frames, monkeypatch):
    monkeypatch.setattr(frame_table, "CHUNK_ROWS", 70)  # several chunks, the last one smaller
    formats = ["parquet", "frames"]
    folder = tmp_path / os.fsdecode(b"any \xff name")
    folder.mkdir()
    table, parquet = write_frame_tables(rows, folder, "lesson", formats, Timeline("person"))
    assert [table.name, parquet.name] == ["lesson_frames.csv", "lesson_frames.parquet"]
    found = pd.read_csv(table).astype(TYPES)
    pd.testing.assert_frame_equal(
        found, pd.read_parquet(parquet.open("rb")), check_exact=True, check_dtype=False
    )
    assert len(found) == sum(len(faces) for faces, _ in frames)
    probabilities = np.vstack([faces.data["probabilities"] for faces, _ in frames])
    assert np.array_equal(found[list(EXPRESSIONS)], probabilities)
    tracks = np.concatenate([faces.tracker_id for faces, _ in frames])
    assert np.array_equal(found["track"], tracks)
    times = np.concatenate([np.full(len(faces), time) for faces, time in frames])
    assert np.array_equal(found["time"], times)
    boxes = np.vstack([faces.xyxy for faces, _ in frames]) * 2.5
    assert np.array_equal(found[["left", "top", "right", "bottom"]], boxes.astype(np.float32))
    yaws = np.concatenate([faces.data["yaw"] for faces, _ in frames]).astype(np.float32)
    assert np.array_equal(found["yaw"], yaws)


def test_labels_are_those_that_the_timeline_counts(tmp_path, rows, frames):
    found = pd.concat(read_frames(rows))
    counts = np.vstack([counts_per_face(faces, 40.0, 0.4) for faces, _ in frames])
    small, classified, uncertain, turned = (counts[:, i] > 0 for i in (2, 4, 5, -1))
    assert np.array_equal(found["label"] == "too small", small)
    assert np.array_equal(found["label"] == "turned away", turned)
    assert np.array_equal(found["label"] == "uncertain", classified & uncertain)


def test_a_recording_without_a_face_has_a_table_without_a_row(tmp_path):
    (tmp_path / "frames.bin").touch()
    paths = write_frame_tables(
        tmp_path / "frames.bin", tmp_path, "a", ["frames", "parquet"], Timeline()
    )
    for table in (pd.read_csv(paths[0]), pd.read_parquet(paths[1])):
        assert len(table) == 0
        assert list(table.columns) == list(FRAME_ROW.names)


def test_what_a_broken_worker_may_leave_is_refused_or_harmless(tmp_path):
    path = tmp_path / "frames.bin"
    path.write_bytes(b"x")
    with pytest.raises(ValueError, match="whole number of rows"):
        list(read_frames(path))
    path.write_bytes(b"\xff" * FRAME_ROW.itemsize)
    assert next(read_frames(path))["label"].tolist() == [""]


def test_faces_without_measures_have_empty_cells(tmp_path):
    with (tmp_path / "frames.bin").open("wb") as file:
        FrameRecorder(file, 1.0, 40.0, 0.4).add(frame([mix(happy=0.9)]), 1.0)
    (path,) = write_frame_tables(tmp_path / "frames.bin", tmp_path, "a", ["frames"], Timeline())
    assert path.read_text().splitlines()[1].endswith("," * len(QUALITY_COLUMNS))
    assert LABELS[3] == "happy" and ",happy," in path.read_text()


def test_an_analysis_writes_what_was_counted(tmp_path):
    film = make_film(tmp_path / "my lesson.mp4", [i / 25 for i in range(50)], (192, 144))
    pipeline = fake_pipeline([(60.0, 60.0, 110.0, 120.0)], sure("happy"))
    recording = analyze(film, tmp_path / "out", pipeline, AnalysisSettings(exports=EXPORT_FORMATS))
    names = {path.name for path in (tmp_path / "out").glob("my lesson*")}
    ends = (".eaf", ".TextGrid", ".vtt", "_boris.csv", "_events.tsv", "_events.json")
    assert names == {f"my lesson{end}" for end in (*ends, "_frames.csv", "_frames.parquet")}
    found = pd.read_csv(tmp_path / "out" / "my lesson_frames.csv")
    assert len(found) == recording.timeline.counts()[1][:, 1].sum() == 10
    assert set(found["label"]) == {"happy"}
    assert found[["left", "bottom"]].iloc[-1].tolist() == [60, 120]
    assert recording.frames is None and not list((tmp_path / "out").glob("*.bin"))


def test_the_class_view_has_no_table_of_frames():
    assert set(formats_of("class")) == set(EXPORT_FORMATS) - {"frames", "parquet"}
    with pytest.raises(ValueError, match="'frames', which is of single faces; leave it out"):
        check_formats(["elan", "frames"], "class")
    with pytest.raises(ValueError, match="no export 'elna'; there are elan, textgrid"):
        check_formats(["elna"], "person")


def test_names_are_cut_where_an_ending_would_not_fit(tmp_path):
    assert export_stem(tmp_path / "my.lesson.mp4") == "my.lesson"
    stem = export_stem(tmp_path / f"{'ä' * 126}.mp4")
    assert stem == "ä" * 100


@pytest.mark.parametrize("view", ["class", "person"])
def test_the_archive_holds_all_files_of_a_view(tmp_path, view):
    film = make_film(tmp_path / "a.mp4", [i / 5 for i in range(5)], (64, 48))
    recording = analyze(
        film, tmp_path / "out", fake_pipeline(), AnalysisSettings(view, keep_frames=True)
    )
    archive = write_archive(recording, film)
    names = {f"a{end}" for form in exports.FORMATS.values() for end in form}
    names |= {f"a{end}" for end in FORMATS.values()} if view == "person" else set()
    assert set(ZipFile(archive).namelist()) == names
    assert archive.name == "a_exports.zip"
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left - {FRAMES_NAME} == {*FILE_NAMES.values(), archive.name}
