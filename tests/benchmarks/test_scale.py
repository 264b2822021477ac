"""The measurement of many photos, on a few, with stand-ins for the networks."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import scale, scale_stages
from fer.batch.input_files import find_input_files
from fer.batch.local import LocalPool
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings
from tests.batch import fake_worker
from tests.batch.batches import table
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film

SETTINGS = BatchSettings()


def test_photos_are_all_different_and_of_one_size(tmp_path):
    scale.make_photos(tmp_path / "photos", 4)
    photos = [np.asarray(Image.open(path)) for path in sorted((tmp_path / "photos").iterdir())]
    assert {photo.shape for photo in photos} == {(480, 640, 3)}
    assert len({photo.tobytes() for photo in photos}) == 4


def test_figures_and_medians():
    figures = scale._figures(100, 10.0, 18.0, 2, 3.5)
    assert figures["per_second"] == 10 and figures["computing_seconds_each"] == 0.18
    assert figures["growth_mb"] == 3.5 and figures["cores_busy"] in (0.9, 1.8)
    rounds = [{"a": value, "b": None} for value in (1.0, 9.0, 2.0)]
    assert scale._medians(rounds) == {"a": 2.0, "b": None}


@pytest.mark.slow
def test_workers_are_measured(tmp_path):
    scale.make_photos(tmp_path / "photos", 5)
    (tmp_path / "out").mkdir()
    pool = LocalPool(BatchSettings(), 1, fake_worker.load)
    figures = scale._measure_batch(tmp_path / "photos", tmp_path / "out", BatchSettings(), pool, 1)
    assert figures["per_second"] > 0 and 0 < figures["computing_seconds_each"] < 5
    assert 0 < figures["cores_busy"] < 3 and figures["growth_mb"] >= 0
    assert 0 < figures["coordinator_seconds_each"] < figures["computing_seconds_each"]
    assert figures["bytes_read_each"] > 1000 and figures["worker_mb"] > 50


def test_each_stage_has_its_time(tmp_path):
    """Photos and a video, whose faces are found and classified, and which are written."""
    scale.make_photos(tmp_path / "files", 2)
    make_film(tmp_path / "files" / "film.mp4", [0.0, 0.5, 1.0], (160, 90))
    (tmp_path / "out").mkdir()
    runner = TaskRunner(SETTINGS, fake_pipeline([[10, 10, 60, 60]], sure("happy")))
    files = find_input_files([str(tmp_path / "files")], tmp_path / "out").files
    with pytest.MonkeyPatch.context() as patch:
        ours = (
            (type(runner.pipeline.detector), "detect_any_rotation", scale_stages.DETECT),
            (type(runner.pipeline.classifier), "classify", scale_stages.CLASSIFY),
        )
        patch.setattr(scale_stages, "STAGES", (*scale_stages.STAGES, *ours))
        seconds = scale_stages.measure_stages(files, tmp_path / "out", runner, SETTINGS)
    assert list(seconds) == ["decode", "detect", "classify", "tables", "track, smooth, measure"]
    assert all(value > 0 for value in seconds.values())
    assert len(table(tmp_path / "out", "files")) == 3
