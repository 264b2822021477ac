"""Checks of requests: headers and queries by which Gradio fails, and JSON bodies.

Of a body these are its size and depth, and that it names files of the visitor only.
"""

import re
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.ui.live.camera_frames import DATA_URL_PREFIX, MAX_JPEG_BYTES
from fer.ui.serving.transfer_limits import Transfers
from fer.ui.serving.upload_limits import MAX_LEASED
from fer.ui.serving.upload_store import Claims

HOST = re.compile(r"([\w.-]{1,255}|\[[\da-f:.]{2,45}\])(:\d{1,5})?", re.ASCII | re.I)
"""What a host looks like; httpx, by which Gradio reads it, has rules of its own."""

RANGE = re.compile(rb"bytes=\d{0,15}-\d{0,15}")
"""One range of a file's bytes; any other may be ignored."""

MAX_QUERY = 4000
"""Bytes of an address's query; the Hub adds some hundred to the page's own."""

MAX_BODY_BYTES = 100_000
"""Bytes of a body without a camera frame."""

MAX_FRAME_BYTES = 2 * MAX_JPEG_BYTES
"""Bytes of a body with a camera frame, in base64: one that is somewhat too large is refused by a
sentence of its own; one of 640 x 480 pixels takes about 70,000."""

FRAME_FUNCTION = "read_frame"
"""The server function that camera frames are sent to."""

MAX_VALUES = 5000
"""Values in a body, counted by commas and brackets before it is parsed."""

MAX_DEPTH = 12
"""Nesting depth of lists and dictionaries in a body."""

MAX_RECEIVING = 64_000_000
"""Bytes of all bodies together that are being received; those that stall yield to others."""

TIMEOUT = 15.0
"""Seconds in which the whole body must arrive."""

SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A session's hash, as the page and Gradio's client generate it."""

KEYS = frozenset({"data", "fn_index", "session_hash", "trigger_id"})
"""Accepted keys of a request to run a handler; none needs `event_data`, a second frame."""

NOT_JSON = "The request can't be read; send a JSON object."
TOO_LARGE = "The request is too large; files are sent to /gradio_api/upload first."
BUSY = "Too many requests are arriving just now; try again in a minute."
TOO_SLOW = "The request took too long to arrive; try again."
OUTDATED = N_("This page is out of date; load it again.")
NO_FILE = N_(
    "A file in this request is not one that you uploaded, or has been deleted; upload it again."
)
"""One sentence for every refused path, so that no request reveals which files exist."""


class RequestError(Exception):
    """A refused request: HTTP status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence

    def detail(self) -> Any:
        """Return what a response gives under `detail`."""
        return _(self.sentence)


def refusal(status: int, detail: Any) -> Response:
    """Return a response that refuses a request."""
    # The rest of the body isn't read.
    return JSONResponse({"detail": detail}, status, headers={"Connection": "close"})


def drop_unusable_headers(scope: Scope) -> None:
    """Drop headers by which Gradio fails with a traceback or works in vain.

    These are hosts that are none, all but simple ranges, and what only Gradio's own proxy may set;
    also cookies, for there is no log-in, and long queries: both are parsed however long they are.
    """
    scope["headers"] = [pair for pair in scope["headers"] if _is_usable(*pair)]
    if len(scope["query_string"]) > MAX_QUERY:
        scope["query_string"] = b""


class OriginFilter:
    """ASGI application: passes requests on, without their origin if they have no host.

    The outermost of Gradio's own layers compares the two, and would fail.

    Args:
        app: The wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request."""
        if scope["type"] == "http" and all(name != b"host" for name, _ in scope["headers"]):
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"origin"]
        await self.app(scope, receive, send)


def _is_usable(name: bytes, value: bytes) -> bool:
    if name in (b"host", b"x-forwarded-host"):
        return _is_host(value.decode("latin-1").split(",")[0].strip())
    if name == b"range":
        return RANGE.fullmatch(value.strip()) is not None
    return name not in (b"x-gradio-server", b"cookie")


def _is_host(text: str) -> bool:
    try:
        return HOST.fullmatch(text) is not None and bool(httpx.URL(f"http://{text}").host)
    except (httpx.InvalidURL, UnicodeError):  # as Gradio would meet it
        return False


_receiving = Transfers(MAX_RECEIVING)


