"""Gradio's own state of visitors: little is kept, and nothing when they have left.

Gradio 6.31 has no public way for it: `state_session_capacity` evicts sessions by number alone,
`delete_callback` is for `gr.State`, `delete_cache` for files, and the queue's entries of a session
are never removed. Nor has it one to let its queue poll less often. So this module and
`fer.ui.mailboxes`, and no other, reach into its insides, and their tests fail when those change.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState, StateHolder

from fer.ui.mailboxes import Mailboxes

logger = logging.getLogger(__name__)

POLL_INTERVAL = 0.02
"""Seconds from one search of Gradio's queue for new events to the next. At Gradio's millisecond
even an idle page keeps a core busy, and the threads that read frames are interrupted each time."""


def poll_less_often(demo: gr.Blocks) -> None:
    """Let the queue of a page poll for new events every `POLL_INTERVAL` only."""
    demo._queue.sleep_when_free = POLL_INTERVAL


class MinimalSessionState(SessionState):
    """Gradio's state of a session, without a description of each component and its last value.

    These are for links that store a page's values, which this page has none of; to make them takes
    10 to 30 ms, in which nobody else is served.
    """

    def __init__(self, blocks: gr.Blocks) -> None:
        nothing_described: Any = SimpleNamespace(default_config=blocks.default_config, blocks={})
        super().__init__(nothing_described)

    def _update_config(self, key: int) -> None:
        """Keep nothing."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Keep nothing."""


class MinimalStateHolder(StateHolder):
    """Gradio's states of all sessions, minimal ones."""

    def __getitem__(self, session_id: str) -> SessionState:
        """Return a session's state, a new one where there is none."""
        if session_id not in self.session_data:
            self.session_data[session_id] = MinimalSessionState(self.blocks)
        return super().__getitem__(session_id)


class RemovableIterators(dict[str, Any]):
    """The iterators of handlers that yield.

    Gradio waits for one to close before it removes it. By then, a second request to cancel the same
    event, or the sweep, may have done so.
    """

    def __delitem__(self, event: str) -> None:
        """Drop an iterator, if it is there."""
        self.pop(event, None)


def install_minimal_state(app: Any, is_open: Callable[[str], bool]) -> None:
    """Have Gradio keep minimal states, bounded mailboxes and iterators that may be dropped twice.

    It is called before the page serves its first request.

    Args:
        app: Gradio's application.
        is_open: Whether a session has an open connection.
    """
    demo: Any = app.get_blocks()
    app.state_holder = MinimalStateHolder()  # type: ignore[no-untyped-call]
    app.state_holder.set_blocks(demo)
    app.iterators = RemovableIterators()
    demo._queue.pending_messages_per_session = Mailboxes(is_open)


def restart_stopped_queue(demo: Any) -> None:
    """Start Gradio's queue again if it has stopped by an error; else every event is refused."""
    if demo._queue.stopped and demo.is_running:
        logger.error("Gradio's queue has stopped; it is started again.")
        demo._queue.start()
        demo._queue.stopped = False


def forget_session(demo: gr.Blocks, session: str) -> None:
    """Remove the state of a session's components, and its queue once that is empty.

    An event that still runs needs the queue; the sweep removes it later.
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


def unfinished_events(demo: gr.Blocks) -> list[Any]:
    """Return the events that wait or run."""
    queue: Any = demo._queue
    waiting = [
        event for line in queue.event_queue_per_concurrency_id.values() for event in line.queue
    ]
    return waiting + [event for job in queue.active_jobs if job for event in job]


def working_sessions(demo: gr.Blocks) -> set[str]:
    """Return the sessions whose events wait or run."""
    return {event.session_hash for event in unfinished_events(demo)}


def has_results(demo: gr.Blocks, session: str) -> bool:
    """Return whether there are, or will be, results of a session."""
    return session in demo._queue.pending_messages_per_session


def session_of(demo: gr.Blocks, event: str) -> str:
    """Return the session of an event; its id is that of one that was sent without a session."""
    queue: Any = demo._queue
    if found := queue.event_ids_to_events.get(event):
        return str(found.session_hash)
    owners = (owner for owner, ids in queue.pending_event_ids_session.items() if event in ids)
    return next(owners, event)


def closed_sessions(demo: gr.Blocks, is_open: Callable[[str], bool]) -> set[str]:
    """Return the sessions without a connection of which Gradio keeps something and runs nothing."""
    queue, running = demo._queue, demo._queue.event_ids_to_events.keys()
    known = {session: set[str]() for session in queue.pending_messages_per_session}
    known |= {session: set[str]() for session in list(demo.state_holder.session_data)}
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


def forget_cancelled(app: Any, ended_before: set[str]) -> set[str]:
    """Drop what Gradio keeps of cancelled events that run no more.

    It keeps the id of each one, and all of an event that is cancelled twice at the same time.

    Args:
        app: Gradio's application.
        ended_before: What this function returned at the previous sweep.

    Returns:
        The events to drop at the next sweep, if Gradio hasn't done so by then.
    """
    queue = app.get_blocks()._queue
    unfinished = {event._id for event in unfinished_events(app.get_blocks())}
    ended: set[str] = (queue.event_ids_to_events.keys() | app.iterators.keys()) - unfinished
    for event in ended & ended_before:
        queue.event_ids_to_events.pop(event, None)
        app.iterators.pop(event, None)
    app.iterators_to_reset.intersection_update(unfinished)
    return ended


def forget_deleted_files(demo: gr.Blocks) -> None:
    """Drop deleted files from Gradio's own lists, which only grow."""
    for paths in demo.temp_file_sets:
        paths.difference_update([path for path in paths.copy() if not Path(path).exists()])
