"""What workers do in the tests: functions of a module, as a worker finds them by name."""

import ctypes
import fcntl
import os
import platform
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from fer.sandbox import kernel


def try_all(secret: Path, folder: Path):
    """Try what a program could that had taken a worker over, and report how each try ended."""
    return partial(_try_all, secret, folder)


def _try_all(secret, folder, channel):
    tries = {
        "socket": lambda: socket.socket(),
        "socket pair": lambda: socket.socketpair(),
        "program": lambda: subprocess.run(["/bin/true"], check=True),
        "replace": lambda: os.execv("/bin/true", ["true"]),
        "fork": lambda: os._exit(0) if os.fork() == 0 else None,
        "signal": lambda: os.kill(os.getppid(), 0),
        "queued signal": lambda: _call(129, os.getppid(), 0, 0),
        "signal of a file": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()),
        "kind of signal": lambda: fcntl.fcntl(0, 10, signal.SIGKILL),  # F_SETSIG
        "signal of a connection": lambda: _own(channel, 0x8901),  # FIOSETOWN
        "signal of its group": lambda: _own(channel, 0x8902),  # SIOCSPGRP
        "lease": lambda: fcntl.fcntl(os.open(kernel.__file__, os.O_RDONLY), 1024, fcntl.F_RDLCK),
        "watch of a folder": lambda: fcntl.fcntl(os.open(folder, os.O_RDONLY), 1026, 1),
        "a life after the page": lambda: _call(157, 1, 0, 0, 0, 0),  # PR_SET_PDEATHSIG
        "typing": lambda: fcntl.ioctl(0, 0x5412, b"x"),  # TIOCSTI
        "typing by another number": lambda: _call(16, 0, ctypes.c_ulong(1 << 32 | 0x5412), b"x"),
        "pasting": lambda: fcntl.ioctl(0, 0x541C, b"x"),  # TIOCLINUX
        "terminal's group": lambda: fcntl.ioctl(0, 0x5410, b"x"),  # TIOCSPGRP
        "terminal's session": lambda: fcntl.ioctl(0, 0x540E, b"x"),  # TIOCSCTTY
        "priority": lambda: os.sched_setscheduler(os.getppid(), 3, os.sched_param(0)),
        "cores": lambda: os.sched_setaffinity(os.getppid(), os.sched_getaffinity(0)),
        "pages": lambda: _call(279, os.getppid(), 0, None, None, None, 0),
        "watch": lambda: _call(294, 0),
        "shared memory": lambda: _call(29, 0, 1_000_000, 0o1600),
        "message queue": lambda: _call(240, b"fer-test", os.O_CREAT | os.O_RDWR, 0o600, None),
        "memory file": lambda: os.memfd_create("x"),
        "secret memory": lambda: _call(447, 0),
        "truncate": lambda: _call(76, os.fsencode(secret), 0),
        "limits": lambda: __import__("resource").prlimit(os.getppid(), 6),
        "read": lambda: secret.read_bytes(),
        "list": lambda: os.listdir("/"),
        "processes": lambda: Path("/proc/self/environ").read_bytes(),
        "write": lambda: (secret.parent / "new").write_bytes(b"new"),
        "link": lambda: os.symlink(secret, folder / "link"),
        "times": lambda: os.utime(secret, (1, 1)),
        "times of what is open": lambda: os.utime(os.open(folder, os.O_RDONLY), (1, 1)),
        "attribute": lambda: _call(189, os.fsencode(secret), b"user.x", b"x", 1, 0),
        "rights": lambda: os.chmod(folder, 0o777),
        "root's rights": lambda: socket.sethostname(socket.gethostname()),
        "root's groups": lambda: os.setgroups([0]),
        "root folder": lambda: os.chroot(folder),
        "own file": lambda: (folder / "own").write_bytes(b"own"),
        "own move": lambda: _move(folder),
        "temporary": lambda: tempfile.TemporaryFile().close(),
        "thread": lambda: _in_a_thread(),
        "abort handler": lambda: signal.getsignal(signal.SIGABRT),
        "file flags": lambda: fcntl.fcntl(0, fcntl.F_GETFL),
    }
    channel.send("result", **{name: _outcome(attempt) for name, attempt in tries.items()})


def _outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "done"


def _call(number, *arguments):
    """Call the kernel by x86_64's number; elsewhere there is nothing to try."""
    if platform.machine() != "x86_64":
        raise PermissionError
    if ctypes.CDLL(None, use_errno=True).syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _own(channel, command):
    """Have the page's signals of a connection sent to the parent, which would end by the first."""
    fcntl.ioctl(channel._connection.fileno(), command, struct.pack("i", os.getppid()))


def _move(folder):
    (folder / "below").mkdir()
    (folder / "below" / "file").write_bytes(b"own")
    (folder / "below" / "file").replace(folder / "moved")


def _in_a_thread():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def report():
    """Report facts about the worker."""

    def work(channel):
        limits = {name: __import__("resource").getrlimit(kind) for name, kind in _KINDS.items()}
        umask = os.umask(0o077)
        loaded = "matplotlib" in sys.modules
        channel.send(
            "result",
            limits=limits,
            umask=umask,
            nice=os.getpriority(os.PRIO_PROCESS, 0),
            loaded=loaded,
        )

    return work


_KINDS = {"core": 4, "files": 7, "cpu": 0, "size": 1}


