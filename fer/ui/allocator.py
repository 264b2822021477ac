"""glibc's allocator, set up for a page that runs for months; other C libraries are left alone.

It keeps what is freed for what comes next. A page whose visitors come and go has small things that
stay for long between large ones that soon go, so that its heaps would grow by the gaps.
"""

import ctypes
import sys

MAX_ARENAS = 2
"""Heaps among which threads' allocations are spread, by default up to eight for each core."""

MMAP_THRESHOLD = 256 * 1024
"""Bytes from which on a block, such as a frame's pixels, is mapped on its own, and so returned to
the system when it is freed. By default glibc raises it to the largest one that was freed."""

TRIM_THRESHOLD = 32 * 1024 * 1024
"""Bytes at a heap's end that are kept: the default would ask the system at each frame."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Numbers of the settings in malloc.h."""


def limit_fragmentation() -> None:
    """Set the allocator up; it is called before there are threads."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_ARENA_MAX, MAX_ARENAS)
        library.mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        library.mallopt(_M_TRIM_THRESHOLD, TRIM_THRESHOLD)


def return_freed_memory() -> None:
    """Return freed memory to the system, which takes some 20 ms and releases the interpreter.

    glibc keeps it as long as anything allocated above it in the same heap is in use.
    """
    if sys.platform == "linux" and hasattr(trim := ctypes.CDLL(None), "malloc_trim"):
        trim.malloc_trim(0)
