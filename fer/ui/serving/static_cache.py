"""Static cache: what Gradio sends to everybody alike is made, and compressed, only once.

Gradio compresses a script anew for each request, and resizes its icon, both on the event loop: its
largest script takes a tenth of a second, in which nobody else is served. It renders the page anew
for each visitor, too, in 15 ms, and sends all 400 KB of it. Here, a page is rendered once, and sent
with the address at which its visitor opened it. What isn't kept is rendered in turns.
"""

import asyncio
import gzip
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import parse_qs
from weakref import WeakValueDictionary

import anyio.to_thread
import brotli  # type: ignore[import-untyped]
from gradio.route_utils import get_request_origin
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer.i18n import gettext as _
from fer.ui.serving.connections import PAGE_BUSY
from fer.ui.serving.request_checks import drop_unusable_headers, refusal
from fer.ui.serving.transfer_limits import PIECE

COMPRESSED = re.compile(r"/(assets|static|modules|device)/.+\.(js|css|json|svg|html|txt)")
"""Paths of files that don't change while the page runs, and that Gradio compresses."""

ICON = re.compile(r"/pwa_icon/\d+")

PAGE = re.compile(r"/|/config/?")
"""Paths of the page, which is the same in all languages: scripts translate it."""

STAND_IN = b"page.invalid"
"""The host that pages are rendered for, and in whose place they are sent with their visitor's; by
RFC 2606, no page has it."""

MAX_KEPT_PAGES = 32
"""Compressed pages that are kept: one for each path, encoding, and address of the page."""

RENDERED = re.compile(r"/|/config/?|/gradio_api/(info|openapi\.json)/?")
"""Paths that Gradio renders, in the threads that all share, where they aren't kept."""

MAX_AT_A_TIME, MAX_WAITING = 4, 400
"""Pages that are rendered at a time, and requests that are rendered or wait."""

ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: bytes(brotli.compress(body, quality=4)),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
"""How they may be compressed, the best one first."""

_VARYING = (b"if-none-match", b"if-modified-since", b"if-range", b"range", b"accept-encoding")
"""Headers on which a response depends; those that are kept are made without them."""

_ADDRESS = (b"host", b"x-forwarded-host", b"x-forwarded-proto")
"""Headers by which Gradio finds out the page's own address, which the page contains."""

_FILES = StaticFiles()
"""Compares what a browser has with a file's ETag and its date."""

_Key = tuple[str, ...]


