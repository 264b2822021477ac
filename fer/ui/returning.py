"""What a page gets back that was loaded again: a timeline, or what was made of a recording.

Where something is going on, a camera's stream above all, Gradio answers a connection that broke by
loading the page anew as soon as it can; the new page has a session of its own.
"""

import time
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.state_holder import StateHolder

from fer.ui import html
from fer.ui.leaving import drop, leave
from fer.ui.recording_handlers import Desk
from fer.ui.visitor import Visitor


def build_returning(
    demo: gr.Blocks, timeline: Sequence[Component], recording: Sequence[Component]
) -> None:
    """Put what says, unseen, which session the page had before it was loaded again.

    Args:
        demo: The page, whose sessions are looked through.
        timeline: The chart and the visitor's state.
        recording: What `Desk.shown` fills, and the desk's state.
    """

    async def give_back(before: str) -> tuple[Any, ...]:
        had = take(demo.state_holder, before)
        visitor, desk = had.get(Visitor), had.get(Desk)
        chart = visitor and visitor.recorder.shown(time.monotonic())
        shown = desk and desk.shown()
        return (
            *((chart, visitor) if chart else [gr.skip()] * len(timeline)),
            *((*shown, desk) if shown else [gr.skip()] * len(recording)),
        )

    before = gr.HTML(
        elem_id="fer-returning",
        js_on_load=html.script("returning.js"),
    )
    outputs = [*timeline, *recording]
    before.input(give_back, before, outputs, show_progress="hidden", api_visibility="private")


def take(sessions: StateHolder, visitor: str) -> dict[type, Any]:
    """Return what outlives a visitor's connection, by its type, and forget the visitor.

    Their page is gone, also where Gradio hasn't noticed yet. It belongs on the thread of Gradio's
    loop, as `leave` does.

    Args:
        sessions: Gradio's.
        visitor: The hash of the session that they had; nothing is found under an unknown one.
    """
    leave(sessions, visitor)
    session = sessions.session_data.get(visitor)
    if session is None:
        return {}
    kept = list(session.state_data.values())
    session.state_data.clear()  # no delete_callback is called: it goes on in another session
    drop(sessions, visitor)
    return {type(value): value for value in kept}
