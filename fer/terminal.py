"""What commands show on a terminal: help with defaults, notices, counts, and progress."""

import argparse
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the signal's number."""

DELAY = 0.5
"""Seconds of work before a bar is drawn: what takes less needs none."""

_SHARE_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left"


class DefaultsHelpFormatter(
    argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter
):
    """Shows defaults where there are any, and descriptions line by line as they are written."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        nothing = action.default is None or action.default is False or action.default in ([], ())
        return action.help if nothing else super()._get_help_string(action)


def hide_exif_warnings() -> None:
    """Keep off the terminal what Pillow warns of in damaged EXIF data, without naming the file."""
    warnings.filterwarnings("ignore", "Corrupt EXIF data", module="PIL")


def show_notice(sentence: str) -> None:
    """Show what a command waits for, or the like, if somebody is at its terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{sentence}\n")


def count_of(number: int, thing: str) -> str:
    """Return a number of things in words.

    >>> count_of(1, "face"), count_of(3589, "face")
    ('1 face', '3,589 faces')
    """
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def with_progress(items: Iterable[T], description: str, unit: str) -> Iterable[T]:
    """Return the items, with a bar on a terminal that counts them and is removed at the end.

    Args:
        items: Items whose number is known, or the bar has no end.
        description: What is done, before the bar.
        unit: What an item is, such as "photo".
    """
    return tqdm(items, description, unit=unit, leave=False, disable=None, delay=DELAY)


@contextmanager
def share_progress(description: str) -> Iterator[Callable[[float], None]]:
    """Yield what takes the share of the work that is done, 0 to 1, for a bar on a terminal."""
    with tqdm(
        desc=description, total=1.0, leave=False, disable=None, bar_format=_SHARE_FORMAT
    ) as bar:

        def report(done: float) -> None:
            bar.update(done - bar.n)

        yield report
