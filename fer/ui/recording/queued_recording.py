"""A recording in a visitor's queue: its upload, what is known of it, and what has come of it."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.paths import printable
from fer.recording import AnalysisSettings
from fer.recording.span import WHOLE, Span
from fer.ui.job_queue import Job
from fer.ui.recording.rendered_recording import RenderedRecording
from fer.ui.recording.views import Failure
from fer.video import VideoError, VideoInfo

RECORDINGS_FULL = N_("There is no room for another recording just now; try again in a few minutes.")


@dataclass(eq=False)
class QueuedRecording:
    """A recording that a visitor has uploaded, and what has come of it.

    Args:
        number: Its own among the visitor's recordings.
        path: Path of the upload.
        uploaded: Whether the page's field holds it; once the page was loaded again, only its result
            is left.
        info: Its properties; None until they were read.
        settings: Settings with which it is or was analysed.
        job: Its analysis; None before, and when it has failed.
        result: What came of it.
        failure: Why nothing came of it.
        compared: Whether it takes part in the comparison.
    """

    number: int
    path: str
    uploaded: bool = True
    info: VideoInfo | None = None
    settings: AnalysisSettings | None = None
    job: Job[RenderedRecording] | None = None
    result: RenderedRecording | None = None
    failure: Failure | None = None
    compared: bool = True

    @property
    def name(self) -> str:
        """The file's name, for display."""
        return printable(Path(self.path).name)

    @property
    def folder(self) -> Path:
        """The folder of its analysis or, while there is none, of its upload."""
        return Path(self.path).parent if self.job is None else self.job.folder

    @property
    def has_upload(self) -> bool:
        """Whether the uploaded file is still here."""
        return Path(self.path).exists()

    def length(self, span: Span = WHOLE) -> float | None:
        """Return the seconds of it that lie in a span; None where that isn't known."""
        duration = None if self.info is None else self.info.duration
        return None if duration is None else max(0.0, min(span.end, duration) - span.start)

    def is_finished(self, settings: AnalysisSettings) -> bool:
        """Return whether it has a result with some settings, whose files are still there."""
        return self.result is not None and self.settings == settings and self.result.has_files()

    def discard(self) -> None:
        """Cancel its analysis, and delete what came of it."""
        if self.job is not None:
            self.job.discard()
        self.job = self.result = self.failure = None


def existing_file(recording: str) -> Path:
    """Return the path of an upload.

    Raises:
        VideoError: It has been deleted.
    """
    if not Path(recording).exists():
        raise VideoError(_("The recording is no longer here; upload it again."))
    return Path(recording)


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file into a new folder, or copy it where the disk has no hard links.

    Raises:
        VideoError: The disk is full.
    """
    try:
        target.parent.mkdir(parents=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    except OSError:
        shutil.rmtree(target.parent.parent, ignore_errors=True)
        raise VideoError(_(RECORDINGS_FULL)) from None
