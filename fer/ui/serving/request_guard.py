"""Request guard: ASGI middleware with an allowlist of routes and checked bodies.

Gradio has routes that this page doesn't need (a proxy, links that store component values, files by
any URL) and trusts each path and size in a request. This middleware filters requests before them:
any route that isn't listed here is a 404. Before it are only the choice of the language and what
sends static files: `fer.ui.serving.static_cache` and `fer.ui.serving.static_folders`.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fer.ui.gradio_internals import has_results, pending_events, session_of
from fer.ui.serving.connections import RESULTS, SESSION
from fer.ui.serving.input_checks import InputChecks
from fer.ui.serving.mcp_route import TOOL, McpRoute
from fer.ui.serving.request_checks import (
    MAX_BODY_BYTES,
    MAX_FRAME_BYTES,
    RequestError,
    check_call,
    check_value,
    checked_server_call,
    drop_unusable_headers,
    is_session,
    read_json,
    refusal,
    with_body,
)
from fer.ui.serving.static_cache import RENDERED, RenderingTurns, is_for_another_page
from fer.ui.serving.upload_route import UploadRoute
from fer.ui.serving.upload_store import Claims, UploadStore

_NAME = r"[^/]{1,100}"

PLAIN = re.compile(
    r"/|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/pwa_icon(/(192|512))?"
    r"|/(assets|static)/[\w./@+-]{1,200}"
    r"|/gradio_api/(info|openapi\.json|startup-events|theme\.css|app_id)/?",
    re.ASCII,
)
"""Paths that don't depend on the visitor; by a name too long for a file, Gradio fails."""

MAX_EVENTS = 24
"""Events of one session that wait or run at a time; a page has a few."""

HEARTBEAT = re.compile(rf"/gradio_api/heartbeat/(?P<session>{_NAME})")
"""The connection that an open page keeps."""

RESULT = re.compile(rf"/gradio_api/call/(v2/)?{_NAME}/(?P<event>\w{{1,64}})")

FILE = re.compile(r"/gradio_api/file=(?P<path>/.*)", re.DOTALL)

CALL = re.compile(rf"/gradio_api/(queue/join|run/predict|call/(?P<name>{_NAME}))/?")
"""Paths that run a handler; Gradio's page runs those that need no queue by `run/predict`."""

NAMED_CALL = re.compile(rf"/gradio_api/call/v2/(?P<name>{_NAME})/?")
"""Paths that run one with inputs by name."""

SERVER_CALL = re.compile(r"/gradio_api/component_server/?")
"""The path of server functions of the page's HTML components."""

SMALL = re.compile(r"/gradio_api/(cancel|reset/?)")

LOST = (
    b'data: {"msg":"unexpected_error","event_id":null,"message":"404: Not Found",'
    b'"session_not_found":true,"success":false}\n\n'
)
"""What Gradio sends for a session that it doesn't know, before it raises an error."""

NOT_HERE = "There is nothing here."

TOO_MANY_EVENTS = "Too many requests of this page are still waiting; try again after them."

FILE_HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
    "content-encoding": "identity",
}
"""A visitor's file opened as a page runs no script, no cache keeps it, and Gradio doesn't compress
it, which would hold up everybody else."""

SHOWN_FILES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".webp": "image/webp",
}
"""Media types of files that the page shows; all others are for saving."""


