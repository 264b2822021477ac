"""Analysis of a recording in a sandboxed worker process, as the page runs it.

Only the worker opens the file: a file that breaks a decoder ends the worker and nothing else.
"""

import logging
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.paths import printable
from fer.pipeline import Pipeline
from fer.recording.analysis_settings import DEFAULTS, AnalysisSettings
from fer.recording.outputs import (
    FRAMES_NAME,
    RecordingResult,
    ResultsError,
    output_paths,
)
from fer.recording.progress import Progress
from fer.recording.span import WHOLE
from fer.recording.thumbnails import THUMBNAIL_SIDE, unpack_thumbnails
from fer.recording.worker_monitor import CHECK_TIMEOUT, WorkerMonitor, parse_finite
from fer.recording.worker_tasks import (
    MAX_TIME_LIMIT,
    NO_ROOM,
    ModelSource,
    analyze_video,
    check_header,
)
from fer.sandbox import Channel, Limits, Message, Worker, WorkerError
from fer.timeline.methods import NetworkIdentity, TimelineMetadata
from fer.timeline.serialization import from_json
from fer.timeline.timeline import Timeline
from fer.video import MAX_SECONDS, VideoError, VideoInfo

MAX_MEMORY_BYTES = 3_000_000_000
"""Bytes for one recording; one of 4096 x 4096 pixels takes about half of it."""

MAX_VIDEO_BYTES = 4_000_000_000
"""Bytes of the annotated video."""

MAX_FOLDER_BYTES = MAX_VIDEO_BYTES + 2_000_000_000
"""Bytes of all files in a recording's folder, with the upload and temporary files."""

_WATCH_INTERVAL = 1.0
"""Seconds from one check of what a worker uses to the next."""

_MAX_TIMELINE = 64_000_000
"""Bytes of a timeline's file that are read."""

_MAX_FRAMES = 500_000_000
"""Bytes of the rows of all faces, of which the page's own process makes tables of several times as
many: 50 faces, 15 times per second, for two hours."""

_MAX_THUMBNAILS = 64 * THUMBNAIL_SIDE * THUMBNAIL_SIDE * 3
"""Bytes of all thumbnails."""

_NICE = 10
"""Live and Photo have priority."""

_POLL_INTERVAL = 0.1
"""Seconds from one check for cancellation to the next."""

BROKEN = N_("This video breaks the reader; save it anew as MP4 (H.264) and try again.")
SLOW = N_("This video takes too long to read; cut it, or save it anew as MP4 (H.264).")

NO_SOUND = N_("The sound breaks the reader and is left out.")
NO_FRAMES = N_("The table of all faces in all frames would be too large and is left out.")

logger = logging.getLogger(__name__)


class DecoderCrashedError(VideoError):
    """A video crashed the decoder, and with it the worker."""


def check_video_sandboxed(path: Path) -> VideoInfo:
    """Return what `fer.video.check_video` does, found by a worker.

    Raises:
        VideoError: As there, or the worker ended or took too long.
    """
    limits = Limits(MAX_MEMORY_BYTES, CHECK_TIMEOUT, readable=(path.resolve(),), nice=_NICE)
    fields = _run_worker(check_header, limits, WorkerMonitor(), path.resolve()).fields
    try:
        return VideoInfo(
            width=int(fields["width"]),
            height=int(fields["height"]),
            duration=parse_finite(fields["duration"]),
            frame_rate=float(fields["frame_rate"]),
            has_audio=fields["has_audio"] is True,
        )
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        logger.warning("A video's worker sent nothing that can be used: %r", error)
        raise DecoderCrashedError(_(BROKEN)) from error


