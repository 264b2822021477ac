"""Whose request it is, as the request guard finds out for those behind it."""

from types import SimpleNamespace

import pytest

from fer.ui.serving.connections import RESULTS, SESSION
from fer.ui.serving.request_guard import RequestGuard
from tests.async_runner import run_async


@pytest.mark.parametrize(
    ("address", "session", "results"),
    [
        ("/gradio_api/heartbeat/abc", "abc", None),
        ("/gradio_api/queue/data?session_hash=abc", "abc", True),
        ("/gradio_api/queue/data?session_hash=another&session_hash=abc", "abc", True),
        ("/gradio_api/call/predict/runs", "abc", True),
        ("/gradio_api/call/v2/predict/done", "abc", True),
        ("/gradio_api/call/predict/alone", "alone", True),
        ("/gradio_api/queue/status?session_hash=abc", None, None),
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
