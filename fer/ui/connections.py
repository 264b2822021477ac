"""Connection tracking: which sessions have an open connection, counted by an ASGI middleware.

Gradio's queue also runs requests whose sender has disconnected. An open page has a heartbeat, so
requests without any connection are rare, and are rate-limited; handlers check here whether their
sender is still connected.
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

from fer.i18n import gettext as _
from fer.i18n import mark as N_

Result = TypeVar("Result")
Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]

TIMEOUT = 5.0
"""Seconds that a request's sender has to open the connection for the result."""

UNATTENDED_LIMIT = (24, 8)
"""Accepted requests of senders without a connection: in a burst, and each second.

Each may be a new session, for which Gradio describes every component of the page anew: about 30 ms
of the event loop, during which nobody else is served.
"""

UNCONNECTED_LIMIT = (200, 2.0)
"""Further such requests that wait for their sender to connect, and for how many seconds."""

PAGE_BUSY = N_("The page is busy; try again in a minute.")

_MAX_BODY_BYTES = 4_000_000
_KEY, _SENDER = "fer.connections", "fer.sender"
_RESULTS = re.compile(r"/(?:heartbeat|call(?:/v2)?/[^/]+)/([^/]+)/?$")
_RUNS = re.compile(r"/(?:queue/join|component_server|(?:call|call/v2|run|api)/[^/]+)/?$")
_SESSION = re.compile(rb'"session_hash"\s*:\s*"([^"]{1,64})"')


class Abandoned(Exception):
    """The sender has disconnected, so the result is not needed."""


class Connections:
    """ASGI middleware: counts each session's open connections, limits requests without any.

    It counts the streams of results (`/queue/data`, and `/call/NAME/EVENT`, where the event's id
    is also the session's hash) and the heartbeats of open pages.

    Args:
        app: The wrapped application.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._open: Counter[str] = Counter()
        self._allowance, self._since = float(UNATTENDED_LIMIT[0]), time.monotonic()
        self._pending: dict[asyncio.Future[None], str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Any) -> None:
        """Pass on or refuse the request; count the connection while it is open."""
        if scope["type"] == "lifespan":
            scope["app"].state.connections = self  # for the regular sweep
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[_KEY] = self
        if scope["method"] == "POST" and _RUNS.search(scope["path"]):
            session, receive = await _read(receive)
            scope[_SENDER] = session
            if not await self._lets_in(session):
                await _refuse(send)
                return
        await self._counted(_session(scope), self.app(scope, receive, send))

    def is_open(self, session: str | None) -> bool:
        """Return whether a session has an open connection."""
        return session in self._open

    async def _counted(self, session: str | None, work: Awaitable[None]) -> None:
        if session is None:
            await work
            return
        self._open[session] += 1
        for pending, whose in self._pending.items():
            if whose == session and not pending.done():
                pending.set_result(None)
        try:
            await work
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]

    async def _lets_in(self, session: str | None) -> bool:
        """Return whether a request may pass, after a delay in which its sender may connect."""
        if self.is_open(session) or self._allows():
            return True
        if len(self._pending) >= UNCONNECTED_LIMIT[0]:
            oldest = next(
                iter(self._pending)
            )  # the newest one's sender is the likeliest to connect
            del self._pending[oldest]
            oldest.cancel()
        pending = asyncio.get_running_loop().create_future()
        self._pending[pending] = session
        try:
            await asyncio.wait([pending], timeout=UNCONNECTED_LIMIT[1])
            return pending.done() and not pending.cancelled()
        finally:
            self._pending.pop(pending, None)

    def _allows(self) -> bool:
        """Take one from the allowance for senders without a connection; False if it is used up."""
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
        request: The request, as Gradio passes it to a handler or a server function; None for a
            call within Python.
    """

    def __init__(self, request: gr.Request | Request | None) -> None:
        if isinstance(request, gr.Request):
            scope = request.request.scope if request.request else {}
            session = request.session_hash
        else:
            scope = request.scope if request else {}
            session = scope.get(_SENDER)
        self.session: str = session or ""
        self.connections: Connections | None = scope.get(_KEY)
        self._since = time.monotonic()

    def listens(self) -> bool:
        """Return whether the sender is connected; True where that isn't known."""
        if self.connections is None or not self.session:
            return True
        return self.connections.is_open(self.session)

    def has_left(self) -> bool:
        """Return whether the sender has not been connected for `TIMEOUT` seconds."""
        if self.listens():
            self._since = time.monotonic()
        return time.monotonic() - self._since > TIMEOUT

    async def await_while_listening(self, work: Awaitable[Result]) -> Result:
        """Return the result of the work, which is cancelled when the sender has left.

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
    """Return the session of a connection; None if it is of a kind that isn't counted."""
    if scope["method"] != "GET":
        return None
    if scope["path"].endswith("/queue/data"):
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return query["session_hash"][0] if "session_hash" in query else None
    found = _RESULTS.search(scope["path"])
    return found[1] if found else None


async def _read(receive: Receive) -> tuple[str | None, Receive]:
    """Return the session in a request's body, and a function that receives the body again."""
    messages: list[Message] = []
    length, more = 0, True
    while more and length <= _MAX_BODY_BYTES:
        messages.append(message := await receive())
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    found = _SESSION.search(b"".join(message.get("body", b"") for message in messages))
    replay = iter(messages)

    async def again() -> Message:
        return next(replay, None) or await receive()

    return (found[1].decode("latin-1") if found else None), again


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send(
        {"type": "http.response.body", "body": json.dumps({"detail": _(PAGE_BUSY)}).encode()}
    )
