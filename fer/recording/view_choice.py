"""Choice of a recording's view by the number of faces in it: one person or a few, or a class."""

from pathlib import Path

import numpy as np

from fer.recording.span import WHOLE, Span
from fer.timeline.face_counts import MIN_FACES
from fer.video import VideoReader
from fer.vision.detector_protocols import Detector

SAMPLED_FRAMES = 9
"""Frames, from all over what is analysed, in which faces are counted."""

SAMPLED_SIDE = 1280
"""Longest side of these frames in pixels: the detector doesn't search larger ones."""


def choose_view(source: Path, detector: Detector, span: Span = WHOLE) -> str:
    """Return the view that fits a video: "class" where it has results for most of its length.

    Args:
        source: The video.
        detector: Detects the faces.
        span: What is analysed of it.

    Raises:
        fer.video.VideoError: It can't be read, or is over where the analysis should start.
    """
    with VideoReader(source, SAMPLED_SIDE, any_size=True) as reader:
        step = (span.length(reader.info.duration) or 0.0) / SAMPLED_FRAMES
        times = [span.start + step * number for number in range(SAMPLED_FRAMES)]
        counts = [len(detector.detect(image)) for image in reader.sample(times)]
    return "class" if np.median(counts) >= MIN_FACES else "person"
