"""Requests: only the routes that the page uses, and no body that costs more than it should."""

import json
import logging
import shutil
import socket
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fer.ui.photo.tab import EXAMPLES
from fer.ui.serving import (
    request_checks,
    request_guard,
    static_cache,
    upload_form,
    upload_route,
)
from fer.ui.serving.request_guard import TOO_MANY_EVENTS, RequestGuard
from fer.ui.serving.static_cache import StaticCache
from fer.video import MAX_BYTES
from tests.security._live import jpeg
from tests.security.page import component, files_in, layer_of

pytestmark = pytest.mark.slow

FRAME = "data:image/jpeg;base64,"

EXAMPLE = EXAMPLES[0]


def raw(demo, head, *pieces, pause=0.0, seconds=20):
    """Send a request as it is; return what comes back until the connection ends."""
    address = urlsplit(demo.local_url)
    with socket.create_connection((address.hostname, address.port), timeout=seconds) as connection:
        # In one piece with what follows: a refused request's connection is closed after its head.
        begun = head.replace("\n", "\r\n").encode() + b"\r\n\r\n"
        connection.sendall(b"".join([begun, *pieces[:1]]))
        try:
            for piece in pieces[1:]:
                connection.sendall(piece)
                time.sleep(pause)
            return b"".join(iter(lambda: connection.recv(4000), b"")).decode(errors="replace")
        except (BrokenPipeError, ConnectionResetError):  # it was refused before all was sent
            return "HTTP/1.1 000 reset"


def status(answer):
    return int(answer.split()[1])


@pytest.mark.parametrize(
    "path",
    [
        *("gradio_api/proxy=https://x.hf.space/", "proxy=https://x.hf.space/", "gradio_api/runs"),
        *("gradio_api/deep_link?session_hash=a", "gradio_api/dev/reload", "gradio_api/vibe-code"),
        *("gradio_api/run-history/records", "gradio_api/run-history/buckets", "gradio_api/token"),
        *("gradio_api/profiling/traces", "gradio_api/profiling/summary", "monitoring", "docs"),
        *("gradio_api/user", "gradio_api/login_check", "gradio_api/queue/status"),
        *("monitoring/summary", "monitoring/key", "gradio_api/file//etc/passwd", "svelte/x.js"),
        "gradio_api/custom_component/a/client/component/index.js",
        "gradio_api/stream/a/b/1/playlist.m3u8",
        "gradio_api/stream/a/b/1/playlist-file",
        "gradio_api/stream/a/b/1/c.ts",
        *("?deep_link=abc", "config?deep_link=abc", "pwa_icon/20000", "gradio_api/mcp/schema"),
        *("gradio_api/heartbeat/a%20b", "gradio_api/queue/data?session_hash=a.b", "%2e%2e/config"),
        *("static/..%2fconfig", "assets/%2e%2e/x.js", "//config", "gradio_api/upload", "login"),
        "gradio_api/queue/data?session_hash=" + "a" * 100,
        "gradio_api/queue/data?session_hash=a&" + "b&" * 2000,
    ],
)
def test_what_the_page_does_not_use_is_not_there(demo, path):
    answer = raw(demo, f"GET /{path} HTTP/1.1\nHost: a\nConnection: close")
    assert status(answer) == 404, answer


@pytest.fixture
def errors():
    """What the server logs of errors; pytest's own handler begins anew after the fixtures."""
    records, handler = [], logging.Handler()
    handler.emit = records.append
    logging.getLogger("uvicorn.error").addHandler(handler)
    yield records
    logging.getLogger("uvicorn.error").removeHandler(handler)


@pytest.mark.parametrize(
    ("path", "header", "answered"),
    [
        ("", "X-Forwarded-Host: x:y", 200),
        ("config", "X-Gradio-Server: http://x:y/", 200),
        ("config", "X-Forwarded-Proto: https", 200),
        ("gradio_api/queue/data?session_hash=nobody", "Accept: */*", 200),
        ("gradio_api/call/predict/nobody", "Accept: */*", 404),
        ("static/" + "a" * 300, "Accept: */*", 404),
        ("assets/" + "a" * 300 + ".js", "Accept-Encoding: br", 404),
        ("assets/" + "%E0%A4%85" * 99, "Accept: */*", 404),
        (f"gradio_api/file={EXAMPLE}", "Range: bytes=1-2-3", 200),
        (f"gradio_api/file={EXAMPLE}", "Range: bytes=0-9", 206),
    ],
)
def test_a_strange_request_leaves_no_traceback(demo, errors, path, header, answered):
    answer = raw(demo, f"GET /{path} HTTP/1.0\nHost: a\n{header}")
    assert status(answer) == answered, answer[:500]
    assert ("session_not_found" in answer) == ("queue/data" in path)
    assert not errors


