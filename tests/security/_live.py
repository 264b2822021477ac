"""A page in this process with a fake pipeline, and visitors who speak its protocol over HTTP."""

import asyncio
import base64
import io
import itertools
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from tests.security.page import component, served


def allowed(seconds: float) -> float:
    """Return what a time on a quiet machine may become on this one, which others may be using."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Page:
    """A running page.

    Args:
        demo: The Blocks.
        uploads: Its temporary folder.
    """

    def __init__(self, demo, uploads: Path) -> None:
        self.demo, self.uploads, self.pipeline = demo, uploads, demo.pipeline
        self.url = demo.local_url + "gradio_api/"
        self.followed = 0

    def number(self, name: str) -> int:
        return next(key for key, fn in self.demo.fns.items() if fn.api_name == name)

    @property
    def camera(self) -> int:
        """The component whose server function reads frames."""
        return component(self.demo, "live-camera")


async def abandon(page: Page, name: str, data: list) -> bytes:
    """Send a request as a visitor who is never seen again; return the status line, read or not."""
    request = {"data": data, "fn_index": page.number(name), "session_hash": secrets.token_hex(5)}
    body = json.dumps(request).encode()
    address = httpx.URL(page.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(
        b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    try:
        return await reader.readline()
    finally:
        writer.close()


@contextmanager
def serve(folder: Path, seconds: float = 0.0) -> Iterator[Page]:
    """Serve a page whose pipeline takes so many seconds for a frame or a photo."""
    with served(folder) as demo:
        page = Page(demo, folder)
        classify = page.pipeline.classifier.classify

        def slow(crops):
            page.followed += 1
            time.sleep(seconds)
            return classify(crops)

        page.pipeline.classifier.classify = slow
        yield page


def jpeg(width: int = 160, height: int = 120, **options) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(width).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def data_url(content: bytes, kind: str = "image/jpeg") -> dict:
    return {"path": None, "url": f"data:{kind};base64,{base64.b64encode(content).decode()}"}


FRAME = data_url(jpeg())
FRAMES = [FRAME, data_url(jpeg(quality=85))]
"""In turns: a camera that sends the same picture again and again has stalled, and isn't read."""


def client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=200)
    return httpx.AsyncClient(timeout=60, limits=limits)


class Visitor:
    """One who has the page open.

    Args:
        page: The page.
        http: The client that all visitors of a test share.
        token: Theirs; a fresh one if None.
    """

    def __init__(self, page: Page, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.page, self.http = page, http
        self.session, self.token = secrets.token_hex(5), token or secrets.token_hex(16)
        self.frames = FRAMES

    async def join(self, name: str, data: list) -> httpx.Response:
        """Ask for a handler to be called; nobody listens for its result yet."""
        request = {"data": data, "fn_index": self.page.number(name), "session_hash": self.session}
        return await self.http.post(self.page.url + "queue/join", json=request)

    async def messages(self) -> AsyncIterator[dict]:
        """Listen for results until there is nothing more to come."""
        query = {"session_hash": self.session}
        async with self.http.stream("GET", self.page.url + "queue/data", params=query) as lines:
            async for line in lines.aiter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    yield message
                    if message["msg"] == "close_stream":
                        return

    async def ask(self, name: str, data: list) -> list:
        """Call a handler and return its result."""
        response = await self.join(name, data)
        response.raise_for_status()
        async for message in self.messages():
            if message["msg"] == "process_completed":
                if not message["success"]:
                    raise RuntimeError(message["output"]["error"])
                return message["output"]["data"]
        raise AssertionError("no result came")

    async def read_frame(self, payload: object = FRAME, view: object = "person") -> dict:
        """Send one frame; return what was read."""
        request = {
            "data": {"frame": payload, "token": self.token, "view": view},
            "component_id": self.page.camera,
            "fn_name": "read_frame",
            "session_hash": self.session,
        }
        response = await self.http.post(self.page.url + "component_server", json=request)
        return response.raise_for_status().json()

    async def first_frame(self) -> float:
        """Return the seconds until the first frame has come back; its face counts from the next."""
        begun = time.monotonic()
        async with self.present():
            reading = await self.read_frame()
        assert "One moment" in reading["panel"] and reading["faces"][0]["box"], reading
        return time.monotonic() - begun

    async def save(self, kind: str, prefix: str = "live-save", token: str | None = None) -> dict:
        """Press a Save button."""
        blocks = self.page.demo.blocks.items()
        number = next(
            k for k, block in blocks if getattr(block, "props", {}).get("prefix") == prefix
        )
        request = {
            "data": {"kind": kind, "token": self.token if token is None else token},
            "component_id": number,
            "fn_name": "save",
            "session_hash": self.session,
        }
        return (await self.http.post(self.page.url + "component_server", json=request)).json()

    @asynccontextmanager
    async def present(self) -> AsyncIterator[None]:
        """Keep the page open, which Gradio knows by its heartbeat."""
        address = f"{self.page.url}heartbeat/{self.session}"
        async with self.http.stream("GET", address) as beats:
            lines = beats.aiter_lines()  # whose end would be the connection's
            await anext(lines)
            yield

    async def record(self, frames: int = 2) -> None:
        """Record a timeline and finish it."""
        await self.ask("start", [self.token, "person"])
        for _ in range(frames):
            await self.read_frame()
        await self.ask("stop", [self.token])

    @asynccontextmanager
    async def streaming(self, every: float | None) -> AsyncIterator[list[float]]:
        """Send a frame each so many seconds, or only one; yield the results' times."""
        times: list[float] = []
        task = asyncio.create_task(self._stream(every, times))
        try:
            yield times
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _stream(self, every: float | None, times: list[float]) -> None:
        async with self.present():
            for frame in itertools.cycle(self.frames):
                due = time.monotonic() + (every or 3600)
                await self.read_frame(frame)
                times.append(time.monotonic())
                await asyncio.sleep(due - times[-1])
