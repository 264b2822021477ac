"""Connection tracking: which sessions have an open connection, counted by an ASGI middleware.

Gradio's queue also runs requests whose sender has disconnected. An open page has a heartbeat, so
requests without any connection are rare, and are rate-limited. By `fer.ui.sender`, handlers find
out whether their sender is still connected.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_

MAX_OPEN = 1000
"""Sessions with an open connection; for one more, the one that was idle for longest yields."""

MAX_OF_SESSION = 6
"""Connections of one session: a page has two, and more for a moment where it is slow to close."""

ACTIVE_LIMIT = 60.0
"""Seconds from its last request or result for which a session yields its place to nobody: a page
that is being read sends none. Nor does one whose events wait or run. A page that has yielded gets
another place with its next request, but what it had isn't there any more."""

PAGE_BUSY = N_("The page is busy; try again in a minute.")

MESSAGE_BYTES = 4000
"""Bytes of a message on a stream of results above which it has a result: Gradio's own, such as
those that keep the stream open, have a few hundred at most."""

UNATTENDED_LIMIT = (24, 8)
"""Accepted requests of senders without a connection: in a burst, and each second."""

UNCONNECTED_LIMIT = (200, 2.0)
"""Further such requests that wait for their sender to connect, and for how many seconds."""

FRAME_LIMIT = 5.0
"""Seconds for which a session counts as connected that sends camera frames. A page's heartbeat
that breaks off, as when a laptop sleeps, doesn't come back."""

SESSION = "fer.session"
"""The key of an ASGI scope under which the request guard puts the session whose request it is; of
GET requests, those that open a heartbeat or a stream of results have one."""

RESULTS = "fer.results"
"""The key under which it puts True for those that open a stream of results."""

KEY = "fer.connections"
"""The key under which `Connections` puts itself."""

_FRAMES = re.compile(r"/component_server/?$")
_RUNS = re.compile(r"/(?:queue/join|component_server|(?:call|call/v2|run|api)/[^/]+)/?$")


@dataclass(eq=False)
class _Page:
    """A session with open connections.

    Attributes:
        connections: Its open ones.
        used: When it sent a request or got a result, in seconds of `time.monotonic`.
    """

    connections: set[asyncio.Task[None]] = field(default_factory=set)
    used: float = float("-inf")


