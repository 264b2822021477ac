"""`fer video`: recordings in; annotated videos, timelines, tables and reports out."""

import argparse
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from fer.cli.input_paths import describe_refused, find_videos, free_name
from fer.cli.shared_options import add_min_face, add_model, add_rate, check_shared
from fer.cli.study_options import ALL, add_study_options, read_marks, span_of
from fer.output_files import output_folder
from fer.paths import VIDEO_FORMATS, printable, whole_path
from fer.terminal import DefaultsHelpFormatter, share_progress
from fer.vision.face_sizes import VIDEO_MIN_FACE

if TYPE_CHECKING:
    from fer.pipeline import Pipeline
    from fer.recording import RecordingResult
    from fer.timeline.marks import Mark

AUTO = "auto"
"""The view is chosen by the number of faces in the video."""

VIEW_NOTES = {
    "person": "View: person, a series for each face; --view class has aggregates only.",
    "class": "View: class, aggregates of five faces or more only; --view person has each face.",
}

REASONS = {
    "person": "Chosen because most sampled frames have fewer than five faces.",
    "class": "Chosen because most sampled frames have five faces or more.",
}
"""Why `AUTO` became which view."""


def add_video(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer video`."""
    parser = commands.add_parser(
        "video",
        help="follow the expressions in recordings",
        description="Write an annotated video, timeline, tables and report of a recording; of "
        "several, or of a folder,\neach into a folder of its own in --output.",
        epilog="The report explains what the figures can and can't tell. Ctrl-C and SIGTERM finish "
        "with what was analysed so far; Ctrl-C twice ends at once.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE_OR_FOLDER",
        help=f"{VIDEO_FORMATS}; folders are searched with those inside them",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder for the files; created if missing",
    )
    _add_analysis(parser)
    add_study_options(parser)
    add_model(parser)
    parser.set_defaults(run=run_video)


def _add_analysis(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--view",
        default=AUTO,
        choices=(AUTO, "person", "class"),
        help="a series for each face (person, as in the Recording tab), aggregates of five faces "
        "or more only (class), or whichever fits the faces in view (auto)",
    )
    add_rate(parser)
    add_min_face(parser, VIDEO_MIN_FACE)


@dataclass
class VideoResults:
    """What came of the videos.

    Attributes:
        reports: Text of `describe_recording` for each video that was analysed.
        refused: Name of each other video, and of folders, and why it was refused, in a sentence.
    """

    reports: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def run_video(options: argparse.Namespace) -> str:
    """Analyse recordings and report the results.

    Raises:
        ValueError: No video can be read, or the settings or the network won't do.
        KeyboardInterrupt: After Ctrl-C or SIGTERM, with what was kept.
    """
    from fer.pipeline import Pipeline
    from fer.recording.exports import check_formats
    from fer.video import check_video

    check_shared(options)
    span_of(options)  # refuses what is no span
    if options.export != ALL:
        check_formats(options.export, "person" if options.view == AUTO else options.view)
    results = VideoResults()
    videos = find_videos(options.files, options.output, results.refused)
    several = len(options.files) > 1 or options.files[0].is_dir()
    if not several:
        check_video(options.files[0], unlimited=True)  # before the network is loaded
    marks = read_marks(options.marks, several)
    places = video_folders(videos, options.output) if several else {options.files[0]: None}
    with output_folder(options.output):
        pipeline = Pipeline.load(options.model, options.min_face, options.device)
        analyze_videos(results, places, pipeline, options, marks)
    refused = [f"{name} is left out. {why}" for name, why in results.refused.items()]
    return "\n".join([*results.reports, *refused])


def analyze_videos(
    results: VideoResults,
    places: Mapping[Path, Path | None],
    pipeline: "Pipeline",
    options: argparse.Namespace,
    marks: "Sequence[Mark]",
) -> None:
    """Analyse one video after another into `results`; one that fails doesn't stop the others.

    Args:
        results: Gets what came of each.
        places: The videos, and where the files of each go; None is `--output` itself.
        pipeline: Detects and classifies.
        options: Options of the command line.
        marks: Marks of the only video.
    """
    from fer.recording import AnalysisCancelled
    from fer.recording.outputs import ResultsError
    from fer.video import VideoError

    try:
        with stop_on_interrupt() as stopped:
            for video, place in places.items():
                folder, title = place or options.output, f"{printable(video)}:\n"
                try:
                    report = analyze_video(video, folder, pipeline, options, stopped, marks)
                    results.reports.append(f"{title}{report}\n" if place else report)
                except VideoError as error:
                    if place is None or isinstance(error, (AnalysisCancelled, ResultsError)):
                        raise
                    results.refused[printable(video)] = str(error)
                if stopped():
                    raise AnalysisCancelled
    except (AnalysisCancelled, KeyboardInterrupt):
        raise KeyboardInterrupt(describe_kept(results, places, options.output)) from None
    if not results.reports:
        raise ValueError(describe_refused("video", results.refused))


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Yield what returns whether Ctrl-C was pressed, or SIGTERM was sent, in the block.

    They raise nothing there, but Ctrl-C does the second time, KeyboardInterrupt as usual. A signal
    that is ignored, or that ends the process without Python, stays so.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield lambda: False
        return

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if number == signal.SIGINT:  # not SIGTERM, which `timeout`, for one, sends twice
            signal.signal(number, handlers[number])
        with suppress(KeyboardInterrupt):  # which they raise, having noted the exit status
            handlers[number](number, frame)

    numbers: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)
    handlers = {one: before for one in numbers if callable(before := signal.getsignal(one))}
    for one in handlers:
        signal.signal(one, note)
    try:
        yield lambda: bool(received)
    finally:
        for one, before in handlers.items():
            signal.signal(one, before)


def video_folders(videos: Mapping[Path, Path], output: Path) -> dict[Path, Path | None]:
    """Return the folder of each video's files, named after it, each a folder of its own."""
    taken: set[str] = set()
    return {video: output / free_name(name, str, taken) for video, name in videos.items()}


def describe_kept(results: VideoResults, places: Mapping[Path, Path | None], output: Path) -> str:
    """Return what there is after Ctrl-C or SIGTERM; nothing if nothing is."""
    done = len(results.reports)
    if not done:
        return ""
    if len(places) == 1:
        return f"What was analysed until then is in {whole_path(output)}."
    videos = f"{done} of {len(places)} videos"
    return f"What was analysed until then, {videos}, is in {whole_path(output)}."


def analyze_video(
    video: Path,
    folder: Path,
    pipeline: "Pipeline",
    options: argparse.Namespace,
    stopped: Callable[[], bool],
    marks: "Sequence[Mark]",
) -> str:
    """Analyse a video into a folder, with progress on a terminal, until it is stopped.

    Returns:
        What `describe_recording` returns of it, and what wasn't done.
    """
    from fer.recording import AnalysisSettings, analyze, choose_view
    from fer.recording.exports import earlier_exports, export_stem, formats_of

    span, chosen = span_of(options), options.view == AUTO
    view = choose_view(video, pipeline.detector, span) if chosen else options.view
    formats = formats_of(view)
    wanted = formats if options.export == ALL else options.export
    exports = tuple(name for name in wanted if name in formats)
    settings = AnalysisSettings(view, options.rate, span, tuple(marks), exports, unlimited=True)
    with share_progress(printable(video.name)) as show:
        recording = analyze(
            video,
            folder,
            pipeline,
            settings,
            lambda progress: show(progress.fraction),
            stopped=stopped,
        )
    lines = [describe_recording(recording, chosen)]
    within = [mark for mark in span.marks(marks) if mark.start < recording.metadata.end + 1]
    if outside := len(marks) - len(within):
        lines.append(f"Marks outside what was analysed, which nothing shows: {outside}.")
    if missing := [name for name in wanted if name not in formats]:
        lines.append(f"Not exported: {', '.join(missing)}; the class view has no single faces.")
    if earlier := earlier_exports(folder, export_stem(video), exports):
        lines.append(f"Of an earlier analysis, and not written anew: {', '.join(earlier)}.")
    return "\n".join(lines)


def describe_recording(recording: "RecordingResult", chosen: bool = False) -> str:
    """Return the summary, the moments, what couldn't be read, and where the files are.

    Args:
        recording: The recording.
        chosen: Whether the view was chosen by the number of its faces.
    """
    from fer.timeline.formatting import format_duration
    from fer.timeline.report import MIN_VIDEO_OFFSET
    from fer.timeline.summary import summarise

    summary = summarise(recording.timeline, recording.duration)
    view = VIEW_NOTES[recording.view] + (f" {REASONS[recording.view]}" if chosen else "")
    moments = [moment.sentence for moment in summary.moments]
    warning = [f"Warning: {recording.warning}"] if recording.warning else []
    if recording.video_offset >= MIN_VIDEO_OFFSET:
        later = format_duration(recording.video_offset)
        warning.append(f"In the annotated video all times are {later} later: sound came first.")
    folder, report = whole_path(recording.report.parent), recording.report.name
    place = f"Everything is in {folder}; open {report} first."
    return "\n".join([view, summary.sentence, *moments, *warning, place])
