"""What goes when a visitor leaves: pictures at once, what was made for them after a while.

Gradio calls everybody gone whose connection breaks, be it that a phone shows another app or that a
laptop sleeps; such a page comes back, and goes on with what is kept here: by itself or, where it
was loaded again, through `fer.ui.returning`.
"""

from typing import Any

import gradio as gr
from gradio.state_holder import SessionState, StateHolder

from fer.ui.photo_handlers import Reading
from fer.ui.recording_handlers import Desk
from fer.ui.visitor import Visitor

GRACE = 870
"""Seconds after their last use for which numbers and recordings outlive the visitor's connection.

Gradio looks for what has expired every second; the page says "a quarter of an hour".
"""


class LeftSession(SessionState):
    """The session of a visitor who left; should they come back, Gradio isn't told when they go.

    So its values expire: Gradio drops what a closed session holds when it hasn't been set for so
    many seconds (`grace`), and calls its `delete_callback`. Pictures are not kept at all.
    """

    def __init__(self, blocks: gr.Blocks, kept: dict[int, Any], grace: float) -> None:
        """Keep the values from now on."""
        super().__init__(blocks)
        self.is_closed, self.STATE_TTL_WHEN_CLOSED = True, grace
        for key, value in kept.items():
            self[key] = value

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Don't keep what a field shows, such as a camera's frame, as other sessions do."""


def leave(sessions: StateHolder, visitor: str, grace: float = GRACE) -> None:
    """Forget a visitor, by their session's hash, but for what they may want to save.

    It belongs on the thread of Gradio's loop, which goes through all sessions every second.
    """
    _tidy(sessions)
    session = sessions.session_data.get(visitor)
    if session is None:
        return
    left = {key: _kept(value) for key, value in session.state_data.items()}
    kept = {key: value for key, value in left.items() if value is not None}
    for key in kept:
        del session.state_data[key]  # its delete_callback is not called yet
    sessions.delete_state(visitor)
    if kept:
        sessions.session_data[visitor] = LeftSession(sessions.blocks, kept, grace)
    else:
        drop(sessions, visitor)


def _kept(value: Any) -> Visitor | Desk | Reading | None:
    """Return what is left of a value without pictures and unfinished work; None if nothing is."""
    if isinstance(value, Visitor) and value.recorder is not None:
        return value.without_pictures()
    if isinstance(value, Desk) and value.job is not None and value.job.finished:
        return value
    return value if isinstance(value, Reading) else None


def _tidy(sessions: StateHolder) -> None:
    """Drop the sessions of those who left if all they held has expired."""
    for visitor, session in list(sessions.session_data.items()):
        if isinstance(session, LeftSession) and not session.state_data:
            drop(sessions, visitor)


def drop(sessions: StateHolder, visitor: str) -> None:
    """Take a session off the list; what it holds is not looked at."""
    sessions.session_data.pop(visitor, None)
    sessions.time_last_used.pop(visitor, None)
