"""What a recording's worker process does: check the header, or analyse it, and send the result.

`fer.recording.sandboxed` starts it and reads what it sends.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.pipeline import Pipeline
from fer.recording.analysis import analyze
from fer.recording.analysis_settings import AnalysisSettings
from fer.recording.outputs import RecordingResult, ResultsError
from fer.recording.progress import Progress
from fer.recording.thumbnails import pack_thumbnails
from fer.sandbox import Channel, bound_cpu
from fer.video import VideoError, check_video

if TYPE_CHECKING:
    from fer.model.classifier import ExpressionClassifier

TIME_PER_VIDEO_SECOND, MIN_TIME_LIMIT, MAX_TIME_LIMIT = 12.0, 300.0, 6 * 3600.0
"""Seconds that an analysis may take, on the clock and of the CPU: per second of the video, and at
least and at most."""

NO_ROOM = N_("There is no room for the results just now; try again in a few minutes.")
LARGE = N_("This video takes too much memory to read; save it smaller.")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelSource:
    """Where a worker finds the network that the page uses.

    Attributes:
        folder: Folder with its files, on this machine.
        name: Name for display.
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


def time_limit(duration: float | None) -> float:
    """Return the seconds that the analysis of a video of a duration may take."""
    known = math.inf if duration is None else duration
    return min(MAX_TIME_LIMIT, max(MIN_TIME_LIMIT, TIME_PER_VIDEO_SECOND * known))


def check_header(path: Path) -> Callable[[Channel], None]:
    """Return what a worker does to check a video's header."""
    return partial(
        report_errors, lambda channel: channel.send("result", **asdict(check_video(path)))
    )


def analyze_video(
    source: Path, folder: Path, model: ModelSource, settings: AnalysisSettings, sound: bool
) -> Callable[[Channel], None]:
    """Return what a worker does to analyse a video."""
    from fer.recording.warm_up import use_default_threads, use_one_thread

    use_one_thread()  # where the server couldn't do so
    use_default_threads()
    pipeline = model.load()

    def work(channel: Channel) -> None:
        def report(progress: Progress) -> None:
            channel.send("progress", fraction=progress.fraction, seconds_left=progress.seconds_left)

        info = check_video(source)
        channel.send("opened", duration=info.duration, has_audio=info.has_audio)
        bound_cpu(time_limit(info.duration))
        # Without a sheet: the page shows the thumbnails itself.
        wanted = replace(settings, sound=sound, sheet=False, keep_frames=True)
        made = analyze(source, folder, pipeline, wanted, report, video_info=info)
        _send_result(channel, made)

    return partial(report_errors, work)


def report_errors(work: Callable[[Channel], None], channel: Channel) -> None:
    """Do something, and send what of its errors a visitor should read."""
    try:
        work(channel)
    except ResultsError as error:
        logger.warning("The results of a recording can't be written: %s", error)
        channel.send("refused", sentence=_(NO_ROOM))
    except VideoError as error:
        channel.send("refused", sentence=str(error))
    except MemoryError:
        channel.send("refused", sentence=_(LARGE))
    except ValueError as error:
        channel.send("invalid", sentence=str(error))


def _send_result(channel: Channel, made: RecordingResult) -> None:
    described, data = pack_thumbnails(made.pictures)
    names = ("warning", "duration", "scale", "video_offset", "sound_end")
    found = {name: getattr(made.metadata, name) for name in names}
    channel.send("result", data, pictures=described, **found)
