"""Fair scheduling: visitors' tasks take turns in a few threads, one task of each at a time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from fer.i18n import gettext as _
from fer.ui.sender import Abandoned, Sender
from fer.ui.serving.connections import PAGE_BUSY

Result = TypeVar("Result")

MAX_WAITING = 256
"""Waiting tasks of all visitors together, by default; camera frames."""

MAX_WAITING_FILES, MAX_WAITING_EVENTS = 80, 20
"""Waiting tasks of all visitors for events about files, and for other events. Gradio runs a few
hundred at a time, and together these leave it room for others, such as the one that cancels an
analysis."""

MAX_WAIT = 60.0
"""Seconds from a task's submission to its result."""


class Superseded(Exception):
    """The same visitor has submitted a newer task."""


class BusyError(ValueError):
    """Too many tasks are waiting; the message is fit for visitors."""


class FairShares:
    """Whose task is next, by the time that each visitor has used: start-time fair queueing.

    There is a virtual time, which passes more slowly the more visitors there are, and each has one
    up to which they were served. Whoever is least far is next; nobody saves up by waiting, or falls
    back by more than a task by working while nobody else does.

    A task may have several names, of which it is enough that one has used much time.

    Attributes:
        now: The virtual time.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._served: dict[str, float] = {}

    def turn_time(self, names: Collection[str], submitted: float) -> float:
        """Return when it is a task's turn, which may change while it waits.

        Args:
            names: Names of the visitor whose task it is.
            submitted: The virtual time at which the task came.
        """
        return max(submitted, *(self._served.get(name, submitted) for name in names))

    def begin(self, names: Collection[str], turn: float, expected: float = 0.0) -> None:
        """Note that a task begins, and how many seconds it probably takes."""
        self.now = max(self.now, turn)
        self._served.update(dict.fromkeys(names, turn + expected))

    def end(
        self, names: Collection[str], seconds: float, visitors: int, expected: float = 0.0
    ) -> None:
        """Note that a task has ended.

        Args:
            names: Names of the visitor whose task it was.
            seconds: How long it took.
            visitors: How many there are, this one included.
            expected: Seconds that it was expected to take, as when it began.
        """
        for name in names:
            self._served[name] = self._served.get(name, self.now) + seconds - expected
        self.now += seconds / visitors
        self._served = {name: time for name, time in self._served.items() if time > self.now}


@dataclass(eq=False)
class _Waiting(Generic[Result]):
    """A task that waits for a thread, or has one; `submitted` is a virtual time."""

    visitor: str
    sender: Sender
    work: Callable[[], Result]
    submitted: float
    result: asyncio.Future[Result] = field(default_factory=asyncio.Future)

    @property
    def page(self) -> str:
        """The sender's open page."""
        return self.sender.session_hash or self.visitor

    @property
    def names(self) -> set[str]:
        """Under which time is counted: one visitor may have many pages, or a page many visitors."""
        return {self.visitor, self.page}


class FairScheduler:
    """Runs tasks in a few threads, one of each visitor and open page at a time, in equal shares.

    Who has used least time is next, of several the one who came first. Tasks whose sender is
    connected come before others, as requests can be sent and abandoned.

    For use in one event loop's thread.

    Args:
        threads: How many threads.
        name: The threads' name.
        max_waiting: Waiting tasks of all visitors together.
    """

    def __init__(self, threads: int, name: str, max_waiting: int = MAX_WAITING) -> None:
        self.threads, self.max_waiting = threads, max_waiting
        self._pool = ThreadPoolExecutor(threads, name)
        self._waiting: dict[str, _Waiting[Any]] = {}
        self._running: list[_Waiting[Any]] = []
        self._shares = FairShares()

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
        work = partial(copy_context().run, work)
        entry = _Waiting(visitor, sender, work, self._shares.now)
        self._take_in(entry, replace)
        self._start()
        try:
            async with asyncio.timeout(MAX_WAIT):
                return await sender.await_while_connected(entry.result)
        except TimeoutError:
            raise BusyError(_(PAGE_BUSY)) from None
        finally:
            if self._waiting.get(visitor) is entry:
                del self._waiting[visitor]

    def _take_in(self, entry: _Waiting[Any], replace: bool) -> None:
        """Queue a task; where the queue is full, one that would come later is dropped."""
        older = self._waiting.get(entry.visitor)
        if older is not None and not replace:
            raise BusyError(_("Your previous request isn't done yet; try again after it."))
        if older is not None:
            _fail(older, Superseded())
            entry.submitted = older.submitted  # and it keeps its place
        self._waiting[entry.visitor] = entry
        if len(self._waiting) > self.max_waiting:
            self._drop_last()

    def _drop_last(self) -> None:
        """Drop one whose sender isn't connected, else of the page with most tasks the last one."""
        entries = list(self._waiting.values())
        absent = next((entry for entry in entries if not entry.sender.is_connected()), None)
        tasks = Counter(entry.page for entry in entries)
        dropped = absent or max(
            reversed(entries), key=lambda entry: (tasks[entry.page], self._turn(entry))
        )
        del self._waiting[dropped.visitor]
        full = _("The page is full: too many visitors are waiting. Try again in a minute.")
        _fail(dropped, BusyError(full) if absent is None else Abandoned())

    def _turn(self, entry: _Waiting[Any]) -> float:
        return self._shares.turn_time(entry.names, entry.submitted)

    def _start(self) -> None:
        """Start waiting tasks while threads are free."""
        while len(self._running) < self.threads and (entry := self._next()) is not None:
            del self._waiting[entry.visitor]
            self._running.append(entry)
            self._shares.begin(entry.names, self._turn(entry))
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._pool, entry.work)
            done.add_done_callback(partial(self._finish, entry, time.monotonic()))

    def _next(self) -> _Waiting[Any] | None:
        """Return the next of a connected sender, else the newest: that one may still connect."""
        busy = set[str]().union(*(entry.names for entry in self._running))
        able = [entry for entry in self._waiting.values() if not entry.names & busy]
        connected = [entry for entry in able if entry.sender.is_connected()]
        if connected:
            return min(connected, key=self._turn)
        return able[-1] if able else None

    def _finish(self, entry: _Waiting[Result], begun: float, done: asyncio.Future[Result]) -> None:
        pages = {each.page for each in (*self._running, *self._waiting.values())}
        self._shares.end(entry.names, time.monotonic() - begun, len(pages))
        self._running.remove(entry)
        if (error := done.exception()) is not None:
            _fail(entry, error)
        elif not entry.result.done():
            entry.result.set_result(done.result())
        self._start()


def _fail(entry: _Waiting[Any], error: BaseException) -> None:
    if not entry.result.done():
        entry.result.set_exception(error)
