"""Who is still there: which sessions have a connection open, counted where connections arrive.

Gradio's queue takes in and runs requests also when nobody waits for their results (any more). An
open page has a heartbeat, so requests without any connection are few, and are let in few at a time;
handlers ask here whether their sender is still there.
"""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs

import gradio as gr
from fastapi import Request

Result = TypeVar("Result")
Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]

TIMEOUT = 5.0
"""Seconds that a request's sender has to open the connection on which the result is sent."""

UNATTENDED_LIMIT = (64, 20)
"""Requests of senders without a connection that are let in: at once, and each second."""

UNCONNECTED_LIMIT = (200, 2.0)
"""Further such requests that wait for their sender's connection, and seconds for which they do."""

BUSY = "The page is busy; try again in a minute."

_MAX_BODY_BYTES = 4_000_000
_KEY = "fer.connections"
_RESULTS = re.compile(r"/(?:heartbeat|call(?:/v2)?/[^/]+)/([^/]+)/?$")
_RUNS = re.compile(r"/(?:queue/join|component_server|(?:call|call/v2|run|api)/[^/]+)/?$")
_SESSION = re.compile(rb'"session_hash"\s*:\s*"([^"]{1,64})"')


class Abandoned(Exception):
    """Nobody waits for the result."""


class Connections:
    """ASGI middleware that counts each session's open connections, and bounds who has none.

    Counted are the streams of results (`/queue/data`, and `/call/NAME/EVENT`, where the event's id
    is the session's name too) and the heartbeats of open pages.

    Args:
        app: The application behind it.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._open: Counter[str] = Counter()
        self._allowance, self._since = float(UNATTENDED_LIMIT[0]), time.monotonic()
        self._hoping: dict[asyncio.Future[None], str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Any) -> None:
        """Let the request pass or refuse it; count the connection for as long as it is open."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[_KEY] = self
        if scope["method"] == "POST" and _RUNS.search(scope["path"]):
            session, receive = await _read(receive)
            if not await self._lets_in(session):
                await _refuse(send)
                return
        await self._counted(_session(scope), self.app(scope, receive, send))

    def is_open(self, session: str | None) -> bool:
        """Return whether a session has a connection open."""
        return session in self._open

    async def _counted(self, session: str | None, work: Awaitable[None]) -> None:
        if session is None:
            await work
            return
        self._open[session] += 1
        for hoping, whose in self._hoping.items():
            if whose == session and not hoping.done():
                hoping.set_result(None)
        try:
            await work
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]

    async def _lets_in(self, session: str | None) -> bool:
        """Return whether a request may pass, after a while in which its sender may turn up."""
        if self.is_open(session) or self._allows():
            return True
        if len(self._hoping) >= UNCONNECTED_LIMIT[0]:
            oldest = next(iter(self._hoping))  # the newest one's sender is the likeliest to come
            del self._hoping[oldest]
            oldest.cancel()
        hoping = asyncio.get_running_loop().create_future()
        self._hoping[hoping] = session
        try:
            await asyncio.wait([hoping], timeout=UNCONNECTED_LIMIT[1])
            return hoping.done() and not hoping.cancelled()
        finally:
            self._hoping.pop(hoping, None)

    def _allows(self) -> bool:
        """Return whether one more may pass whose sender has no connection."""
        now = time.monotonic()
        grown = self._allowance + (now - self._since) * UNATTENDED_LIMIT[1]
        self._allowance, self._since = min(grown, float(UNATTENDED_LIMIT[0])), now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


class Sender:
    """The sender of one request.

    Args:
        request: The request, as Gradio hands it to a handler or to a server function; None for a
            call within Python.
    """

    def __init__(self, request: gr.Request | Request | None) -> None:
        self.session: str = request.session_hash or "" if isinstance(request, gr.Request) else ""
        raw = request.request if isinstance(request, gr.Request) else request
        self.connections: Connections | None = raw.scope.get(_KEY) if raw else None
        self._since = time.monotonic()

    def listens(self) -> bool:
        """Return whether the sender waits for the result; True where that isn't known."""
        if self.connections is None or not self.session:
            return True
        return self.connections.is_open(self.session)

    def has_left(self) -> bool:
        """Return whether the sender doesn't wait, although there was time to begin with it."""
        if self.listens():
            self._since = time.monotonic()
        return time.monotonic() - self._since > TIMEOUT

    async def await_while_listening(self, work: Awaitable[Result]) -> Result:
        """Return what the work comes to; it is cancelled when the sender has left.

        Raises:
            Abandoned: The sender has left.
        """
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait([task], timeout=1.0))[0]:
                if self.has_left():
                    raise Abandoned
            return task.result()
        finally:
            task.cancel()


def _session(scope: Scope) -> str | None:
    """Return whose connection it is, if it is one that is counted."""
    if scope["method"] != "GET":
        return None
    if scope["path"].endswith("/queue/data"):
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return query["session_hash"][0] if "session_hash" in query else None
    found = _RESULTS.search(scope["path"])
    return found[1] if found else None


async def _read(receive: Receive) -> tuple[str | None, Receive]:
    """Return the session that a request's body names, and what receives the body once more."""
    messages, length, more = [], 0, True
    while more and length <= _MAX_BODY_BYTES:
        messages.append(message := await receive())
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    found = _SESSION.search(b"".join(message.get("body", b"") for message in messages))
    left = iter(messages)

    async def again() -> Message:
        return next(left, None) or await receive()

    return (found[1].decode("latin-1") if found else None), again


async def _refuse(send: Any) -> None:
    head = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 503, "headers": head})
    await send({"type": "http.response.body", "body": json.dumps({"detail": BUSY}).encode()})
