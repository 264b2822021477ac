"""Removal of what Gradio keeps of visitors who have left, and the page's regular sweep.

Gradio 6.31 has no public way for it: `state_session_capacity` evicts sessions by number alone,
`delete_callback` is for `gr.State`, `delete_cache` for files, and the queue's entries of a session
are never removed. Nor has it one to let its queue poll less often. So this module, and no other,
reaches into its insides, and its tests fail when those change.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio.to_thread
import gradio as gr
from fastapi import FastAPI

from fer.ui.connections import Connections
from fer.ui.upload_limits import UPLOAD_SWEEP_INTERVAL
from fer.ui.uploads import UploadStore

POLL_INTERVAL = 0.02
"""Seconds from one search of Gradio's queue for new events to the next. At Gradio's millisecond
even an idle page keeps a core busy, and the threads that read frames are interrupted each time."""


def poll_less_often(demo: gr.Blocks) -> None:
    """Let the queue of a page look for new events every `POLL_INTERVAL` only."""
    demo._queue.sleep_when_free = POLL_INTERVAL


def forget_session(demo: gr.Blocks, session: str) -> None:
    """Remove the last values of a session's components, and its queue once that is empty.

    The values include camera frames. An event that still runs needs the queue; the sweep removes it
    later.
    """
    holder, queue = demo.state_holder, demo._queue
    holder.session_data.pop(session, None)
    holder.time_last_used.pop(session, None)
    if not queue.pending_event_ids_session.get(session):
        queue.pending_event_ids_session.pop(session, None)
        queue.pending_messages_per_session.pop(session, None)


def pending_events(demo: gr.Blocks, session: str | None) -> int:
    """Return how many events of a session wait or run."""
    return len(demo._queue.pending_event_ids_session.get(session or "", ()))


def closed_sessions(demo: gr.Blocks, is_open: Callable[[str], bool]) -> set[str]:
    """Return the sessions without a connection of which Gradio keeps something and runs nothing."""
    queue, running = demo._queue, demo._queue.event_ids_to_events.keys()
    known = {session: set[str]() for session in list(demo.state_holder.session_data)}
    known |= queue.pending_event_ids_session
    return {
        session
        for session, events in known.items()
        if not is_open(session) and running.isdisjoint(events)
    }


def sweep_sessions(
    demo: gr.Blocks, is_open: Callable[[str], bool], closed_before: set[str]
) -> set[str]:
    """Remove everything of the sessions that were closed at the previous sweep and are so still.

    A program may connect for its result some time after its request.

    Returns:
        The sessions to remove at the next sweep.
    """
    closed = closed_sessions(demo, is_open)
    for session in closed & closed_before:
        demo._queue.pending_event_ids_session.pop(session, None)  # their results weren't fetched
        forget_session(demo, session)
    return closed - closed_before


def forget_deleted_files(demo: gr.Blocks) -> None:
    """Drop deleted files from Gradio's own lists, which only grow."""
    for paths in demo.temp_file_sets:
        paths.difference_update([path for path in paths.copy() if not Path(path).exists()])


def sweeping(store: UploadStore) -> Callable[[FastAPI], Any]:
    """Return an ASGI lifespan that sweeps uploads and sessions regularly."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_sweep(store, app))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return lifespan


async def _sweep(store: UploadStore, app: Any) -> None:
    demo: gr.Blocks = app.get_blocks()
    connections: Connections = app.state.connections
    closed: set[str] = set()
    while True:
        await anyio.to_thread.run_sync(store.sweep)
        forget_deleted_files(demo)
        closed = sweep_sessions(demo, connections.is_open, closed)
        await asyncio.sleep(UPLOAD_SWEEP_INTERVAL)
