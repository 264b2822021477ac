"""Static cache: what Gradio serves to everybody alike is compressed, or made, only once.

Gradio compresses a script anew for each request and resizes its icon, both on the event loop: its
largest script takes half a second, in which nobody else is served.
"""

import asyncio
import posixpath
import re
from dataclasses import dataclass

from gradio.brotli_middleware import BrotliMiddleware
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMPRESSED = re.compile(r"/(assets|static|modules|device)/.+\.(js|css|json|svg|html|txt)")
"""Paths of files that don't change while the page runs, and that Gradio compresses."""

ICON = re.compile(r"/pwa_icon/\d+")

ENCODINGS = ("br", "gzip")
"""How they may be compressed, the best one first."""

PIECE = 65_536
"""Bytes of a response that are sent at a time, so that a slow reader takes no memory."""

_VARYING = (b"if-none-match", b"if-modified-since", b"if-range", b"range", b"accept-encoding")
"""Headers on which a response depends; those that are kept are made without them."""


@dataclass
class _Kept:
    """A whole response."""

    status: int
    headers: MutableHeaders
    body: bytes

    async def send(self, requested: str | None, send: Send) -> None:
        """Send it, unless the visitor has it already.

        Args:
            requested: The request's If-None-Match.
            send: Sends its messages.
        """
        is_known = requested is not None and requested == self.headers.get("etag")
        status, headers = (304, []) if is_known else (self.status, self.headers.raw)
        body = b"" if is_known else self.body
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for at in range(0, len(body) or 1, PIECE):
            piece, more = body[at : at + PIECE], at + PIECE < len(body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


class StaticCache:
    """ASGI middleware that keeps compressed files for as long as the page runs.

    Args:
        app: The wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self._compressing = app, BrotliMiddleware(app)
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a response that is kept, or pass the request on."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        path = scope["path"].removeprefix(scope.get("root_path", "")) if headers else ""
        accepted = headers.get("accept-encoding", "")
        encoding = next((name for name in ENCODINGS if name in accepted), "")
        if _is_kept(path, encoding) and scope["method"] == "GET":
            async with self._making:
                kept = await self._response(path, encoding, scope, receive)
            await kept.send(headers.get("if-none-match"), send)
        else:
            await self.app(scope, receive, send)

    async def _response(self, path: str, encoding: str, scope: Scope, receive: Receive) -> _Kept:
        """Return the whole response to a path."""
        if kept := self._kept.get((path, encoding)):
            return kept
        others = [pair for pair in scope["headers"] if pair[0] not in _VARYING]
        headers = [*others, (b"accept-encoding", encoding.encode())]
        made = await _collect(self._compressing, {**scope, "headers": headers}, receive)
        if made.status == 200:
            self._kept[path, encoding] = made
        return made


def _is_kept(path: str, encoding: str) -> bool:
    """Return whether the response to a path, under its only name, is kept."""
    is_file = encoding and COMPRESSED.fullmatch(path) and posixpath.normpath(path) == path
    return bool(is_file or ICON.fullmatch(path))


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> _Kept:
    """Return all that an application sends."""
    begun: list[Message] = []
    pieces: list[bytes] = []

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.append(message)
        else:
            pieces.append(message.get("body", b""))

    await app(scope, receive, collect)
    body = b"".join(pieces)
    headers = MutableHeaders(raw=list(begun[0]["headers"]))
    headers["content-length"] = str(len(body))
    return _Kept(begun[0]["status"], headers, body)
