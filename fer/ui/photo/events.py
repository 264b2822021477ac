"""Photo events: resolve the visitor's session and schedule the work of `PhotoHandlers`."""

import itertools
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import gradio as gr

from fer.drawing.face_export import PictureDocument
from fer.i18n import gettext as _
from fer.ui import html
from fer.ui.event_listeners import clipped_number, uploaded_path
from fer.ui.fair_scheduler import MAX_WAITING_FILES, BusyError, FairScheduler, Superseded
from fer.ui.photo.handlers import MIN_FACE_RANGE, PhotoHandlers
from fer.ui.sender import Sender
from fer.ui.sessions import SessionError, Sessions

MAX_PHOTOS = 2
"""Photos that are analysed at a time."""


class PhotoEvents:
    """Event listeners of the Photo tab.

    Args:
        handlers: Analyse photos.
        sessions: The visitors' sessions.
    """

    def __init__(self, handlers: PhotoHandlers, sessions: Sessions) -> None:
        self.handlers, self.sessions = handlers, sessions
        self._turns = FairScheduler(MAX_PHOTOS, "photo", MAX_WAITING_FILES)
        self._calls = itertools.count()

    async def read(
        self,
        picture: Mapping[str, Any] | None,
        min_face: float | None,
        whole_picture: bool,
        explained: bool,
        token: str,
        request: gr.Request | None = None,
    ) -> str | dict[str, Any]:
        """Analyse a photo for the page, see `PhotoHandlers.read`; return its HTML."""
        sender = Sender(request)
        try:
            session = self.sessions.get_or_create(token, sender)
            size = clipped_number(min_face, MIN_FACE_RANGE)
            path = uploaded_path(picture)
            work = partial(self.handlers.read, path, size, whole_picture, explained)
            content, session.photo = await self._turns.run(token, sender, work)
            return content
        except Superseded:
            unchanged: dict[str, Any] = gr.skip()
            return unchanged
        except (SessionError, BusyError) as error:
            return html.message(_("Not now"), str(error), "trouble")

    async def photo(
        self,
        picture: Mapping[str, Any] | None,
        min_face: float = MIN_FACE_RANGE[1],
        whole_picture: bool = False,
        request: gr.Request | None = None,
    ) -> PictureDocument:
        """Detect the faces in a picture and classify the expression of each as one of seven.

        Args:
            picture: The uploaded file, as programs send it.
            min_face: Minimum face size in pixels.
            whole_picture: True if the picture is a single face; then none is detected.
            request: Set by Gradio.

        Returns:
            A dictionary with picture, width, height, rotation, model, notices (sentences on how it
            was read) and faces, the largest one first; each face has its number, expression
            ("uncertain" if none stands out, "turned away" if the face is), seven probabilities, box
            (left, top, right, bottom in pixels), detector_confidence and quality.
        """
        sender = Sender(request)
        work = partial(self.handlers.predict, uploaded_path(picture), min_face, whole_picture)
        try:
            return await self._turns.run(sender.session_hash, sender, work, replace=False)
        except BusyError as error:
            raise gr.Error(str(error), print_exception=False) from None

    async def analyze_photo(
        self,
        picture: str,
        min_face: float = MIN_FACE_RANGE[1],
        whole_picture: bool = False,
        request: gr.Request | None = None,
    ) -> str:
        """Read a picture as a tool of the Model Context Protocol; see `TOOL_DESCRIPTION`.

        Args:
            picture: The picture itself as a data URL (data:image/jpeg;base64,...), at most 3 MB.
            min_face: Least size of a face in pixels, 16 to 200.
            whole_picture: True if the picture is a single face, so that none has to be detected.
            request: Set by Gradio.
        """
        work = partial(self.handlers.read_data_url, picture, min_face, whole_picture)
        turn = f"mcp {next(self._calls)}"  # callers can't be distinguished
        return json.dumps(await self._turns.run(turn, Sender(request), work, replace=False))
