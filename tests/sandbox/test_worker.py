"""What a worker can't do, how it ends, and that nothing outlives the page."""

import fcntl
import logging
import multiprocessing
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from fer.sandbox import Channel, Limits, Message, Worker, WorkerError, kernel, worker
from tests.sandbox import works

LIMITS = Limits(memory=500_000_000, cpu=30)
linux = pytest.mark.skipif(platform.system() != "Linux", reason="what other systems lack is logged")


def result_of(work, limits, *arguments):
    worker = Worker(work, limits, *arguments)
    try:
        return worker.result(20)
    finally:
        worker.kill()


@linux
def test_a_worker_reaches_nothing_but_its_own_folder(tmp_path):
    secret, own = tmp_path / "secret", tmp_path / "own"
    secret.write_text("another visitor's"), own.mkdir()
    limits = Limits(500_000_000, 30, file_size=1000, writable=own)
    outcomes = result_of(works.try_all, limits, secret, own).fields
    allowed = {"own file", "own move", "temporary", "thread", "abort handler", "file flags"}
    assert {name for name, outcome in outcomes.items() if outcome == "done"} == allowed
    assert {outcomes[name] for name in set(outcomes) - allowed} == {"PermissionError"}
    assert secret.read_text() == "another visitor's" and set(tmp_path.iterdir()) == {secret, own}


def test_limits_are_set_before_the_work_begins():
    fields = result_of(works.report, Limits(10**9, 30, 1000, 50, nice=3)).fields
    assert fields["limits"] == {
        "core": [0, 0],
        "files": [50, 50],
        "cpu": [30, 30],
        "size": [1000] * 2,
    }
    assert fields["umask"] == 0o077 and fields["nice"] == 3 + os.nice(0)


def test_the_server_has_imported_what_workers_need():
    assert result_of(works.report, LIMITS).fields["loaded"]
    begin = time.monotonic()
    result_of(works.report, LIMITS)
    assert time.monotonic() - begin < 2


@linux
@pytest.mark.parametrize("what", ["nothing", "bytes", "deleted", "files", "threads"])
def test_what_no_limit_of_the_kernel_bounds_is_watched(tmp_path, monkeypatch, what):
    monkeypatch.setattr("fer.sandbox.limits.MAX_THREADS", 30)
    limits = Limits(9_000_000_000, 30, 500_000, writable=tmp_path)
    worker = Worker(works.take, limits, what, tmp_path)
    try:
        assert worker.receive(60).kind == "begun"
        if what == "nothing":
            worker.check_usage(1_000_000)
        else:
            with pytest.raises(WorkerError, match="too much"):
                worker.check_usage(1_000_000)
    finally:
        worker.kill()


def test_a_worker_that_has_just_ended_hides_nothing(monkeypatch):
    """Only root sees what a process has open that is about to end."""

    def refuse(*arguments):
        raise PermissionError("what it has open can't be seen" + 4000 * "x")

    monkeypatch.setattr(worker, "excess", refuse)
    ended, waiting = Worker(works.crash, LIMITS), Worker(works.hang, LIMITS)
    ended.check_usage()
    with pytest.raises(WorkerError, match=r"hides .* can't be seen") as error:
        waiting.check_usage()
    assert len(str(error.value)) < 300
    ended.kill(), waiting.kill()


def test_whatever_a_worker_leaves_can_be_removed(tmp_path):
    """Python's functions call themselves for each level, which ends in an error of their own."""
    own = tmp_path / "own"
    (own / "source").mkdir(parents=True)
    (own / "source" / "film.mp4").touch()
    with pytest.raises(WorkerError):
        result_of(works.nest_folders, Limits(500_000_000, 30, 1000, writable=own), own)
    assert (own / "source" / "film.mp4").exists()
    shutil.rmtree(own)
    assert not own.exists()


def test_no_folder_of_the_caller_is_moved_nor_opened(tmp_path):
    """Anybody may name a folder that exists for the results of an analysis."""
    for own in (tmp_path / "deep" / "a/b/c/d/e", tmp_path / "shut" / "a"):
        own.mkdir(parents=True)
    (tmp_path / "shut" / "a").chmod(0o500)
    for own in (tmp_path / "deep", tmp_path / "shut"):
        before = [(path, path.stat().st_mode) for path in sorted(own.rglob("*"))]
        assert result_of(works.report, Limits(500_000_000, 30, writable=own)).kind == "result"
        assert before == [(path, path.stat().st_mode) for path in sorted(own.rglob("*"))]


def test_what_a_worker_writes_is_bounded_and_stays_out_of_the_log_of_the_page(caplog):
    """It could fill or empty the file of the log, or let the page's own writing fail."""
    assert result_of(works.speak, LIMITS).fields["pipes"] == [True, True]
    assert 3000 < len(caplog.text) < 5000


