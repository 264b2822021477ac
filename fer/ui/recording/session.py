"""Recording state of one visitor: the current job, or its result with its marks."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer.output_files import OutputError
from fer.recording import RecordingResult
from fer.recording.exports import write_archive
from fer.recording.outputs import write_timeline_files
from fer.timeline.marks import MarkError
from fer.timeline.summary import Summary, summarise
from fer.ui.job_queue import Job
from fer.ui.mark_editor import changed_marks
from fer.ui.recording.views import RESULT_LIFETIME, finished_html, result_html

RESULT_FILES = ("video", "video", "plot", "csv", "json", "report", "exports")
"""Fields of `RecordingResult`, one for each output: the video is both played and saved."""

EMPTY_OUTPUTS = ("", *[None] * len(RESULT_FILES))
"""No result and no files."""


class RenderedRecording:
    """The result of a recording with its HTML, which takes a moment: create it in the job's thread.

    Args:
        recording: Its timeline and files.
    """

    def __init__(self, recording: RecordingResult) -> None:
        self.recording, self.created = recording, time.monotonic()
        self.summary: Summary
        self.result: str
        self.render()

    def state(self) -> str:
        """Return HTML of the state: the summary, and for how long the files are kept."""
        left = RESULT_LIFETIME - (time.monotonic() - self.created)
        return finished_html(self.summary, self.recording.warning, left)

    def mark(self, action: object) -> str:
        """Set, change or remove a mark, see `changed_marks`; return why not, or ""."""
        timeline = self.recording.timeline
        try:
            timeline.marks = changed_marks(timeline.marks, action, None)
        except MarkError as error:
            return str(error)
        return ""

    def render(self, trouble: str = "") -> tuple[str, str]:
        """Return HTML of the state and of the result with its marks as they are now.

        Args:
            trouble: Why a mark was not changed; "" for nothing.
        """
        recording = self.recording
        self.summary = summarise(recording.timeline, recording.duration)
        known = self.summary, recording.pictures, recording.lead
        origin = recording.metadata.start
        self.result = result_html(recording.timeline, *known, start=origin)
        if not trouble:
            return self.state(), self.result
        result = result_html(recording.timeline, *known, trouble, origin)
        return self.state(), result

    def rewrite(self) -> list[str]:
        """Write all files that hold marks again; return the paths of those that are saved.

        Raises:
            OutputError: They have been deleted, or can't be written.
        """
        recording = self.recording
        if not recording.video.exists():
            raise OutputError("The recording's files have been deleted; upload it again.")
        write_timeline_files(recording)
        write_archive(recording, Path(recording.metadata.title))
        return file_paths(recording, RESULT_FILES[1:])

    def outputs(self) -> tuple[str, ...]:
        """Return HTML of the state, HTML of the result and a path for each of `RESULT_FILES`."""
        return self.state(), self.result, *file_paths(self.recording, RESULT_FILES)


@dataclass(eq=False)
class RecordingSession:
    """Recording state of one visitor: the current job, or its result.

    Args:
        job: The job.
        recording: Path of the upload that it analyses.
        result: The result of the finished job.
    """

    job: Job[RenderedRecording] | None = None
    recording: str | None = None
    result: RenderedRecording | None = None

    def clear(self) -> None:
        """Cancel an unfinished job, and delete the files of a finished one."""
        if self.job is not None:
            self.job.discard()
        self.job = self.recording = self.result = None

    def outputs(self) -> tuple[str, ...] | None:
        """Return `RenderedRecording.outputs`; None without a result or its files."""
        if self.result is None or not self.result.recording.video.exists():
            return None
        return self.result.outputs()


def file_paths(recording: RecordingResult, names: Sequence[str]) -> list[str]:
    """Return the paths of some fields of a result."""
    return [str(getattr(recording, name)) for name in names]
