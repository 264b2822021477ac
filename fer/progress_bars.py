"""Progress with the time left on a terminal; nothing where the output goes into a pipe or file."""

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

DELAY = 0.5
"""Seconds of work before a bar is drawn: what takes less needs none."""

_SHARE_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left"


def with_progress(items: Iterable[T], description: str, unit: str) -> Iterator[T]:
    """Yield the items, with a bar on a terminal that counts them and is removed at the end.

    Args:
        items: Whose number is known, or the bar has no end.
        description: What is done, before the bar.
        unit: What an item is, such as "photo".
    """
    total = len(items) if isinstance(items, Sized) else None
    with tqdm(
        *(items, f"{description}", total), unit=unit, leave=False, disable=None, delay=DELAY
    ) as bar:
        yield from bar


@contextmanager
def share_progress(description: str) -> Iterator[Callable[[float], None]]:
    """Yield what takes the share of the work that is done, 0 to 1, for a bar on a terminal."""
    with tqdm(
        desc=description, total=1.0, leave=False, disable=None, bar_format=_SHARE_FORMAT
    ) as bar:

        def report(done: float) -> None:
            bar.update(done - bar.n)

        yield report