def test_an_error_in_a_worker_is_logged_and_no_line_can_be_forged(caplog):
    with pytest.raises(WorkerError):
        result_of(works.fail, LIMITS)
    lines = caplog.text.splitlines()
    assert "    ERROR: forged\N{REPLACEMENT CHARACTER}[2J" in lines
    assert "    KeyError: 'a mistake'" in lines and not caplog.text.count("\x1b")


def test_no_start_of_a_worker_changes_the_environment(monkeypatch):
    """A library's getenv in another thread would end the page by a segmentation fault."""

    def change(*arguments):
        raise AssertionError("the environment is changed while the page has threads")

    with monkeypatch.context() as patch:
        patch.setattr(os, "putenv", change)
        patch.setattr(os, "unsetenv", change)
        assert result_of(works.report, LIMITS).kind == "result"


def test_messages_that_nest_too_deeply_are_an_error():
    with pytest.raises(WorkerError):
        result_of(works.nest, LIMITS)


@pytest.mark.parametrize(("size", "kind"), [(100_000_000, "result"), (1_000_000_000, "refused")])
def test_memory_is_bounded(size, kind):
    assert result_of(works.fill, LIMITS, size).kind == kind


def test_time_of_the_processor_is_bounded():
    before = time.monotonic()
    with pytest.raises(WorkerError, match="ended with -"):
        result_of(works.spin, Limits(500_000_000, cpu=1))
    assert time.monotonic() - before < 15


def test_what_is_written_is_bounded(tmp_path):
    limits = Limits(500_000_000, 30, file_size=10_000, writable=tmp_path)
    assert result_of(works.write, limits, tmp_path, 20_000).kind == "refused"
    assert (tmp_path / "large").stat().st_size <= 10_000


def test_a_page_with_a_thousand_connections_still_has_workers(monkeypatch):
    """Files are numbered; `select` takes none beyond 1,023."""
    monkeypatch.setattr("fer.sandbox.channel._MESSAGE_TIMEOUT", 0.2)
    mine, other = multiprocessing.Pipe()
    high = fcntl.fcntl(mine.fileno(), fcntl.F_DUPFD, 1100)
    channel, far = Channel(Connection(high)), Channel(other)
    far.send("result", b"data")
    assert channel.receive(1, 100) == Message("result", {}, bytearray(b"data"))
    with pytest.raises(TimeoutError):
        channel.send("too much", bytes(10_000_000))
    mine.close(), channel.close()
    with pytest.raises(EOFError):
        far.receive(1, 10**8)
    far.close()


def test_a_worker_that_crashes_is_an_error():
    with pytest.raises(WorkerError, match=f"ended with {-signal.SIGABRT}") as error:
        result_of(works.crash, LIMITS)
    assert not error.value.late


def test_a_worker_that_hangs_is_late_and_killed():
    worker = Worker(works.hang, LIMITS)
    assert worker.result(10).kind == "begun"
    with pytest.raises(WorkerError) as error:
        worker.result(0.1)
    assert error.value.late
    worker.kill()
    assert gone(worker.pid)


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("=QQ", 2, 0) + b"[]",
        struct.pack("=QQ", 2, 0) + b"{]",
        struct.pack("=QQ", 30, 0) + b'{"kind": "result", "fields": 5}'[:30],
        struct.pack("=QQ", 2**40, 0),
        struct.pack("=QQ", 2, 2**40),
    ],
)
def test_what_is_no_message_is_an_error(content):
    with pytest.raises(WorkerError, match=r"message|Expecting|object"):
        result_of(works.babble, LIMITS, content)


def test_a_message_that_breaks_off_is_an_error(monkeypatch):
    monkeypatch.setattr("fer.sandbox.channel._MESSAGE_TIMEOUT", 0.2)
    with pytest.raises(WorkerError, match="breaks off"):
        result_of(works.babble, LIMITS, b"\0\0\0")


@linux
def test_what_the_kernel_lacks_is_logged(monkeypatch, caplog):
    from fer.sandbox.channel import Message

    monkeypatch.setattr(worker, "_reported", set())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            worker._report(Message("ready", {"missing": ["a filter (none here)"]}))
    assert caplog.text.count("lacks a filter (none here)") == 1


def test_the_filter_is_made_for_both_machines():
    for machine in ("x86_64", "aarch64"):
        program = kernel._filter(machine, 1)
        assert len(program) % 8 == 0 and len(program) // 8 < 4096
    with pytest.raises(kernel.KernelError, match="riscv"):
        kernel._filter("riscv", 1)


