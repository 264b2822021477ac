"""Unattended requests: those whose sender has no open connection. Few pass; others wait for one."""

import asyncio
import time

UNATTENDED_LIMIT = (24, 8)
"""Accepted requests of senders without a connection: in a burst, and each second."""

UNCONNECTED_LIMIT = (200, 2.0)
"""Further such requests that wait for their sender to connect, and for how many seconds."""


class UnattendedRequests:
    """Which of these requests pass."""

    def __init__(self) -> None:
        self._left, self._since = float(UNATTENDED_LIMIT[0]), time.monotonic()
        self._waiting: dict[asyncio.Future[None], str | None] = {}

    async def admits(self, session: str | None) -> bool:
        """Return whether a request may pass, after a delay in which its sender may connect."""
        if self._take():
            return True
        if len(self._waiting) >= UNCONNECTED_LIMIT[0]:
            oldest = next(iter(self._waiting))  # the newest one's sender is likelier to connect
            del self._waiting[oldest]
            oldest.cancel()
        connected = asyncio.get_running_loop().create_future()
        self._waiting[connected] = session
        try:
            await asyncio.wait([connected], timeout=UNCONNECTED_LIMIT[1])
            return connected.done() and not connected.cancelled()
        finally:
            self._waiting.pop(connected, None)

    def _take(self) -> bool:
        """Take one of those that are accepted; return whether there was one left."""
        (burst, rate), now = UNATTENDED_LIMIT, time.monotonic()
        self._left = min(self._left + (now - self._since) * rate, burst)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def connect(self, session: str) -> None:
        """Let the requests pass that wait for a session to connect."""
        for connected, whose in self._waiting.items():
            if whose == session and not connected.done():
                connected.set_result(None)
