"""Worker processes: they are killed, interrupted and fail to start, and no row is lost or doubled.

FER_KILLS=20 python -m pytest tests/batch/test_local.py -k killed
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import psutil
import pytest
import skimage
from PIL import Image

from fer.batch.batch_run import BatchRun
from fer.batch.input_files import Shard, find_input_files
from fer.batch.local import LocalPool
from fer.batch.store import BatchStore
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings, PhotoTask, TableRows
from fer.drawing.face_export import to_dataframe
from fer.pipeline import Pipeline
from fer.sandbox import kernel
from fer.threads import number_of_threads
from tests.batch import fake_worker
from tests.batch.batches import run, tables
from tests.sample_videos import make_film

KILLS = int(os.environ.get("FER_KILLS", "3"))
SETTINGS = BatchSettings()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Enough for a few seconds: photos for many tasks, and films of one segment and of three."""
    folder = tmp_path_factory.mktemp("inputs")
    for number in range(220):
        image = np.full((80, 160, 3), 20 + number % 200, np.uint8)
        Image.fromarray(image).save(folder / f"{number}.bmp")
    make_film(folder / "short.mp4", [index / 10 for index in range(60)], (160, 90))
    make_film(folder / "long.mp4", list(range(150)), (160, 90))
    return folder


@pytest.fixture(scope="module")
def expected(inputs, tmp_path_factory):
    """The tables of a run that nothing disturbs."""
    out = tmp_path_factory.mktemp("expected")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake_worker, "SECONDS_PER_FACE", 0)
        run([inputs], out, fake_worker.load(SETTINGS).pipeline, SETTINGS)
    return tables(out)