async def read_json(
    request: Request, max_bytes: int, seconds: float | None = None
) -> dict[str, Any]:
    """Return a request's body, which must be a JSON object.

    Args:
        request: A request whose body hasn't been read.
        max_bytes: Maximum size, whatever the headers claim.
        seconds: Seconds in which all of it must arrive; `TIMEOUT` if None.

    Raises:
        RequestError: It is too large, too slow, nested too deeply, names too many files or is no
            JSON object; or it was ended for others.
    """
    if claimed_size(request) > max_bytes:
        raise RequestError(413, TOO_LARGE)
    body = bytearray()
    try:
        with (
            _receiving.transfer() as transfer,
            anyio.fail_after(TIMEOUT if seconds is None else seconds),
        ):
            async for piece in request.stream():
                _receiving.grow(transfer, len(piece))
                body += piece
                if len(body) > max_bytes:
                    raise RequestError(413, TOO_LARGE)
    except TimeoutError:
        raise RequestError(408, TOO_SLOW) from None
    except ClientDisconnect:
        raise RequestError(400, NOT_JSON) from None
    if transfer.scope.cancel_called:
        raise RequestError(503, BUSY)
    return _parse(bytes(body))


def with_body(request: Request, body: bytes, accepted: Callable[[], None] | None = None) -> Receive:
    """Put a validated JSON body in place of a request's own; return what receives it.

    Args:
        request: The request.
        body: The new body.
        accepted: Called when the body is received: no middleware has refused the request then.
    """
    replaced = (b"content-length", b"content-type", b"transfer-encoding", b"content-encoding")
    kept = [(name, value) for name, value in request.scope["headers"] if name not in replaced]
    request.scope["headers"] = [
        *kept,
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not messages:
            return await request.receive()
        if accepted is not None:
            accepted()
        return messages.pop()

    return receive


def claimed_size(request: Request) -> int:
    """Return a request's Content-Length; 0 without that header.

    Raises:
        RequestError: It is not a number.
    """
    claimed = request.headers.get("content-length", "0")
    if not claimed.isdecimal():
        raise RequestError(400, NOT_JSON)
    return int(claimed)


def _parse(body: bytes) -> dict[str, Any]:
    if sum(map(body.count, b",[{")) > MAX_VALUES:
        raise RequestError(413, TOO_LARGE)
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RequestError(400, NOT_JSON) from None
    if not isinstance(parsed, dict):
        raise RequestError(400, NOT_JSON)
    _require_simple(parsed)
    return parsed


def _require_simple(body: dict[str, Any]) -> None:
    """Raise RequestError for a body that is nested too deeply or names too many files."""
    level: list[Any] = [body]
    depth = files = 0
    while level:
        files += sum(isinstance(value, dict) and "path" in value for value in level)
        if depth > MAX_DEPTH or files > MAX_LEASED:
            raise RequestError(413, TOO_LARGE)
        inner = (value.values() if isinstance(value, dict) else value for value in level)
        level = [item for items in inner for item in items if isinstance(item, dict | list)]
        depth += 1


def check_call(body: dict[str, Any], claims: Claims) -> dict[str, Any]:
    """Return a validated request to run a handler: known keys, and the visitor's files only.

    Raises:
        RequestError: It names another file, or is malformed.
    """
    session = body.get("session_hash")
    if session is not None and not is_session(session):
        raise RequestError(400, NOT_JSON)
    known = {key: body[key] for key in KEYS & body.keys()}
    return {key: check_value(value, session, claims) for key, value in known.items()}


def checked_server_call(body: dict[str, Any], claims: Claims) -> dict[str, Any]:
    """Return a validated request to a component's server function.

    Raises:
        RequestError: It names a file that isn't the visitor's, or is malformed.
    """
    session, component, name = (body.get(k) for k in ("session_hash", "component_id", "fn_name"))
    if not (is_session(session) and type(component) is int and isinstance(name, str)):
        raise RequestError(400, NOT_JSON)
    if name != FRAME_FUNCTION and len(orjson.dumps(body.get("data"))) > MAX_BODY_BYTES:
        raise RequestError(413, TOO_LARGE)
    data = check_value(body.get("data"), session, claims)
    return {"session_hash": session, "component_id": component, "fn_name": name, "data": data}


def is_session(value: object) -> bool:
    """Return whether a value has the form of a session's hash."""
    return isinstance(value, str) and SESSION.fullmatch(value) is not None


def check_value(value: Any, session: str | None, claims: Claims) -> Any:
    """Return a value whose files all are this session's, each reduced to its path or data URL.

    Gradio treats any dictionary with a `path` as a file, with or without the type in `meta`, and
    some components read a `url` instead. So both are rebuilt here: a path that the session
    may claim, or the data URL of a camera frame.

    Raises:
        RequestError: It names another file.
    """
    if isinstance(value, list):
        return [check_value(item, session, claims) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("path") not in (None, ""):
        if not claims.claim(value["path"], session):
            raise RequestError(400, NO_FILE)
        return {"path": value["path"], "meta": {"_type": "gradio.FileData"}}
    frame = value.get("url")
    kept = {key: item for key, item in value.items() if key not in ("path", "url", "is_stream")}
    if isinstance(frame, str) and frame.startswith(DATA_URL_PREFIX):
        return {"url": frame, "meta": {"_type": "gradio.FileData"}}
    return {key: check_value(item, session, claims) for key, item in kept.items()}
