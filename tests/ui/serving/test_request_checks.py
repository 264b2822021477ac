"""Checks of requests: headers that Gradio fails by don't reach it, and bodies are bounded."""

import asyncio
import json

import httpx
import pytest
from gradio.route_utils import get_request_origin
from starlette.requests import Request

from fer.temp_folder import TempFolder
from fer.ui.serving import request_checks as module
from fer.ui.serving.request_checks import (
    MAX_DEPTH,
    NO_FILE,
    RequestError,
    check_call,
    check_value,
    drop_unusable_headers,
    read_json,
)
from fer.ui.serving.upload_limits import MAX_LEASED
from fer.ui.serving.upload_store import UploadStore
from tests.async_runner import run_async

FRAME = "data:image/jpeg;base64,AAAA"


@pytest.fixture
def store(tmp_path):
    return UploadStore(TempFolder(tmp_path / "fer"))


@pytest.fixture
def path(store):
    upload = store.begin("one.png", "a")
    store.finish(upload)
    return str(upload.path)


def test_of_an_upload_only_the_path_is_kept(store, path):
    sent = {"path": path, "url": "http://x/", "is_stream": True, "meta": 3, "orig_name": "x.svg"}
    assert check_value([sent], "me", store) == [
        {"path": path, "meta": {"_type": "gradio.FileData"}}
    ]


def test_of_a_frame_only_the_picture_is_kept(store):
    sent = {"url": FRAME, "is_stream": True, "path": ""}
    assert check_value(sent, "me", store) == {"url": FRAME, "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    "url", ["http://x/", "file:///x", "data:text/html,x", "/x", 1, {"path": 1}]
)
def test_other_urls_are_dropped(store, url):
    assert check_value({"url": url, "value": 1}, "me", store) == {"value": 1}


@pytest.mark.parametrize("value", [None, 1, 2.5, "text", [], {}, {"a": [1, {"b": None}]}, [[""]]])
def test_other_values_are_passed_on_unchanged(store, value):
    assert check_value(value, "me", store) == value


def test_only_known_keys_are_passed_on(store):
    sent = {"data": [1], "fn_index": 2, "session_hash": "me", "batched": True, "event_data": {}}
    assert check_call(sent, store) == {"data": [1], "fn_index": 2, "session_hash": "me"}


def test_refusals_are_one_sentence(store, path):
    assert check_value({"path": path}, "me", store)
    for value, session in ((path, "you"), ("/etc/passwd", "me"), ([path], "me"), (True, "me")):
        with pytest.raises(RequestError) as error:
            check_value({"path": value}, session, store)
        assert (error.value.status, error.value.sentence) == (400, NO_FILE)


def read(body):
    """Read a request with a body, which arrives in two halves."""
    sent = json.dumps(body).encode()
    halves = [sent[:20], sent[20:]]

    async def receive():
        half = halves.pop(0)
        return {"type": "http.request", "body": half, "more_body": bool(halves)}

    return run_async(read_json(Request({"type": "http", "headers": []}, receive), 1_000_000))


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return {"data": value}


@pytest.mark.parametrize("deeper", [1, 300, 900])
def test_depth_is_bounded(deeper):
    assert read(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    with pytest.raises(RequestError, match="too large"):
        read(nested(MAX_DEPTH + deeper))


def test_a_request_names_few_files():
    files = [{"path": f"/tmp/{number}"} for number in range(MAX_LEASED)]
    assert read({"data": files}) == {"data": files}
    with pytest.raises(RequestError, match="too large"):
        read({"data": [[*files, {"path": ""}]]})


def test_all_bodies_together_are_bounded(monkeypatch):
    monkeypatch.setattr(module._receiving, "most", 100)
    for _ in range(3):  # what was refused is counted no longer
        with pytest.raises(RequestError, match="Too many requests") as error:
            read({"data": "x" * 200})
        assert error.value.status == 503
    assert read({"data": "x" * 50}) == {"data": "x" * 50}


async def test_bodies_that_stall_yield_to_others(monkeypatch):
    """Half sent, 33 large ones are all that may be received."""
    monkeypatch.setattr(module._receiving, "most", 1000)
    tasks = [asyncio.create_task(read_json(stalled(size), 1000)) for size in (300, 400, 290)]
    await asyncio.sleep(0.05)
    for task in [asyncio.create_task(read_json(whole(50), 1000)) for _ in range(3)]:
        assert await task == {"data": "x" * 50}
    assert [task.done() for task in tasks] == [False, True, False]
    with pytest.raises(RequestError) as error:
        await tasks[1]
    assert error.value.status == 503
    for task in tasks:
        task.cancel()


def stalled(size):
    """Return a request whose body never ends."""
    pieces = [{"type": "http.request", "body": b"x" * size, "more_body": True}]

    async def receive():
        return pieces.pop() if pieces else await asyncio.sleep(100)

    return Request({"type": "http", "headers": []}, receive)


def whole(size):
    """Return a request whose body comes at once."""

    async def receive():
        return {"type": "http.request", "body": json.dumps({"data": "x" * size}).encode()}

    return Request({"type": "http", "headers": []}, receive)


def scope_with(**headers):
    pairs = [(name.replace("_", "-").encode(), v.encode("latin-1")) for name, v in headers.items()]
    server = ("127.0.0.1", 7860)
    known = {
        "type": "http",
        "scheme": "http",
        "path": "/",
        "server": server,
        "query_string": b"a=b",
    }
    return {**known, "headers": pairs}


HOSTS = (
    "a.hf.space",
    "localhost:7860",
    "127.0.0.1:7860",
    "[::1]:7860",
    "my_box",
    "one.org, two.org",
)
STRANGE = (
    *("x:y", "[::zz]", "[1]", "a b", "a/b", "a@b", "é", "", "x:y, one.org", "x" * 256, "a:1:2"),
    *("999.1.1.1", "1.1.1.01:80", "xn--a", "[::ffff:999.1.1.1]"),
)


@pytest.mark.parametrize("name", ["host", "x_forwarded_host"])
@pytest.mark.parametrize("host", HOSTS + STRANGE)
def test_a_host_that_is_none_is_dropped(host, name):
    scope = scope_with(**{name: host})
    drop_unusable_headers(scope)
    assert [value.decode() for _, value in scope["headers"]] == [host] * (host in HOSTS)
    assert get_request_origin(Request(scope), "/").host


def test_gradio_still_fails_by_some():
    """Once this fails, hosts need no check."""
    with pytest.raises(httpx.InvalidURL):
        get_request_origin(Request(scope_with(x_forwarded_host="x:y")), "/")


@pytest.mark.parametrize("kept", ["bytes=0-", "bytes=0-99", "bytes=-5"])
@pytest.mark.parametrize(
    "dropped", ["bytes=1-2-3", "bytes=0-1,5-9", "bytes=²-³", "bytes=0-" + "9" * 99]
)
def test_one_range_is_enough(kept, dropped):
    scope = scope_with(range=kept, accept="*/*")
    drop_unusable_headers(scope)
    assert len(scope["headers"]) == 2
    others = {"x_gradio_server": "http://127.0.0.1:9/", "cookie": "a=b"}
    scope = scope_with(range=dropped, accept="*/*", **others)
    drop_unusable_headers(scope)
    assert scope["headers"] == [(b"accept", b"*/*")]


@pytest.mark.parametrize(("query", "kept"), [(b"a=b&" * 1000, True), (b"a=b&" * 1001, False)])
def test_a_query_is_short(query, kept):
    scope = scope_with() | {"query_string": query}
    drop_unusable_headers(scope)
    assert scope["query_string"] == (query if kept else b"")