@pytest.mark.parametrize(
    "head",
    [
        "GET /gradio_api/app_id HTTP/1.0\nOrigin: http://a",
        "GET / HTTP/1.1\nHost: a\nUpgrade: websocket\nConnection: upgrade, close",
        "GET / HTTP/1.1\nHost: a\nContent-Length: -",
        "no request",
    ],
)
def test_what_is_hardly_a_request_leaves_no_line_in_the_log(demo, errors, head):
    assert status(raw(demo, head)) in (200, 400)
    assert not errors


def test_a_strange_host_is_none_of_its_own(demo, errors):
    assert status(raw(demo, "GET / HTTP/1.1\nHost: x:y\nConnection: close")) == 200
    assert not errors


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_visitors_file_is_not_compressed(visitor, encoding):
    """It would hold up everybody else."""
    path = visitor.uploaded(b"a timeline\n" * 9999, "one.csv")
    asked = {"accept-encoding": encoding}
    response = visitor.web.get(f"gradio_api/file={path}", headers=asked)
    assert response.content == b"a timeline\n" * 9999
    assert response.headers["content-encoding"] == "identity"
    shutil.rmtree(Path(path).parent)


def test_the_page_is_kept_and_what_is_not_is_rendered_in_turns(demo, visitor, monkeypatch):
    monkeypatch.setattr(static_cache, "MAX_WAITING", 1)
    assert visitor.web.get("gradio_api/info").status_code == 200
    assert visitor.web.get("config").status_code == 200
    monkeypatch.setattr(static_cache, "MAX_WAITING", 0)
    assert visitor.web.get("gradio_api/info").status_code == 503
    assert visitor.web.get("config").status_code == 200
    assert layer_of(demo, StaticCache)._pages


def test_only_an_open_page_can_be_closed(demo, visitor, monkeypatch):
    closed = []
    monkeypatch.setattr(demo, "close_page", closed.append)
    assert visitor.web.head("gradio_api/heartbeat/one").status_code == 404
    assert not closed


@pytest.mark.parametrize(
    "name", ["process_recording", "vibe-edit", "api/read", "stream/a", "stream/a/close"]
)
def test_no_other_route_takes_a_body(visitor, name):
    assert visitor.web.post(f"gradio_api/{name}", json={"data": []}).status_code == 404
    assert visitor.web.post("login", data={"username": "a", "password": "b"}).status_code == 404
    assert visitor.web.put("gradio_api/upload").status_code == 405


def test_no_handler_runs_without_the_queue(visitor):
    body = {"data": [None, 40, False, False, ""], "fn_index": visitor.number("read")}
    response = visitor.web.post("gradio_api/run/predict", json=body)
    assert response.status_code == 404 and "join the queue" in response.text


def test_an_example_is_loaded_without_the_queue(visitor):
    body = {"data": [0], "fn_index": visitor.number("load_example")}
    loaded = visitor.web.post("gradio_api/run/predict", json=body)
    assert loaded.status_code == 200 and ".jpg" in loaded.text
    for wrong in ({**body, "data": ["0"]}, {"data": [0]}, {"data": [0], "fn_index": 999}):
        assert visitor.web.post("gradio_api/run/predict", json=wrong).status_code in (404, 422)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        *(({"session_hash": value}, 400) for value in (None, 1, "a/b", ["a"])),
        *(({"component_id": value}, 400) for value in (None, "1", True, [1], {"a": 1})),
        *(({"fn_name": value}, 400) for value in (None, 1, ["save"])),
        ({"data": {"path": "/etc/passwd"}}, 400),
        ({"data": "x" * 200_000}, 413),
        ({"data": "x" * 3_000_000, "fn_name": "read_frame"}, 413),
        ({"fn_name": "__class__"}, 404),
        ({"fn_name": "preprocess"}, 404),
    ],
)
def test_a_components_functions_take_no_more_than_they_need(demo, visitor, wrong, status):
    camera = component(demo, "live-camera")
    body = {"data": {}, "component_id": camera, "fn_name": "save", "session_hash": "abc", **wrong}
    assert visitor.web.post("gradio_api/component_server", json=body).status_code == status
    form = {"files": {"a": b"x"}, "data": {"session_hash": "a", "fn_name": "b"}}
    assert visitor.web.post("gradio_api/component_server", **form).status_code == 400


