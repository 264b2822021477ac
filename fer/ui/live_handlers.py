"""What the Live tab does, without the screen: frames in; picture, panel and timeline out."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import numpy as np
from supervision import Detections

from fer.pipeline import Pipeline, top_labels
from fer.show.annotators import FaceAnnotator, PlainAnnotator
from fer.timeline.files import to_csv, to_json
from fer.timeline.moments import find_moments
from fer.timeline.timeline import Timeline
from fer.ui import html
from fer.ui.downloads import parcel
from fer.ui.live_panels import START, class_panel, person_panel
from fer.ui.recorder import IDLE, Recorder, running_html
from fer.ui.visitor import Visitor

READERS = 2
"""Threads that read frames, for all visitors together: a Space on CPU basic has two cores."""

_JPEG_QUALITY = 80


class LiveHandlers:
    """What the Live tab does with frames, without the screen.

    All visitors' frames are read by a few threads of its own: more at a time would only get in each
    other's way, and every thread that ever read one keeps about 10 MB.

    Args:
        pipeline: Finds faces and reads their expressions.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Keep the pipeline."""
        self.pipeline = pipeline
        self.uncertain_below = pipeline.classifier.uncertain_below
        self._readers = ThreadPoolExecutor(READERS, "look")

    def look(
        self, frame: np.ndarray | None, visitor: Visitor, view: str = "person"
    ) -> tuple[str, str, str | dict, Visitor]:
        """Read one camera frame.

        Args:
            frame: RGB uint8 (h, w, 3), or None when the camera gave nothing.
            visitor: The one whose camera it is.
            view: "person" or "class"; while a timeline is recorded, its own view holds.

        Returns:
            HTML of the picture with boxes, HTML of the panel beside it, the timeline's HTML or
            nothing new of it, and the visitor.
        """
        if frame is None:
            return "", START, gr.skip(), visitor
        return self._readers.submit(self._look, frame, visitor, view).result()

    def _look(
        self, frame: np.ndarray, visitor: Visitor, view: str
    ) -> tuple[str, str, str | dict, Visitor]:
        now = time.monotonic()
        faces = self.pipeline.follow(frame, now, visitor.following)
        recorder = visitor.recorder
        if recorder is not None and recorder.running:
            view = recorder.timeline.view
        drawn, panel = self._shown(frame, faces, view, visitor.clock.tick(now))
        alt = f"Camera picture with {html.count(len(faces), 'face')}"
        picture = html.picture(drawn, alt, _JPEG_QUALITY)
        # Last, for Stop may be pressed meanwhile, and its chart is not to be drawn over.
        chart = None if recorder is None else recorder.record(faces, now)
        return picture, panel, gr.skip() if chart is None else chart, visitor

    def _shown(
        self, frame: np.ndarray, faces: Detections, view: str, rate: float
    ) -> tuple[np.ndarray, str]:
        """Return the picture with its boxes, and the panel; a class's faces are not named."""
        if view == "class":
            panel = class_panel(faces, rate, self.uncertain_below)
            return PlainAnnotator().annotate(frame, faces), panel
        labels = top_labels(faces, self.uncertain_below)
        annotator = FaceAnnotator(numbered=len(faces) > 1)
        return annotator.annotate(frame, faces, labels), person_panel(faces, labels, rate)


class TimelineHandlers:
    """What the buttons around the timeline do.

    Args:
        uncertain_below: Least probability at which an expression is named.
        model: The model in use, for the report.
        accuracy: How often it is right, and on what, for the report; None if that isn't known.
    """

    def __init__(self, uncertain_below: float, model: str, accuracy: str | None = None) -> None:
        """Keep them."""
        self.uncertain_below, self.model, self.accuracy = uncertain_below, model, accuracy

    def start(self, visitor: Visitor, view: str) -> tuple[str, Visitor]:
        """Begin a new timeline; the one before it is dropped.

        Args:
            visitor: Who records.
            view: "person" or "class".

        Returns:
            The timeline's HTML and the visitor.
        """
        timeline = Timeline(view, uncertain_below=self.uncertain_below)
        visitor.recorder = Recorder(timeline, time.monotonic())
        return running_html(timeline, 0.0), visitor

    def stop(self, visitor: Visitor) -> tuple[str, Visitor]:
        """End the timeline; return its HTML and the visitor."""
        return (IDLE if visitor.recorder is None else visitor.recorder.stop()), visitor

    def save_csv(self, visitor: Visitor) -> dict:
        """Return the timeline as CSV, as a download."""
        return parcel("timeline.csv", to_csv(_finished(visitor)).encode(), "text/csv")

    def save_json(self, visitor: Visitor) -> dict:
        """Return the timeline as JSON, as a download."""
        content = to_json(_finished(visitor), {"model": self.model}).encode()
        return parcel("timeline.json", content, "application/json")

    def save_plot(self, visitor: Visitor) -> dict:
        """Return the timeline's plot as PNG, as a download."""
        from fer.timeline.plots import timeline_plot

        timeline = _finished(visitor)
        file = io.BytesIO()
        timeline_plot(timeline, find_moments(timeline)).savefig(file, format="png", dpi=150)
        return parcel("timeline.png", file.getvalue(), "image/png")

    def save_report(self, visitor: Visitor) -> dict:
        """Return the timeline's report as one HTML file, as a download."""
        from fer.timeline.report import report_html

        known = {"model": self.model, "accuracy": self.accuracy}
        content = report_html(_finished(visitor), "Live timeline", **known)
        return parcel("timeline.html", content.encode(), "text/html")


def _finished(visitor: Visitor) -> Timeline:
    """Return the visitor's timeline, or say that there is none yet."""
    if visitor.recorder is None or visitor.recorder.running or not len(visitor.recorder.timeline):
        raise gr.Error("There is no finished timeline to save yet.", print_exception=False)
    return visitor.recorder.timeline
