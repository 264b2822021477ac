"""The allocator's settings: few heaps, large blocks of their own, and memory that goes back."""

import ctypes
import platform
import subprocess
import sys

import psutil
import pytest

from fer.ui.allocator import MAX_ARENAS, MMAP_THRESHOLD, return_freed_memory

LIMIT = "from fer.ui.allocator import limit_fragmentation; limit_fragmentation()"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others have no malloc_trim")
def test_what_is_free_below_a_block_in_use_is_returned():
    count, size = 100_000, 1000
    library, process = ctypes.CDLL(None), psutil.Process()
    library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    blocks = [library.malloc(size) for _ in range(count)]
    for block in blocks:
        ctypes.memset(block, 1, size)
    used = blocks.pop()
    for block in blocks:
        library.free(block)
    before = process.memory_info().rss
    return_freed_memory()
    assert before - process.memory_info().rss > 0.8 * count * size
    library.free(used)


ALLOCATE_IN_THREADS = """
import ctypes, threading
library, barrier = ctypes.CDLL(None), threading.Barrier(12)
library.malloc.restype = ctypes.c_void_p
def allocate():
    library.malloc(1000)
    barrier.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
library.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(library.fdopen(1, b"w"))
library.malloc_info(0, out)
library.fflush(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no arenas")
def test_threads_share_two_arenas():
    def arenas(first):
        run = [sys.executable, "-c", first + ALLOCATE_IN_THREADS]
        return subprocess.run(run, capture_output=True, check=True).stdout.count(b"<heap nr=")

    assert arenas(LIMIT) <= MAX_ARENAS < arenas("")


MAP_AFTER_A_LARGER_ONE = f"""
import ctypes
library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd".split()]
    _fields_ += [("others", ctypes.c_size_t * 5)]
library.mallinfo2.restype = Info
library.free(library.malloc(16 * {MMAP_THRESHOLD}))
mapped = library.mallinfo2().hblks
library.malloc(2 * {MMAP_THRESHOLD})
print(library.mallinfo2().hblks - mapped)
"""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc before 2.33, or no glibc"
)
@pytest.mark.parametrize(("first", "mapped"), [(LIMIT, 1), ("", 0)])
def test_large_blocks_leave_no_gaps(first, mapped):
    run = [sys.executable, "-c", first + MAP_AFTER_A_LARGER_ONE]
    assert int(subprocess.run(run, capture_output=True, check=True).stdout) == mapped
