"""The Live tab: the camera in, the same picture with boxes and bars out, several times a second."""

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
import numpy as np

from fer.pipeline import Following, Pipeline, top_labels
from fer.show.annotators import FaceAnnotator
from fer.ui import html

STREAM_EVERY = 0.1
"""Seconds between frames asked for; fewer come when the machine is slower (the latest one wins)."""

VISITORS = 6
"""Streams that are answered at a time; further visitors wait for a turn."""

TURN = 45
"""Seconds after which a stream lines up again, so that nobody waits for ever."""

CAMERA = {"video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "facingMode": "user"}}
"""What the browser is asked for; every frame crosses the network, so small ones."""

_JPEG_QUALITY = 80

START = html.card(
    '<h3 class="fer-heading">Three steps</h3><ol class="fer-steps">'
    "<li>Press the camera and allow the browser to use it.</li>"
    "<li>Press Record. The bars for your face appear here.</li>"
    "<li>Press Stop whenever you like; no picture is kept.</li></ol>"
    '<p class="fer-note">No camera at hand? The Photo tab works without one.</p>'
)

NO_FACE = html.message(
    "No face in view",
    "Face the camera, come a little closer, and let some light fall on your face.",
)


class FrameClock:
    """Counts one visitor's frames a second; kept in that visitor's session and nowhere else."""

    window = 2.0
    """Seconds that the rate is taken over."""

    def __init__(self) -> None:
        """Start with no frame seen."""
        self._times: deque[float] = deque()

    def tick(self, now: float | None = None) -> float:
        """Count a frame.

        Args:
            now: Seconds on any steadily rising clock; the system's if None.

        Returns:
            Frames a second within the last two seconds; 0 for the first frame after a pause.
        """
        now = time.monotonic() if now is None else now
        self._times.append(now)
        while now - self._times[0] > self.window:
            self._times.popleft()
        span = now - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0


@dataclass
class Visitor:
    """What is kept of one visitor while the page is open, and nowhere else."""

    clock: FrameClock = field(default_factory=FrameClock)
    following: Following = field(default_factory=Following)


class LiveHandlers:
    """What the Live tab does, without the screen.

    Args:
        pipeline: Finds faces and reads their expressions.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Keep the pipeline."""
        self.pipeline = pipeline
        self.annotator = FaceAnnotator()

    def look(self, frame: np.ndarray | None, visitor: Visitor) -> tuple[str, str, Visitor]:
        """Read one camera frame.

        Args:
            frame: RGB uint8 (h, w, 3), or None when the camera gave nothing.
            visitor: The one whose camera it is.

        Returns:
            HTML of the picture with boxes, HTML of the panel beside it, and the visitor.
        """
        if frame is None:
            return "", START, visitor
        faces = self.pipeline.follow(frame, time.monotonic(), visitor.following)
        labels = top_labels(faces, self.pipeline.classifier.uncertain_below)
        drawn = self.annotator.annotate(frame, faces, labels)
        alt = f"Camera picture with {html.count(len(faces), 'face')}"
        panel = self._panel(faces.data["probabilities"], labels, visitor.clock.tick())
        return html.picture(drawn, alt, _JPEG_QUALITY), panel, visitor

    def _panel(self, probabilities: np.ndarray, labels: list[str], rate: float) -> str:
        status = (
            f'<p class="fer-status"><span>{html.count(len(labels), "face")}</span>'
            f'<span class="fer-rate">{rate:.1f} frames/s</span></p>'
        )
        if not labels:
            return html.card(NO_FACE + status)
        # The detector puts the largest face first.
        heading = "Your expression" if len(labels) == 1 else "The largest face"
        top = html.verdict(labels[0], probabilities[0])
        return html.card(
            f'<h3 class="fer-heading">{heading}</h3>{top}'
            f"{html.bars(probabilities[0], labels[0])}{status}"
        )


def build_live(pipeline: Pipeline) -> None:
    """Put the Live tab's components on the page and wire them."""
    handlers = LiveHandlers(pipeline)
    with gr.Row(elem_classes="fer-columns"):
        with gr.Column(scale=3, min_width=300):
            with gr.Column(elem_id="live-stage"):
                camera = gr.Image(
                    sources=["webcam"],
                    streaming=True,
                    type="numpy",
                    label="Camera",
                    show_label=False,
                    elem_id="live-camera",
                    webcam_options=gr.WebcamOptions(mirror=True, constraints=CAMERA),
                )
                view = gr.HTML(elem_id="live-view")
            gr.HTML(
                elem_id="live-trouble", js_on_load=Path(__file__).with_name("live.js").read_text()
            )
        with gr.Column(scale=2, min_width=260):
            panel = gr.HTML(START, elem_id="live-panel")
    # Each visitor gets a copy. (The class itself would do, but Gradio publishes its constructor.)
    visitor = gr.State(Visitor())
    camera.stream(
        handlers.look,
        [camera, visitor],
        [view, panel, visitor],
        stream_every=STREAM_EVERY,
        time_limit=TURN,
        concurrency_limit=VISITORS,
        show_progress="hidden",
        api_visibility="private",
    )
