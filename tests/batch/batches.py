"""Small batches for tests, done in the test's own process, and their tables."""

from collections import deque
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow.parquet import read_table

from fer.batch.batch_run import BatchRun
from fer.batch.input_files import Shard, find_input_files
from fer.batch.store import BatchStore
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings


class InlinePool:
    """Does each task when its result is waited for.

    Args:
        runner: Does them.
        losses: Tasks, by their number, over which the "worker" ends.
        stop_after: Tasks after which it raises KeyboardInterrupt.
    """

    def __init__(self, runner: TaskRunner, losses=(), stop_after=None, workers=2) -> None:
        self.runner, self.losses, self.stop_after = runner, set(losses), stop_after
        self.workers, self.tasks, self.at_work = workers, [], deque()

    @property
    def free(self):
        return self.workers - len(self.at_work)

    @property
    def busy(self):
        return len(self.at_work)

    def start(self):
        return self.runner.ready

    def submit(self, task):
        self.at_work.append(task)

    def wait(self):
        task = self.at_work.popleft()
        self.tasks.append(task)
        if len(self.tasks) == self.stop_after:
            raise KeyboardInterrupt
        lost = len(self.tasks) in self.losses
        return task, None if lost else self.runner.run(task)

    def close(self):
        self.runner.close()


def run(sources, out: Path, pipeline, settings=None, shard=None, **options) -> InlinePool:
    """Read files into tables in this process, and return the pool."""
    settings = settings or BatchSettings()
    pool = InlinePool(TaskRunner(settings, pipeline), **options)
    store = BatchStore(out, shard or Shard())
    out.mkdir(exist_ok=True)
    files = find_input_files([*map(str, sources)], out).files
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
