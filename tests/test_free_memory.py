"""Freed memory goes back to the system, also below what is still in use."""

import ctypes
import platform

import psutil
import pytest

from fer.free_memory import return_to_system

BLOCKS, SIZE = 100_000, 1000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others have no malloc_trim")
def test_what_is_free_below_a_block_in_use_is_returned():
    library, process = ctypes.CDLL(None), psutil.Process()
    library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    blocks = [library.malloc(SIZE) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, SIZE)
    used = blocks.pop()
    for block in blocks:
        library.free(block)
    before = process.memory_info().rss
    return_to_system()
    assert before - process.memory_info().rss > 0.8 * BLOCKS * SIZE
    library.free(used)
