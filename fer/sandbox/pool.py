"""Short tasks, each in a worker of its own, a few at a time."""

import logging
from collections.abc import Callable
from functools import partial
from threading import BoundedSemaphore

from fer.sandbox.channel import Channel, Message
from fer.sandbox.limits import Limits
from fer.sandbox.worker import Worker, WorkerError

_MAX_TASK_BYTES = 600_000_000
"""Bytes of a task, as the worker takes them from the page."""


logger = logging.getLogger(__name__)


class Pool:
    """Does short tasks in workers.

    None is kept for the next task, or one that was taken over by what it read would see what others
    send. It takes 30 ms to start and end one.

    Args:
        task: A function of a module that takes a task's bytes and returns a message's kind, its
            data and its fields.
        limits: Of each worker.
        workers: How many tasks are done at a time.
    """

    def __init__(self, task: Callable[[bytes], Message], limits: Limits, workers: int = 2) -> None:
        self._task, self._limits = task, limits
        self._places = BoundedSemaphore(workers)

    def run(self, data: bytes, timeout: float, queue_timeout: float, max_bytes: int) -> Message:
        """Do one task.

        Args:
            data: What it is about.
            timeout: Seconds that it may take.
            queue_timeout: Seconds that it may wait for others.
            max_bytes: Bytes of data of the result.

        Raises:
            WorkerError: It took too long, or its worker ended.
            TimeoutError: Others took too long, or the machine to start a worker.
        """
        if not self._places.acquire(timeout=queue_timeout):
            raise TimeoutError("All workers are busy.")
        try:
            worker = self._start()
            try:
                worker.send("task", data)
                return worker.result(timeout, max_bytes)
            finally:
                worker.kill()
        finally:
            self._places.release()

    def _start(self) -> Worker:
        try:
            return Worker(_serve, self._limits, self._task)
        except WorkerError as error:
            logger.warning("A task's worker did not start: %s", error)
            raise TimeoutError("No worker starts.") from error


def _serve(task: Callable[[bytes], Message]) -> Callable[[Channel], None]:
    """Return what a worker does."""
    return partial(_do, task)


def _do(task: Callable[[bytes], Message], channel: Channel) -> None:
    message = channel.receive(most=_MAX_TASK_BYTES)
    if message is not None:  # it is where a time to wait is given
        result = task(bytes(message.data))
        channel.send(result.kind, result.data, **result.fields)
