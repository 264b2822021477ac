"""Two ways to let another thread work beside this one; what waits between them is bounded."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event
from typing import TypeVar, cast

T = TypeVar("T")

_END = object()
_POLL_INTERVAL = 0.1
"""Seconds after which a full queue is looked at again."""


@contextmanager
def prefetch(items: Iterable[T], max_items: int) -> Iterator[Iterator[T]]:
    """Get items in another thread, up to `max_items` of them before they are asked for.

    An error of the items' rises where they are used.
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
            yield drain(pool.submit(fill))
        finally:
            stopped.set()


@contextmanager
def run_in_background(work: Callable[[T], None], max_items: int) -> Iterator[Callable[[T], None]]:
    """Do work in another thread, up to `max_items` items behind; all is done when the block ends.

    An error of the work's rises where the next item is handed over, or at the end.
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
        working = pool.submit(run)

        def enqueue(item: T) -> None:
            if not _put(waiting, item, stopped):
                working.result()

        try:
            yield enqueue
        finally:
            _put(waiting, _END, stopped)
        working.result()


def _put(queue: Queue[T | object], item: object, stopped: Event) -> bool:
    """Wait for room and put an item there; return False if nobody will come for it."""
    while not stopped.is_set():
        try:
            queue.put(item, timeout=_POLL_INTERVAL)
        except Full:
            continue
        return True
    return False