class RequestGuard:
    """ASGI middleware; `launch(app_kwargs={"middleware": [Middleware(RequestGuard, ...)]})`.

    Args:
        app: The wrapped application.
        store: The visitors' uploads.
        max_bytes: Maximum size of an uploaded file.
    """

    def __init__(self, app: ASGIApp, store: UploadStore, max_bytes: int) -> None:
        self.app, self.store = app, store
        self.upload_route = UploadRoute(store, max_bytes)
        self._pages = Counter[str]()
        self._checks: InputChecks | None = None
        self._mcp = McpRoute(app)
        self._rendering = RenderingTurns(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, handle or refuse a request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        drop_unusable_headers(scope)
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if self._mcp.handles(path):
            await self._mcp(scope, receive, send)
            return
        respond = {"GET": self._get, "HEAD": self._get, "POST": self._post}.get(scope["method"])
        try:
            response = refusal(405, NOT_HERE) if respond is None else await respond(request, path)
        except RequestError as error:
            response = refusal(error.status, error.detail())
        if isinstance(response, Response):
            await response(scope, receive, send)
        elif response.page is not None:
            await self._keep_open(response.page, scope, receive, send)
        elif RENDERED.fullmatch(path):
            await self._rendering(scope, receive, send)
        else:
            await self.app(scope, response.receive, send)

    async def _keep_open(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a page's heartbeat; when the last one of a session ends, drop what is its own."""
        self._pages[session] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._pages[session] -= 1
            if not self._pages[session]:
                del self._pages[session]
                self.store.release(session)
                scope["app"].get_blocks().close_page(session)

    def _file(self, name: str) -> Response:
        """Return a visitor's file; Gradio's response would repeat the headers that a proxy set."""
        path = Path(name)
        try:
            facts = path.stat() if self.store.is_downloadable(name) else None
        except OSError:  # deleted meanwhile
            facts = None
        if facts is None:
            return _missing()
        kind = SHOWN_FILES.get(path.suffix.lower())
        return FileResponse(
            path,
            headers=FILE_HEADERS,
            media_type=kind or "application/octet-stream",
            filename=path.name,
            content_disposition_type="inline" if kind else "attachment",
            stat_result=facts,
        )

    async def _get(self, request: Request, path: str) -> "Response | Passed":
        query = parse_qs(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        passed = Passed(request.receive)
        if found := FILE.fullmatch(path):
            return await anyio.to_thread.run_sync(self._file, found["path"])
        if found := HEARTBEAT.fullmatch(path):
            opens = request.method == "GET" and is_session(found["session"])
            request.scope[SESSION] = found["session"]
            return Passed(request.receive, page=found["session"]) if opens else _missing()
        if path == "/gradio_api/queue/data":
            # The last one, as for Gradio; by another one, somebody else's page would count as open.
            if not is_session(session := query.get("session_hash", [""])[-1]):
                return _missing()
            known = self._opens_results(request, session)
            return passed if known else Response(LOST, media_type="text/event-stream")
        if found := RESULT.fullmatch(path):
            session = session_of(request.scope["app"].get_blocks(), found["event"])
            return passed if self._opens_results(request, session) else _missing()
        if path == "/gradio_api/upload_progress":
            return await self.upload_route.progress(request)
        if path.rstrip("/") == "/gradio_api/info":
            # Without it, the addresses of the first request's headers would be given to everybody.
            request.scope["query_string"] = b"page="
        other_page = is_for_another_page(request.scope["query_string"])
        is_plain = PLAIN.fullmatch(path) and ".." not in path and not other_page
        return passed if is_plain else _missing()

    def _opens_results(self, request: Request, session: str) -> bool:
        """Return whether a session has results, whose stream the request then opens."""
        request.scope[SESSION], request.scope[RESULTS] = session, True
        return has_results(request.scope["app"].get_blocks(), session)

    async def _post(self, request: Request, path: str) -> "Response | Passed":
        if path == "/gradio_api/upload":
            return await self.upload_route.receive(request)
        body: dict[str, Any]
        claims = Claims(self.store)
        checks = self._checks_of(request.scope["app"])
        if found := CALL.fullmatch(path):
            body = check_call(await read_json(request, MAX_BODY_BYTES), claims)
            checks.complete_call(body, found["name"])
            self._require_few_events(request, body.get("session_hash"))
        elif SERVER_CALL.fullmatch(path):
            body = checked_server_call(await read_json(request, MAX_FRAME_BYTES), claims)
            checks.check_function(body["component_id"], body["fn_name"])
        elif found := NAMED_CALL.fullmatch(path):
            body = check_value(await read_json(request, MAX_BODY_BYTES), None, claims)
            checks.endpoint(found["name"]).check_named(body)
        elif SMALL.fullmatch(path):
            body = await read_json(request, MAX_BODY_BYTES)
        else:
            return _missing()
        request.scope[SESSION] = body.get("session_hash")
        return Passed(with_body(request, orjson.dumps(body), claims.lease))

    def _require_few_events(self, request: Request, session: str | None) -> None:
        if pending_events(request.scope["app"].get_blocks(), session) >= MAX_EVENTS:
            raise RequestError(429, TOO_MANY_EVENTS)

    def _checks_of(self, app: Any) -> InputChecks:
        """Return the checks of the page, which is complete by the first request."""
        if self._checks is None:
            self._checks = InputChecks(app.get_blocks(), hidden=TOOL)  # `McpRoute` has it called
        return self._checks


@dataclass(frozen=True)
class Passed:
    """A request that is passed on to the application.

    Args:
        receive: Receives its body.
        page: For a heartbeat, the session of the open page.
    """

    receive: Receive
    page: str | None = None


def _missing() -> Response:
    return refusal(404, NOT_HERE)
