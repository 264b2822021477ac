"""A page in a process of its own, and what it uses of the machine.

    with start(folder) as server: ...

`app.py` as it is, or with a pipeline that finds the same face in every picture at no cost.
"""

import os
import runpy
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]

FACE = [80, 60, 240, 220]
"""Box of the face that the fake pipeline finds in every picture."""


@dataclass(frozen=True)
class Usage:
    """What a page uses at a time.

    Attributes:
        page_mb: Resident memory of the page's process.
        workers: Processes that it has started.
        workers_mb: Resident memory of these, pages that they share counted in each.
        threads: Of the page's process.
        handles: Open files, pipes and connections of the page's process.
        files: In its temporary folder.
        folders: In its temporary folder.
        files_mb: Size of these files.
    """

    page_mb: float
    workers: int
    workers_mb: float
    threads: int
    handles: int
    files: int
    folders: int
    files_mb: float


@dataclass
class Server:
    """A running page.

    Attributes:
        process: Its process.
        url: Its address.
        uploads: Its temporary folder.
        log: File with what it has written.
    """

    process: subprocess.Popen[bytes]
    url: str
    uploads: Path
    log: Path

    def usage(self) -> Usage:
        """Return what the page uses now.

        Raises:
            psutil.NoSuchProcess: It has ended.
        """
        page = psutil.Process(self.process.pid)
        memory = []
        for worker in page.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                memory.append(worker.memory_info().rss / 1e6)
        sizes, folders = folder_contents(self.uploads)
        return Usage(
            page_mb=round(page.memory_info().rss / 1e6, 1),
            workers=len(memory),
            workers_mb=round(sum(memory), 1),
            threads=page.num_threads(),
            handles=page.num_fds(),
            files=len(sizes),
            folders=folders,
            files_mb=round(sum(sizes) / 1e6, 2),
        )

    def is_alive(self) -> bool:
        """Return whether the process runs and a new visitor gets the page within five seconds."""
        if self.process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(self.url + "config", timeout=5) as response:
                return response.status == 200
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def stop(self, seconds: float = 20) -> None:
        """End the page, and what it has started, by SIGTERM; by SIGKILL after so many seconds."""
        started = []
        with suppress(psutil.NoSuchProcess):
            started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(seconds)
        for worker in started:
            with suppress(psutil.NoSuchProcess):
                worker.kill()


def folder_contents(folder: Path) -> tuple[list[int], int]:
    """Return the sizes in bytes of all files below a folder, and the number of folders."""
    sizes: list[int] = []
    folders = 0
    for place, inner, names in os.walk(folder):  # which passes over what is removed meanwhile
        folders += len(inner)
        for name in names:
            with suppress(FileNotFoundError):
                sizes.append(os.stat(os.path.join(place, name)).st_size)
    return sizes, folders


@contextmanager
def start(
    folder: Path, fake: bool = False, memory_gb: float | None = None, **environment: str
) -> Iterator[Server]:
    """Start a page on a free port of the loopback address and yield it once it answers.

    Args:
        folder: Where its log and its temporary folder go.
        fake: Whether a pipeline serves that finds one face in every picture at no cost.
        memory_gb: Most address space that its process may have; None for no limit.
        environment: What else to set in its environment.

    Raises:
        RuntimeError: It doesn't come up.
    """
    port, uploads, log = free_port(), folder / "uploads", folder / "app.log"
    settings = {
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(uploads),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "FER_DEVICE_PAGE": "",  # whether it is built or not
    }
    program = ["-m", "tests.security.server"] if fake else ["app.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=ROOT,
            env={**os.environ, **settings, **environment},
            stdout=output,
            stderr=output,
        )
    server = Server(process, f"http://127.0.0.1:{port}/", uploads, log)
    if memory_gb is not None:
        limit = int(memory_gb * 2**30)
        psutil.Process(process.pid).rlimit(psutil.RLIMIT_AS, (limit, limit))
    try:
        wait_until_ready(server)
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(server: Server, seconds: float = 120) -> None:
    """Return once the page answers.

    Raises:
        RuntimeError: It has ended, or doesn't answer in time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(
                f"The page ended with {server.process.returncode}:\n{server.log.read_text()}"
            )
        if server.is_alive():
            return
        time.sleep(0.3)
    raise RuntimeError(f"No page within {seconds:g} s:\n{server.log.read_text()}")


def serve_fake() -> None:
    """Run `app.py` with a pipeline that finds one face in every picture at no cost.

    Worker processes, to which no fake can be handed, load the embedded network.
    """
    import fer.ui
    from tests.fakes import fake_pipeline

    pipeline = fake_pipeline([FACE])
    fer.ui.load_pipeline = lambda model=None: pipeline
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")


if __name__ == "__main__":
    serve_fake()