def test_what_the_page_uses_is(visitor):
    for path in ("", "config", "theme.css", "manifest.json", "pwa_icon/192", "favicon.ico"):
        assert visitor.web.get(path).status_code == 200
    for path in ("info", "openapi.json", "startup-events"):
        assert visitor.web.get(f"gradio_api/{path}").status_code == 200
    assert visitor.web.head("").status_code == 200


def test_no_camera_picture_reaches_the_disk(demo, visitor):
    before = files_in(demo.store.folder.path)
    reading = visitor.read_frame({"url": FRAME + b64encode(jpeg()).decode()})
    assert reading.json()["faces"]
    assert "image/jpeg;base64" not in str(demo.state_holder[visitor.session].config_values)
    path = f"gradio_api/deep_link?session_hash={visitor.session}"
    assert visitor.web.get(path).status_code == 404
    assert files_in(demo.store.folder.path) == before


def nested(depth):
    return b'{"data": ' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (nested(1_000_000), 413),
        (nested(30), 413),
        (b'{"data": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", 413),
        (b'{"data": [' + b"[]," * 300_000 + b"1]}", 413),
        (b'{"data": [' + b'{"path":"a"},' * 30_000 + b"1]}", 413),
        (b'{"data": ["' + b"x" * 3_000_000 + b'"]}', 413),
        *(
            (body, 400)
            for body in (b"", b"[]", b"1", b"null", b'"a"', b"{", b"\xff\xfe", b"{'a':1}")
        ),
        (b'{"data": [NaN]}', 400),
        (b'{"data": [], "session_hash": "../../x"}', 400),
        (b'{"data": [], "session_hash": {"a": 1}}', 400),
    ],
)
def test_a_body_out_of_bounds_is_refused_at_once(visitor, body, expected):
    begun = time.perf_counter()
    head = {"Content-Type": "application/json"}
    response = visitor.web.post("gradio_api/queue/join", content=body, headers=head)
    assert response.status_code == expected
    assert response.json()["detail"].endswith(".")
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("name", ["call/predict", "call/v2/predict", "cancel", "reset"])
def test_every_route_bounds_its_body(visitor, name):
    body = {"data": ["x" * 3_000_000]}
    assert visitor.web.post(f"gradio_api/{name}", json=body).status_code == 413


def test_a_frame_of_full_hd_fits(visitor):
    response = visitor.read_frame({"url": FRAME + "A" * 1_400_000})
    assert response.status_code == 200 and "No picture is read" in response.json()["panel"]


def test_a_frame_that_is_too_large_has_a_sentence_of_its_own(visitor):
    response = visitor.read_frame({"url": FRAME + "A" * 2_100_000})
    assert response.status_code == 200 and "choose a lower resolution" in response.json()["panel"]


def test_sizes_are_counted_not_believed(demo):
    post = "POST /gradio_api/queue/join HTTP/1.1\nHost: a\nContent-Type: application/json\n"
    chunk = b"%x\r\n" % 100_000 + b"x" * 100_000 + b"\r\n"
    chunked = raw(demo, post + "Transfer-Encoding: chunked", *[chunk] * 40)
    assert status(chunked) in (413, 0)
    assert status(raw(demo, post + "Content-Length: 99999999999")) == 413
    assert status(raw(demo, post + "Content-Length: -1")) in (400, 413)
    assert status(raw(demo, post.replace("POST", "PUT") + "Content-Length: 5", b"abcde")) == 405


def test_slow_bodies_time_out(demo, monkeypatch):
    monkeypatch.setattr(request_checks, "TIMEOUT", 0.5)
    monkeypatch.setattr(upload_route, "IDLE_TIMEOUT", 0.5)
    begun = time.perf_counter()
    head = "POST /gradio_api/{} HTTP/1.1\nHost: a\nContent-Length: 90\nContent-Type: {}"
    assert status(raw(demo, head.format("queue/join", "application/json"), b"{")) == 408
    form = "multipart/form-data; boundary=x"
    assert status(raw(demo, head.format("upload", form), b"--x\r\n")) == 408
    assert time.perf_counter() - begun < 8
    begun = time.perf_counter()
    dripping = raw(demo, head.format("upload", form), *[b"-"] * 60, pause=0.2)
    assert status(dripping) in (408, 0)
    assert time.perf_counter() - begun < 8  # all of it would take 12
    assert files_in(demo.store.uploads) == set()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=" + "x" * 5000, b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"no form at all"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 500 + b"\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\na: " + b"b" * 90_000 + b"\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\ncut off',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\n\r\n--x--',
        ),
    ],
)
def test_what_is_no_upload_leaves_nothing(demo, visitor, kind, body):
    before = set(demo.store.uploads.rglob("*"))
    head = {"Content-Type": kind}
    response = visitor.web.post("gradio_api/upload", content=body, headers=head)
    assert (response.status_code, response.text) == (400, upload_form.BAD_FORM)
    assert set(demo.store.uploads.rglob("*")) == before