def environment():
    """Report the variables that the worker was started with."""
    return lambda channel: channel.send("result", variables=dict(os.environ))


def hang():
    """Wait for ever, having said so."""

    def work(channel):
        channel.send("begun", pid=os.getpid())
        time.sleep(600)

    return work


def spin():
    """Use the processor for ever."""

    def work(channel):
        while True:
            pass

    return work


def take(what: str, folder: Path):
    """Take more than a kind of limit bounds: files of allowed sizes, or threads, and wait."""

    def work(channel):
        if what == "threads":
            for _ in range(40):
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        held = []
        for number in range({"bytes": 3, "deleted": 3, "files": 1500}.get(what, 0)):
            held = held if what == "files" else [*held, (folder / f"{number}").open("wb")]
            (folder / f"{number}").write_bytes(bytes(0 if what == "files" else 400_000))
            if what == "deleted":
                (folder / f"{number}").unlink()
        channel.send("begun")
        time.sleep(600)

    return work


def nest_folders(folder: Path):
    """Make folders in each other, more than anybody can remove, and end at once."""

    def work(channel):
        place = os.open(folder, os.O_RDONLY)
        for _ in range(3000):
            os.mkdir("a", dir_fd=place)
            inner = os.open("a", os.O_RDONLY, dir_fd=place)
            os.close(place)
            place = inner
        os.abort()

    return work


def multiply():
    """Start threads, and wait."""

    def work(channel):
        for _ in range(40):
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        time.sleep(600)

    return work


def tell_input():
    """Report whether the standard input is nothing, which can't be written either."""

    def work(channel):
        nothing = os.fstat(0).st_rdev == os.makedev(1, 3)
        channel.send("result", nothing=nothing, mode=fcntl.fcntl(0, fcntl.F_GETFL) & os.O_ACCMODE)

    return work


def speak():
    """Write to the standard output and error until nothing more is taken."""

    def work(channel):
        for number in (1, 2):
            with suppress(BlockingIOError):
                while True:
                    os.write(number, b"x" * 1000 + b"\n")
        kinds = [stat.S_ISFIFO(os.fstat(number).st_mode) for number in (1, 2)]
        channel.send("result", pipes=kinds)

    return work


def fail():
    """End by an error of Python, below a line like one of the log's."""

    def work(channel):
        os.write(2, b"ERROR: forged\x1b[2J\n")
        raise KeyError("a mistake")

    return work


def fill_folder(source, folder, *rest):
    """Write files of allowed sizes in place of an analysis."""
    return take("bytes", folder)


def nest():
    """Send what is too deep to be parsed."""

    def work(channel):
        text = b"[" * 500_000
        os.write(channel._connection.fileno(), len(text).to_bytes(8, "little") + bytes(8))
        while text:
            text = text[os.write(channel._connection.fileno(), text[:50_000]) :]

    return work


def fill(size: int):
    """Use memory."""

    def work(channel):
        try:
            np.ones(size, np.uint8)
        except MemoryError:
            channel.send("refused")
        else:
            channel.send("result")

    return work


def write(folder: Path, size: int):
    """Write a file."""

    def work(channel):
        try:
            (folder / "large").write_bytes(b"x" * size)
        except OSError as error:
            channel.send("refused", error=error.errno)

    return work


def crash():
    """End as a decoder does that has damaged its memory."""
    return lambda channel: os.abort()


def babble(content: bytes):
    """Send what is no message."""

    def work(channel):
        os.write(channel._connection.fileno(), content)
        time.sleep(600)

    return work


def refuse():
    """Refuse a photo, in a sentence that is the worker's number."""

    def work(channel):
        channel.receive(most=1000)  # else it could end before the photo is sent
        channel.send("refused", sentence=str(os.getpid()))

    return work


def read_and_write(source: Path, target: Path):
    """Read a video and write it with its sound; report what came of it."""

    def work(channel):
        from fer.video import VideoReader, VideoWriter

        count = 0
        with VideoReader(source) as reader:
            size = reader.info.width, reader.info.height
            with VideoWriter(target, *size, source) as writer:
                for frame in reader:
                    writer.write(frame.image, frame.time, frame.duration)
                    count += 1
        channel.send("result", frames=count, warning=writer.warning)

    return work


def hang_anyhow(*arguments):
    """Stand in for an analysis that has no end, even before it begins."""
    return lambda channel: time.sleep(600)


def crash_anyhow(*arguments):
    """Stand in for an analysis that ends its worker."""
    return crash()


def crash_with_sound(*arguments):
    """Stand in for an analysis whose sound ends its worker; `sound` comes last."""
    from fer.recording import worker_tasks

    if not arguments[-1]:
        return worker_tasks.analyze_video(*arguments)
    return partial(_open_and_do, crash())


def hang_once_open(*arguments):
    """Stand in for an analysis that has no end, of a video with a good header."""
    return partial(_open_and_do, hang_anyhow())


def _open_and_do(work, channel):
    channel.send("opened", duration=0.8, has_audio=True)
    work(channel)


def inherited():
    """Report the threads that a worker starts with, libraries' included, and loaded pipelines."""
    from fer.recording import worker_tasks

    threads = len(os.listdir("/proc/self/task"))
    pipelines = worker_tasks.load_pipeline.cache_info().currsize
    return lambda channel: channel.send("result", threads=threads, pipelines=pipelines)
