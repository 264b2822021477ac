"""The process's own temporary folder: locked, private, removed by the process or by the next."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fer import temp_folder
from fer.temp_folder import TempFolder, claim_folder, work_folder

ROOT = Path(__file__).parents[1]

CLAIM = (
    "from fer.temp_folder import claim_folder, remove_on_termination\n"
    "remove_on_termination()\n"
    "print(claim_folder().path, flush=True)\n"
    "input()"
)


@pytest.fixture
def base(tmp_path, monkeypatch):
    """Where temporary files are to go."""
    monkeypatch.setattr(temp_folder, "_claimed", {})
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "base"))
    return tmp_path / "base"


def start(base):
    """Start a process that claims its folder; return it and the folder, with a file in it."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM],
        cwd=ROOT,
        env={**os.environ, "GRADIO_TEMP_DIR": str(base)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    folder = Path(process.stdout.readline().strip())
    (folder / "uploads").mkdir()
    (folder / "uploads" / "one.png").write_text("x")
    return process, folder


def test_it_is_private_and_gradio_is_pointed_to_it(base):
    folder = claim_folder()
    assert os.environ["GRADIO_TEMP_DIR"] == str(folder.path)
    assert folder.path.parent.parent == base
    assert folder.path.stat().st_mode & 0o777 == folder.root.stat().st_mode & 0o777 == 0o700
    assert claim_folder() is folder


SOCKETS = (
    "import multiprocessing.connection as c\n"
    "from fer.temp_folder import claim_socket_folder, remove_on_termination\n"
    "remove_on_termination()\n"
    "claim_socket_folder()\n"
    "listener = c.Listener(family='AF_UNIX')\n"
    "print(listener.address, flush=True)\n"
    "input()"
)


def test_sockets_go_with_their_process_or_at_the_next_start(tmp_path):
    def listen():
        environment = {**os.environ, "TMPDIR": str(short)}
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | {"text": True}
        command = [sys.executable, "-c", SOCKETS]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)
        return process, Path(process.stdout.readline().strip())

    short = Path(tempfile.mkdtemp(dir="/tmp"))  # a socket's path is short
    try:
        killed, left = listen()
        assert left.is_socket() and short in left.parents
        killed.kill()
        killed.communicate(timeout=20)
        assert left.exists()
        for end in ("SIGTERM", "return"):
            process, address = listen()
            assert not left.exists() and address.is_socket()
            if end == "SIGTERM":
                process.terminate()
            _, errors = process.communicate("\n", timeout=20)
            assert not errors, end
            assert not [
                path for path in short.rglob("*") if path.is_socket() or "pymp" in path.name
            ]
    finally:
        shutil.rmtree(short)


@pytest.mark.parametrize("end", ["return", "SIGTERM"])
def test_it_goes_with_its_process(base, end):
    process, folder = start(base)
    if end == "return":
        process.communicate("\n", timeout=20)
    else:
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    assert not folder.exists()


def test_what_a_killed_process_left_goes_at_the_next_start_and_a_running_ones_stays(base):
    killed, left = start(base)
    killed.kill()
    killed.wait(20)
    assert (left / "uploads" / "one.png").exists()
    running, kept = start(base)
    try:
        assert not left.exists()
        claim_folder()
        assert (kept / "uploads" / "one.png").exists()
    finally:
        running.communicate("\n", timeout=20)


def test_what_killed_work_left_goes_when_the_same_work_begins(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first = work_folder("study")
    (first.path / "copy").write_text("x")
    second, other = work_folder("study"), work_folder("other")
    assert first.path.is_dir() and second.root == first.root != other.root
    first._lock.release()  # as the system does when a process ends
    third = work_folder("study")
    assert [folder.path.is_dir() for folder in (first, second, third)] == [False, True, True]


def test_nothing_but_its_own_is_removed(base):
    (base / "somebody's").mkdir(parents=True)
    (base / "somebody's" / "file.txt").write_text("not ours")
    root = claim_folder().root
    (root / "link").symlink_to(base / "somebody's")
    TempFolder(root).prepare()
    assert (base / "somebody's" / "file.txt").exists()


def test_a_folder_of_that_name_that_others_may_write_to_is_not_used(base):
    user = os.getuid()
    (base / f"fer-{user}").mkdir(parents=True, mode=0o777)
    (base / f"fer-{user}").chmod(0o777)
    folder = claim_folder()
    assert folder.root.parent == base and folder.root.name != f"fer-{user}"
    assert list((base / f"fer-{user}").iterdir()) == []


def test_a_link_in_its_place_is_not_followed(base, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    base.mkdir()
    (base / f"fer-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    claim_folder()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_where_no_folder_can_be_made_the_systems_own_serves(base, tmp_path, monkeypatch, caplog):
    """Another user's folder, or a file in its place."""
    base.write_text("a file")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "system"))
    folder = claim_folder()
    assert folder.path.is_relative_to(tmp_path / "system") and folder.path.is_dir()
    assert "No temporary folder can be made in" in caplog.text


def test_a_folder_that_was_removed_is_made_again(base):
    folder = claim_folder()
    folder.remove()
    assert not folder.path.exists()
    folder.prepare()
    assert folder.path.is_dir()


def test_its_lock_is_the_processs_and_may_be_collected_as_a_thread_starts(tmp_path):
    """A lock of a thread stopped the page's tests for good, now and then."""
    folder = TempFolder(tmp_path / "fer")
    folder.prepare()
    assert folder._lock.is_locked and not folder._lock.is_thread_local()
