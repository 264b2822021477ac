"""Who is still there: which sessions have a connection open, counted where connections arrive.

Gradio's queue runs a request also when nobody waits for its result any more; handlers ask here.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import parse_qs

import gradio as gr
from fastapi import Request

Result = TypeVar("Result")

PATIENCE = 5.0
"""Seconds that a request's sender has to open the connection on which the result is sent."""

_BY_PATH = re.compile(r"/(?:heartbeat|call(?:/v2)?/[^/]+)/([^/]+)/?$")
_KEY = "fer.connections"

Scope = dict[str, Any]


class Abandoned(Exception):
    """Nobody waits for the result."""


class Connections:
    """ASGI middleware that counts each session's open connections.

    Counted are the streams of results (`/queue/data`, and `/call/NAME/EVENT`, where the event's id
    is the session's name too) and the heartbeats of open pages.

    Args:
        app: The application behind it.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Count the connection for as long as it is open, and let handlers find the counts."""
        if scope["type"] == "http":
            scope[_KEY] = self
        session = _session(scope)
        if session is None:
            await self.app(scope, receive, send)
            return
        self._open[session] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]

    def is_open(self, session: str | None) -> bool:
        """Return whether a session has a connection open."""
        return session in self._open


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
        known = self.connections is not None and self.session
        return not known or self.connections.is_open(self.session)

    def has_left(self) -> bool:
        """Return whether the sender doesn't wait, although there was time to begin with it."""
        if self.listens():
            self._since = time.monotonic()
        return time.monotonic() - self._since > PATIENCE

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
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    if scope["path"].endswith("/queue/data"):
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return query.get("session_hash", [None])[0]
    found = _BY_PATH.search(scope["path"])
    return found[1] if found else None