def start(inputs, out, *options):
    command = [
        sys.executable,
        "-m",
        "tests.batch.fake_worker",
        inputs,
        "--out",
        out,
        "--workers",
        2,
    ]
    return subprocess.Popen(
        [*map(str, command), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def parts(out):
    """Return what is done, with when it was."""
    found = [*out.glob("files/[!.]*"), *out.glob(".*.unfinished/*/*/*/timeline.parquet")]
    return {path: path.stat().st_mtime_ns for path in found}


def family_of(process):
    """Return the processes that one has started."""
    return psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []


def wait_for_more(out, process, before):
    while parts(out).keys() <= before.keys() and process.poll() is None:
        time.sleep(0.01)


@pytest.mark.long
@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost_or_doubled(inputs, expected, tmp_path):
    out, chance = tmp_path / "out", random.Random(KILLS)
    for number in range(KILLS):
        before = parts(out)
        process = start(inputs, out)
        if number != 1:  # which is killed while it starts, or a little later
            wait_for_more(out, process, before)
        time.sleep(chance.uniform(0, 0.3))
        family = family_of(process)
        workers = [one for one in family if "spawn_main" in " ".join(one.cmdline())]
        if number % 2 and workers:  # first a worker, and then all
            chance.choice(workers).kill()
            time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.wait()
        assert psutil.wait_procs(family, timeout=20)[1] == []
        finished = {path: when for path, when in before.items() if path.parent.name == "files"}
        assert finished.items() <= parts(out).items()  # what was done isn't done again
    process = start(inputs, out)
    assert process.wait(120) == 0, process.stderr.read()
    found = tables(out)
    assert found.keys() == expected.keys()
    for name in found:
        pd.testing.assert_frame_equal(found[name], expected[name])


def is_gone(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


def process_ids(pool):
    return [worker.process.pid for worker in pool._workers]


@pytest.mark.slow
def test_killed_workers_are_replaced(inputs, expected, tmp_path):
    """One is killed at work, one before it has anything to do."""
    pool, store = LocalPool(SETTINGS, 2, fake_worker.load), BatchStore(tmp_path, Shard())
    pool.start()
    first = process_ids(pool)
    os.kill(first[1], signal.SIGKILL)
    kills = [process_ids(pool)[0]]

    def report(share):
        if kills and share > 0.3:
            os.kill(kills.pop(), signal.SIGKILL)

    with store.locked():
        batch = BatchRun(find_input_files([str(inputs)], tmp_path).files, SETTINGS, store)
        batch.run(pool, report)
    assert len(process_ids(pool)) == 2 and not set(first) & set(process_ids(pool))
    pool.close()
    assert all(map(is_gone, first)) and not kills
    found = tables(tmp_path)
    for name in found:
        pd.testing.assert_frame_equal(found[name], expected[name])


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_a_signal_ends_it_in_one_line(inputs, tmp_path, monkeypatch, number):
    """Ctrl-C, or the end of a job's time on a cluster; no temporary file is left."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("SECONDS_PER_FACE", "0.06")  # far from done when it comes
    process = start(inputs, tmp_path / "out")
    wait_for_more(tmp_path / "out", process, {})
    family = family_of(process)
    os.killpg(process.pid, number)  # as a terminal does, to all of them
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert output == ""
    assert errors.startswith("fer run: Interrupted. ") and errors.count("\n") == 1
    assert (
        f" of 222 files are in {tmp_path / 'out'}; run the same command again to continue."
        in errors
    )
    assert psutil.wait_procs(family, timeout=20)[1] == []
    (root,) = (tmp_path / "temporary").glob("fer-run-*")
    assert [path.name for path in root.iterdir()] == [".lock"]


def refuse(settings):
    raise ValueError("There is no such network.")


def die(settings):
    os._exit(1)


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (refuse, "There is no such network."),
        pytest.param(die, "The workers end before they are ready; name", marks=pytest.mark.slow),
    ],
)
def test_workers_that_cannot_start_end_the_run(load, sentence, monkeypatch):
    monkeypatch.setattr("fer.batch.local.MAX_CRASHES_PER_WORKER", 1)
    pool = LocalPool(SETTINGS, 1, load)
    with pytest.raises(ValueError, match=sentence):
        pool.start()
    pool.close()


def count_threads(settings):
    """Return a runner whose network's name is how many threads libraries may start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fer.batch.task_runner.Pipeline.load", lambda *args, **options: None)
        TaskRunner.load(settings)
    runner = fake_worker.load(settings)
    names = number_of_threads(), cv2.getNumThreads(), os.environ["OMP_NUM_THREADS"]
    runner.pipeline.classifier.name = f"{names}"
    return runner


def test_one_thread_each(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    pool = LocalPool(SETTINGS, 1, count_threads)
    assert pool.start().name == "(1, 1, '1')"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert isinstance(pool_result(pool, PhotoTask(())), TableRows)
    pool.close()


def test_a_worker_that_is_replaced_changes_no_environment(monkeypatch):
    """A library's getenv in another thread would end the batch by a segmentation fault."""

    def change(*arguments):
        raise AssertionError("the environment is changed while there are threads")

    pool = LocalPool(SETTINGS, 1, count_threads)
    pool.start()
    with monkeypatch.context() as patch:
        patch.setattr(os, "putenv", change)
        patch.setattr(os, "unsetenv", change)
        psutil.Process(process_ids(pool)[0]).kill()
        pool.submit(PhotoTask(()))
        assert pool.wait() == (PhotoTask(()), None)
        ready = pool_result(pool, PhotoTask(()))
    assert isinstance(ready, TableRows)
    pool.close()


def test_a_system_without_signal_masks(monkeypatch):
    """As Windows, which has no kernel to ask for anything either."""
    monkeypatch.delattr(signal, "pthread_sigmask")
    pool = LocalPool(SETTINGS, 1, fake_worker.load)
    assert pool.start().name == "fake"
    pool.close()
    monkeypatch.setattr("platform.system", lambda: "Windows")
    monkeypatch.setattr("ctypes.CDLL", None)
    with pytest.raises(OSError, match="Windows has no such call"):
        kernel.die_with_parent(signal.SIGKILL)


def pool_result(pool, task):
    pool.submit(task)
    assert (pool.free, pool.busy) == (0, 1)
    done, result = pool.wait()
    assert done == task and (pool.free, pool.busy) == (1, 0)
    return result


@pytest.mark.slow
def test_the_command_returns_the_same_as_the_pipeline(tmp_path):
    """With the real networks, in processes of their own."""
    photos = tmp_path / "photos"
    photos.mkdir()
    face = Image.fromarray(skimage.data.astronaut())
    face.save(photos / "face.png")
    face.transpose(Image.Transpose.ROTATE_180).save(photos / "turned.png")
    damaged = b"Exif\0\0MM\0*\0\0\0\x08\0\x40"  # 64 entries, of which none is there
    Image.new("RGB", (64, 64), "gray").save(photos / "none.jpg", exif=damaged)
    command = [
        sys.executable,
        "-m",
        "fer",
        "run",
        photos,
        "--output",
        tmp_path / "out",
        "--workers",
        1,
    ]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")  # no progress in a pipe, and no warning
    assert done.stdout.startswith("3 photos and 0 videos are read, with 2 rows of faces.\n")
    made, pipeline = tables(tmp_path / "out"), Pipeline.load()
    expected = to_dataframe(pipeline([photos / "face.png", photos / "turned.png"]))
    for name in ("left", "bottom", "expression", "happy", "neutral", "yaw", "sharpness"):
        one, other = made["faces"][name].to_list(), expected[name].to_list()
        assert one == (other if name == "expression" else pytest.approx(other, abs=1e-4))
    (notice,) = made["files"]["notice"].dropna()
    assert notice == "The photo looks turned by 180 degrees; it was read as turned."


def test_copies_that_killed_workers_leave_go_with_the_pool(monkeypatch):
    pool = LocalPool(SETTINGS, 1, fake_worker.load)
    pool.start()
    folder = Path(vars(pool)["_copies"].path)
    worker = psutil.Process(process_ids(pool)[0])
    assert worker.environ()["TMPDIR"] == str(folder)
    assert os.environ.get("TMPDIR") != str(folder)
    (folder / "fer-video-1").mkdir()
    pool.close()
    assert not folder.exists()
