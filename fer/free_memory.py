"""Returning freed memory to the system."""

import ctypes
import sys


def return_to_system() -> None:
    """Return freed memory to the system, which takes some 20 ms and releases the interpreter.

    glibc keeps freed memory in each thread's arena as long as anything allocated above it is in
    use: a page with visitors grows by that for hours. Other C libraries have no such function.
    """
    if sys.platform == "linux" and hasattr(trim := ctypes.CDLL(None), "malloc_trim"):
        trim.malloc_trim(0)
