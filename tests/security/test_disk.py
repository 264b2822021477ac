"""The disk: nobody fills it, and what visitors leave on it goes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from fer.ui.serving import upload_limits, upload_route
from fer.ui.serving.request_guard import NOT_HERE, RequestGuard
from tests.security.page import Visitor, file, files_in, layer_of, picture

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture
def quota(demo, monkeypatch):
    """Set how much there may be; the folder is empty at first."""
    for upload in list(demo.store._uploads.values()):
        demo.store.discard(upload)
    return lambda **given: monkeypatch.setattr(demo.store, "quota", upload_limits.Quota(**given))


TOKEN = "0123456789abcdef" * 2


def wait_until(true, seconds=10):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def break_off(demo, after=200_000):
    """Begin an upload, send so much of it, and hang up."""
    address = urlsplit(demo.local_url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        head = "POST /gradio_api/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n"
        form = "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        part = 'Content-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
        connection.sendall((head + form + part).encode() + b"x" * after)


def test_uploads_that_break_off_leave_nothing(demo):
    before = set(demo.store.folder.path.rglob("*")) | {demo.store.uploads}
    temporary = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("tmp*"))
    for number in range(60):
        break_off(demo, after=number * 20_000)
    time.sleep(0.5)
    route = layer_of(demo, RequestGuard).upload_route
    wait_until(lambda: not route._transfers)
    assert set(demo.store.folder.path.rglob("*")) <= before
    assert set(Path(os.environ.get("TMPDIR", "/tmp")).glob("tmp*")) <= temporary
    assert demo.store._uploads.keys() <= {str(path) for path in before}


def test_many_uploads_push_out_the_oldest_and_never_more_than_the_quota(demo, quota):
    quota(bytes=1_000_000)
    visitor = Visitor(demo)
    paths = [visitor.uploaded(b"x" * 90_000) for _ in range(40)]
    kept = [path for path in paths if Path(path).exists()]
    assert kept == paths[-len(kept) :] and 9 <= len(kept) <= 11
    assert sum(path.stat().st_size for path in files_in(demo.store.folder.path)) <= 1_000_000
    quota(files=5)
    for _ in range(10):
        visitor.uploaded(b"")
    assert len(files_in(demo.store.uploads)) == 5
    assert len(list(demo.store.uploads.iterdir())) == 5  # folders go as well


def test_what_is_being_analysed_stays(demo, quota):
    quota(bytes=400_000)
    owner = Visitor(demo)
    used = owner.uploaded()
    assert owner.ask("read", [file(used), 40, False, False, TOKEN])["success"]
    for _ in range(20):
        Visitor(demo).uploaded(b"x" * 90_000)
    assert owner.ask("read", [file(used), 40, False, False, TOKEN])["success"]


def test_only_a_request_that_is_accepted_keeps_an_upload_in_use(demo, visitor):
    upload = demo.store._uploads[path := visitor.uploaded()]
    data = [file(path), 40, False, False, TOKEN]
    assert visitor.join("read", data, fn_index=9999).status_code in (404, 422)
    assert upload.used_at == float("-inf")
    assert visitor.ask("read", data)["success"] and upload.used_at > 0


def test_what_does_not_fit_gets_a_sentence_and_the_next_one_works(demo, quota, visitor):
    quota(bytes=500_000)
    response = visitor.upload(b"x" * 2_000_000)
    assert (response.status_code, response.text) == (507, upload_limits.NO_ROOM)
    assert list(demo.store.uploads.iterdir()) == []
    assert Path(visitor.uploaded(b"x" * 300_000)).stat().st_size == 300_000


def test_the_disks_reserve_is_kept(demo, quota, visitor):
    first = visitor.uploaded()
    quota(reserve=1.0, max_reserve=10**18)
    response = visitor.upload(picture())
    assert (response.status_code, response.text) == (507, upload_limits.NO_ROOM)
    assert Path(first).exists()  # to remove it would not have helped
    assert files_in(demo.store.uploads) == {Path(first)}


@pytest.mark.parametrize("error", [OSError(28, "No space left"), OSError(30, "Read-only")])
def test_a_full_or_read_only_disk_is_a_sentence(demo, visitor, monkeypatch, error):
    before = set(demo.store.uploads.rglob("*"))
    fail_at = {"calls": 0}

    def fail(*given):
        fail_at["calls"] += 1
        if fail_at["calls"] > 2:
            raise error

    monkeypatch.setattr(demo.store, "grow", fail)
    response = visitor.upload(b"x" * 3_000_000)
    assert (response.status_code, response.text) == (507, upload_limits.NO_ROOM)
    assert set(demo.store.uploads.rglob("*")) == before
    monkeypatch.undo()
    assert visitor.upload(picture()).status_code == 200


def trickle(demo, piece, ended):
    """Send one endless upload after another, a piece each tenth of a second."""
    address = urlsplit(demo.local_url)
    head = "POST /gradio_api/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 400000000\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    while not ended.wait(0.2):
        with (
            suppress(OSError),  # it was ended for another one
            socket.create_connection((address.hostname, address.port), timeout=0.1) as connection,
        ):
            connection.sendall(f'{head}Content-Disposition: form-data; name="files"; '.encode())
            connection.sendall(b'filename="a.mp4"\r\n\r\n')
            while not (ended.is_set() or is_answered(connection)):
                connection.sendall(piece)


def is_answered(connection):
    """Return whether a response has come, or comes within the connection's time limit."""
    try:
        connection.recv(1)
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("piece", [b"", b"x" * 1_000], ids=["silent", "slow"])
def test_uploads_that_go_on_and_on_keep_no_faster_one_out(demo, monkeypatch, piece):
    monkeypatch.setattr(upload_route, "MAX_CONCURRENT_UPLOADS", 4)
    route, ended = layer_of(demo, RequestGuard).upload_route, threading.Event()

    def body():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
        for _ in range(20):
            yield b"x" * 100_000
            time.sleep(0.05)
            assert len(route._transfers) <= 4
        yield b"\r\n--x--\r\n"

    with ThreadPoolExecutor(6) as attackers:
        try:
            sending = [attackers.submit(trickle, demo, piece, ended) for _ in range(6)]
            wait_until(lambda: len(route._transfers) == 4)
            kind = {"content-type": "multipart/form-data; boundary=x"}
            url = f"{demo.local_url}gradio_api/upload"
            assert httpx.post(url, content=body(), headers=kind, timeout=30).status_code == 200
        finally:
            ended.set()
    assert not any(each.exception() for each in sending)
    wait_until(lambda: not route._transfers)


