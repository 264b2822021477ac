"""Job queue for recordings: a few at a time, first come first served, cancellable."""

import asyncio
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
import anyio.to_thread

from fer.i18n import gettext as _

if TYPE_CHECKING:
    from fer.recording import Progress

Result = TypeVar("Result")


@dataclass(eq=False)
class Job(Generic[Result]):
    """A function to run and the folder of its files.

    Args:
        folder: Where its files go; it is deleted when the job fails or is cancelled.
        work: Runs the job, with the job as its argument.
    """

    folder: Path
    work: Callable[["Job[Result]"], Result]
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
            visitor: Whose place it is.
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


class JobQueue:
    """Runs jobs in threads, a few at a time.

    Args:
        workers: How many at a time.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._limiter = anyio.CapacityLimiter(workers)
        self._jobs: list[Job[Any]] = []

    def submit(self, job: Job[Result]) -> asyncio.Task[Result]:
        """Queue a job; the task ends with its result or its error.

        It runs until it is finished or cancelled, also when the task is no longer awaited.
        """
        self._jobs.append(job)
        task = asyncio.create_task(anyio.to_thread.run_sync(job.run, limiter=self._limiter))
        task.add_done_callback(lambda task: self._remove(job, task))
        return task

    def _remove(self, job: Job[Result], task: asyncio.Task[Result]) -> None:
        """Take a job off the list; delete its folder if it never started."""
        self._jobs.remove(job)
        if task.cancelled():
            shutil.rmtree(job.folder, ignore_errors=True)
        else:
            task.exception()  # retrieved, also where the task is no longer awaited

    def busy(self) -> set[Path]:
        """Return the folders of unfinished jobs."""
        return {job.folder for job in self._jobs.copy()}

    def jobs_before(self, job: Job[Any]) -> int:
        """Return how many jobs have to end before this one starts."""
        if job.started or job not in self._jobs:
            return 0
        return max(0, self._jobs.index(job) - self.workers + 1)
