"""The rows of Save buttons.

A file goes to the page as the result of a server function of a component: what an event returns,
Gradio would keep in its session.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gradio as gr
from fastapi import Request

from fer.ui import html
from fer.ui.connections import Sender
from fer.ui.fair_scheduler import BusyError, FairScheduler
from fer.ui.sessions import Session, SessionError, Sessions

Step = Callable[[Session], dict[str, str]]

MAKERS = 1
"""Threads that make the files of one row, for all visitors together."""


class FileSaver:
    """Makes the files of one row of buttons.

    Args:
        sessions: What is kept of visitors.
        steps: What makes the file of a session, as a `download`, by kind.
    """

    def __init__(self, sessions: Sessions, steps: Mapping[str, Step]) -> None:
        self.sessions, self.steps = sessions, steps
        self._turns = FairScheduler(MAKERS, "save")

    async def save(self, asked: Any, request: gr.Request | Request | None = None) -> dict[str, str]:
        """Return a file as `download` does, or one sentence under "error".

        Args:
            asked: The `kind` of file and the visitor's `token`, as the page sends them.
            request: The request.
        """
        asked = asked if isinstance(asked, dict) else {}
        step, token = self.steps.get(str(asked.get("kind"))), asked.get("token")
        if step is None:
            return {"error": "There is no such file; load the page again."}
        sender = Sender(request)
        try:
            session = self.sessions.of(token, sender)
            work = partial(step, session)
            return await self._turns.run(str(token), sender, work, replace=False)
        except gr.Error as error:
            return {"error": error.message}
        except (SessionError, BusyError) as error:
            return {"error": str(error)}


def download_buttons(
    sessions: Sessions, steps: Mapping[str, Step], prefix: str = "save"
) -> list[gr.Button]:
    """Put a row of buttons "Save CSV" and so on, which hand over what the steps make.

    Args:
        sessions: What is kept of visitors.
        steps: What makes the file of a session, by the kind that its button names.
        prefix: The buttons' ids are prefix and kind.
    """
    saves = FileSaver(sessions, steps)

    async def save(asked: Any, request: gr.Request) -> dict[str, str]:
        return await saves.save(asked, request)  # Gradio marks functions, and can't mark methods

    with gr.Row(elem_classes="fer-saves"):
        buttons = [
            gr.Button(f"Save {kind}", size="md", min_width=90, elem_id=f"{prefix}-{kind.lower()}")
            for kind in steps
        ]
    gr.HTML(
        elem_classes="fer-save-trouble",
        html_template="",
        server_functions=[save],
        js_on_load=html.script("download.js"),
        prefix=prefix,
        kinds=list(steps),
    )
    return buttons
