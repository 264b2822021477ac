"""The request guard: whose request it is, and what is there for nobody."""

from types import SimpleNamespace

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from fer.ui import build_demo
from fer.ui.serving.connections import RESULTS, SESSION
from fer.ui.serving.mcp_route import TOOL
from fer.ui.serving.request_guard import RequestGuard
from tests.async_runner import run_async
from tests.fakes import fake_pipeline


@pytest.mark.parametrize(
    ("address", "session", "results"),
    [
        ("/gradio_api/heartbeat/abc", "abc", None),
        ("/gradio_api/queue/data?session_hash=abc", "abc", True),
        ("/gradio_api/queue/data?session_hash=another&session_hash=abc", "abc", True),
        ("/gradio_api/call/predict/runs", "abc", True),
        ("/gradio_api/call/v2/predict/done", "abc", True),
        ("/gradio_api/call/predict/alone", "alone", True),
        ("/gradio_api/app_id?session_hash=abc", None, None),
    ],
)
def test_heartbeats_and_streams_of_results_have_a_session(address, session, results):
    """Of an event, it is the one that it was sent with, if any."""
    seen = []

    async def app(scope, receive, send):
        seen.append((scope.get(SESSION), scope.get(RESULTS)))

    queue = SimpleNamespace(
        event_ids_to_events={"runs": SimpleNamespace(session_hash="abc")},
        pending_event_ids_session={"other": {"x"}, "abc": {"runs", "done"}},
        pending_messages_per_session={"abc": None, "alone": None},
    )
    blocks = SimpleNamespace(_queue=queue, close_page=lambda session: None)
    path, _, query = address.partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    scope |= {"headers": [], "app": SimpleNamespace(get_blocks=lambda: blocks)}
    store = SimpleNamespace(release=lambda session: None)
    run_async(RequestGuard(app, store, 1)(scope, None, None))
    assert seen == [(session, results)]


@pytest.mark.parametrize("query", [b"page=x", b"#&page=x", b"a=b&deep_link=c"])
def test_another_page_is_not_there_however_its_query_is_written(query):
    reached, sent = [], []

    async def app(scope, receive, send):
        reached.append(scope["query_string"])

    async def send(message):
        sent.append(message.get("status"))

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": []}
    run_async(RequestGuard(app, None, 1)(scope, None, send))
    assert sent[0] == 404 and not reached


def test_a_file_that_is_deleted_as_it_is_fetched_is_not_there(tmp_path):
    sent = []

    async def send(message):
        sent.append(message.get("status"))

    path = f"/gradio_api/file={tmp_path}/gone.png"
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    store = SimpleNamespace(is_downloadable=lambda path: True)
    run_async(RequestGuard(None, store, 1)(scope, None, send))
    assert sent[0] == 404


@pytest.fixture
def with_tool(monkeypatch, tmp_path):
    """A page that serves MCP, before an application that runs everything."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    demo = build_demo(fake_pipeline())
    guard = RequestGuard(PlainTextResponse("it runs"), None, 1)

    async def app(scope, receive, send):
        await guard({**scope, "app": SimpleNamespace(get_blocks=lambda: demo)}, receive, send)

    return demo, TestClient(app)


def test_the_tool_of_mcp_is_run_by_its_own_route_alone(with_tool):
    """There, its requests are few at a time."""
    demo, client = with_tool
    number = {fn.api_name: key for key, fn in demo.fns.items()}
    example = {"fn_index": number["load_example"], "data": [0]}
    assert client.post("/gradio_api/run/predict", json=example).text == "it runs"
    call = {"fn_index": number[TOOL], "data": ["data:image/jpeg;base64,"]}
    for name in ("run/predict", "queue/join", f"call/{TOOL}"):
        assert client.post(f"/gradio_api/{name}", json=call).status_code == 404
    for named in ({"picture": "data:image/jpeg;base64,"}, {"wrong": 1}):
        refused = client.post(f"/gradio_api/call/v2/{TOOL}", json=named)
        assert refused.status_code == 404 and TOOL not in refused.text
    wrong = {**call, "data": [1, 2, 3, 4]}
    for name in ("run/predict", f"call/{TOOL}"):
        assert client.post(f"/gradio_api/{name}", json=wrong).status_code == 404
