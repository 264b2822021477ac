"""What of a recording is analysed, in which view, and what is written."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer.recording.exports import check_formats
from fer.recording.frame_table import FORMATS as FRAME_FORMATS
from fer.recording.span import WHOLE, Span
from fer.timeline.marks import Mark
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES
from fer.video import VideoReader
from fer.vision.detector import MAX_SIDE
from fer.vision.detector_protocols import Detector

RATE_RANGE = (1.0, 30.0)
"""Minimum and maximum of analysed frames per second; below, tracks break too often."""

SAMPLED_FRAMES = 9
"""Frames, from all over what is analysed, in which faces are counted to choose a view."""

SAMPLED_SIDE = MAX_SIDE
"""Longest side of these frames in pixels: the detector doesn't search larger ones."""


def check_rate(rate: float) -> None:
    """Refuse a rate outside of `RATE_RANGE`.

    Raises:
        ValueError: It is.
    """
    if not RATE_RANGE[0] <= rate <= RATE_RANGE[1]:
        raise ValueError(
            f"rate is {RATE_RANGE[0]:g} to {RATE_RANGE[1]:g} frames a second, not {rate:g}."
        )


@dataclass(frozen=True)
class AnalysisSettings:
    """Settings of an analysis.

    Args:
        view: "class" for aggregates only, "person" for a series for each track as well.
        rate: Analysed frames per second; boxes are interpolated in the others.
        span: Stretch that is analysed; times in the results count from its start.
        marks: Marks of the recording; see `fer.timeline.marks`.
        exports: Formats of `fer.recording.exports` that are written, too.
        keep_frames: Whether the rows of all frames are kept, in the person view, as `frames`.
        sound: Whether the annotated video keeps the sound.
        sheet: Whether the moments' thumbnails are written on a sheet of their own; they are in the
            report anyway.
        unlimited: Whether the limits of bytes, length and frames for visitors' videos are lifted.
    """

    view: str = "person"
    rate: float = 5.0
    span: Span = WHOLE
    marks: tuple[Mark, ...] = ()
    exports: tuple[str, ...] = ()
    keep_frames: bool = False
    sound: bool = True
    sheet: bool = True
    unlimited: bool = False

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            ValueError: The view, the rate or a format is invalid.
        """
        Timeline(self.view)  # which refuses an unknown one
        check_formats(self.exports, self.view)
        check_rate(self.rate)

    @property
    def records_frames(self) -> bool:
        """Whether the rows of all frames are needed: to be kept, or for an export."""
        wanted = self.keep_frames or not FRAME_FORMATS.keys().isdisjoint(self.exports)
        return wanted and self.view == "person"


DEFAULTS = AnalysisSettings()


def choose_view(source: Path, detector: Detector, span: Span = WHOLE) -> str:
    """Return the view that fits a video: "class" where it has results for most of its length.

    Args:
        source: The video.
        detector: Detects the faces.
        span: What is analysed of it.

    Raises:
        fer.video.VideoError: It can't be read, or is over where the analysis should start.
    """
    with VideoReader(source, SAMPLED_SIDE, unlimited=True) as reader:
        step = (span.length(reader.info.duration) or 0.0) / SAMPLED_FRAMES
        times = [span.start + step * number for number in range(SAMPLED_FRAMES)]
        counts = [len(detector.detect(image)) for image in reader.sample(times)]
    return "class" if np.median(counts) >= MIN_FACES else "person"
