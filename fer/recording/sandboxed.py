"""Analysis of a recording in a sandboxed worker process, as the page runs it.

Only the worker opens the file: a file that breaks a decoder ends the worker and nothing else.
"""

import logging
import math
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fer.pipeline import Pipeline
from fer.recording.analysis import ResultsError, analyse
from fer.recording.outputs import RecordingResult, output_paths
from fer.recording.progress import Cancelled, Progress
from fer.recording.thumbnails import THUMBNAIL_SIDE, Thumbnail
from fer.sandbox import Channel, Limits, Message, Worker, WorkerError, bound_cpu
from fer.timeline.serialization import from_json
from fer.video import VideoError, VideoInfo, check_video

if TYPE_CHECKING:
    from fer.model.classifier import ExpressionClassifier

CHECK_TIMEOUT = 20.0
"""Seconds within which a video's header and first picture have to be read."""

PER_SECOND, AT_LEAST, AT_MOST = 12.0, 300.0, 6 * 3600.0
"""Seconds that an analysis may take, on the clock and of the CPU: so many a second of the video,
with a floor and a ceiling."""

MEMORY = 3_000_000_000
"""Bytes for one recording; one of 4096 x 4096 pixels takes about half of it."""

MAX_WRITTEN = 4_000_000_000
"""Bytes of the annotated video."""

_MAX_TIMELINE = 200_000_000
"""Bytes of a timeline's file that are read."""

_MAX_THUMBNAILS = 64 * THUMBNAIL_SIDE * THUMBNAIL_SIDE * 3
"""Bytes of all thumbnails."""

_NICE = 10
"""Live and Photo have priority."""

_POLL_INTERVAL = 0.1
"""Seconds from one check for cancellation to the next."""

BROKEN = "This video breaks the reader; save it anew as MP4 (H.264) and try again."
SLOW = "This video takes too long to read; cut it, or save it anew as MP4 (H.264)."
NO_ROOM = "There is no room for the results just now; try again in a few minutes."
LARGE = "This video takes too much memory to read; save it smaller."

NO_SOUND = "The sound breaks the reader and is left out."

logger = logging.getLogger(__name__)


class BrokenReader(VideoError):
    """A video ended its worker."""


@dataclass(frozen=True)
class ModelSource:
    """Where a worker finds the network that the page uses.

    Attributes:
        folder: With its files, on this machine.
        name: For display.
    """

    folder: Path
    name: str

    def load(self) -> Pipeline:
        """Return the pipeline."""
        pipeline = load_pipeline(self.folder)
        cast("ExpressionClassifier", pipeline.classifier).name = self.name
        return pipeline


@cache
def load_pipeline(folder: Path) -> Pipeline:
    """Return the pipeline with the network of a folder; the server's is inherited by workers.

    Raises:
        fer.model.classifier.ModelError: It can't be loaded.
    """
    from fer.model.classifier import ExpressionClassifier
    from fer.vision.detector import FaceDetector

    return Pipeline(FaceDetector(), ExpressionClassifier.load(folder))


def check_video_sandboxed(path: Path) -> VideoInfo:
    """Return what `fer.video.check_video` does, found by a worker.

    Raises:
        VideoError: As there, or the worker ended or took too long.
    """
    limits = Limits(MEMORY, CHECK_TIMEOUT, readable=(path.resolve(),), nice=_NICE)
    message = _run_worker(_check, limits, _Supervisor(), path.resolve())
    return VideoInfo(**message.fields)


