"""Connection tracking, and the requests of senders without a connection."""

import asyncio
import time
from pathlib import Path

import pytest

from fer.ui.serving import connections
from fer.ui.serving.connections import RESULTS, SESSION, Connections


def scope(path, method="GET", session=None):
    return {"type": "http", "method": method, "path": path, SESSION: session}


def heartbeat(session):
    return scope("/gradio_api/heartbeat", session=session)


def stream(session):
    return scope("/gradio_api/queue/data", session=session) | {RESULTS: True}


async def test_connections_are_counted_while_they_are_open():
    seen = []

    async def app(scope, receive, send):
        seen.append({name: len(page.connections) for name, page in known._open.items()})

    known = Connections(app)
    await known(heartbeat("one"), None, None)
    await known(heartbeat(None), None, None)
    assert seen == [{"one": 1}, {}]
    assert not known._open and not known.is_open("one")


async def post(known, session, path="/gradio_api/queue/join"):
    """Send a request; return its status."""
    sent = []

    async def send(message):
        sent.append(message)

    await known(scope(path, "POST", session), None, send)
    return sent[0]["status"]


async def nothing(message):
    """Send a message to nobody."""


async def takes_all(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})


async def test_who_sends_frames_is_connected_without_a_heartbeat(monkeypatch):
    """One that breaks off, as when a laptop sleeps, doesn't come back."""
    monkeypatch.setattr(connections, "UNATTENDED_LIMIT", (1, 0))
    monkeypatch.setattr(connections, "UNCONNECTED_LIMIT", (10, 0.1))
    known = Connections(takes_all)
    frames = [await post(known, "one", "/gradio_api/component_server/") for _ in range(9)]
    assert frames == [200] * 9 and known.is_open("one")
    assert await post(known, "two", "/gradio_api/component_server/") == 503
    monkeypatch.setattr(connections, "FRAME_LIMIT", 0.0)
    assert not known.is_open("one")