def test_uploads_are_bounded(demo, visitor):
    before = set(demo.store.uploads.rglob("*"))
    many = [("files", (f"{i}.png", b"x")) for i in range(upload_form.MAX_FILES + 1)]
    response = visitor.web.post("gradio_api/upload", files=many)
    assert (response.status_code, response.text) == (
        413,
        "At most 10 files can be uploaded at a time.",
    )
    form = "Host: a\nContent-Type: multipart/form-data; boundary=x"
    most = upload_form.MAX_FILES * (MAX_BYTES + upload_route.MAX_OVERHEAD)
    head = f"POST /gradio_api/upload HTTP/1.1\n{form}\nContent-Length: {most + 1}"
    answer = raw(demo, head)
    assert status(answer) == 413 and "a file may have 500 MB" in answer
    assert set(demo.store.uploads.rglob("*")) == before


def test_each_of_several_uploads_is_bounded(demo, visitor, monkeypatch):
    monkeypatch.setattr(layer_of(demo, RequestGuard).upload_route, "max_bytes", 1000)
    for sizes, expected in (([1000] * 5, 200), ([9, 1001], 413)):
        before = set(demo.store.uploads.rglob("*.mp4"))
        files = [("files", ("a.mp4", b"x" * size)) for size in sizes]
        assert visitor.web.post("gradio_api/upload", files=files).status_code == expected
        kept = set(demo.store.uploads.rglob("*.mp4")) - before
        assert len(kept) == (len(sizes) if expected == 200 else 0)


def test_the_page_is_shown_how_far_an_upload_is(visitor):
    sent = {"files": ("a.png", b"x" * 99)}
    visitor.web.post("gradio_api/upload?upload_id=abcdef", files=sent)
    progress = visitor.web.get("gradio_api/upload_progress?upload_id=abcdef").text
    assert json.loads(progress.removeprefix("data:")) == {"msg": "done"}


def test_uploads_without_a_number_are_shown_to_nobody(visitor):
    """Programs send none, and would share an entry, with the names of each other's files."""
    visitor.web.post("gradio_api/upload", files={"files": ("a.png", b"x" * 99)})
    assert visitor.web.get("gradio_api/upload_progress").status_code == 404


def test_a_form_of_much_else_is_refused(demo, visitor):
    head = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (
        b"--x\r\n\r\n\r\n" * (upload_form.MAX_PARTS + 1),
        b"--x\r\na: b\r\n\r\n" + b"y" * (upload_form.MAX_OTHER_BYTES + 300_000),
    ):
        response = visitor.web.post("gradio_api/upload", content=body, headers=head)
        assert response.status_code == 413


def test_refused_requests_leave_the_page_alive(visitor):
    for _ in range(50):
        visitor.web.post("gradio_api/queue/join", content=nested(100_000))
    assert visitor.web.get("config").status_code == 200


def test_whoever_cancels_again_and_again_fills_no_mailbox(demo, visitor):
    """An event can be cancelled until its result was fetched."""
    body = {"session_hash": visitor.session, "fn_index": visitor.number("read")}
    joined = visitor.join("read", [None, 40, False, False, "0" * 32])
    body["event_id"] = joined.json()["event_id"]
    for _ in range(30):
        assert visitor.web.post("gradio_api/cancel", json=body).status_code == 200
    assert demo._queue.pending_messages_per_session[visitor.session].qsize() < 10


def test_a_page_has_few_events_at_a_time(demo, visitor, monkeypatch):
    monkeypatch.setattr(request_guard, "MAX_EVENTS", 2)
    pending = demo._queue.pending_event_ids_session
    pending[visitor.session] = {"one", "two"}
    data = [None, 40, False, False, "0" * 32]
    refused = visitor.join("read", data)
    assert (refused.status_code, refused.json()["detail"]) == (429, TOO_MANY_EVENTS)
    pending[visitor.session].pop()
    assert visitor.join("read", data).status_code == 200
