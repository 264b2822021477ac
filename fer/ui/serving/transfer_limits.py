"""Transfers: bodies while they are received or sent, with a bound on all of a kind."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PIECE = 65_536
"""Bytes of a response that are sent at a time, so that a slow reader takes no memory."""

MAX_UNSENT = 256_000_000
"""Bytes of all responses together that aren't sent yet; the largest, a photo to save, has about
50 MB. Where there are more, those that aren't read are ended."""


@dataclass(eq=False)
class Transfer:
    """A body, or an upload, that is being received, or a response that is being sent.

    Attributes:
        begun: When it began, or began anew, in seconds of `time.monotonic`.
        size: Bytes received since then, or held until they are sent.
        scope: Cancels it.
    """

    begun: float = field(default_factory=time.monotonic)
    size: int = 0
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.begun

    def begin_anew(self) -> None:
        """Forget how fast it was so far."""
        self.begun, self.size = time.monotonic(), 0

    def is_slow(self, rate: float, grace: float) -> bool:
        """Return whether its rate in bytes per second is below `rate`, after `grace` seconds."""
        return self.size < rate * (self.age - grace)


class Transfers:
    """Transfers that take place at the same time, together of a bounded number of bytes.

    Args:
        most: Bytes.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: set[Transfer] = set()
        self._total = 0

    @contextmanager
    def transfer(self) -> Iterator[Transfer]:
        """Take part; afterwards, `scope.cancel_called` is whether it was ended for others."""
        transfer = Transfer()
        self._known.add(transfer)
        try:
            with transfer.scope:
                yield transfer
        finally:
            self._forget(transfer)

    def grow(self, transfer: Transfer, size: int) -> None:
        """Count bytes; where there are too many, end the one that holds most for the longest.

        Args:
            transfer: The one that has more bytes now, or fewer.
            size: How many; below 0 for fewer.
        """
        if transfer in self._known:
            transfer.size += size
            self._total += size
        while self._total > self.most:
            ended = max(self._known, key=lambda each: each.size * (1 + each.age))
            self._forget(ended)
            ended.scope.cancel()

    def _forget(self, transfer: Transfer) -> None:
        if transfer in self._known:
            self._known.remove(transfer)
            self._total -= transfer.size


class ResponseFlow:
    """ASGI middleware: large bodies are sent as fast as they are read, and bounded until then.

    The server takes whatever it is given, however slowly that is read: a photo to save, or the
    result of an event, has many megabytes, and whoever requests it again and again need not read
    any of them. So each piece is sent when the one before is on its way.

    Args:
        app: The wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self._unsent = app, Transfers(MAX_UNSENT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self._unsent.transfer() as transfer:

            async def send_in_pieces(message: Message) -> None:
                await self._send(transfer, message, send)

            await self.app(scope, receive, send_in_pieces)

    async def _send(self, transfer: Transfer, message: Message, send: Send) -> None:
        body = message.get("body", b"")
        if len(body) <= PIECE:
            await send(message)
            return
        transfer.begin_anew()
        self._unsent.grow(transfer, len(body))
        for at in range(0, len(body), PIECE):
            more = message.get("more_body", False) or at + PIECE < len(body)
            await send({**message, "body": body[at : at + PIECE], "more_body": more})
        self._unsent.grow(transfer, -len(body))
