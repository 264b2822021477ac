"""Workers on this machine: processes with the networks loaded once, each with one thread."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from fer.batch.local_copies import WORK_FOLDER
from fer.batch.task_runner import Loader, TaskRunner
from fer.batch.tasks import BatchSettings, Result, Task, WorkerReady, WorkError
from fer.temp_folder import work_folder

MAX_CRASHES_PER_WORKER = 3
"""Workers that may end in a row, for each one wanted, before any sends a message."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables from which libraries take their number of threads."""

_KILL_JOIN_TIMEOUT = 5.0
"""Seconds to wait for a killed worker to exit."""


class _WorkerProcess:
    """One worker, from our side."""

    def __init__(self, settings: BatchSettings, load: Loader) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would inherit threads' locks
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=serve, args=(settings, theirs, load), daemon=True, name="fer-batch-worker"
        )
        self.task: Task | None = None
        self.process.start()
        theirs.close()

    def end(self) -> None:
        """End the process, whatever it does."""
        self.connection.close()
        self.process.kill()
        self.process.join(_KILL_JOIN_TIMEOUT)


class LocalPool:
    """A few processes on this machine; one that ends is replaced.

    Args:
        settings: The batch's settings.
        count: Number of workers.
        load: Loads the networks in each worker.
    """

    def __init__(self, settings: BatchSettings, count: int, load: Loader = TaskRunner.load) -> None:
        self._settings, self._count, self._load = settings, count, load
        self._workers: list[_WorkerProcess] = []
        self._crashes = 0  # since the last message of a worker
        # Workers are killed, and leave the copies that they made.
        self._copies = work_folder(WORK_FOLDER)

    @property
    def free(self) -> int:
        """Workers without a task."""
        return sum(worker.task is None for worker in self._workers)

    @property
    def busy(self) -> int:
        """Workers with a task."""
        return len(self._workers) - self.free

    def start(self) -> WorkerReady:
        """Start the workers, and return what the first one that is ready states.

        Raises:
            ValueError: The network can't be loaded, or the workers end while they load it.
        """
        _set_environment(str(self._copies.path))
        with _interrupts_blocked():
            self._workers = [_WorkerProcess(self._settings, self._load) for _ in range(self._count)]
        while True:
            worker, message = self._receive(self._workers)
            if isinstance(message, WorkerReady):
                return message
            if message is None:
                self._replace(worker)

    def submit(self, task: Task) -> None:
        """Give a task to a worker that is free."""
        worker = next(worker for worker in self._workers if worker.task is None)
        try:
            worker.connection.send(task)
        except OSError:  # it has ended in the meantime
            worker = self._replace(worker)
            worker.connection.send(task)
        worker.task = task

    def wait(self) -> tuple[Task, Result | None]:
        """Wait for a task that is done; without a result, its worker has ended.

        Raises:
            ValueError: Workers end again and again before they are ready.
        """
        while True:
            worker, message = self._receive([one for one in self._workers if one.task is not None])
            task = worker.task
            if isinstance(message, WorkerReady) or task is None:
                continue
            worker.task = None
            if message is None:
                self._replace(worker)
            return task, message

    def _receive(
        self, workers: list[_WorkerProcess]
    ) -> tuple[_WorkerProcess, WorkerReady | Result | None]:
        """Return the next message of some workers; None where one has ended."""
        ready = wait([worker.connection for worker in workers])
        worker = next(worker for worker in workers if worker.connection is ready[0])
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            return worker, None
        self._crashes = 0
        if isinstance(message, WorkError):
            raise ValueError(message.sentence)
        return worker, message

    def _replace(self, worker: _WorkerProcess) -> _WorkerProcess:
        self._crashes += 1
        if self._crashes > MAX_CRASHES_PER_WORKER * self._count:
            raise ValueError(
                "The workers end before they are ready; name fewer with --workers, since each "
                "needs memory for the networks."
            )
        worker.end()
        with _interrupts_blocked():
            fresh = _WorkerProcess(self._settings, self._load)
        self._workers[self._workers.index(worker)] = fresh
        return fresh

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.end()
        self._workers = []
        _set_environment(None)
        self._copies.remove()


def _set_environment(temporary: str | None) -> None:
    """Set the environment in which this process starts others; `os.environ` stays as it is.

    Libraries count the cores when they are imported, so that workers need it from their first
    moment. It isn't changed where one is replaced: by then this process has threads, in which a
    library's getenv would end it by a segmentation fault.

    Args:
        temporary: Folder of the workers' temporary files; None sets everything as it was.
    """
    ones = dict.fromkeys(THREAD_VARIABLES, "1")
    for name, value in (ones | {"TMPDIR": temporary or ""}).items():
        value = value if temporary else os.environ.get(name, "")
        if value:
            os.putenv(name, value)
        else:
            os.unsetenv(name)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Leave Ctrl-C to us: a worker that is interrupted at its start would print where it was."""
    if not hasattr(signal, "pthread_sigmask"):  # as on Windows
        yield
        return
    resource_tracker.ensure_running()  # which would else be started within, and unblock Ctrl-C
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def serve(settings: BatchSettings, connection: Connection, load: Loader) -> None:
    """Do tasks in a worker process, until the other side is gone."""
    if sys.platform == "linux":  # elsewhere it ends with its task
        from fer.sandbox import kernel

        with suppress(OSError):
            kernel.die_with_parent(signal.SIGKILL)
    try:
        runner = load(settings)
    except ValueError as error:
        connection.send(WorkError(str(error)))
        return
    try:
        connection.send(runner.ready)
        while True:
            task = connection.recv()
            with runner.watchdog.watching():
                result = runner.run(task)
            connection.send(result)
    except (EOFError, OSError):
        return
    finally:
        runner.close()
