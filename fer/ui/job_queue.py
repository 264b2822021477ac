"""Long work for visitors: few at a time, first come first served, and cancelled for good."""

import asyncio
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from fer.recording import Progress

Result = TypeVar("Result")


@dataclass(eq=False)
class Job(Generic[Result]):
    """One piece of work in a folder of its own.

    Args:
        folder: Where its files go; it is removed when the work fails or is cancelled.
        work: Does it, with this job as its argument.
    """

    folder: Path
    work: Callable[["Job[Result]"], Result]
    progress: "Progress | None" = None
    started: bool = False
    finished: bool = False
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def cancel(self) -> None:
        """Ask the work to end; it looks at `is_cancelled` between two frames."""
        self._cancelled.set()

    def discard(self) -> None:
        """Ask the work to end, and remove its files also if it has finished."""
        with self._lock:
            self.cancel()
            if self.finished:
                shutil.rmtree(self.folder, ignore_errors=True)

    def is_cancelled(self) -> bool:
        """Return whether the work should end."""
        return self._cancelled.is_set()

    def report_progress(self, progress: "Progress") -> None:
        """Keep how far the work has come."""
        self.progress = progress

    def run(self) -> Result:
        """Do the work in this thread."""
        self.started = True
        try:
            result = self.work(self)
            with self._lock:
                self.finished = not self.is_cancelled()
            return result
        finally:
            if not self.finished:
                shutil.rmtree(self.folder, ignore_errors=True)


class LineFullError(ValueError):
    """Nothing more is taken in; the message may be shown to a visitor."""


class Line:
    """Bounds how many recordings are waiting or in work, of one visitor and in all.

    Args:
        max_places: In all.
    """

    def __init__(self, max_places: int) -> None:
        self.max_places = max_places
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, visitor: str, max_held: int = 1) -> Iterator[None]:
        """Hold a place in the line.

        Args:
            visitor: Whose place it is.
            max_held: How many the visitor may hold.

        Raises:
            LineFullError: The line is full, or the visitor has as many places as may be.
        """
        if self._taken[visitor] >= max_held:
            raise LineFullError(
                "Your recording before this one isn't done yet; try again after it."
            )
        if self._taken.total() >= self.max_places:
            raise LineFullError(
                f"{self.max_places} recordings are waiting already; try again in a few minutes."
            )
        self._taken[visitor] += 1
        try:
            yield
        finally:
            self._taken[visitor] -= 1
            self._taken = +self._taken  # without those at 0


class JobQueue:
    """Does jobs in threads, a few at a time.

    Args:
        workers: How many at a time.
    """

    def __init__(self, workers: int) -> None:
        """Open with nobody waiting."""
        self.workers = workers
        self._limiter = anyio.CapacityLimiter(workers)
        self._jobs: list[Job[Any]] = []

    def submit(self, job: Job[Result]) -> asyncio.Task[Result]:
        """Begin a job as soon as there is a place; the task ends with its result or its error.

        It goes on when nobody awaits it any more, until it is done or cancelled.
        """
        self._jobs.append(job)
        task = asyncio.create_task(anyio.to_thread.run_sync(job.run, limiter=self._limiter))
        task.add_done_callback(lambda task: self._remove(job, task))
        return task

    def _remove(self, job: Job[Result], task: asyncio.Task[Result]) -> None:
        """Take a job off the list; what it left is removed if it never began."""
        self._jobs.remove(job)
        if task.cancelled():
            shutil.rmtree(job.folder, ignore_errors=True)
        else:
            task.exception()  # seen, also where nobody awaits the task any more

    def delete_old_results(self, folder: Path, max_age: float) -> None:
        """Remove what is in a folder and older than so many seconds, except what is in work."""
        busy = {job.folder for job in self._jobs}
        for old in folder.glob("*"):
            with suppress(FileNotFoundError):  # its visitor has just left
                if old not in busy and time.time() - old.stat().st_mtime > max_age:
                    shutil.rmtree(old, ignore_errors=True)

    def busy(self) -> set[Path]:
        """Return the folders of the jobs that aren't done."""
        return {job.folder for job in self._jobs.copy()}

    def jobs_before(self, job: Job[Any]) -> int:
        """Return how many jobs have to end before this one begins."""
        if job.started or job not in self._jobs:
            return 0
        return max(0, self._jobs.index(job) - self.workers + 1)
