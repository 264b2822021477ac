"""Freed memory that still counts as this process's."""

import ctypes
import sys


def return_to_system() -> None:
    """Return freed memory to the system, which takes some 20 ms and releases the interpreter.

    glibc keeps it in an arena for each thread, wherever anything behind it is still in use: a page
    with visitors grows by that for hours. Other libraries have no such function.
    """
    if sys.platform == "linux" and hasattr(trim := ctypes.CDLL(None), "malloc_trim"):
        trim.malloc_trim(0)
