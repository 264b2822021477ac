"""Warm-up: one analysis of a synthetic video, so that forked workers inherit what it loads.

The first analysis in a process takes most of a second more than the next ones: libraries import
parts of themselves at first use, kernels are compiled, fonts and codecs are loaded.
"""

import gc
import logging
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

from fer.array_types import UInt8Array
from fer.output_files import OutputError
from fer.pipeline import Pipeline
from fer.recording.analysis import analyze
from fer.recording.analysis_settings import AnalysisSettings
from fer.temp_folder import VARIABLE
from fer.threads import limit_threads
from fer.video import VideoError, VideoWriter

_SIZE = 640, 360
"""Width and height of the film."""

_FRAMES, _FRAME_RATE = 8, 10
"""Frames of the film, and frames per second; a full search for faces takes six of the frames."""

_BATCHES = 1, 2, 3, 4
"""Numbers of faces for which the classifier's kernels are compiled."""

_BACKGROUND, _SKIN, _HAIR = (90, 90, 90), (225, 180, 150), (60, 40, 30)
_FACE = (
    # centre and half axes in half face heights, colour
    ((0.0, -0.15), (0.85, 1.1), _HAIR),
    ((0.0, 0.0), (0.75, 1.0), _SKIN),
    *(
        ((side * x, y), axes, color)
        for side in (-1, 1)
        for x, y, axes, color in (
            (0.3, -0.2, (0.16, 0.09), (250, 250, 250)),
            (0.3, -0.2, (0.08, 0.09), (40, 30, 30)),
            (0.3, -0.38, (0.2, 0.06), (70, 45, 35)),
        )
    ),
    ((0.0, 0.18), (0.12, 0.1), (195, 145, 120)),
    ((0.0, 0.52), (0.28, 0.1), (170, 70, 70)),
)
"""Ellipses of a drawn face that the detector finds."""

logger = logging.getLogger(__name__)


def use_one_thread() -> None:
    """Have the libraries start no threads of their own: the analysis has some, a fork none."""
    cv2.setNumThreads(1)
    limit_threads(1)


def use_default_threads() -> None:
    """Have OpenCV's threads back in a worker, as on the page; PyTorch keeps one there, too."""
    cv2.setNumThreads(-1)


def warm_up(pipeline: Pipeline) -> None:
    """Analyse a short film and keep nothing; leave one thread, and objects that can be forked.

    Where no temporary file can be written it does less, and a warning is logged: workers then do
    their work, but begin it more slowly.
    """
    for count in _BATCHES:
        pipeline.classifier.classify([draw_face(0)[:64, :64]] * count)
    try:
        with tempfile.TemporaryDirectory(prefix="warm-up-", dir=_parent()) as folder:
            film = Path(folder, "film.mp4")
            _write_film(film)
            settings = AnalysisSettings(rate=_FRAME_RATE)
            analyze(film, Path(folder, "made"), pipeline, settings)
    except (OSError, OutputError, VideoError) as error:
        logger.warning("Recordings begin more slowly, as nothing could be written: %s", error)
    gc.collect()  # codecs end their threads with the objects that use them
    gc.freeze()  # so that a worker's collections leave the pages that it shares alone


def draw_face(index: int) -> UInt8Array:
    """Return a frame of the film: a drawn face that moves, RGB uint8 (h, w, 3)."""
    width, height = _SIZE
    unit = height / 4  # half of the face's height
    image = np.full((height, width, 3), _BACKGROUND, np.uint8)
    for (x, y), axes, color in _FACE:
        centre = round(width / 2 + index + x * unit), round(height / 2 + y * unit)
        half_axes = round(axes[0] * unit), round(axes[1] * unit)
        cv2.ellipse(image, centre, half_axes, 0, 0, 360, color, cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), unit / 25), np.uint8)


def _parent() -> str | None:
    """Return the page's own folder, which is removed with it; None for the system's."""
    folder = os.environ.get(VARIABLE)
    return folder if folder and os.path.isdir(folder) else None


def _write_film(path: Path) -> None:
    with VideoWriter(path, *_SIZE) as writer:
        for index in range(_FRAMES):
            writer.write(draw_face(index), index / _FRAME_RATE, 1 / _FRAME_RATE)
