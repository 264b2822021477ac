"""Rows of Save buttons.

A file is sent as the result of a component's server function, as Gradio would keep an event's
result in its session.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gradio as gr

from fer.i18n import gettext as _
from fer.ui import html
from fer.ui.fair_scheduler import BusyError, FairScheduler
from fer.ui.sender import Sender
from fer.ui.sessions import Session, SessionError, Sessions

Step = Callable[[Session], dict[str, str]]

MAKERS = 1
"""Threads that make the files of one row of buttons, for all visitors together."""


def download_buttons(
    sessions: Sessions, steps: Mapping[str, Step], prefix: str = "save"
) -> list[gr.Button]:
    """Build a row of buttons, "Save CSV" and so on, that download files.

    Args:
        sessions: The visitors' sessions.
        steps: For each kind of file, the function that makes a session's `html.download`.
        prefix: The buttons' ids are prefix and kind.
    """
    with gr.Row(elem_classes="fer-saves"):
        buttons = [
            gr.Button(f"Save {kind}", size="md", min_width=90, elem_id=f"{prefix}-{kind.lower()}")
            for kind in steps
        ]
    gr.HTML(
        elem_classes="fer-save-trouble",
        html_template="",
        server_functions=[_save_function(sessions, steps)],
        js_on_load=html.script("download.js"),
        prefix=prefix,
        kinds=list(steps),
    )
    return buttons


def _save_function(sessions: Sessions, steps: Mapping[str, Step]) -> Callable[..., Any]:
    """Return the server function of one row of buttons."""
    turns = FairScheduler(MAKERS, "save")

    async def save(query: Any, request: gr.Request) -> dict[str, str]:
        """Return a file as `html.download` does, or one sentence under "error"."""
        # What the page sends: the `kind` of file and the visitor's `token`.
        query = query if isinstance(query, dict) else {}
        step, token = steps.get(str(query.get("kind"))), query.get("token")
        if step is None:
            return {"error": _("There is no such file; load the page again.")}
        sender = Sender(request)
        try:
            work = partial(step, sessions.get_or_create(token, sender))
            return await turns.run(str(token), sender, work, replace=False)
        except gr.Error as error:
            return {"error": error.message}
        except (SessionError, BusyError) as error:
            return {"error": str(error)}

    return save
