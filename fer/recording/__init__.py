"""Analysis of a video file: annotated video, timeline, plot, tables and report."""

from fer.recording.analysis import RATE_RANGE, WORKING_SIDE, analyze
from fer.recording.outputs import RecordingResult
from fer.recording.progress import Cancelled, Progress
from fer.recording.sandboxed import analyze_sandboxed, check_video_sandboxed
from fer.recording.view_choice import choose_view

__all__ = [
    "RATE_RANGE",
    "WORKING_SIDE",
    "Cancelled",
    "Progress",
    "RecordingResult",
    "analyze",
    "analyze_sandboxed",
    "check_video_sandboxed",
    "choose_view",
]