def analyse_sandboxed(
    source: Path,
    folder: Path,
    pipeline: Pipeline,
    view: str = "person",
    rate: float = 5.0,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RecordingResult:
    """Do what `fer.recording.analyse` does, in a worker, with the same result.

    Args:
        source: The video.
        folder: Where the files go; made if need be. After an error they are left to the caller.
        pipeline: The page's, whose network the worker loads for itself.
        view: "class" or "person".
        rate: Frames a second that are analysed.
        progress: Gets a `Progress` a few times a second.
        cancelled: Returns whether to stop; the worker is killed then.

    Raises:
        VideoError: As there, or the worker ended, or took too long or too much memory.
        Cancelled: The analysis was cancelled.
        ValueError: The view or the rate is invalid, or the network has no folder.
    """
    source, folder = Path(source).resolve(), Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        logger.warning("The folder of a recording can't be made: %s", error)
        raise ResultsError(NO_ROOM) from error
    folder = folder.resolve()
    limits = Limits(
        *(MEMORY, AT_MOST, MAX_WRITTEN), nice=_NICE, readable=(source,), writable=folder
    )
    if pipeline.classifier.folder is None:
        raise ValueError("A worker needs a network that was loaded from a folder.")
    model = ModelSource(pipeline.classifier.folder, pipeline.classifier.name)
    arguments = source, folder, model, view, rate
    supervisor = _Supervisor(progress, cancelled)
    try:
        message = _run_worker(_analyse, limits, supervisor, *arguments, True)
    except BrokenReader:
        if not supervisor.has_audio:
            raise
        # Most decoders are for sound, and the pictures can be had without it.
        supervisor = _Supervisor(progress, cancelled)
        message = _run_worker(_analyse, limits, supervisor, *arguments, False)
        message.fields["warning"] = f"{message.fields['warning'] or ''} {NO_SOUND}".strip()
    return _read_result(message, folder)


def time_limit(duration: float | None) -> float:
    """Return the seconds that the analysis of a video of a duration may take."""
    known = math.inf if duration is None else duration
    return min(AT_MOST, max(AT_LEAST, PER_SECOND * known))


class _Supervisor:
    """The page's view of one worker: its deadline, and whether the video has sound.

    Args:
        progress: Gets a `Progress` for each message about it.
        cancelled: Returns whether to stop.

    Attributes:
        end: When the worker has to be done, on the monotonic clock; it has a header's time at
            first, and that of an analysis once the video is open.
        has_audio: Whether the video has sound; False as long as it isn't open.
    """

    def __init__(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._progress, self._cancelled = progress, cancelled
        self.end = math.inf
        self.has_audio = self._opened = False

    def start(self) -> None:
        """Note that the worker begins now: the server that forks it may have had to start."""
        self.end = time.monotonic() + CHECK_TIMEOUT

    def handle(self, message: Message | None) -> None:
        """Handle a message that is no result.

        Raises:
            Cancelled: The work was cancelled.
            WorkerError: The message is not of the form it should have.
        """
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The analysis was cancelled; nothing of it was kept.")
        if message is None:
            return
        try:
            if message.kind == "opened":
                self._extend(message)
                return
            if message.kind != "progress":
                raise ValueError(message.kind)
            done, left = float(message.fields["done"]), _number(message.fields["left"])
        except (LookupError, TypeError, ValueError) as error:
            raise WorkerError(f"Its message has another form: {error!r}.") from error
        if self._progress is not None:
            self._progress(Progress(done, left))

    def _extend(self, message: Message) -> None:
        """Give an analysis its time, once."""
        self.has_audio = message.fields["has_audio"] is True
        if not self._opened:
            self.end = time.monotonic() + time_limit(_number(message.fields["duration"]))
        self._opened = True


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _run_worker(
    work: Callable[..., Callable[[Channel], None]],
    limits: Limits,
    supervisor: _Supervisor,
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
        raise VideoError("The machine is too busy; try again in a minute.") from error
    supervisor.start()
    try:
        return _result(worker, supervisor)
    except WorkerError as error:
        logger.warning("A video's worker ended: %s", error)
        if time.monotonic() > supervisor.end:
            raise VideoError(SLOW) from error
        raise BrokenReader(BROKEN) from error
    finally:
        worker.kill()


def _result(worker: Worker, supervisor: _Supervisor) -> Message:
    while time.monotonic() < supervisor.end:
        message = worker.receive(_POLL_INTERVAL, _MAX_THUMBNAILS)
        if message is not None:
            if message.kind == "refused":
                raise VideoError(str(message.fields["sentence"]))
            if message.kind == "invalid":
                raise ValueError(str(message.fields["sentence"]))
            if message.kind == "result":
                return message
        supervisor.handle(message)
    raise WorkerError("It ran out of time.", late=True)


def _read_result(message: Message, folder: Path) -> RecordingResult:
    """Return what a worker has made, from its message and its files.

    Raises:
        VideoError: Something is missing or not as it should be.
    """
    paths = output_paths(folder, sheet=False)
    fields = message.fields
    try:
        if not all(stat.S_ISREG(path.lstat().st_mode) for path in paths.values()):
            raise ValueError("a file is none")
        if paths["json"].stat().st_size > _MAX_TIMELINE:
            raise ValueError("the timeline is too large")
        timeline = from_json(paths["json"].read_text(encoding="utf-8"))
        pictures = tuple(_read_thumbnails(fields["pictures"], memoryview(message.data)))
        warning = None if fields["warning"] is None else str(fields["warning"])
        known = warning, float(fields["duration"]), float(fields["lead"])
    except (OSError, LookupError, TypeError, ValueError) as error:
        logger.warning("A video's worker left nothing that can be used: %r", error)
        raise VideoError(BROKEN) from error
    files: dict[str, Any] = {**paths}
    return RecordingResult(timeline, timeline.view, *known, pictures=pictures, **files)


def _read_thumbnails(described: Iterable[dict[str, Any]], data: memoryview) -> Iterable[Thumbnail]:
    for one in described:
        height, width = int(one["height"]), int(one["width"])
        size = height * width * 3
        image = np.frombuffer(data[:size], np.uint8).reshape(height, width, 3)
        data = data[size:]
        yield Thumbnail(float(one["time"]), str(one["caption"]), image)


def _check(path: Path) -> Callable[[Channel], None]:
    """Return what a worker does to look at a video's header."""
    return partial(
        _report_errors, lambda channel: channel.send("result", **asdict(check_video(path)))
    )


def _analyse(
    source: Path, folder: Path, model: ModelSource, view: str, rate: float, sound: bool
) -> Callable[[Channel], None]:
    """Return what a worker does to analyse a video."""
    from fer.recording.warm_up import use_default_threads, use_one_thread

    use_one_thread()  # where the server couldn't do so
    use_default_threads()
    pipeline = model.load()

    def work(channel: Channel) -> None:
        def report(progress: Progress) -> None:
            channel.send("progress", done=progress.done, left=progress.left)

        info = check_video(source)
        channel.send("opened", duration=info.duration, has_audio=info.has_audio)
        bound_cpu(time_limit(info.duration))
        made = analyse(  # without a sheet: the page shows the thumbnails itself
            *(source, folder, pipeline, view, rate, report), sound=sound, sheet=False
        )
        _send_result(channel, made)

    return partial(_report_errors, work)


def _report_errors(work: Callable[[Channel], None], channel: Channel) -> None:
    """Do something, and send what of its errors a visitor should read."""
    try:
        work(channel)
    except ResultsError as error:
        logger.warning("The results of a recording can't be written: %s", error)
        channel.send("refused", sentence=NO_ROOM)
    except VideoError as error:
        channel.send("refused", sentence=str(error))
    except MemoryError:
        channel.send("refused", sentence=LARGE)
    except ValueError as error:
        channel.send("invalid", sentence=str(error))


def _send_result(channel: Channel, made: RecordingResult) -> None:
    described = [
        {
            "time": picture.time,
            "caption": picture.caption,
            "height": picture.image.shape[0],
            "width": picture.image.shape[1],
        }
        for picture in made.pictures
    ]
    data = b"".join(picture.image.tobytes() for picture in made.pictures)
    known = {"warning": made.warning, "duration": made.duration, "lead": made.lead}
    channel.send("result", data, pictures=described, **known)
