"""The tables are read by what people have: pandas, pyarrow, datasets, polars and DuckDB."""

import datasets
import numpy as np
import pandas as pd
import pyarrow.dataset
import pytest
from PIL import Image

from fer.batch import batch_run
from fer.batch.tasks import BatchSettings
from fer.pipeline import Pipeline
from tests.batch.batches import run
from tests.fakes import FakeClassifier, FakeDetector, sure
from tests.sample_videos import make_film

ROWS = {"files": 5, "timeline": 3 + 6, "faces": 3 * 2 + 11 * 2}


class FacesInTheLight(FakeDetector):
    """Finds two faces in a bright picture."""

    def with_min_face(self, min_face):
        return self

    def detect(self, image, *arguments, **options):
        bright = image.mean() > 50
        self.boxes = [(20.0, 30.0, 70.0, 90.0), (120.0, 30.0, 170.0, 90.0)] if bright else []
        return super().detect(image, *arguments, **options)


def bright_from_the_fourth_on(index, size):
    return np.full((size[1], size[0], 3), 90 if index > 2 else 10, np.uint8)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Tables in several parts: photos, one of them refused, and a film that begins in the dark."""
    folder = tmp_path_factory.mktemp("batch")
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(np.full((120, 200, 3), 90, np.uint8)).save(folder / name)
    (folder / "broken.png").write_text("I am no picture.")
    times = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    make_film(folder / "film.mp4", times, (200, 120), picture=bright_from_the_fourth_on)
    pipeline = Pipeline(FacesInTheLight(), FakeClassifier(sure("happy"), sure("sad", 0.8)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_run, "MIN_PHOTOS", 1)
        run([folder], folder / "out", pipeline, BatchSettings(segment_seconds=2))
    return folder / "out"


@pytest.mark.parametrize("table", ROWS)
def test_pandas_and_pyarrow(out, table):
    assert len(pd.read_parquet(out / table)) == ROWS[table]
    assert pyarrow.dataset.dataset(out / table).count_rows() == ROWS[table]


@pytest.mark.parametrize("table", ROWS)
def test_datasets(out, table, tmp_path):
    files = str(out / table / "*.parquet")
    rows = datasets.load_dataset("parquet", data_files=files, cache_dir=tmp_path, split="train")
    assert len(rows) == ROWS[table]
    assert {"source_id", "source"} <= set(rows.features)


@pytest.mark.parametrize("table", ROWS)
def test_polars(out, table):
    polars = pytest.importorskip("polars", reason="polars isn't needed, only read by")
    assert len(polars.read_parquet(out / table / "*.parquet")) == ROWS[table]


@pytest.mark.parametrize("table", ROWS)
def test_duckdb(out, table):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB isn't needed, only read by")
    query = f"SELECT count(*) FROM read_parquet('{out / table}/*.parquet')"
    assert duckdb.sql(query).fetchall() == [(ROWS[table],)]