@dataclass
class _Kept:
    """A whole response.

    Attributes:
        status: HTTP status.
        headers: All but the content's length.
        body: Pieces, which responses may share; as made, every second one is the `STAND_IN`.
    """

    status: int
    headers: MutableHeaders
    body: Sequence[bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, unless the visitor has it already."""
        if "etag" in self.headers and _FILES.is_not_modified(self.headers, Headers(scope=scope)):
            await NotModifiedResponse(self.headers)(scope, receive, send)
            return
        size = (b"content-length", b"%d" % sum(map(len, self.body)))
        headers = [*self.headers.raw, size]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        for part in () if scope["method"] == "HEAD" else self.body:
            for at in range(0, len(part), PIECE):
                piece = part[at : at + PIECE]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def is_kept(self, encoding: str) -> bool:
        """Return whether it is complete, and compressed as it should be."""
        return self.status == 200 and self.headers.get("content-encoding", "") == encoding

    def with_address(self, address: str) -> "_Kept":
        """Return a page that was rendered for `STAND_IN`, for another address; it takes no room."""
        body = [*self.body]
        body[1::2] = [address.encode()] * (len(body) // 2)
        return replace(self, headers=self.headers.mutablecopy(), body=body)


class StaticCache:
    """ASGI middleware that keeps responses for as long as the page runs.

    Args:
        app: The wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._files: dict[_Key, _Kept] = {}
        self._pages: dict[_Key, _Kept] = {}
        self._making = WeakValueDictionary[_Key, asyncio.Lock]()  # while somebody waits
        self._compressing = asyncio.Lock()  # one at a time, so that visitors have threads left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a response that is kept, or pass the request on."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        is_page = PAGE.fullmatch(path) is not None
        if is_page:
            drop_unusable_headers(scope)  # before they have pages rendered
            is_page = not is_for_another_page(scope["query_string"])
        encoding = "" if ICON.fullmatch(path) else _best_encoding(Headers(scope=scope))
        if COMPRESSED.fullmatch(path) and posixpath.normpath(path) != path:
            # By other names, such as /assets/./a.js, a file would be compressed for each request.
            await JSONResponse({"detail": "Not Found"}, 404)(scope, receive, send)
        elif is_page or (encoding and COMPRESSED.fullmatch(path)) or ICON.fullmatch(path):
            kept = await self._response(is_page, encoding, scope, receive)
            if kept is not None:
                await kept(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _response(
        self, is_page: bool, encoding: str, scope: Scope, receive: Receive
    ) -> _Kept | None:
        """Return the whole response; None if there is none, as the visitor has left."""
        key = scope["path"], encoding, _address(scope) if is_page else ""
        known, make = (self._pages, self._make_page) if is_page else (self._files, self._make)
        # Of those who ask at once the first one has it made; or the next one, if the first leaves.
        async with self._making.setdefault(key, asyncio.Lock()):
            made = known.pop(key, None) or await make(encoding, scope, receive)
            if made is not None and made.is_kept(encoding):
                known[key] = made  # at the end, so that the one that wasn't used for longest goes
        if len(self._pages) > MAX_KEPT_PAGES:
            del self._pages[next(iter(self._pages))]
        return made

    async def _make_page(self, encoding: str, scope: Scope, receive: Receive) -> _Kept | None:
        """Return a page with its visitor's address, compressed if that needs no waiting.

        Else whoever invents addresses, one after the other, would have all visitors wait.
        """
        others = [pair for pair in scope["headers"] if pair[0] not in _ADDRESS]
        headers = [*others, (b"host", STAND_IN)]
        asked = {**scope, "scheme": "http", "headers": headers}
        rendered = await self._response(False, "", asked, receive)
        if rendered is None or rendered.status != 200:
            return rendered
        made = rendered.with_address(_address(scope))
        if encoding and not self._compressing.locked():
            await self._compress(made, encoding)
        return made

    async def _make(self, encoding: str, scope: Scope, receive: Receive) -> _Kept | None:
        """Return the whole response, compressed."""
        headers = [pair for pair in scope["headers"] if pair[0] not in _VARYING]
        asked = {**scope, "method": "GET", "headers": headers, "query_string": b""}
        made = await _collect(self.app, asked, receive)
        if made is not None and made.status == 200 and encoding:
            await self._compress(made, encoding)
        return made

    async def _compress(self, made: _Kept, encoding: str) -> None:
        async with self._compressing:
            body = b"".join(made.body)
            made.body = [await anyio.to_thread.run_sync(ENCODINGS[encoding], body)]
        made.headers["content-encoding"] = encoding
        made.headers.add_vary_header("Accept-Encoding")
        if tag := made.headers.get("etag"):  # each encoding has one of its own
            made.headers["etag"] = f'{tag[:-1]}-{encoding}"'


class RenderingTurns:
    """ASGI application that passes requests on, each in its turn.

    Args:
        app: The wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._turns, self._known = asyncio.Semaphore(MAX_AT_A_TIME), 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a page rendered in its turn, which ends when it begins to be sent."""
        if self._known >= MAX_WAITING:
            await refusal(503, _(PAGE_BUSY))(scope, receive, send)
            return
        turn = ExitStack()

        async def sent(message: Message) -> None:
            turn.close()
            await send(message)

        self._known += 1
        turn.callback(self._end)
        with turn:
            if await self._is_turn(receive):
                turn.callback(self._turns.release)
                await self.app(scope, receive, sent)

    async def _is_turn(self, receive: Receive) -> bool:
        """Wait for a request's turn; return False if its sender leaves before."""
        turn = asyncio.ensure_future(self._turns.acquire())
        leaving = asyncio.ensure_future(_leave(receive))
        leaving.add_done_callback(lambda _: turn.cancel())
        try:
            await asyncio.wait([turn])
        finally:
            leaving.cancel()
        return not turn.cancelled()

    def _end(self) -> None:
        self._known -= 1


async def _leave(receive: Receive) -> None:
    """Return when the sender of a request without a body has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def is_for_another_page(query: bytes) -> bool:
    """Return whether a request's query asks for another page; all else in it is for the browser."""
    found = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    return found.get("page", [""])[-1] != "" or "deep_link" in found


def _best_encoding(headers: Headers) -> str:
    """Return the best one of `ENCODINGS` that a browser takes, or ""."""
    offers = headers.get("accept-encoding", "").replace(" ", "").lower().split(",")
    weighted = (offer.partition(";q=")[::2] for offer in offers)
    names = {name for name, weight in weighted if not weight or weight.strip("0.")}  # 0 forbids it
    return next((name for name in ENCODINGS if name in names), "")


def _address(scope: Scope) -> str:
    """Return the page's address as Gradio finds it out, such as "https://page.example"."""
    return str(get_request_origin(Request(scope), "").copy_with(path="/")).rstrip("/")


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> _Kept | None:
    """Return all that an application sends; None if it ends early, as the visitor has left."""
    begun: list[Message] = []
    pieces: list[bytes] = []
    is_whole = False

    async def collect(message: Message) -> None:
        nonlocal is_whole
        if message["type"] == "http.response.start":
            begun.append(message)
        else:
            pieces.append(message.get("body", b""))
            is_whole = not message.get("more_body", False)

    await app(scope, receive, collect)
    if not is_whole:
        return None
    headers = MutableHeaders(raw=list(begun[0]["headers"]))
    del headers["content-length"]
    body = re.split(b"(http://%b)" % re.escape(STAND_IN), b"".join(pieces))
    return _Kept(begun[0]["status"], headers, body)
