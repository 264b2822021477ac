"""What happens around a batch: lost connections, damaged parts, files that hang or are replaced."""

import errno
import io
import os
import re
import shutil
from contextlib import nullcontext
from types import SimpleNamespace

import aiohttp
import av
import fsspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer.batch import batch_run, local_copies, manifest, transient_errors
from fer.batch.batch_run import BatchRun
from fer.batch.collection import write_spreadsheets
from fer.batch.input_files import InputFile, Shard, find_input_files
from fer.batch.local import LocalPool
from fer.batch.local_copies import LocalCopies
from fer.batch.manifest import write_manifest
from fer.batch.store import BatchStore, is_readable
from fer.batch.task_runner import ENDED, TaskRunner, Watchdog
from fer.batch.tasks import BatchSettings, WorkerReady
from fer.batch.transient_errors import UnreachableError, is_transient
from fer.pipeline import Pipeline
from fer.video.container import demux
from tests.batch import batches, fake_worker
from tests.batch.batches import run, table, tables
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film

SHORT = BatchSettings(segment_seconds=2)
BOXES = [(20.0, 30.0, 70.0, 90.0), (80.0, 30.0, 130.0, 90.0)]


@pytest.fixture
def pipeline():
    return fake_pipeline(BOXES, sure("happy", 0.9), sure("sad", 0.42))


@pytest.fixture(scope="module", autouse=True)
def two_photos_a_part():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_run, "MIN_PHOTOS", 2)
        yield


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Four photos, and a film of three segments."""
    folder = tmp_path_factory.mktemp("inputs")
    for name in "abcd":
        Image.fromarray(np.full((120, 200, 3), 90, np.uint8)).save(folder / f"{name}.png")
    make_film(folder / "film.mp4", [index / 5 for index in range(30)], (200, 120))
    return folder


@pytest.fixture(scope="module")
def done(inputs, tmp_path_factory):
    """The folder of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("done")
    run([inputs], folder, fake_pipeline(BOXES, sure("happy", 0.9), sure("sad", 0.42)), SHORT)
    write_manifest(folder, SHORT, 1, WorkerReady("fake", "0", "int8"))
    return folder


@pytest.fixture
def out(done, tmp_path):
    """A copy of it."""
    return shutil.copytree(done, tmp_path / "out")


class Network:
    """What addresses lead to, as long as nothing fails.

    Attributes:
        failures: By the end of an address, errors that come one after the other.
        asked: The names that were asked for.
    """

    def __init__(self, folder):
        self.failures, self.asked = {}, []
        self.open = fsspec.open
        self.system = fsspec.filesystem("memory")
        for path in folder.iterdir():
            self.system.pipe(f"/inputs/{path.name}", path.read_bytes())

    def __call__(self, location, mode):
        name = location.rpartition("/")[2]
        self.asked.append(name)
        errors = self.failures.get(name) or self.failures.get("*")
        if errors:
            raise errors.pop(0)
        return self.open(location, mode)


@pytest.fixture
def network(inputs, monkeypatch):
    network = Network(inputs)
    monkeypatch.setattr(fsspec, "open", network)
    network.pauses = []
    monkeypatch.setattr(transient_errors, "sleep", network.pauses.append)
    yield network
    network.system.rm("/inputs", recursive=True)


def assert_same_rows(one, other):
    """Compare the tables of two folders, whose files may be in different places."""
    ones, others = tables(one), tables(other)
    assert ones.keys() == others.keys()
    for name in ones:
        known = (made[name].drop(columns=["source", "source_id"]) for made in (ones, others))
        pd.testing.assert_frame_equal(*known)


def lost():
    return [ConnectionResetError(errno.ECONNRESET, "Connection reset by peer") for _ in range(4)]


def test_a_lost_connection_is_tried_again_after_growing_pauses(network, done, tmp_path, pipeline):
    network.failures = {"a.png": lost()[:3], "film.mp4": lost()[:2]}
    run(["memory://inputs"], tmp_path / "out", pipeline, SHORT)
    assert_same_rows(done, tmp_path / "out")
    assert sorted(network.pauses) == [1, 1, 4, 4, 16]


@pytest.mark.parametrize("name", ["a.png", "film.mp4"])
def test_unreachable_files_are_left_for_the_next_run(network, done, tmp_path, pipeline, name):
    network.failures = {name: lost()}
    left = rf"{name} is left for later: .*Connection reset by peer\. .* 4 of 5 files are done"
    with pytest.raises(UnreachableError, match=left):
        run(["memory://inputs"], tmp_path / "out", pipeline, SHORT)
    files = table(tmp_path / "out", "files")
    assert len(files) == 4 and files["error"].isna().all()
    again = run(["memory://inputs"], tmp_path / "out", pipeline, SHORT)
    assert {file.source[-5:] for task in again.tasks for file in _files(task)} == {name[-5:]}
    assert_same_rows(done, tmp_path / "out")