class Connections:
    """ASGI middleware: counts each session's open connections, limits requests without any.

    It counts the streams of results and the heartbeats of open pages.

    Args:
        app: The wrapped application.

    Attributes:
        working: Returns the sessions whose events wait or run.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.working: Callable[[], set[str]] = set
        self._open: dict[str, _Page] = {}
        self._unattended = UnattendedRequests()
        self._frames: dict[str, float] = {}  # session -> when it sent the last one

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse the request; count the connection while it is open."""
        if scope["type"] == "lifespan":
            scope["app"].state.connections = self  # for the regular sweep
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[KEY] = self
        session = scope.get(SESSION) if scope["method"] == "GET" else None
        if session is not None and self._opens(session):
            await self._connect(session, scope, receive, send)
        elif session is None and await self._admits(scope):
            await self.app(scope, receive, send)
        else:
            await _refuse(send)

    async def _admits(self, scope: Scope) -> bool:
        """Return whether a request that is no connection may pass, which may be after a delay."""
        if scope["method"] != "POST" or not _RUNS.search(scope["path"]):
            return True
        sender = scope.get(SESSION)
        if not self.is_open(sender) and not await self._unattended.admits(sender):
            return False
        if page := self._open.get(sender or ""):
            page.used = time.monotonic()
        if sender is not None and _FRAMES.search(scope["path"]):
            self._frames.pop(sender, None)
            self._frames[sender] = time.monotonic()  # at the end
            if len(self._frames) > MAX_OPEN:
                del self._frames[next(iter(self._frames))]
        return True

    def is_open(self, session: str | None) -> bool:
        """Return whether a session has an open connection, or sends camera frames."""
        if session is None:
            return False
        last_frame = self._frames.get(session, float("-inf"))
        return session in self._open or time.monotonic() - last_frame < FRAME_LIMIT

    async def _connect(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a connection while it is open."""
        page = self._open.setdefault(session, _Page())
        self._unattended.connect(session)
        response = _Response(send, page if scope.get(RESULTS) else None)
        connection = asyncio.ensure_future(self.app(scope, receive, response.send))
        page.connections.add(connection)
        try:
            await asyncio.wait([connection])
        finally:
            connection.cancel()
            page.connections.discard(connection)
            if scope.get(RESULTS):  # which ends with the last one
                page.used = time.monotonic()
            if not page.connections and self._open.get(session) is page:
                del self._open[session]
        if connection.cancelled() or response.is_cut:  # it has yielded its place
            await response.end()
        else:
            connection.result()

    def _opens(self, session: str) -> bool:
        """Return whether a session may have one more connection."""
        if page := self._open.get(session):
            return len(page.connections) < MAX_OF_SESSION
        return len(self._open) < MAX_OPEN or self._close_idle()

    def _close_idle(self) -> bool:
        """Close the page that was idle for longest, the oldest of those that sent nothing."""
        working = self.working()
        idle = [session for session in self._open if session not in working]
        session = min(idle, key=lambda session: self._open[session].used, default=None)
        if session is None or time.monotonic() - self._open[session].used < ACTIVE_LIMIT:
            return False
        for connection in self._open.pop(session).connections:
            connection.cancel()
        return True


class UnattendedRequests:
    """Requests whose sender has no open connection: few pass, others wait for one."""

    def __init__(self) -> None:
        self._left, self._since = float(UNATTENDED_LIMIT[0]), time.monotonic()
        self._waiting: dict[asyncio.Future[None], str | None] = {}

    async def admits(self, session: str | None) -> bool:
        """Return whether a request may pass, after a delay in which its sender may connect."""
        if self._take():
            return True
        if len(self._waiting) >= UNCONNECTED_LIMIT[0]:
            oldest = next(iter(self._waiting))  # the newest one's sender is likelier to connect
            del self._waiting[oldest]
            oldest.cancel()
        connected = asyncio.get_running_loop().create_future()
        self._waiting[connected] = session
        try:
            await asyncio.wait([connected], timeout=UNCONNECTED_LIMIT[1])
            return connected.done() and not connected.cancelled()
        finally:
            self._waiting.pop(connected, None)

    def _take(self) -> bool:
        """Take one of those that are accepted; return whether there was one left."""
        (burst, rate), now = UNATTENDED_LIMIT, time.monotonic()
        self._left = min(self._left + (now - self._since) * rate, burst)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def connect(self, session: str) -> None:
        """Let the requests pass that wait for a session to connect."""
        for connected, whose in self._waiting.items():
            if whose == session and not connected.done():
                connected.set_result(None)


class _Response:
    """A response that may have to end early.

    Args:
        send: Sends its messages.
        page: Page whose results they are; None for a heartbeat.

    Attributes:
        is_cut: Whether it was cancelled while a message was sent, and nothing may follow that.
    """

    def __init__(self, send: Send, page: _Page | None) -> None:
        self._send, self._page, self._begun, self._more = send, page, False, True
        self.is_cut = False

    async def send(self, message: Message) -> None:
        """Send a message, unless one was cut."""
        if self.is_cut:
            return
        self._note_use(message)
        try:
            await self._send(message)
        except asyncio.CancelledError:
            # Starlette's stream, in a task of its own for ASGI before 2.4, is cancelled again at
            # its next wait. Left at its `yield` here, Gradio's generator would log a traceback
            # when it is collected.
            self.is_cut = True
            return
        self._begun = True
        self._more = message["type"] == "http.response.start" or message.get("more_body", False)
        self._note_use(message)  # to a slow reader, a result takes long

    def _note_use(self, message: Message) -> None:
        if self._page is not None and len(message.get("body", b"")) > MESSAGE_BYTES:
            self._page.used = time.monotonic()

    async def end(self) -> None:
        """Send what is missing."""
        if not self._begun:
            await _refuse(self._send)
        elif self._more:
            await self._send({"type": "http.response.body", "body": b""})


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send(
        {"type": "http.response.body", "body": json.dumps({"detail": _(PAGE_BUSY)}).encode()}
    )
