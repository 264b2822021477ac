"""`fer video`: a recording in; annotated video, timeline, tables and report out."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fer.help_formatter import DefaultsHelpFormatter
from fer.output_files import output_folder
from fer.paths import VIDEO_FORMATS

if TYPE_CHECKING:
    from fer.recording import Progress, RecordingResult

VIEW_NOTES = {
    "person": "View: one person, a series for each face; --view class has aggregates only.",
    "class": "View: a class, aggregates of five faces or more only; --view person has each face.",
}

_PROGRESS_STEP = 5
"""Interval of progress lines in per cent."""


def add_video(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer video`."""
    parser = commands.add_parser(
        "video",
        help="follow the expressions in a recording",
        description="Write an annotated video, timeline, tables and report of a recording.",
        epilog="The report explains what the figures can and can't tell.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help=VIDEO_FORMATS)
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where the files go; made if need be",
    )
    parser.add_argument(
        "--view",
        default="person",
        choices=("person", "class"),
        help="a series for each face (person, as in the Recording tab), or aggregates of five "
        "faces or more only (class)",
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=5.0,
        metavar="FRAMES",
        help="frames a second that are analysed, 1 to 30",
    )
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.set_defaults(run=run_video)


def run_video(options: argparse.Namespace) -> str:
    """Analyse a recording and report the results.

    Raises:
        ValueError: The video, the settings or the network won't do.
    """
    from fer.pipeline import Pipeline
    from fer.recording import analyse
    from fer.video import check_video

    check_video(options.file)  # before the network is loaded
    with output_folder(options.output):
        pipeline = Pipeline.load(options.model, min_face=40)
        recording = analyse(
            options.file,
            options.output,
            pipeline,
            options.view,
            options.rate,
            progress=progress_lines(sys.stderr.write),
        )
    return describe_recording(recording)


def progress_lines(write: Callable[[str], object]) -> Callable[["Progress"], None]:
    """Return what writes a line each time another five per cent are done."""
    reported = -_PROGRESS_STEP

    def report(progress: "Progress") -> None:
        nonlocal reported
        percent = int(100 * progress.done)
        if percent < reported + _PROGRESS_STEP:
            return
        reported = percent
        left = "" if progress.left is None else f", {progress.left:.0f} s left"
        write(f"{percent}%{left}\n")

    return report


def describe_recording(recording: "RecordingResult") -> str:
    """Return the summary, the moments, what couldn't be read, and where the files are."""
    from fer.timeline.formatting import format_duration
    from fer.timeline.report import MIN_LEAD
    from fer.timeline.summary import summarise

    summary = summarise(recording.timeline, recording.duration)
    moments = [moment.sentence for moment in summary.moments]
    warning = [f"Warning: {recording.warning}"] if recording.warning else []
    if recording.lead >= MIN_LEAD:
        later = format_duration(recording.lead)
        warning.append(f"In the annotated video all times are {later} later: sound came first.")
    place = f"Everything is in {recording.report.parent}; open {recording.report.name} first."
    return "\n".join([VIEW_NOTES[recording.view], summary.sentence, *moments, *warning, place])