def _files(task):
    return getattr(task, "files", None) or (task.file,)


def test_segments_are_kept_while_the_video_is_unreachable(network, tmp_path, pipeline):
    film = "memory://inputs/film.mp4"
    with pytest.raises(KeyboardInterrupt):
        run([film], tmp_path / "out", pipeline, SHORT, workers=1, stop_after=4)
    network.failures = {"film.mp4": lost()}
    with pytest.raises(UnreachableError, match=r"film.mp4 is left for later: .* 0 of 1 files"):
        run([film], tmp_path / "out", pipeline, SHORT)
    again = run([film], tmp_path / "out", pipeline, SHORT)
    assert len(again.tasks) == 2  # its plan, and the last segment


def test_a_run_ends_where_the_source_is_unreachable(network, tmp_path, pipeline, monkeypatch):
    """Not each of a million files is asked for four times."""
    monkeypatch.setattr(batch_run, "MAX_PHOTOS", 4)
    monkeypatch.setattr(batch_run, "MIN_PHOTOS", 4)
    (tmp_path / "list.txt").write_text("".join(f"memory://inputs/{n}.png\n" for n in range(100)))
    network.failures = {"*": 400 * lost()}
    with pytest.raises(UnreachableError, match=r"as are 99 more: .* 0 of 100 files are done"):
        run([tmp_path / "list.txt"], tmp_path / "out", pipeline, SHORT, workers=1)
    assert len(set(network.asked)) == batch_run.MAX_OUTAGE * 3
    assert not (tmp_path / "out" / "files").exists()


def test_a_full_temporary_disk_is_no_fault_of_the_video(network, tmp_path, pipeline, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(local_copies, "work_folder", full)
        with pytest.raises(UnreachableError, match=r"there is no room for a copy of it in /"):
            run(["memory://inputs"], tmp_path / "out", pipeline, SHORT)
    assert table(tmp_path / "out", "files")["kind"].tolist() == ["photo"] * 4
    run(["memory://inputs"], tmp_path / "out", pipeline, SHORT)
    assert table(tmp_path / "out", "files")["error"].isna().all()


def stale(*arguments, **options):
    raise OSError(errno.ESTALE, "Stale file handle")


def half_read(*arguments, **options):
    return nullcontext(SimpleNamespace(read=stale))


def packets_until_stale(*arguments, **options):
    yield from list(demux(*arguments, **options))[:5]
    raise av.error.OSError(errno.ESTALE, "Stale file handle")


@pytest.mark.parametrize(
    ("name", "fails"),
    [
        *(("fer.batch.local_copies.open", fails) for fails in (stale, half_read)),
        ("fer.batch.local_copies.Path", lambda *parts: SimpleNamespace(stat=stale)),
        ("fer.video.container.av.open", stale),  # which becomes a VideoError
        ("fer.video.reader.demux", packets_until_stale),
    ],
)
def test_files_of_a_lost_network_mount_are_left_for_the_next_run(
    inputs, done, tmp_path, pipeline, monkeypatch, name, fails
):
    """Nothing in it is refused for good, nor kept in part."""
    with monkeypatch.context() as patch:
        patch.setattr(name, fails, raising=not name.endswith(".open"))
        with pytest.raises(UnreachableError, match=r"is left for later.*: Stale file handle\."):
            run([inputs], tmp_path / "out", pipeline, SHORT)
    kinds = table(tmp_path / "out", "files")["kind"].tolist()
    assert kinds == (["video"] if name == "fer.batch.local_copies.open" else ["photo"] * 4)
    run([inputs], tmp_path / "out", pipeline, SHORT)
    assert_same_rows(done, tmp_path / "out")


def test_copies_are_named_after_their_sources(network):
    """Of two videos there is the later one only."""
    copies = LocalCopies()
    film, other = (InputFile(f"memory://inputs/{name}") for name in ("film.mp4", "a.png"))
    first = copies.path(film)
    assert first.name == "film.mp4" and first == copies.path(film)
    second = copies.path(other)
    assert second.name == "a.png" and second.exists() and not first.exists()
    copies.close()
    assert not second.parent.exists()


def test_listing_a_folder_is_retried(network, tmp_path, monkeypatch):
    errors, exists = lost()[:2], type(network.system).isdir

    def unsteady(system, path):
        if errors:
            raise errors.pop()
        return exists(system, path)

    monkeypatch.setattr(type(network.system), "isdir", unsteady)
    assert len(find_input_files(["memory://inputs"], tmp_path).files) == 5
    assert network.pauses == [1, 4]
    errors += lost()
    with pytest.raises(ValueError, match=r"memory://inputs can't be reached: .*reset by peer"):
        find_input_files(["memory://inputs"], tmp_path)


def http(status):
    return aiohttp.ClientResponseError(SimpleNamespace(real_url=""), (), status=status)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (http(503), True),
        (http(429), True),
        (http(401), True),  # a token has expired
        (http(404), False),
        (http(416), False),
        (TimeoutError(), True),
        (ConnectionRefusedError(111, "Connection refused"), True),
        (FileNotFoundError(2, "gone"), False),
        (PermissionError(13, "not yours"), False),
        (ValueError("Protocol not known"), False),
        (OSError("Invalid data stream"), False),  # of bzip2
    ],
)
def test_which_errors_are_transient(error, passes, network, tmp_path, pipeline):
    assert is_transient(error) is passes
    network.failures = {"a.png": [error]}
    run(["memory://inputs/a.png"], tmp_path / "out", pipeline, SHORT)
    assert table(tmp_path / "out", "files")["error"].notna().tolist() == [not passes]


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def blank(path):
    content = path.read_bytes()
    path.write_bytes(content[:60] + bytes(30) + content[90:])


