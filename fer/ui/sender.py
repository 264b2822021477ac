"""The sender of a request, for handlers: whose session it is, and whether it is still connected."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

import gradio as gr
from fastapi import Request

from fer.i18n import gettext as _
from fer.ui.serving.connections import KEY, SESSION, Connections

Result = TypeVar("Result")

TIMEOUT = 5.0
"""Seconds that a request's sender has to open the connection for the result."""


class Abandoned(gr.Error):
    """The sender has disconnected, so the result is not needed; nor is a traceback in the log."""

    def __init__(self) -> None:
        super().__init__(_("The visitor has left."), print_exception=False)


class Sender:
    """The sender of one request.

    Args:
        request: The request, as Gradio passes it to a handler or a server function; None for a
            call within Python.
    """

    def __init__(self, request: gr.Request | Request | None) -> None:
        if isinstance(request, gr.Request):
            scope = request.request.scope if request.request else {}
            session = request.session_hash
        else:
            scope = request.scope if request else {}
            session = scope.get(SESSION)
        self.session_hash: str = session or ""
        self.connections: Connections | None = scope.get(KEY)
        self._since = time.monotonic()

    def is_connected(self) -> bool:
        """Return whether the sender is connected; True where that isn't known."""
        if self.connections is None or not self.session_hash:
            return True
        return self.connections.is_open(self.session_hash)

    def has_left(self) -> bool:
        """Return whether the sender has not been connected for `TIMEOUT` seconds."""
        if self.is_connected():
            self._since = time.monotonic()
        return time.monotonic() - self._since > TIMEOUT

    async def await_while_connected(self, work: Awaitable[Result]) -> Result:
        """Return the result of the work, which is cancelled when the sender has left.

        Raises:
            Abandoned: The sender has left.
        """
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait([task], timeout=1.0))[0]:
                if self.has_left():
                    raise Abandoned
            return task.result()
        finally:
            task.cancel()
