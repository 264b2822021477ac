"""Starting, hearing and ending a worker.

Workers are forked by a server process that has imported what they need and does nothing else, so
that one starts in milliseconds and the page, which has threads, is never forked.
"""

import logging
import math
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from threading import Event
from typing import Any
from weakref import WeakSet

from fer.i18n import current_language, load_catalogues, use_language
from fer.paths import printable
from fer.sandbox.channel import Channel, Message
from fer.sandbox.limits import Limits, can_flatten, confine, excess, flatten

Work = Callable[..., Callable[[Channel], None]]
"""What a worker does: a function of a module that loads, in freedom, what may be trusted, and
returns what is done confined, with the channel to the page."""

_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL", re.IGNORECASE)
"""In the names of variables that no worker gets to see: what breaks into one could show them."""

_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""So that the server has no thread but its own when it forks."""

_START_TIMEOUT = 60.0
"""Seconds within which a worker has to report; the first one waits for the server's imports."""

_MAX_OUTPUT, _MAX_LOGGED = 65_536, 4000
"""Bytes of what a worker writes to its standard output and error: of those that are kept, as many
as a pipe holds, the last ones are logged."""

_WATCH_INTERVAL = 1.0
"""Seconds from one check of what a worker uses to the next."""

_context = multiprocessing.get_context("forkserver")
_SERVER = "fer.sandbox.fork_server"
_reported: set[str] = set()
_workers: WeakSet["Worker"] = WeakSet()
_started = Event()
_ending = Event()

logger = logging.getLogger(__name__)


class WorkerError(Exception):
    """A worker ended, or was ended, without a result.

    Attributes:
        late: Whether it ran out of time.
    """

    def __init__(self, reason: str, late: bool = False) -> None:
        super().__init__(reason)
        self.late = late


def start_fork_server(module: str, **variables: str) -> None:
    """Start the process that forks workers; one that runs already stays as it is.

    Call it before the page has visitors: it changes the environment of new processes, for good.

    Args:
        module: Name of a module to import beforehand, with all that workers need. It may leave no
            thread but its own behind.
        variables: Variables of its environment, for that module to read.
    """
    _context.set_forkserver_preload([_SERVER, module])
    _set_environment(variables)
    forkserver.ensure_running()
    _started.set()


def _set_environment(variables: Mapping[str, str]) -> None:
    """Set the environment in which this process starts others; `os.environ` stays as it is.

    Not for each worker, as a library's getenv in another thread would end the page by a
    segmentation fault.
    """
    for name in filter(_SECRET.search, os.environ):
        os.unsetenv(name)
    path = os.pathsep.join(filter(None, sys.path))
    for name, value in {**_ONE_THREAD, **variables, "PYTHONPATH": path}.items():
        os.putenv(name, value)


def end_workers() -> None:
    """Kill all workers, and start none any more: the page ends."""
    _ending.set()
    for worker in list(_workers):
        worker.kill()


