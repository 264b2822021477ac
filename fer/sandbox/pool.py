"""A few workers for many short tasks."""

import queue
from collections.abc import Callable
from functools import partial

from fer.i18n import current_language, use_language
from fer.sandbox.channel import Channel, Message
from fer.sandbox.limits import Limits
from fer.sandbox.worker import Worker

_MAX_TASK_BYTES = 600_000_000
"""Bytes of a task, as the worker takes them from the page."""


class Pool:
    """Does short tasks in workers that are kept for the next ones.

    A worker that fails or is late is killed, and a fresh one takes its place.

    Args:
        task: A function of a module that takes a task's bytes and returns a message's kind, its
            data and its fields.
        limits: Of each worker.
        workers: How many tasks are done at a time.
        uses: Tasks after which a worker is replaced.
    """

    def __init__(
        self, task: Callable[[bytes], Message], limits: Limits, workers: int = 2, uses: int = 100
    ) -> None:
        self._task, self._limits, self._uses = task, limits, uses
        self._free: queue.Queue[tuple[Worker | None, int]] = queue.Queue()
        for _ in range(workers):
            self._free.put((None, 0))

    def run(self, data: bytes, timeout: float, queue_timeout: float, max_bytes: int) -> Message:
        """Do one task.

        Args:
            data: What it is about.
            timeout: Seconds that it may take.
            queue_timeout: Seconds that it may wait for a worker.
            max_bytes: Bytes of data of the result.

        Raises:
            WorkerError: It took too long, or its worker ended.
            TimeoutError: All workers were busy for too long.
        """
        try:
            worker, used = self._free.get(timeout=queue_timeout)
        except queue.Empty:
            raise TimeoutError("All workers are busy.") from None
        try:
            worker = worker or Worker(_serve, self._limits, self._task)
            worker.send("task", data, language=current_language())
            message = worker.result(timeout, max_bytes)
            used += 1
        except BaseException:
            if worker is not None:
                worker.kill()
            worker, used = None, 0
            raise
        finally:
            if worker is not None and used >= self._uses:
                worker.kill()
                worker, used = None, 0
            self._free.put((worker, used))
        return message

    def close(self) -> None:
        """End all workers; those at work first end their task."""
        for _ in range(self._free.qsize()):
            worker, _ = self._free.get()
            if worker is not None:
                worker.kill()
            self._free.put((None, 0))


def _serve(task: Callable[[bytes], Message]) -> Callable[[Channel], None]:
    """Return what a worker does: one task after the other."""
    return partial(_tasks, task)


def _tasks(task: Callable[[bytes], Message], channel: Channel) -> None:
    """Do tasks until the page closes the channel."""
    while True:
        try:
            message = channel.receive(most=_MAX_TASK_BYTES)
        except EOFError:
            return
        if message is None:  # only where a time to wait is given
            continue
        with use_language(str(message.fields["language"])):
            result = task(bytes(message.data))
        channel.send(result.kind, result.data, **result.fields)
