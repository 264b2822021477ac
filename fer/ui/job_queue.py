"""Job queue for recordings: a few at a time, in fair shares, the shorter ones first."""

import asyncio
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
import anyio.to_thread

from fer.i18n import gettext as _
from fer.ui.fair_scheduler import FairShares

if TYPE_CHECKING:
    from fer.recording import Progress

Result = TypeVar("Result")

MAX_SHORT = 900.0
"""Seconds of a recording up to which it is short, and done within minutes. One worker is kept for
these, as a long one may take hours."""


@dataclass(eq=False)
class Job(Generic[Result]):
    """A function to run and the folder of its files.

    Args:
        folder: Where its files go; it is deleted when the job fails or is cancelled.
        work: Runs the job, with the job as its argument.
        visitor: The visitor whose job it is.
        length: Seconds of an ordinary recording that takes as long.
        size: Bytes of the file that it keeps until it is done.
    """

    folder: Path
    work: Callable[["Job[Result]"], Result]
    visitor: str = ""
    length: float = 0.0
    size: int = 0
    progress: "Progress | None" = None
    started: bool = False
    finished: bool = False
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def cancel(self) -> None:
        """Request the end of the job; the work checks `is_cancelled` at each frame."""
        self._cancelled.set()

    def discard(self) -> None:
        """Cancel the job, and delete its files even if it has finished."""
        with self._lock:
            self.cancel()
            if self.finished:
                shutil.rmtree(self.folder, ignore_errors=True)

    def is_cancelled(self) -> bool:
        """Return whether the job has been cancelled."""
        return self._cancelled.is_set()

    def report_progress(self, progress: "Progress") -> None:
        """Store the job's progress."""
        self.progress = progress

    def run(self) -> Result:
        """Run the job in this thread."""
        self.started = True
        try:
            result = self.work(self)
            with self._lock:
                self.finished = not self.is_cancelled()
            return result
        finally:
            if not self.finished:
                shutil.rmtree(self.folder, ignore_errors=True)


class QueueFullError(ValueError):
    """The queue is full; the message is fit for visitors."""


class QueuePlaces:
    """Limits the recordings that are queued or analysed, of one visitor and in all.

    Args:
        max_places: In all.
    """

    def __init__(self, max_places: int) -> None:
        self.max_places = max_places
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, visitor: str, max_held: int = 1) -> Iterator[None]:
        """Hold a place in the queue.

        Args:
            visitor: The visitor whose place it is.
            max_held: How many the visitor may hold.

        Raises:
            QueueFullError: The queue is full, or the visitor holds `max_held` places.
        """
        if self._taken[visitor] >= max_held:
            raise QueueFullError(_("Your previous recording isn't done yet; try again after it."))
        if self._taken.total() >= self.max_places:
            raise QueueFullError(
                _(
                    "%(number)s recordings are waiting already; try again in a few minutes.",
                    number=self.max_places,
                )
            )
        self._taken[visitor] += 1
        try:
            yield
        finally:
            self._taken[visitor] -= 1
            self._taken = +self._taken  # without those at 0


@dataclass(eq=False)
class _Queued:
    """A job in the queue.

    Args:
        job: The job.
        submitted: When it was queued, in virtual time.
        turn: Done when it may start.
        begun: When that was.
    """

    job: Job[Any]
    submitted: float
    turn: asyncio.Future[None] = field(default_factory=asyncio.Future)
    begun: float = 0.0


class JobQueue:
    """Runs jobs in threads, a few at a time.

    Next is the job that would be done first if all visitors were served alike: that of a visitor
    who has used little time, and a short one before a long one.

    Args:
        workers: How many at a time.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._limiter = anyio.CapacityLimiter(workers)
        self._waiting: list[_Queued] = []
        self._running: list[_Queued] = []
        self._shares = FairShares()

    def submit(self, job: Job[Result]) -> asyncio.Task[Result]:
        """Queue a job; the task ends with its result or its error.

        It runs until it is finished or cancelled, also when the task is no longer awaited.
        """
        queued = _Queued(job, self._shares.now)
        self._waiting.append(queued)
        task = asyncio.create_task(self._run(queued))
        task.add_done_callback(lambda task: self._remove(queued, task))
        self._start()
        return task

    async def _run(self, queued: _Queued) -> Any:
        await queued.turn
        return await anyio.to_thread.run_sync(queued.job.run, limiter=self._limiter)

    def _start(self) -> None:
        """Let jobs start while there are workers."""
        while len(self._running) < self.workers:
            able = [queued for queued in self._waiting if self._may_start(queued.job)]
            if not able:
                return
            chosen = min(able, key=self._end)
            self._waiting.remove(chosen)
            self._running.append(chosen)
            job, chosen.begun = chosen.job, time.monotonic()
            turn = self._shares.turn_time([job.visitor], chosen.submitted)
            self._shares.begin([job.visitor], turn, job.length)
            if not chosen.turn.done():  # as it has been cancelled
                chosen.turn.set_result(None)

    def _may_start(self, job: Job[Any]) -> bool:
        long = sum(queued.job.length > MAX_SHORT for queued in self._running)
        return job.length <= MAX_SHORT or long < max(1, self.workers - 1)

    def _end(self, queued: _Queued) -> float:
        """Return the virtual time at which a job would be done."""
        return self._shares.turn_time([queued.job.visitor], queued.submitted) + queued.job.length

    def _remove(self, queued: _Queued, task: asyncio.Task[Any]) -> None:
        """Take a job off the queue; delete its folder if it never started."""
        job = queued.job
        if queued in self._waiting:
            self._waiting.remove(queued)
        else:
            visitors = {each.job.visitor for each in self._waiting + self._running}
            seconds = time.monotonic() - queued.begun
            self._shares.end([job.visitor], seconds, len(visitors), job.length)
            self._running.remove(queued)
        if task.cancelled():
            shutil.rmtree(job.folder, ignore_errors=True)
        else:
            task.exception()  # retrieved, also where the task is no longer awaited
        self._start()

    def busy(self) -> set[Path]:
        """Return the folders of unfinished jobs."""
        return {queued.job.folder for queued in self._waiting + self._running}

    def held_bytes(self) -> int:
        """Return the bytes of the files that unfinished jobs keep."""
        return sum(queued.job.size for queued in self._waiting + self._running)

    def jobs_before(self, job: Job[Any]) -> int:
        """Return how many jobs have to end before this one starts."""
        order = [queued.job for queued in sorted(self._waiting, key=self._end)]
        return order.index(job) + 1 if job in order else 0