def test_a_part_that_can_t_be_opened_is_not_damaged(tmp_path):
    loop = tmp_path / "part.parquet"
    loop.symlink_to(loop)
    with pytest.raises(ValueError, match=r"part\.parquet can't be read: Too many levels"):
        is_readable(loop)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        *(("files", cut), ("timeline", cut), ("faces", cut), ("files", blank)),
        *(("faces", blank), ("timeline", os.remove), ("faces", os.remove)),
    ],
)
def test_a_damaged_part_is_made_again(inputs, done, out, pipeline, name, harm):
    part = sorted((out / name).iterdir())[0]
    harm(part)
    if harm is not os.remove:
        with pytest.raises(ValueError, match=f"{part.name} is damaged; give the `fer run`"):
            write_spreadsheets(out)
    store = BatchStore(out, Shard())
    with store.locked():
        assert store.damaged == [f"{name}/{part.name}"]
    run([inputs], out, pipeline, SHORT)
    assert_same_rows(done, out)


@pytest.mark.parametrize("name", ["timeline", "overlap"])
def test_a_damaged_segment_is_made_again(inputs, done, tmp_path, pipeline, name):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run([inputs], out, pipeline, SHORT, stop_after=4, workers=1)
    segments = sorted(out.glob(f".*.unfinished/*/*/*/{name}.parquet"))
    cut(segments[1])
    run([inputs], out, pipeline, SHORT)
    assert_same_rows(done, out)


class Hangs(fake_worker.TwoFaces):
    """Hangs over dark pictures, without letting any other thread of Python run."""

    def detect_any_rotation(self, image):
        if image.mean() < 10:
            re.match("(a+)+$", 29 * "a" + "b")  # half a minute
        return super().detect_any_rotation(image)


def impatient(settings):
    runner = TaskRunner(settings, Pipeline(Hangs(), fake_worker.BrightIsHappy()))
    runner.watchdog.seconds = 3.0
    return runner


@pytest.mark.slow
def test_a_file_that_hangs_is_refused(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_run, "MAX_LOSSES", 1)
    Image.new("RGB", (80, 80)).save(tmp_path / "dark.png")
    monkeypatch.setattr(batch_run, "MIN_PHOTOS", 1)
    files = [InputFile(str(path)) for path in (tmp_path / "dark.png", inputs / "a.png")]
    store, pool = BatchStore(tmp_path / "out", Shard()), LocalPool(SHORT, 1, impatient)
    (tmp_path / "out").mkdir()
    pool.start()
    try:
        BatchRun(files, SHORT, store).run(pool)
    finally:
        pool.close()
    errors = table(tmp_path / "out", "files").set_index("source")["error"].fillna("")
    assert errors.tolist() == ["", ENDED] and errors.index[1].endswith("dark.png")


def test_a_long_task_that_makes_progress_is_not_ended(monkeypatch):
    armed = []
    monkeypatch.setattr(
        "fer.batch.task_runner.faulthandler.dump_traceback_later",
        lambda seconds, **options: armed.append(seconds),
    )
    times = iter([0.0, 100.0, 100.4, 300.0])
    monkeypatch.setattr("fer.batch.task_runner.monotonic", lambda: next(times) + 1000)
    watchdog = Watchdog(600)
    watchdog.note_progress()  # outside of a worker
    with watchdog.watching():
        watchdog.note_progress()
        watchdog.note_progress()
    assert armed == [600, 600]


