"""Small batches for tests, and their tables."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow.parquet import read_table

from fer.batch.batch_run import BatchRun
from fer.batch.input_files import Shard, find_input_files
from fer.batch.store import BatchStore
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings
from tests.batch.pools import InlinePool


def run(sources, out: Path, pipeline, settings=None, shard=None, **options) -> InlinePool:
    """Read files into tables in this process, and return the pool."""
    settings = settings or BatchSettings()
    pool = InlinePool(TaskRunner(settings, pipeline), **options)
    store = BatchStore(out, shard or Shard())
    out.mkdir(exist_ok=True)
    files = find_input_files(map(str, sources), out).files
    with store.locked():
        BatchRun([file for file in files if file in (shard or Shard())], settings, store).run(pool)
    return pool


def table(out: Path, name: str) -> pd.DataFrame:
    """Return a table, by file, time and face."""
    parts = sorted((out / name).glob("[!.]*.parquet"))
    rows = pa.concat_tables([read_table(part) for part in parts]).to_pandas()
    order = [column for column in ("source", "time", "face") if column in rows]
    return rows.sort_values(order, ignore_index=True, kind="stable")


def tables(out: Path) -> dict[str, pd.DataFrame]:
    """Return all tables of a folder."""
    return {
        name: table(out, name) for name in ("faces", "timeline", "files") if (out / name).is_dir()
    }
