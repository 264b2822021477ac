"""Turns of requests for which Gradio renders a page: a few at a time, and not for who has left."""

import asyncio
from contextlib import ExitStack

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer.i18n import gettext as _
from fer.ui.connections import PAGE_BUSY
from fer.ui.request_checks import refusal

MAX_AT_A_TIME, MAX_WAITING = 4, 400
"""Pages that are rendered at a time, and requests that are rendered or wait."""


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
