"""Live handlers: a camera frame in; faces, panel and timeline chart out."""

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr
from fastapi import Request
from supervision import Detections

from fer.array_types import UInt8Array
from fer.clock import FrameRateMeter
from fer.i18n import gettext as _
from fer.images import ImageError, read_image
from fer.pipeline import Pipeline
from fer.timeline.timeline import VIEWS
from fer.ui.fair_scheduler import BusyError, FairScheduler, Superseded
from fer.ui.live.camera_frames import MAX_PIXELS, frame_bytes
from fer.ui.live.camera_places import CameraPlaces
from fer.ui.live.live_reading import LiveReading, named_faces, plain_faces
from fer.ui.live.session import LiveSession
from fer.ui.live.timeline_recorder import TimelineRecorder, lost_html
from fer.ui.live.views import (
    camera_lost_panel,
    class_panel,
    face_to_confirm,
    person_panel,
    refused_panel,
)
from fer.ui.sender import Abandoned, Sender
from fer.ui.serving.request_checks import OUTDATED
from fer.ui.sessions import SessionError, Sessions
from fer.vision.detections import expression_labels

FRAME_WORKERS = 2
"""Threads that process frames, for all visitors together: a Space on CPU basic has two cores."""

SEARCH_PERIOD, FEW_CAMERAS = 0.45, 6
"""Seconds in which the search for new faces is once through the picture while few cameras are on,
and how many these are. With more it takes longer in proportion: it is most of a frame's cost where
frames are seldom, and faces that are known are followed without it."""

REFUSAL_DELAY, MAX_DELAYED = 1.0, 48
"""Seconds by which the response to a refused frame is delayed, as the browser sends no other one
meanwhile, and to how many at a time, as each stays in memory."""


class LiveHandlers:
    """Processes camera frames.

    All visitors' frames are processed by a few threads of its own: more at a time would only slow
    each other down, and every thread that ever processed one keeps about 10 MB. A stream occupies
    no thread while it waits for its next frame.

    Args:
        pipeline: Detects, tracks and classifies faces.
        sessions: The visitors' sessions.
    """

    def __init__(self, pipeline: Pipeline, sessions: Sessions) -> None:
        self.pipeline, self.sessions = pipeline, sessions
        self.uncertain_below = pipeline.classifier.uncertain_below
        self._turns = FairScheduler(FRAME_WORKERS, "frame")
        self._places = CameraPlaces()
        self._delayed = 0

    async def read_frame(
        self, query: Any, request: gr.Request | Request | None = None
    ) -> LiveReading:
        """Read one camera frame.

        Args:
            query: The `frame` (see `frame_bytes`), the visitor's `token`, the `view`, "person" or
                "class", and whether the page shows a timeline that is `recording`; while there is
                one, its own view is used.
            request: The frame's request.
        """
        began = time.monotonic()
        query = query if isinstance(query, dict) else {}
        sender = Sender(request)
        try:
            reading = await self._read_in_turn(query, sender)
        except (ImageError, SessionError, BusyError) as error:
            if isinstance(error, ImageError):  # what can't be decoded is no camera
                self._places.free(str(query.get("token")))
            await self._delay()
            reading = LiveReading(refused_panel(str(error)))
        except Superseded:
            reading = LiveReading(skipped=True)
        except Abandoned:
            reading = LiveReading()
        return replace(reading, seconds=round(time.monotonic() - began, 4))

    async def _read_in_turn(self, query: dict[str, Any], sender: Sender) -> LiveReading:
        content = frame_bytes(query.get("frame"))
        token, view = query.get("token"), query.get("view")
        session = self.sessions.get_or_create(token, sender)
        self._places.take(str(token), sender.session_hash)
        if view not in VIEWS:
            raise BusyError(_(OUTDATED))
        if query.get("recording") is True and session.live.recorder is None:
            return LiveReading(chart=lost_html())
        work = partial(self._read, content, session.live, view)
        return await self._turns.run(str(token), sender, work)

    async def _delay(self) -> None:
        """Let the sender of a refused frame wait."""
        if self._delayed < MAX_DELAYED:
            self._delayed += 1
            try:
                await asyncio.sleep(REFUSAL_DELAY)
            finally:
                self._delayed -= 1

    def _read(self, content: bytes, visitor: LiveSession, view: str) -> LiveReading:
        # A colour profile would be parsed in this process, and cameras' pictures have none.
        frame = read_image(content, apply_profile=False, max_pixels=MAX_PIXELS)
        now = time.monotonic()
        loss = visitor.camera_monitor.check(content, frame, now)
        if loss is not None:  # nothing of it counts
            visitor.frame_rate = FrameRateMeter()
            chart = _record(visitor.recorder, None, now)
            return LiveReading(camera_lost_panel(_(loss.value)), chart)
        if visitor.camera_monitor.uniform:
            return LiveReading(skipped=True)
        return self._process_frame(frame, visitor, view, now)

    def _process_frame(
        self, frame: UInt8Array, visitor: LiveSession, view: str, now: float
    ) -> LiveReading:
        cameras = max(len(self._places), FEW_CAMERAS)
        visitor.stream_state.stream_detector.search_period = SEARCH_PERIOD * cameras / FEW_CAMERAS
        faces = self.pipeline.process_frame(frame, now, visitor.stream_state)
        recorder = visitor.recorder
        if recorder is not None and recorder.running:
            view = recorder.timeline.view
        rate = visitor.frame_rate.tick(now)
        height, width = frame.shape[:2]
        reading = replace(self._describe(faces, view, rate), view=view, width=width, height=height)
        if len(tentative := visitor.stream_state.tentative):  # a plain box, until it counts
            plain = plain_faces(tentative, state="tentative")
            reading = replace(reading, faces=reading.faces + plain)
            if not len(faces):
                reading = replace(reading, panel=face_to_confirm())
        # Last: Stop may be pressed meanwhile, and its chart must not be replaced.
        counted = None if visitor.camera_monitor.repeated else faces
        return replace(reading, chart=_record(recorder, counted, now))

    def _describe(self, faces: Detections, view: str, rate: float) -> LiveReading:
        """Return faces and panel; in the class view, faces have no labels and no numbers."""
        if view == "class":
            return LiveReading(
                class_panel(faces, rate, self.uncertain_below), faces=plain_faces(faces)
            )
        labels = expression_labels(faces, self.uncertain_below)
        return LiveReading(person_panel(faces, labels, rate), faces=named_faces(faces, labels))


def _record(recorder: TimelineRecorder | None, faces: Detections | None, now: float) -> str | None:
    """Return the timeline's HTML if it is time to draw it again, else None."""
    return None if recorder is None else recorder.record(faces, now)
