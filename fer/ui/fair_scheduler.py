"""Fair turns at the processor: a few threads, and of each visitor one piece of work at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from fer.ui.connections import Abandoned, Sender

Result = TypeVar("Result")

MAX_WAITING = 256
"""Pieces of work that wait, of all visitors together."""

MAX_SECONDS = 60.0
"""Seconds from when work comes in to its result."""


class Superseded(Exception):
    """The same visitor has sent newer work."""


class BusyError(ValueError):
    """There is too much to do; the message may be shown to a visitor."""


@dataclass(eq=False)
class _Waiting(Generic[Result]):
    """Work that waits for its turn."""

    visitor: str
    sender: Sender
    work: Callable[[], Result]
    result: asyncio.Future[Result] = field(default_factory=asyncio.Future)


class FairScheduler:
    """Runs work in a few threads, one piece of each visitor, in the order in which it came.

    As a visitor's next piece waits behind the others' present ones, everybody gets an equal share.
    Who listens for the result comes before who doesn't, for requests can be sent and abandoned.

    It belongs on the thread of one event loop.

    Args:
        threads: How many threads.
        name: The threads' name.
    """

    def __init__(self, threads: int, name: str) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, name)
        self._waiting: dict[str, _Waiting[Any]] = {}
        self._running: set[str] = set()

    async def run(
        self, visitor: str, sender: Sender, work: Callable[[], Result], replace: bool = True
    ) -> Result:
        """Return what the work comes to; it runs in a thread when its turn has come.

        Args:
            visitor: Whose work it is.
            sender: Who waits for it.
            work: Called without arguments.
            replace: Whether it takes the place of older work of this visitor that waits, as a newer
                frame does; else it is refused meanwhile.

        Raises:
            Superseded: Newer work of this visitor came.
            Abandoned: The sender has left.
            BusyError: Too much work waits, or it took too long.
        """
        entry = _Waiting(visitor, sender, work)
        self._take_in(entry, replace)
        self._start()
        try:
            async with asyncio.timeout(MAX_SECONDS):
                return await sender.await_while_listening(entry.result)
        except TimeoutError:
            raise BusyError("The page is busy; try again in a minute.") from None
        finally:
            if self._waiting.get(visitor) is entry:
                del self._waiting[visitor]

    def _take_in(self, entry: _Waiting[Any], replace: bool) -> None:
        """Let work wait; who doesn't listen makes room where there is none."""
        older = self._waiting.get(entry.visitor)
        if older is not None and not replace:
            raise BusyError("Your request before this one isn't done yet; try again after it.")
        if older is not None:
            _fail(older, Superseded())
            # It keeps the older one's place.
        elif len(self._waiting) >= MAX_WAITING:
            self._make_room()
        self._waiting[entry.visitor] = entry

    def _make_room(self) -> None:
        for visitor, waiting in self._waiting.items():
            if not waiting.sender.listens():
                _fail(waiting, Abandoned())
                del self._waiting[visitor]
                return
        raise BusyError("The page is full: too many visitors are waiting. Try again in a minute.")

    def _start(self) -> None:
        """Start what can be started."""
        while len(self._running) < self.threads and (entry := self._next()) is not None:
            del self._waiting[entry.visitor]
            self._running.add(entry.visitor)
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._pool, entry.work)
            done.add_done_callback(partial(self._finish, entry))

    def _next(self) -> _Waiting[Any] | None:
        """Return the first whose sender listens, else the newest, whose sender may come yet."""
        able = [entry for key, entry in self._waiting.items() if key not in self._running]
        listening = (entry for entry in able if entry.sender.listens())
        return next(listening, able[-1] if able else None)

    def _finish(self, entry: _Waiting[Result], done: asyncio.Future[Result]) -> None:
        self._running.discard(entry.visitor)
        if (error := done.exception()) is not None:
            _fail(entry, error)
        elif not entry.result.done():
            entry.result.set_result(done.result())
        self._start()


def _fail(entry: _Waiting[Any], error: BaseException) -> None:
    if not entry.result.done():
        entry.result.set_exception(error)