class Worker:
    """A confined process that does one piece of work.

    Args:
        work: What it does; see `Work`.
        limits: What it may use while it does so.
        arguments: What `work` is called with; they are pickled.

    Raises:
        WorkerError: It can't be started.
    """

    def __init__(self, work: Work, limits: Limits, *arguments: Any) -> None:
        if _ending.is_set():
            raise WorkerError("The page ends.")
        if not _started.is_set():
            start_fork_server(__name__)
        self._folder = limits.writable
        self._can_flatten = self._folder is not None and can_flatten(self._folder)
        try:
            self._start(work, limits, arguments)
        except (OSError, EOFError) as error:  # too many open files, or the server has just ended
            raise WorkerError(f"No process can be started: {error}") from error
        _workers.add(self)
        try:
            _report(self.receive(_START_TIMEOUT))
        except WorkerError:
            self.kill()
            raise

    def _start(self, work: Work, limits: Limits, arguments: Sequence[Any]) -> None:
        ours, theirs = _context.Pipe()
        self._output, output = _context.Pipe(duplex=False)
        with theirs, output:
            for end in (self._output, output):
                os.set_blocking(end.fileno(), False)
            self.channel = Channel(ours)
            self._process = _context.Process(
                target=_run,
                args=(theirs, output, work, limits, arguments, current_language()),
                daemon=True,
            )
            self._process.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid or 0

    def receive(self, timeout: float | None = None, most: int = 0) -> Message | None:
        """Wait for a message, None where none comes in time; see `Channel.receive`.

        Raises:
            WorkerError: The worker has ended, or sends nonsense.
        """
        try:
            return self.channel.receive(timeout, most)
        except (OSError, EOFError, ValueError, RecursionError) as error:
            raise WorkerError(self._ending(error)) from error

    def check_usage(self, max_bytes: float = math.inf) -> None:
        """Check what the worker uses that no limit of the kernel bounds, see `excess`.

        Raises:
            WorkerError: It is too much.
        """
        try:
            much = excess(self.pid, self._folder, max_bytes)
        except OSError as error:
            self._process.join(0.5)
            if self._process.exitcode is not None:  # nobody sees what it had open
                return
            raise WorkerError(f"The worker hides what it uses: {str(error)[:200]}") from error
        if much:
            raise WorkerError(f"The worker has too much {much}.")

    def result(self, timeout: float, most: int = 0) -> Message:
        """Wait for a message that has to come in time, from a worker that writes no files.

        Raises:
            WorkerError: The worker has ended, sends nonsense, uses too much or is late.
        """
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            message = self.receive(min(left, _WATCH_INTERVAL), most)
            if message is not None:
                return message
            self.check_usage()
        raise WorkerError(f"There was no result after {timeout:.0f} s.", late=True)

    def send(self, kind: str, data: bytes | memoryview = b"", **fields: Any) -> None:
        """Send a message.

        Raises:
            WorkerError: The worker has ended.
        """
        try:
            self.channel.send(kind, data, **fields)
        except OSError as error:
            raise WorkerError(self._ending(error)) from error

    def kill(self) -> None:
        """End the process at once, whatever it does; once is enough."""
        _workers.discard(self)
        self._process.kill()
        self._process.join()
        self.channel.close()
        self._log_output()
        if self._folder is not None and self._can_flatten:  # else the caller's own are among them
            flatten(self._folder)

    def _log_output(self) -> None:
        """Log what the worker has written, indented: it may look like lines of the page's own."""
        with suppress(OSError), self._output:  # there was nothing
            written = os.read(self._output.fileno(), _MAX_OUTPUT)[-_MAX_LOGGED:]
            lines = map(printable, written.decode("utf-8", "replace").splitlines())
            if text := "\n".join(f"    {line}" for line in lines):
                logger.warning("The worker wrote:\n%s", text)

    def _ending(self, error: Exception) -> str:
        """Return how it ended, for the log."""
        self._process.join(0.5)
        return f"The worker ended with {self._process.exitcode} ({error})."


def _run(
    connection: Connection,
    output: Connection,
    work: Work,
    limits: Limits,
    arguments: Sequence[Any],
    language: str,
) -> None:
    """Do the work in the worker, which has to leave the page's own input and output alone."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a terminal's input can be written, too
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    channel = Channel(connection)
    _forget_the_server()
    load_catalogues()
    with use_language(language):
        do = work(*arguments)
        channel.send("ready", missing=confine(limits))
        do(channel)


def _forget_the_server() -> None:
    """Close what would keep the server alive when the page has been killed."""
    for owner, name in (
        (forkserver._forkserver, "_forkserver_alive_fd"),
        (resource_tracker._resource_tracker, "_fd"),
    ):
        number = getattr(owner, name, None)
        if number is not None:
            os.close(number)
            setattr(owner, name, None)


def _report(ready: Message | None) -> None:
    """Log what the machine lacks, each thing once."""
    if ready is None:
        raise WorkerError("The worker did not start.", late=True)
    for lack in set(map(str, ready.fields.get("missing", ()))) - _reported:
        _reported.add(lack)
        logger.warning("This machine lacks %s; media are decoded with less protection.", lack)
