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
from starlette.responses import JSONResponse
from starlette.staticfiles import NotModifiedResponse, StaticFiles
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

_FILES = StaticFiles()
"""Compares what a browser has with a file's ETag and its date."""


@dataclass
class _Kept:
    """A whole response."""

    status: int
    headers: MutableHeaders
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, unless the visitor has it already."""
        if "etag" in self.headers and _FILES.is_not_modified(self.headers, Headers(scope=scope)):
            await NotModifiedResponse(self.headers)(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers.raw}
        await send(start)
        for at in range(0, len(self.body) or 1, PIECE):
            piece, more = self.body[at : at + PIECE], at + PIECE < len(self.body)
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
        if COMPRESSED.fullmatch(path) and posixpath.normpath(path) != path:
            # By other names, such as /assets/./a.js, a file would be compressed for each request.
            await JSONResponse({"detail": "Not Found"}, 404)(scope, receive, send)
        elif _is_kept(path, encoding) and scope["method"] == "GET":
            async with self._making:
                kept = await self._response(path, encoding, scope, receive)
            await kept(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _response(self, path: str, encoding: str, scope: Scope, receive: Receive) -> _Kept:
        """Return the whole response to a path."""
        if kept := self._kept.get((path, encoding)):
            return kept
        others = [pair for pair in scope["headers"] if pair[0] not in _VARYING]
        headers = [*others, (b"accept-encoding", encoding.encode())]
        made = await _collect(self._compressing, {**scope, "headers": headers}, receive)
        if tag := made.headers.get("etag"):  # each encoding has one of its own
            made.headers["etag"] = f'{tag[:-1]}-{encoding}"'
        if made.status == 200:
            self._kept[path, encoding] = made
        return made


def _is_kept(path: str, encoding: str) -> bool:
    """Return whether the response to a path is kept."""
    return bool((encoding and COMPRESSED.fullmatch(path)) or ICON.fullmatch(path))


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
