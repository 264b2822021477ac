"""A recording from file to files: annotated video, timeline, plot, tables and report."""

from fer.recording.analysis import RATES, WORKING_SIDE, analyse
from fer.recording.confined import analyse_confined, check_video_confined
from fer.recording.files import Recording
from fer.recording.progress import Cancelled, Progress

__all__ = [
    "RATES",
    "WORKING_SIDE",
    "Cancelled",
    "Progress",
    "Recording",
    "analyse",
    "analyse_confined",
    "check_video_confined",
]
