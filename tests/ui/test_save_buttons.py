"""Files to save: made in turns, and refused in a sentence."""

import threading
from types import SimpleNamespace

from fastapi import Request

from fer.ui import sender
from fer.ui.save_buttons import _save_function
from fer.ui.serving.connections import KEY, SESSION
from fer.ui.sessions import Sessions
from tests.async_runner import run_async


def test_who_leaves_while_a_file_is_made_leaves_no_traceback_in_the_log(monkeypatch):
    monkeypatch.setattr(sender, "TIMEOUT", 0.0)
    ended = threading.Event()
    save = _save_function(Sessions(), {"CSV": lambda session: ended.wait(20)})
    nobody = SimpleNamespace(is_open=lambda session: False)
    request = Request({"type": "http", "headers": [], SESSION: "left", KEY: nobody})

    async def scenario():
        try:
            return await save({"kind": "CSV", "token": "a" * 32}, request)
        finally:
            ended.set()

    assert run_async(scenario()) == {"error": "The visitor has left."}
