"""Analysis of a video file: annotated video, timeline, plot, tables and report."""

from fer.recording.analysis import WORKING_SIDE, analyze
from fer.recording.analysis_settings import RATE_RANGE, AnalysisSettings, choose_view
from fer.recording.outputs import RecordingResult
from fer.recording.progress import AnalysisCancelled, Progress

__all__ = [
    "RATE_RANGE",
    "WORKING_SIDE",
    "AnalysisCancelled",
    "AnalysisSettings",
    "Progress",
    "RecordingResult",
    "analyze",
    "choose_view",
]
