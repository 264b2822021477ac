"""Visitors who come and go: the token that is theirs, and what a page gets back by it.

Where something is going on, a camera's stream above all, Gradio answers a connection that broke by
loading the page anew as soon as it can; the new page has a session of its own in Gradio, and the
same token.
"""

import time
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from fer.ui import html
from fer.ui.connections import Sender
from fer.ui.event_options import PAGE_EVENT
from fer.ui.sessions import SessionError, Sessions


def build_token() -> gr.HTML:
    """Put the unseen component that holds the visitor's token, see `token.js`."""
    return gr.HTML(elem_id="fer-token", html_template="", js_on_load=html.script("token.js"))


def build_session_restore(
    demo: gr.Blocks,
    token: gr.HTML,
    sessions: Sessions,
    chart: Component,
    recording: Sequence[Component],
) -> None:
    """Let a page that was loaded again show what is kept, and forget visitors who leave.

    Args:
        demo: The page.
        token: Holds the visitor's token.
        sessions: What is kept of visitors.
        chart: Shows the timeline.
        recording: What `RecordingSession.outputs` fills.
    """

    async def arrive(token: str, request: gr.Request) -> tuple[Any, ...]:
        nothing = (gr.skip(), *[gr.skip()] * len(recording))
        try:
            session = sessions.arrive(token, Sender(request))
        except SessionError:
            return nothing  # it is told when something is asked for
        recorder, recording_session = session.visitor.recorder, session.desk
        shown = nothing[0] if recorder is None else recorder.restored_html(time.monotonic())
        return shown, *(recording_session.outputs() or nothing[1:])

    async def leave(request: gr.Request) -> None:
        """Drop what isn't to outlive the page, pictures above all.

        Gradio alone would keep what fields showed last, camera frames included, until some
        hundreds of others have come.
        """
        page, holder = request.session_hash or "", demo.state_holder
        sessions.leave(page)
        holder.session_data.pop(page, None)
        holder.time_last_used.pop(page, None)

    token.input(arrive, token, [chart, *recording], **PAGE_EVENT)
    demo.unload(leave)