WITHOUT_CAPSET = """
import os, socket
from fer.sandbox import Limits, kernel, limits

def refuse(): raise kernel.KernelError(1, "not permitted")

os.geteuid() or os.setuid(65534)
kernel.drop_capabilities = refuse
print(limits.confine(Limits(10**9, 60)))
try:
    socket.socket()
except PermissionError as error:
    print(error)
"""


@linux
def test_an_ordinary_user_is_confined_also_where_nobody_may_change_capabilities():
    command = [sys.executable, "-c", WITHOUT_CAPSET]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    missing, refused = ended.stdout.splitlines()
    assert "root's rights" in missing and "system calls" not in missing
    assert refused == "[Errno 1] Operation not permitted"


@linux
def test_an_error_of_the_kernel_is_noticed():
    with pytest.raises(kernel.KernelError, match="Invalid argument"):
        kernel._prctl(999_999)


PAGE = """
import os, sys, time
from fer.sandbox import Channel, Limits, Message, Worker, start_fork_server
from tests.sandbox import works

if __name__ == "__main__":
    start_fork_server("tests.sandbox.works")
    worker = Worker(works.hang, Limits(500_000_000, 30))
    print(worker.pid, worker.result(20).fields["pid"], flush=True)
    time.sleep(600)
"""


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_page(tmp_path, number):
    script = tmp_path / "page.py"
    script.write_text(PAGE)
    root = Path(__file__).parents[2]
    page = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root)}
    )
    numbers = {int(part) for part in page.stdout.readline().split()}
    assert len(numbers) == 1
    server = int(Path(f"/proc/{min(numbers)}/stat").read_text().rsplit(")")[1].split()[1])
    assert server != page.pid
    page.send_signal(number)
    page.wait(10)
    deadline = time.monotonic() + 5
    while not all(map(gone, numbers | {server})):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    page.stdout.close()


def gone(process):
    """Return whether a process has ended, be it that nobody has asked for its end yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")")[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


SECRETS = """
import os, subprocess
from fer.sandbox import Limits, Worker, start_fork_server
from tests.sandbox import works

if __name__ == "__main__":
    start_fork_server("tests.sandbox.works")
    worker = Worker(works.environment, Limits(500_000_000, 30))
    variables = worker.result(20).fields["variables"]
    children = subprocess.run(["env"], capture_output=True, text=True).stdout
    assert os.environ["HF_TOKEN"] == "a secret" and "a secret" not in children
    print("a secret" in variables.values(), variables["OMP_NUM_THREADS"])
"""


def test_secrets_stay_with_the_page(tmp_path):
    script = tmp_path / "page.py"
    script.write_text(SECRETS)
    names = "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "gradio_password"
    variables = {"PYTHONPATH": str(Path(__file__).parents[2]), **dict.fromkeys(names, "a secret")}
    page = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=os.environ | variables
    )
    assert page.stdout.split() == ["False", "1"], page.stderr


INPUT = """
from fer.sandbox import Limits, Worker, start_fork_server
from tests.sandbox import works

if __name__ == "__main__":
    start_fork_server("tests.sandbox.works")
    print(Worker(works.tell_input, Limits(500_000_000, 30)).result(20).fields)
"""


@linux
def test_workers_have_no_terminal_to_write():
    """A terminal's input is open for writing, too, and takes commands."""
    ours, theirs = os.openpty()
    page = subprocess.run(
        [sys.executable, "-c", INPUT], stdin=theirs, capture_output=True, text=True
    )
    os.close(ours), os.close(theirs)
    assert page.stdout == "{'nothing': True, 'mode': 0}\n", page.stderr


HIDING = """
import os, shutil, tempfile
from pathlib import Path
from fer.sandbox import limits

base = Path(tempfile.mkdtemp())
own = base / "own"
own.mkdir()
for folder in () if os.geteuid() else (base, own):
    os.chown(folder, 65534, 65534)
os.geteuid() or os.seteuid(65534)

def use():
    try:
        print(limits.excess(os.getpid(), own, 0))
    except OSError as error:
        print(error.strerror)

(own / "shut").mkdir(0o300)
(own / "shut" / "file").touch()
use()
(own / "shut").chmod(0o700)
place = os.open(own, os.O_RDONLY)
for _ in range(17):
    os.mkdir("a" * 250, dir_fd=place)
    place = os.open("a" * 250, os.O_RDONLY, dir_fd=place)
os.mkdir("shut", 0o300, dir_fd=place)
use()
(own / "shut").chmod(0o300)
limits.flatten(own)
shutil.rmtree(own)
os.getuid() or os.seteuid(0)
base.rmdir()
"""


@linux
def test_folders_that_nobody_can_list_are_noticed_and_removed():
    command = [sys.executable, "-c", HIDING]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["Permission denied", "File name too long"]
