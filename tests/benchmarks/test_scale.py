"""The measurement of many photos, on a few, with stand-ins for the networks."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import scale
from fer.batch.local import LocalPool
from fer.batch.tasks import BatchSettings
from tests.batch import fake_worker


def test_photos_are_all_different_and_of_one_size(tmp_path):
    scale.make_photos(tmp_path / "photos", 4)
    photos = [np.asarray(Image.open(path)) for path in sorted((tmp_path / "photos").iterdir())]
    assert {photo.shape for photo in photos} == {(480, 640, 3)}
    assert len({photo.tobytes() for photo in photos}) == 4


def test_figures_and_estimates():
    figures = scale._figures(100, 10.0, 18.0, 2, 3.5)
    assert figures["per_second"] == 10 and figures["computing_seconds_each"] == 0.18
    assert figures["growth_mb"] == 3.5 and figures["cores_busy"] in (0.9, 1.8)
    runs = {"photos, local 2": figures, "video, local 2": {"computing_seconds_each": 0.25}}
    assert scale.estimates(runs) == {
        "core_hours_a_million_photos": 50.0, "core_hours_an_hour_of_video": 0.25
    }  # fmt: skip
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
