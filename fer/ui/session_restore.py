"""Session restore: a reloaded page gets its timeline and recording back by the visitor's token.

When a connection breaks during an event, such as a camera's stream, Gradio reloads the page as soon
as it can; the new page has another Gradio session and the same token. That a timeline's page was
loaded again is stated by `fer.ui.live.timeline_recorder`, until a frame comes.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from fer.ui import html
from fer.ui.event_listeners import FILE_EVENT
from fer.ui.fair_scheduler import MAX_WAITING_EVENTS, BusyError, FairScheduler, Superseded
from fer.ui.gradio_internals import forget_session
from fer.ui.localization import LocalizedBlocks
from fer.ui.recording.queue_views import restored_outputs
from fer.ui.sender import Abandoned, Sender
from fer.ui.sessions import Session, SessionError, Sessions


def build_token() -> gr.HTML:
    """Build the hidden component that holds the visitor's token, see `token.js`."""
    return gr.HTML(elem_id="fer-token", html_template="", js_on_load=html.script("token.js"))


def build_session_restore(
    demo: LocalizedBlocks,
    token: gr.HTML,
    sessions: Sessions,
    chart: Component,
    recording: Sequence[Component],
) -> None:
    """Restore sessions when a page is reloaded, and drop images when it is closed.

    Args:
        demo: The page.
        token: Holds the visitor's token.
        sessions: The visitors' sessions.
        chart: The live timeline's chart.
        recording: The components that `restored_outputs` fills.
    """

    turns = FairScheduler(1, "restore", MAX_WAITING_EVENTS)
    unchanged = (gr.skip(), *[gr.skip()] * len(recording))

    def restored(session: Session) -> tuple[Any, ...]:
        recorder = session.live.recorder
        timeline = unchanged[0] if recorder is None else recorder.html(time.monotonic())
        return timeline, *(restored_outputs(session.recording) or unchanged[1:])

    async def arrive(token: str, request: gr.Request) -> tuple[Any, ...]:
        sender = Sender(request)
        try:
            session = sessions.open_page(token, sender)
            if session.live.recorder is None and session.recording.is_empty:
                return unchanged
            # A long timeline takes a while to draw.
            return await turns.run(token, sender, partial(restored, session))
        except BusyError as error:
            raise gr.Error(str(error), print_exception=False) from None
        except (SessionError, Superseded, Abandoned):
            return unchanged  # the visitor's next event reports it

    def leave(page: str) -> None:
        """Drop what must not outlive the page, images above all."""
        sessions.close_page(page)
        forget_session(demo, page)

    token.input(arrive, token, [chart, *recording], **FILE_EVENT)
    demo.close_page = leave
