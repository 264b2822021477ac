"""The page's lifespan, in which Gradio keeps little, and the periodic sweep of what is left."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import FastAPI

from fer.ui.allocator import return_freed_memory
from fer.ui.gradio_internals import (
    forget_cancelled,
    forget_deleted_files,
    install_minimal_state,
    restart_stopped_queue,
    sweep_sessions,
    working_sessions,
)
from fer.ui.serving.request_checks import OriginFilter
from fer.ui.serving.upload_limits import UPLOAD_SWEEP_INTERVAL
from fer.ui.serving.upload_store import UploadStore

logger = logging.getLogger(__name__)


def cleanup_lifespan(store: UploadStore) -> Callable[[FastAPI], Any]:
    """Return an ASGI lifespan in which Gradio keeps little, and uploads and sessions are swept."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        install_minimal_state(app, app.state.connections.is_open)
        app.state.connections.working = partial(working_sessions, app.get_blocks())
        app.middleware_stack = OriginFilter(app.middleware_stack)
        # Otherwise malformed requests could fill the disk with log lines.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        task = asyncio.create_task(_sweep(store, app))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return lifespan


async def _sweep(store: UploadStore, app: Any) -> None:
    sweep = Sweep(store, app)
    while True:
        await sweep.run()
        await asyncio.sleep(UPLOAD_SWEEP_INTERVAL)


class Sweep:
    """What is done regularly, each step whether or not the ones before it fail.

    Args:
        store: The visitors' uploads.
        app: Gradio's application.
    """

    def __init__(self, store: UploadStore, app: Any) -> None:
        self.store, self.app, self.demo = store, app, app.get_blocks()
        self._closed: set[str] = set()
        self._ended: set[str] = set()

    async def run(self) -> None:
        """Do all steps; one that fails is logged, and done again at the next sweep."""
        steps: tuple[Callable[[], Any], ...] = (
            partial(restart_stopped_queue, self.demo),
            partial(anyio.to_thread.run_sync, self.store.delete_expired),
            partial(anyio.to_thread.run_sync, return_freed_memory),
            partial(forget_deleted_files, self.demo),
            self._forget_cancelled,
            self._sweep_sessions,
        )
        for step in steps:
            try:
                if (waiting := step()) is not None:
                    await waiting
            except Exception:  # whatever it is, the sweeps must go on: nothing else bounds memory
                logger.exception("A step of the page's regular sweep failed.")

    def _forget_cancelled(self) -> None:
        self._ended = forget_cancelled(self.app, self._ended)

    def _sweep_sessions(self) -> None:
        is_open = self.app.state.connections.is_open
        self._closed = sweep_sessions(self.demo, is_open, self._closed)
