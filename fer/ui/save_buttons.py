"""Rows of Save buttons.

A file is sent as the result of a component's server function, as Gradio would keep an event's
result in its session.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gradio as gr
from fastapi import Request

from fer.i18n import gettext as _
from fer.ui import html
from fer.ui.connections import Sender
from fer.ui.fair_scheduler import BusyError, FairScheduler
from fer.ui.sessions import Session, SessionError, Sessions

Step = Callable[[Session], dict[str, str]]

MAKERS = 1
"""Threads that make the files of one row of buttons, for all visitors together."""


class FileSaver:
    """Makes the files of one row of buttons.

    Args:
        sessions: The visitors' sessions.
        steps: By kind of file, the function that makes a session's `download`.
    """

    def __init__(self, sessions: Sessions, steps: Mapping[str, Step]) -> None:
        self.sessions, self.steps = sessions, steps
        self._turns = FairScheduler(MAKERS, "save")

    async def save(self, query: Any, request: gr.Request | Request | None = None) -> dict[str, str]:
        """Return a file as `download` does, or one sentence under "error".

        Args:
            query: The `kind` of file and the visitor's `token`, as the page sends them.
            request: The request.
        """
        query = query if isinstance(query, dict) else {}
        step, token = self.steps.get(str(query.get("kind"))), query.get("token")
        if step is None:
            return {"error": _("There is no such file; load the page again.")}
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
    """Build a row of buttons, "Save CSV" and so on, that download files.

    Args:
        sessions: The visitors' sessions.
        steps: By kind of file, the function that makes a session's `download`.
        prefix: The buttons' ids are prefix and kind.
    """
    saves = FileSaver(sessions, steps)

    async def save(query: Any, request: gr.Request) -> dict[str, str]:
        return await saves.save(query, request)  # Gradio marks functions, and can't mark methods

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
