"""The Model Context Protocol: what its clients may send, before Gradio's server for it.

Off unless GRADIO_MCP_SERVER is "True", as Gradio has it, and requirements-mcp.txt is installed.
Gradio makes a tool of every endpoint, and reads files from any path or address that it is given.
Here there is one tool, whose picture is in the request itself.
"""

import asyncio
import os
import re
from collections import Counter
from contextlib import ExitStack
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fer.ui.serving.connections import PAGE_BUSY
from fer.ui.serving.input_checks import InputChecks
from fer.ui.serving.request_checks import NOT_JSON, RequestError, read_json, with_body

MCP_PATH = re.compile(r"/gradio_api/mcp(/|/http/?)?")
"""The path of the streamable HTTP transport; the older one, by events, isn't served."""

SCHEMA_PATH = "/gradio_api/mcp/schema"
"""Read by the page's API documentation and by the Hub."""

TOOL = "analyze_photo"
"""Name of the tool and of its endpoint; on a Space the tool's begins with the Space's."""

MAX_PICTURE_BYTES = 3_000_000
"""Most bytes of a picture in a request; the protocol's library takes requests of 4 MiB."""

MAX_REQUEST_BYTES = MAX_PICTURE_BYTES * 4 // 3 + 10_000

BODY_SECONDS = 60.0
"""Seconds in which a request must arrive."""

MAX_REQUESTS, MAX_WAIT = 4, 20.0
"""Requests at a time, and seconds that others wait for their turn."""

MAX_HELD, MAX_OF_SENDER = 24, 20
"""Requests that run or wait, each with up to 8 MB, in all and of one network address, which all
senders behind a proxy share."""

METHODS = frozenset(
    {
        "initialize",
        "ping",
        "tools/list",
        "tools/call",
        "notifications/initialized",
        "notifications/cancelled",
        "notifications/progress",
        # These lists are empty.
        "prompts/list",
        "resources/list",
        "resources/templates/list",
    }
)

NOT_SERVED = "There is no MCP server here; see docs/api.md."
ONLY_POST = "Programs that speak the Model Context Protocol send POST requests here."
NO_METHOD = "There is no such method here."
TOO_LARGE = f"The request is too large; a picture has at most {MAX_PICTURE_BYTES / 1e6:.0f} MB."

_INVALID, _NO_METHOD, _WRONG_INPUT, _BUSY = -32600, -32601, -32602, -32000
"""Codes of JSON-RPC."""


def mcp_is_wanted() -> bool:
    """Return whether the page is to serve its tool, as Gradio decides it."""
    return os.environ.get("GRADIO_MCP_SERVER", "").lower() == "true"


class McpRoute:
    """ASGI application: passes on what the tool needs, and refuses the rest in the protocol's form.

    Args:
        app: Gradio's application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._turns = asyncio.Semaphore(MAX_REQUESTS)
        self._held = Counter[str]()
        self._checks: InputChecks | None = None
        self._tool = ""

    def handles(self, path: str) -> bool:
        """Return whether a path belongs to the protocol."""
        return path == SCHEMA_PATH or MCP_PATH.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse a request to one of its paths."""
        request = Request(scope, receive)
        scope["query_string"] = b""  # where other tools could be asked for
        if not self._find_tool(scope["app"].get_blocks()):
            await JSONResponse({"detail": NOT_SERVED}, 404)(scope, receive, send)
        elif scope["method"] == "POST":
            await self._post(request, send)
        elif scope["method"] == "GET" and request.url.path.endswith(SCHEMA_PATH):
            await self.app(scope, receive, send)
        else:
            allowed = {"Allow": "POST"}
            await JSONResponse({"detail": ONLY_POST}, 405, headers=allowed)(scope, receive, send)

    def _find_tool(self, blocks: Any) -> str:
        """Return the tool's name after all others were taken out; "" where MCP isn't served."""
        server = blocks.mcp_server_obj
        if server is not None and not self._tool:
            found = server.tool_to_endpoint.items()
            server.tool_to_endpoint = {name: path for name, path in found if path == f"/{TOOL}"}
            (self._tool,) = server.tool_to_endpoint
            self._checks = InputChecks(blocks)
        return self._tool

    async def _post(self, request: Request, send: Send) -> None:
        """Handle a message; it must have arrived before its turn, or silent senders held all."""
        receive = request.receive
        try:
            message = await self._read(request)
            response = self._refusal(message)
            receive = with_body(request, orjson.dumps(message))
        except RequestError as error:
            response = _error(None, _INVALID, error.sentence, error.status)
        if response is None:
            await self._run(request, receive, send)
        else:
            await response(request.scope, receive, send)

    async def _run(self, request: Request, receive: Receive, send: Send) -> None:
        """Pass a message on when it is its turn, unless its sender has left by then."""
        sender = request.client.host if request.client else ""
        with ExitStack() as held:
            try:
                self._hold(sender)
                held.callback(self._let_go, sender)
                async with asyncio.timeout(MAX_WAIT):
                    await self._turns.acquire()
            except TimeoutError:
                await _error(None, _BUSY, PAGE_BUSY, 503)(request.scope, receive, send)
                return
            held.callback(self._turns.release)
            if not await request.is_disconnected():
                await self.app(request.scope, receive, send)

    def _hold(self, sender: str) -> None:
        """Count a request of a network address.

        Raises:
            TimeoutError: There are so many that its turn wouldn't come in time.
        """
        if self._held.total() >= MAX_HELD or self._held[sender] >= MAX_OF_SENDER:
            raise TimeoutError
        self._held[sender] += 1

    def _let_go(self, sender: str) -> None:
        self._held[sender] -= 1
        self._held = +self._held  # without those at 0

    async def _read(self, request: Request) -> dict[str, Any]:
        """Return a message.

        Raises:
            RequestError: It is too large, too slow, or no JSON object.
        """
        # Another site's page can send text without asking, but no JSON.
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise RequestError(415, NOT_JSON)
        try:
            return await read_json(request, MAX_REQUEST_BYTES, BODY_SECONDS)
        except RequestError as error:
            raise error if error.status != 413 else RequestError(413, TOO_LARGE) from None

    def _refusal(self, message: dict[str, Any]) -> Response | None:
        """Return why a message isn't passed on; None if it is."""
        number, method = message.get("id"), message.get("method")
        if not isinstance(method, str) or method not in METHODS:
            known = number is not None and method is not None
            return _error(number, _NO_METHOD, NO_METHOD) if known else Response(status_code=202)
        if method != "tools/call":
            return None
        parameters = message.get("params")
        call = parameters if isinstance(parameters, dict) else {}
        if call.get("name") != self._tool:
            return _error(number, _WRONG_INPUT, f"There is one tool here: {self._tool}.")
        arguments = call.get("arguments") or {}
        if not isinstance(arguments, dict):
            return _error(number, _WRONG_INPUT, "`arguments` is an object.")
        try:
            if self._checks is not None:
                self._checks.endpoint(TOOL).check_named(arguments)
        except RequestError as error:
            return _error(number, _WRONG_INPUT, error.sentence)
        return None


def _error(number: Any, code: int, sentence: str, status: int = 200) -> JSONResponse:
    """Return an error in the protocol's form."""
    error = {"code": code, "message": sentence}
    # The rest of the body may not have been read.
    headers = {} if status == 200 else {"Connection": "close"}
    content = {"jsonrpc": "2.0", "id": number, "error": error}
    return JSONResponse(content, status, headers=headers)
