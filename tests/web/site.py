"""The page of `web/` as built, on a server that any static host could be."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

WEB = Path(__file__).parents[2] / "web"

STAND_IN = Path(__file__).with_name("stand_in.js")
"""A pipeline that finds what a test tells it, at no cost."""


def build(folder: Path) -> Path:
    """Build the page into a folder and return it.

    Raises:
        RuntimeError: The build fails.
    """
    command = ["node", str(WEB / "build.js"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return folder


def with_stand_in(built: Path, folder: Path) -> Path:
    """Copy a built page to a folder, with the stand-in for its networks; return the folder."""
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns("models", "pipeline", "ort"))
    for name, text in {
        "pipeline/pipeline.js": STAND_IN.read_text(encoding="utf-8"),
        "ort/ort.wasm.bundle.min.mjs": "export const env = { wasm: {} };",
        "build.json": '{"models": []}',
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


class Site:
    """A running server.

    Attributes:
        url: Its address.
        requests: Method and path of each request so far.
    """

    def __init__(self, folder: Path) -> None:
        self.requests: list[str] = []
        handler = partial(_Handler, directory=str(folder), requests=self.requests)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End the server, as if the connection were cut."""
        self.server.shutdown()
        self.server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    """Tells requests apart by their origin and redirects `x.html` to `x`, as many hosts do."""

    protocol_version = "HTTP/1.0"  # no connection outlives its request, nor `Site.stop`

    def __init__(self, *arguments, requests: list[str], **options) -> None:
        self.seen = requests
        super().__init__(*arguments, **options)

    def end_headers(self) -> None:
        self.send_header("Vary", "Origin")
        super().end_headers()

    def do_GET(self) -> None:
        if self.path.endswith(".html"):
            self.send_response(301)
            self.send_header("Location", self.path.removesuffix(".html"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if Path(self.translate_path(self.path + ".html")).is_file():
            self.path += ".html"
        super().do_GET()

    def log_request(self, code="-", size="-") -> None:
        self.seen.append(f"{self.command} {self.path}")

    def log_message(self, *arguments) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[Site]:
    """Serve a folder on a free port of the loopback address."""
    site = Site(folder)
    try:
        yield site
    finally:
        site.stop()
