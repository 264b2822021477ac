"""A producer or a consumer in another thread, connected by a bounded queue.

What they write is in the same language as here: `contextvars` are copied.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from queue import Full, Queue
from threading import Event
from typing import TypeVar, cast

T = TypeVar("T")

_END = object()
_POLL_INTERVAL = 0.1
"""Seconds after which a waiting thread checks whether the other one has stopped."""


@contextmanager
def prefetch(items: Iterable[T], max_items: int) -> Iterator[Iterator[T]]:
    """Iterate in another thread, up to `max_items` items in advance.

    An error of the iteration is raised where the items are used.
    """
    waiting: Queue[T | object] = Queue(max_items)
    stopped = Event()

    def fill() -> None:
        try:
            for item in items:
                if not _put(waiting, item, stopped):
                    return
        finally:
            _put(waiting, _END, stopped)

    def drain(filling: Future[None]) -> Iterator[T]:
        while (item := waiting.get()) is not _END:
            yield cast(T, item)
        filling.result()

    with ThreadPoolExecutor(1) as pool:
        try:
            yield drain(pool.submit(copy_context().run, fill))
        finally:
            stopped.set()


@contextmanager
def run_in_background(work: Callable[[T], None], max_items: int) -> Iterator[Callable[[T], None]]:
    """Process items in another thread, queued up to `max_items`; all are done at the block's end.

    An error of the work is raised where the next item is queued, or at the end of the block.
    """
    waiting: Queue[T | object] = Queue(max_items)
    stopped = Event()

    def run() -> None:
        try:
            while (item := waiting.get()) is not _END:
                work(cast(T, item))
        finally:
            stopped.set()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(copy_context().run, run)

        def enqueue(item: T) -> None:
            if not _put(waiting, item, stopped):
                working.result()

        try:
            yield enqueue
        finally:
            _put(waiting, _END, stopped)
        working.result()


def _put(queue: Queue[T | object], item: object, stopped: Event) -> bool:
    """Put an item as soon as there is room; return False if the other thread has stopped."""
    while not stopped.is_set():
        try:
            queue.put(item, timeout=_POLL_INTERVAL)
        except Full:
            continue
        return True
    return False
