"""The camera window's main loop, independent of any camera or screen: draw frames, act on keys."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from fer.array_types import UInt8Array
from fer.cli.frame_sources import FrameSource
from fer.clock import FrameRateMeter
from fer.drawing.annotators import FaceAnnotator, display_ids
from fer.drawing.overlays import add_probability_bars, add_status_bar
from fer.images import encode_jpeg
from fer.output_files import write_file
from fer.pipeline import Pipeline, StreamState
from fer.video import Frame, VideoWriter
from fer.vision.boxes import box_areas
from fer.vision.detections import boxes, expression_labels, probabilities

HINTS = ("q quit", "space pause", "s save", "r record")

KEY_WAIT = 4
"""Milliseconds to wait for a key where there is no new frame."""

JPEG_QUALITY = 92
"""JPEG quality of saved pictures, 1 to 95."""


class Screen(Protocol):
    """What the loop asks of a window; see `fer.cli.window.Window`."""

    def show(self, image: UInt8Array) -> None:
        """Show RGB uint8 (h, w, 3)."""

    def key(self, milliseconds: int) -> str:
        """Wait so long for a key and return it, or ""."""

    def close(self) -> None:
        """Take it off the screen."""


class OutputNames:
    """Names files by the time, never one that is there already, and remembers them.

    Args:
        folder: Where they go.
        now: Returns the time of day.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        """Keep both; nothing is written."""
        self._folder, self._now = folder, now
        self.saved: list[Path] = []

    def next_path(self, suffix: str) -> Path:
        """Return where the next file goes, fer-20270131-093000.jpg; its folder is made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        stem, number = f"fer-{self._now():%Y%m%d-%H%M%S}", 1
        path = self._folder / f"{stem}{suffix}"
        while path.exists():
            number += 1
            path = self._folder / f"{stem}-{number}{suffix}"
        self.saved.append(path)
        return path


class CameraRecording:
    """A recording in progress; its time begins with its first frame.

    Args:
        path: The MP4 file to write.
        frame: The first frame; the others have its size.
    """

    def __init__(self, path: Path, frame: Frame) -> None:
        """Open the file."""
        height, width = frame.image.shape[:2]
        self._writer = VideoWriter(path, width, height, recoverable=True)
        self._start = frame.time
        self.seconds = 0.0

    def write(self, image: UInt8Array, frame: Frame) -> None:
        """Add a drawing, RGB uint8 (h, w, 3), at its frame's time."""
        self.seconds = frame.time - self._start
        self._writer.write(image, self.seconds, frame.duration)

    def close(self) -> None:
        """Finish the file."""
        self._writer.__exit__(None, None, None)


class CameraLoop:
    """One source in one window.

    Attributes:
        last_drawing: The latest picture as it is drawn, without the lines of words; there is none
            before the first frame, nor a window that could take a key.

    Args:
        pipeline: Finds faces and reads their expressions.
        source: Where the frames come from.
        open_screen: Opens a window for pictures of a width and height in pixels.
        output_names: Where pictures and recordings go.
        mirror: Whether left and right change places.
    """

    last_drawing: UInt8Array
    _frame: Frame

    def __init__(
        self,
        pipeline: Pipeline,
        source: FrameSource,
        open_screen: Callable[[int, int], Screen],
        output_names: OutputNames,
        mirror: bool = False,
    ) -> None:
        self.pipeline, self.source, self.output_names, self.mirror = (
            pipeline,
            source,
            output_names,
            mirror,
        )
        self.running = True
        self.recording: CameraRecording | None = None
        self._open_screen = open_screen
        self._screen: Screen | None = None
        self._state, self._frame_rate = StreamState(), FrameRateMeter()
        self._face_count, self._speed = 0, 0.0
        self._annotator = FaceAnnotator()
        self._actions = {
            "q": self.quit,
            "\x1b": self.quit,
            " ": self.pause,
            "s": self.save,
            "r": self.record,
        }

    def run(self) -> None:
        """Run until the source ends or somebody quits; a recording is finished in any case."""
        try:
            while self.running and not self.source.ended:
                self.step()
        finally:
            try:
                self._end_recording()
            finally:
                if self._screen:
                    self._screen.close()

    def step(self) -> None:
        """Process a frame, if there is a new one, then a key, if one was pressed."""
        frame = self.source.read() if self.source.clock.running else None
        if frame:
            self.process_frame(frame)
        key = self._screen.key(1 if frame else KEY_WAIT) if self._screen else ""
        action = self._actions.get(key.lower())
        if action:
            action()
            self._show()

    def process_frame(self, frame: Frame) -> None:
        """Read a frame, draw what was read, and show and record it."""
        image = np.ascontiguousarray(frame.image[:, ::-1]) if self.mirror else frame.image
        self.last_drawing = self._draw(image, frame.time)
        if self.recording:
            self.recording.write(self.last_drawing, frame)
        self._frame = frame
        self._speed = self._frame_rate.tick()
        self._show()

    def quit(self) -> None:
        """End the loop."""
        self.running = False

    def pause(self) -> None:
        """Pause, or resume."""
        clock = self.source.clock
        (clock.pause if clock.running else clock.resume)()

    def save(self) -> None:
        """Save the picture with what is drawn on the faces, without the status bar."""
        content = encode_jpeg(self.last_drawing, JPEG_QUALITY)
        write_file(self.output_names.next_path(".jpg"), content)

    def record(self) -> None:
        """Start a recording with the picture that is shown, or finish the one in progress."""
        if self.recording:
            self._end_recording()
            return
        self.recording = CameraRecording(self.output_names.next_path(".mp4"), self._frame)
        self.recording.write(self.last_drawing, self._frame)

    def _end_recording(self) -> None:
        recording, self.recording = self.recording, None  # it is closed once, even in vain
        if recording:
            recording.close()

    def _draw(self, image: UInt8Array, time: float) -> UInt8Array:
        faces = self.pipeline.process_frame(image, time, self._state)
        labels = expression_labels(faces, self.pipeline.classifier.uncertain_below)
        self._face_count = len(faces)
        drawn = self._annotator.annotate(image, faces, labels)
        if not labels:
            return drawn
        largest = int(box_areas(boxes(faces)).argmax())
        title = f"face {display_ids(faces)[largest]}" if len(labels) > 1 else ""
        row = probabilities(faces)[largest]
        return add_probability_bars(drawn, row, labels[largest], boxes(faces), title)

    def _show(self) -> None:
        seconds = int(self.recording.seconds) if self.recording else 0
        alert = f"{seconds // 60}:{seconds % 60:02}" if self.recording else None
        faces = f"{self._face_count or 'no'} face{'s' if self._face_count > 1 else ''}"
        pace = f"{self._speed:.1f} frames/s" if self.source.clock.running else "paused"
        shown = add_status_bar(self.last_drawing, (faces, pace), HINTS, alert)
        if not self._screen:
            height, width = shown.shape[:2]
            self._screen = self._open_screen(width, height)
        self._screen.show(shown)
