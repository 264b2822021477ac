"""The Live tab's handlers as a visitor's page calls them, one call after the other."""

import asyncio
import base64
import sys
import time

import numpy as np

from fer.images import encode_jpeg
from fer.timeline.methods import NetworkIdentity
from fer.ui.live.handlers import LiveHandlers
from fer.ui.live.live_reading import LiveReading
from fer.ui.live.timeline_handlers import TimelineHandlers
from fer.ui.sessions import Session, Sessions
from tests.async_runner import run_async
from tests.fakes import fake_pipeline

NETWORK = NetworkIdentity("tiny <1>", "0123456789abcdef" * 4, "int8", "70.0% of 10 pictures")

TOKEN = "0123456789abcdef" * 2

NOISE_SIDE = 16
"""Pixels at the lower right of a frame with noise, as a working camera's picture has it."""


def payload(frame: np.ndarray | None, noise: int | None = 0) -> dict | None:
    """Return what the page sends as a frame: `frame` with the noise of this seed, if any."""
    if frame is None:
        return None
    if noise is not None:
        frame = frame.copy()
        corner = frame[-NOISE_SIDE:, -NOISE_SIDE:]
        corner[:] = np.random.default_rng(noise).integers(100, 156, corner.shape, np.uint8)
    content = base64.b64encode(encode_jpeg(frame, 95)).decode()
    return {"url": f"data:image/jpeg;base64,{content}"}


def hold_clock(monkeypatch) -> list[float]:
    """Return the Live tab's clock in a list, to be set; time goes on for everything else."""
    times, real = [0.0], time.monotonic
    held = "live/handlers.py", "live/timeline_handlers.py", "live/camera_places.py"

    def now() -> float:
        requested = sys._getframe(1).f_code.co_filename
        return times[0] if requested.endswith(held) else real()

    monkeypatch.setattr("time.monotonic", now)
    return times


def stopped(recorder) -> str:
    """End a timeline; return its HTML."""
    recorder.running = False
    return recorder.html(0.0)


class LivePage:
    """A Live tab with a fake pipeline.

    Args:
        boxes, rows: See `fake_pipeline`.
    """

    def __init__(self, boxes=(), *rows) -> None:
        self.pipeline, self.sessions = fake_pipeline(boxes, *rows), Sessions()
        self.handlers = LiveHandlers(self.pipeline, self.sessions)
        self.timelines = TimelineHandlers(self.sessions, 0.4, NETWORK)
        self.frames = 0

    def read_frame(
        self,
        frame: np.ndarray | None,
        view: str = "person",
        token: str = TOKEN,
        exact: bool = False,
    ) -> LiveReading:
        self.frames += 1
        sent = payload(frame, None if exact else self.frames)
        return self._call(self.handlers.read_frame, {"frame": sent, "token": token, "view": view})

    def settle(self, frame: np.ndarray, view: str = "person", token: str = TOKEN) -> LiveReading:
        """Look at the first frame of a stream, and at it again: now its faces count."""
        self.read_frame(frame, view, token)
        return self.read_frame(frame, view, token)

    def start(self, view: str = "person", token: str = TOKEN) -> str:
        return self._call(self.timelines.start, token, view)

    def stop(self, token: str = TOKEN) -> str:
        return self._call(self.timelines.stop, token)

    def session(self, token: str = TOKEN) -> Session:
        return self._call(self._session, token)

    async def _session(self, token: str) -> Session:
        from fer.ui.sender import Sender

        return self.sessions.get_or_create(token, Sender(None))

    def _call(self, handler, *arguments):
        async def scenario():
            self.sessions._sweeping = None  # of the loop before this one
            return await asyncio.wait_for(handler(*arguments), 20)

        return run_async(scenario())