class Opened:
    """Connections that stay open, and what was sent on each."""

    def __init__(self) -> None:
        self.known, self.sent, self._tasks = Connections(self._stay), {}, []

    async def _stay(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        if scope["method"] == "GET":
            await asyncio.sleep(10)

    async def open(self, session):
        """Begin a connection; return all statuses so far, 0 where one has ended."""

        async def send(message):
            if "status" in message:
                self.sent[session] = message["status"]
            elif self.sent[session] == 200:
                self.sent[session] = 0

        self._tasks.append(asyncio.create_task(self.known(heartbeat(session), None, send)))
        await asyncio.sleep(0.01)
        return self.sent


async def test_where_all_places_are_taken_the_page_that_is_idle_for_longest_yields_its_own(
    monkeypatch,
):
    monkeypatch.setattr(connections, "MAX_OPEN", 3)
    pages = Opened()
    for session in ("busy", "first", "second"):
        await pages.open(session)
    await post(pages.known, "busy")
    await pages.open("third")
    assert pages.sent == {"busy": 200, "first": 0, "second": 200, "third": 200}
    assert list(pages.known._open) == ["busy", "second", "third"]
    for session in ("third", "second"):
        await post(pages.known, session)
    for page in pages.known._open.values():
        page.used -= 50
    await pages.open("late")
    assert pages.sent["late"] == 503  # all have been used within a minute
    monkeypatch.setattr(connections, "ACTIVE_LIMIT", 0.0)
    await pages.open("fourth")
    await pages.open("fifth")
    assert list(pages.known._open) == ["second", "third", "fifth"]


async def test_a_page_whose_event_waits_or_runs_is_not_idle(monkeypatch):
    monkeypatch.setattr(connections, "MAX_OPEN", 2)
    monkeypatch.setattr(connections, "ACTIVE_LIMIT", 0.0)
    pages = Opened()
    pages.known.working = lambda: {"working", "also"}
    for session in ("working", "silent", "also"):
        await pages.open(session)
    assert list(pages.known._open) == ["working", "also"]
    await pages.open("late")
    assert pages.sent["late"] == 503


@pytest.mark.parametrize(("opened", "uses"), [(stream, True), (heartbeat, False)])
async def test_a_page_was_used_when_its_stream_of_results_ends_but_not_by_a_heartbeat(opened, uses):
    """Else whoever opens and closes second heartbeats keeps all places."""
    known = Connections(takes_all)
    known._open["one"] = page = connections._Page({asyncio.current_task()})
    await known(opened("one"), None, nothing)
    assert (time.monotonic() - page.used < 1) == uses


@pytest.mark.parametrize(
    ("opened", "size", "uses"),
    [(stream, 5000, True), (stream, 300, False), (heartbeat, 5000, False)],
)
async def test_a_page_is_used_when_a_result_is_sent_to_it_and_when_it_has_it(opened, size, uses):
    """To a slow reader, that takes a while; what Gradio sends to keep a stream open is no use."""
    used = []

    async def send(message):
        used.append(time.monotonic() - page.used < 1)
        page.used = float("-inf")

    async def app(scope, receive, send):
        await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        used.append(time.monotonic() - page.used < 1)

    known = Connections(app)
    known._open["one"] = page = connections._Page({asyncio.current_task()})
    await known(opened("one"), None, send)
    assert used == [uses, uses]


def test_what_keeps_all_places_is_stated():
    text = (Path(__file__).parents[3] / "SECURITY.md").read_text("utf-8")
    rate = round(connections.MAX_OPEN / connections.ACTIVE_LIMIT)
    assert f"sends {rate} requests a second" in " ".join(text.split())


async def test_pages_that_open_and_close_at_once_keep_nobody_out(monkeypatch):
    monkeypatch.setattr(connections, "MAX_OPEN", 5)
    known = Connections(takes_all)
    opened = [heartbeat(f"page {number}") for number in range(200)]
    begun = time.monotonic()
    await asyncio.gather(*(known(page, None, nothing) for page in opened))
    assert time.monotonic() - begun < 1 and not known._open


async def test_a_session_has_a_few_connections(monkeypatch):
    monkeypatch.setattr(connections, "MAX_OF_SESSION", 2)
    pages = Opened()
    assert (await pages.open("one"))["one"] == 200
    assert (await pages.open("one"))["one"] == 200
    assert (await pages.open("one"))["one"] == 503


async def test_few_requests_pass_whose_senders_have_no_connection(monkeypatch):
    monkeypatch.setattr(connections, "UNATTENDED_LIMIT", (3, 0))
    monkeypatch.setattr(connections, "UNCONNECTED_LIMIT", (10, 0.3))
    known = Connections(takes_all)
    answers = await asyncio.gather(*(post(known, f"s{i}") for i in range(9)))
    assert sorted(answers) == [200] * 3 + [503] * 6
    known._open["open"] = connections._Page()
    begun = time.monotonic()
    assert await post(known, "open") == 200
    assert time.monotonic() - begun < 0.2

    async def comes_late():
        await asyncio.sleep(0.05)
        await known(heartbeat("late"), None, nothing)

    late, _ = await asyncio.gather(post(known, "late"), comes_late())
    assert late == 200
    assert not known._unattended._waiting


async def test_of_requests_that_wait_for_a_connection_the_newest_stay(monkeypatch):
    monkeypatch.setattr(connections, "UNATTENDED_LIMIT", (0, 0))
    monkeypatch.setattr(connections, "UNCONNECTED_LIMIT", (2, 5.0))
    known = Connections(takes_all)
    tasks = [asyncio.create_task(post(known, f"s{i}")) for i in range(4)]
    await asyncio.sleep(0.1)
    assert [task.done() for task in tasks] == [True, True, False, False]
    await known(heartbeat("s3"), None, nothing)
    assert await tasks[3] == 200
    tasks[2].cancel()
