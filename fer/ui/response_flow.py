"""Response flow: bodies are sent as fast as their visitors read, and are bounded until then.

The server takes whatever it is given, however slowly that is read: a photo to save, or the result
of an event, has many megabytes, and whoever requests it again and again need not read any of them.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer.ui.static_cache import PIECE
from fer.ui.transfers import Transfer, Transfers

MAX_UNSENT = 256_000_000
"""Bytes of all bodies together that aren't sent yet; the largest, a photo to save, has about 50 MB.
Where there are more, those that aren't read are ended."""


class ResponseFlow:
    """ASGI middleware that sends large bodies in pieces, each when the one before is on its way.

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
        with self._unsent.one() as transfer:

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