@pytest.fixture
def film(inputs, tmp_path):
    """A copy, to be replaced."""
    return shutil.copy(inputs / "film.mp4", tmp_path / "film.mp4")


def test_another_video_of_the_same_name_starts_anew(film, tmp_path, pipeline):
    """Of the first one's segments none is joined to those of the second."""
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run([film], out, pipeline, SHORT, stop_after=4, workers=1)
    first = list(out.glob(".*.unfinished/*/*/*/timeline.parquet"))
    film.unlink()
    make_film(film, [index / 5 for index in range(30)], (300, 180))  # with the same segments
    with pytest.raises(KeyboardInterrupt):
        run([film], out, pipeline, SHORT, stop_after=3, workers=1)
    second = list(out.glob(".*.unfinished/*/*/*/timeline.parquet"))
    assert (len(first), len(second)) == (2, 1) and not {*first} & {*second}
    run([film], out, pipeline, SHORT)
    assert table(out, "files")["width"].tolist() == [300]
    assert len(table(out, "timeline")) == 6


def test_a_video_that_is_replaced_while_it_is_read_is_left_for_later(
    film, tmp_path, pipeline, monkeypatch
):
    class Replacing(TaskRunner):
        def run(self, task):
            if getattr(task, "segment", None) and task.segment.number == 1:
                os.utime(film, (0, 0))
            return super().run(task)

    monkeypatch.setattr(batches, "TaskRunner", Replacing)
    with pytest.raises(UnreachableError, match="Another file has taken its place"):
        run([film], tmp_path / "out", pipeline, SHORT)
    assert not (tmp_path / "out" / "files").exists()


def test_one_video_that_is_replaced_ends_nothing_else(
    inputs, film, tmp_path, pipeline, monkeypatch
):
    """Many segments of it may be given back, each by a worker of its own."""

    class Replacing(TaskRunner):
        def run(self, task):
            if getattr(task, "segment", None):
                os.utime(film, (task.segment.number, 0))
            return super().run(task)

    monkeypatch.setattr(batches, "TaskRunner", Replacing)
    monkeypatch.setattr(batch_run, "MAX_OUTAGE", 2)
    with pytest.raises(UnreachableError, match="Another file has taken its place"):
        run([film, inputs / "a.png"], tmp_path / "out", pipeline, SHORT, workers=6)
    assert table(tmp_path / "out", "files")["kind"].tolist() == ["photo"]


def test_shards_that_end_while_others_begin(inputs, tmp_path, pipeline, monkeypatch):
    """The folder into which one is about to write isn't removed by another."""
    mkdir = os.mkdir

    def make_and_be_interrupted(path, *arguments, **options):
        mkdir(path, *arguments, **options)
        if "unfinished" in os.fspath(path):
            BatchStore(tmp_path / "out", Shard(3 - number, 2)).clear()

    monkeypatch.setattr(os, "mkdir", make_and_be_interrupted)
    for number in (1, 2):
        run([inputs], tmp_path / "out", pipeline, SHORT, Shard(number, 2))
    assert len(table(tmp_path / "out", "files")) == 5


@pytest.fixture
def no_flock(monkeypatch):
    """A system without locks on files, as Lustre is without its option flock."""

    def refuse(*arguments):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)


@pytest.mark.usefixtures("no_flock")
@pytest.mark.filterwarnings("ignore:flock not supported")
def test_what_keeps_a_folder_locked_where_a_killed_run_leaves_its_lock(tmp_path):
    store, lock = BatchStore(tmp_path, Shard()), tmp_path / ".0001-of-0001.lock"
    lock.write_text("4711\nnode7\n1\n")
    with pytest.raises(ValueError, match=f"or remove {lock} if it was killed on another machine"):
        store.locked().__enter__()
    lock.unlink()
    with store.locked():
        assert "4711" not in lock.read_text()


@pytest.mark.usefixtures("no_flock")
@pytest.mark.filterwarnings("ignore:flock not supported")
def test_what_keeps_the_manifest_locked_is_on_the_terminal_before_the_wait(tmp_path, monkeypatch):
    lock, terminal = tmp_path / ".manifest.lock", io.StringIO()
    lock.write_text("4711\nnode7\n1\n")
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(manifest, "_NOTICE_AFTER", 0)
    monkeypatch.setattr(manifest, "_LOCK_TIMEOUT", 0)
    with pytest.raises(ValueError, match=f"or remove {lock} if it was killed on") as error:
        write_manifest(tmp_path, SHORT, 1, WorkerReady("fake", "0", "int8"))
    assert terminal.getvalue() == f"{error.value}\n"
    lock.unlink()
    write_manifest(tmp_path, SHORT, 1, WorkerReady("fake", "0", "int8"))
