"""Choice of a recording's view by what is seen in it: one person or a few, or a class."""

from pathlib import Path

import numpy as np

from fer.pipeline import Detector
from fer.timeline.withholding import MIN_FACES
from fer.video import VideoReader

LOOKS = 9
"""Frames, from all over the recording, in which faces are counted."""

LOOK_SIDE = 1280
"""Longest side of these frames in pixels: the detector doesn't search larger ones."""


def choose_view(source: Path, detector: Detector) -> str:
    """Return the view that fits a video: "class" where it has results for most of its length.

    Args:
        source: The video.
        detector: Finds the faces.

    Raises:
        fer.video.VideoError: It can't be read.
    """
    with VideoReader(source, LOOK_SIDE) as reader:
        counts = [len(detector.detect(image)) for image in reader.sample(LOOKS)]
    return "class" if np.median(counts) >= MIN_FACES else "person"
