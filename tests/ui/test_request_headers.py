"""Headers that Gradio fails by: they don't reach it."""

import httpx
import pytest
from gradio.route_utils import get_request_origin
from starlette.requests import Request

from fer.ui.request_headers import drop_unusable_headers


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
STRANGE = ("x:y", "[::zz]", "[1]", "a b", "a/b", "a@b", "é", "", "x:y, one.org", "x" * 256, "a:1:2")


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