def analyze_sandboxed(
    source: Path,
    folder: Path,
    pipeline: Pipeline,
    settings: AnalysisSettings = DEFAULTS,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RecordingResult:
    """Do what `fer.recording.analyze` does, in a worker, with the same result.

    Args:
        source: The video.
        folder: Where the files go; created if missing. After an error they are left to the caller.
        pipeline: The page's pipeline, whose network the worker loads for itself.
        settings: What is analysed.
        progress: Gets a `Progress` a few times per second.
        cancelled: Returns whether to stop; the worker is killed then.

    Raises:
        VideoError: As there, or the worker ended, or took too long or too much memory.
        AnalysisCancelled: The analysis was cancelled.
        ValueError: The network has no folder.
    """
    source, folder = Path(source).resolve(), Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        logger.warning("The folder of a recording can't be made: %s", error)
        raise ResultsError(_(NO_ROOM)) from error
    folder = folder.resolve()
    limits = Limits(
        memory=MAX_MEMORY_BYTES,
        cpu=MAX_TIME_LIMIT,
        file_size=MAX_VIDEO_BYTES,
        nice=_NICE,
        readable=(source,),
        writable=folder,
    )
    if pipeline.classifier.folder is None:
        raise ValueError("A worker needs a network that was loaded from a folder.")
    model = ModelSource(pipeline.classifier.folder, pipeline.classifier.name)
    work = partial(analyze_video, source, folder, model, settings)
    message = _run_with_sound_or_without(work, limits, partial(WorkerMonitor, progress, cancelled))
    network = NetworkIdentity.from_classifier(pipeline.classifier)
    origin = TimelineMetadata(
        printable(source.name),
        network,
        settings.rate,
        start=settings.span.start,
        limited=settings.span != WHOLE,
    )
    return _read_result(message, folder, origin)


def _run_with_sound_or_without(
    work: Callable[[bool], Callable[[Channel], None]],
    limits: Limits,
    make_monitor: Callable[[], WorkerMonitor],
) -> Message:
    """Return the result of an analysis; without the sound, with a warning, where that breaks it."""
    monitor = make_monitor()
    try:
        return _run_worker(work, limits, monitor, True)
    except DecoderCrashedError:
        if not monitor.has_audio:
            raise
    # Most decoders are for sound, and the pictures can be had without it.
    message = _run_worker(work, limits, make_monitor(), False)
    message.fields["warning"] = _joined(message.fields["warning"], _(NO_SOUND))
    return message


def _joined(warning: str | None, more: str) -> str:
    return f"{warning or ''} {more}".strip()


def _run_worker(
    work: Callable[..., Callable[[Channel], None]],
    limits: Limits,
    monitor: WorkerMonitor,
    *arguments: object,
) -> Message:
    """Return a worker's result; the worker has ended then, also after an error.

    Raises:
        VideoError: It refused the video, ended early, or took too long.
    """
    try:
        worker = Worker(work, limits, *arguments)
    except WorkerError as error:
        logger.warning("A video's worker did not start: %s", error)
        raise VideoError(_("The machine is too busy; try again in a minute.")) from error
    monitor.start()
    try:
        return _result(worker, monitor)
    except WorkerError as error:
        logger.warning("A video's worker ended: %s", error)
        if time.monotonic() > monitor.end:
            raise VideoError(_(SLOW)) from error
        raise DecoderCrashedError(_(BROKEN)) from error
    finally:
        worker.kill()


def _result(worker: Worker, monitor: WorkerMonitor) -> Message:
    watch = 0.0
    while (now := time.monotonic()) < monitor.end:
        message = worker.receive(_POLL_INTERVAL, _MAX_THUMBNAILS)
        if message is not None:
            if message.kind == "refused":
                raise VideoError(str(message.fields.get("sentence")))
            if message.kind == "invalid":
                raise ValueError(str(message.fields.get("sentence")))
            if message.kind == "result":
                return message
        monitor.handle(message)
        if now >= watch:
            worker.check_usage(MAX_FOLDER_BYTES)
            watch = now + _WATCH_INTERVAL
    raise WorkerError("It ran out of time.", late=True)


def _read_result(message: Message, folder: Path, origin: TimelineMetadata) -> RecordingResult:
    """Return what a worker has made, from its message and its files.

    Args:
        message: The worker's result.
        folder: The folder with its files.
        origin: Metadata that are known without the worker.

    Raises:
        VideoError: Something is missing or not as it should be.
    """
    paths = output_paths(folder, sheet=False)
    fields = message.fields
    try:
        _check_regular(paths.values())
        if paths["json"].stat().st_size > _MAX_TIMELINE:
            raise ValueError("the timeline is too large")
        timeline = from_json(paths["json"].read_text(encoding="utf-8"))
        pictures = tuple(unpack_thumbnails(fields["pictures"], memoryview(message.data)))
        warning = None if fields["warning"] is None else str(fields["warning"])
        if timeline.view == "person":
            frames = folder / FRAMES_NAME
            _check_regular([frames])
            if frames.stat().st_size <= _MAX_FRAMES:
                paths["frames"] = frames
            else:
                frames.unlink()
                warning = _joined(warning, _(NO_FRAMES))
        names = ("duration", "scale", "video_offset", "sound_end")
        numbers: dict[str, Any] = {name: float(fields[name]) for name in names}
        _check_times(timeline, *numbers.values())
    except (OSError, LookupError, TypeError, ValueError) as error:
        logger.warning("A video's worker left nothing that can be used: %r", error)
        raise VideoError(_(BROKEN)) from error
    metadata = replace(origin, warning=warning, **numbers)
    return RecordingResult(timeline, metadata, pictures=pictures, **paths)


def _check_times(timeline: Timeline, *numbers: float) -> None:
    """Raise ValueError for times that no video has: the page's memory would grow with them."""
    bins = timeline.counts()[0].max(initial=0), timeline.track_counts()[0].max(initial=0)
    seconds = [each * timeline.bin_seconds for each in bins]
    if not all(abs(each) <= 2 * MAX_SECONDS for each in (*seconds, *numbers)):
        raise ValueError("a time is out of range")


def _check_regular(paths: Iterable[Path]) -> None:
    """Raise ValueError, or OSError, unless all of these are files, and no links to others."""
    if not all(stat.S_ISREG(path.lstat().st_mode) for path in paths):
        raise ValueError("not a regular file")
