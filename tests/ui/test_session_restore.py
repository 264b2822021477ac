"""Restoring sessions: what takes long is done beside the event loop."""

import asyncio
import threading
from types import SimpleNamespace

import gradio as gr

from fer.ui.localization import LocalizedBlocks
from fer.ui.sender import Sender
from fer.ui.session_restore import build_session_restore, build_token
from fer.ui.sessions import Sessions

TOKEN = "0123456789abcdef" * 2


async def test_others_are_served_while_a_page_that_was_loaded_again_gets_its_timeline():
    sessions, served = Sessions(), threading.Event()
    with LocalizedBlocks(analytics_enabled=False) as demo:
        build_session_restore(demo, build_token(), sessions, gr.HTML(), [gr.HTML()])
    (arrive,) = (fn.fn for fn in demo.fns.values() if fn.api_name == "arrive")

    def draw(now):
        assert served.wait(5)
        return "drawn"

    session = sessions.open_page(TOKEN, Sender(None))
    assert await arrive(TOKEN, None) == (gr.skip(), gr.skip())
    session.live.recorder = SimpleNamespace(html=draw)
    session.session_hash = "closed"
    arriving = asyncio.create_task(arrive(TOKEN, None))
    await asyncio.sleep(0.05)
    served.set()
    assert await arriving == ("drawn", gr.skip()) and session.live.recorder.reloaded