def test_a_visitors_files_go_after_they_left(demo, visitor, monkeypatch):
    mine, unused, others = visitor.uploaded(), visitor.uploaded(), Visitor(demo)
    kept = others.uploaded()
    assert visitor.ask("read", [file(mine), 40, False, False, TOKEN])["success"]
    assert others.ask("read", [file(kept), 40, False, False, TOKEN])["success"]
    address = urlsplit(demo.local_url)
    heartbeat = HTTPConnection(address.netloc, timeout=20)
    heartbeat.request("GET", f"/gradio_api/heartbeat/{visitor.session}")
    heartbeat.getresponse().readline()
    heartbeat.close()
    upload = demo.store._uploads[mine]
    wait_until(lambda: upload.closed_at is not None)
    demo.store.delete_expired()
    assert Path(mine).exists()  # the page may only have been loaded again
    now = time.monotonic()
    monkeypatch.setattr(demo.store, "clock", lambda: now + upload_limits.MAX_AGE_AFTER_LEAVING + 1)
    demo.store.delete_expired()
    assert not Path(mine).parent.exists()
    assert Path(kept).exists() and Path(unused).exists()
    monkeypatch.setattr(demo.store, "clock", lambda: now + upload_limits.MAX_AGE + 1)
    demo.store.delete_expired()
    assert not Path(kept).parent.exists() and not Path(unused).parent.exists()
    lost = others.join("read", [file(kept), 40, False, False])
    assert lost.status_code == 400 and "upload it again" in lost.json()["detail"]
    assert others.web.get(f"gradio_api/file={kept}").json() == {"detail": NOT_HERE}


@contextmanager
def server(folder):
    """A page in a process of its own; yield the process and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = (
        "from fer.temp_folder import claim_folder, remove_on_termination\n"
        "claim_folder(); remove_on_termination()\n"
        "from fer.ui import build_demo, launch_settings\n"
        "from tests.fakes import fake_pipeline\n"
        f"build_demo(fake_pipeline()).launch(server_port={port}, quiet=True, **launch_settings())"
    )
    env = {**os.environ, "GRADIO_TEMP_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-c", source], cwd=ROOT, env=env)
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until(lambda: process.poll() is None and answers(url), 120)
        yield process, url
    finally:
        process.kill()
        process.wait(20)


def answers(url):
    try:
        return httpx.get(url + "config").status_code == 200
    except httpx.HTTPError:
        return False


def upload(url, content=b"x" * 1000):
    return httpx.post(url + "gradio_api/upload", files={"files": ("a.png", content)})


def test_a_start_removes_leftovers_and_sigterm_leaves_none(tmp_path):
    folder = tmp_path / "uploads"
    killed = claim(folder)
    left = Path(killed.stdout.readline().strip(), "uploads", "token", "one.png")
    left.parent.mkdir(parents=True)
    left.write_bytes(picture())
    killed.kill()
    killed.wait(20)
    with server(folder) as (page, url):
        assert not left.exists()
        (path,) = upload(url).json()
        assert Path(path).read_bytes() == b"x" * 1000
        page.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert page.wait(20) == -signal.SIGTERM and time.monotonic() - begun < 5
        assert files_in(folder) == set() and not Path(path).parent.exists()


def claim(folder):
    """Start a process that claims its folder, prints it, and waits."""
    source = (
        "from fer.temp_folder import claim_folder, remove_on_termination\n"
        "remove_on_termination(); print(claim_folder().path, flush=True); input()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    env = {**os.environ, "GRADIO_TEMP_DIR": str(folder)}
    return subprocess.Popen([sys.executable, "-c", source], cwd=ROOT, env=env, **pipes)
