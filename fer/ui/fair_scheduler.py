"""Fair scheduling: visitors' tasks take turns in a few threads, one task of each at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from fer.i18n import gettext as _
from fer.ui.connections import PAGE_BUSY, Abandoned, Sender

Result = TypeVar("Result")

MAX_WAITING = 256
"""Waiting tasks of all visitors together."""

MAX_WAIT = 60.0
"""Seconds from a task's submission to its result."""


class Superseded(Exception):
    """The same visitor has submitted a newer task."""


class BusyError(ValueError):
    """Too many tasks are waiting; the message is fit for visitors."""


@dataclass(eq=False)
class _Waiting(Generic[Result]):
    """A task that waits for a thread."""

    visitor: str
    sender: Sender
    work: Callable[[], Result]
    result: asyncio.Future[Result] = field(default_factory=asyncio.Future)


class FairScheduler:
    """Runs tasks in a few threads, one task of each visitor at a time, in order of submission.

    As a visitor's next task is queued after the current ones of others, all get an equal share.
    Tasks whose sender listens for the result come first, as requests can be sent and abandoned.

    For use in one event loop's thread.

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
        """Run a task in a thread when its turn has come, and return its result.

        Args:
            visitor: The visitor whose task it is.
            sender: The sender of the request.
            work: The task, a function without arguments.
            replace: Whether it replaces a waiting task of this visitor, as a newer frame does; else
                it is refused while there is one.

        Raises:
            Superseded: A newer task of this visitor came.
            Abandoned: The sender has left.
            BusyError: Too many tasks are waiting, or it took too long.
        """
        # In the visitor's language, which a thread of the pool wouldn't know.
        entry = _Waiting(visitor, sender, partial(copy_context().run, work))
        self._take_in(entry, replace)
        self._start()
        try:
            async with asyncio.timeout(MAX_WAIT):
                return await sender.await_while_listening(entry.result)
        except TimeoutError:
            raise BusyError(_(PAGE_BUSY)) from None
        finally:
            if self._waiting.get(visitor) is entry:
                del self._waiting[visitor]

    def _take_in(self, entry: _Waiting[Any], replace: bool) -> None:
        """Queue a task; where the queue is full, one whose sender doesn't listen is dropped."""
        older = self._waiting.get(entry.visitor)
        if older is not None and not replace:
            raise BusyError(_("Your previous request isn't done yet; try again after it."))
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
        raise BusyError(
            _("The page is full: too many visitors are waiting. Try again in a minute.")
        )

    def _start(self) -> None:
        """Start waiting tasks while threads are free."""
        while len(self._running) < self.threads and (entry := self._next()) is not None:
            del self._waiting[entry.visitor]
            self._running.add(entry.visitor)
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._pool, entry.work)
            done.add_done_callback(partial(self._finish, entry))

    def _next(self) -> _Waiting[Any] | None:
        """Return the first whose sender listens, else the newest: its sender may still connect."""
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
