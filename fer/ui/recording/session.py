"""Recording state of one visitor: a queue of recordings, one of which is displayed."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from fer.i18n import SOURCE
from fer.i18n import gettext as _
from fer.output_files import OutputError
from fer.recording import AnalysisSettings
from fer.ui.job_queue import Job, JobQueue
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.recording.rendered_recording import FILES_DELETED, RenderedRecording
from fer.ui.recording.views import RESULT_LIFETIME

MAX_QUEUED = 10
"""Recordings of one visitor."""

DELETION_TIME = 120.0
"""Seconds within which files are deleted when their time is over."""


@dataclass(eq=False)
class QueueRun:
    """The analysis of a visitor's recordings, one after the other.

    Args:
        settings: Settings of all of them.
        begun: Recordings whose turn has come, in this order.
    """

    settings: AnalysisSettings
    begun: list[QueuedRecording] = field(default_factory=list)


@dataclass(eq=False)
class RecordingSession:
    """Recording state of one visitor.

    Args:
        visitor: The session of the open page, for equal shares of the processor.
        recordings: In the order of the queue; the tuple is replaced, never changed.
        shown: The finished one that is displayed.
        run: The analysis of the queue; None while there is none.
        choices: How often files were chosen, by which a check knows that it is out of date.
        language: Language of the page, which may change while recordings are analysed.
        on_page: The one that the page displays already.
    """

    visitor: str = ""
    recordings: tuple[QueuedRecording, ...] = ()
    shown: QueuedRecording | None = None
    run: QueueRun | None = None
    choices: int = 0
    language: str = SOURCE
    on_page: QueuedRecording | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def is_empty(self) -> bool:
        """Whether it holds neither work nor a result that its visitor may want back."""
        return all(each.job is None for each in self.recordings)

    @property
    def finished(self) -> list[QueuedRecording]:
        """The recordings with a result."""
        return [each for each in self.recordings if each.result is not None]

    def choose(self, paths: Iterable[str]) -> None:
        """Follow the field for uploads: new ones come last, and those that have gone are deleted.

        Args:
            paths: Paths of the uploads in the field; those after the first `MAX_QUEUED` are passed
                over.
        """
        known = {each.path: each for each in self.recordings if each.uploaded}
        earlier = [each for each in self.recordings if not each.uploaded]
        chosen = [
            known.pop(path) if path in known else QueuedRecording(next(self._numbers), path)
            for path in list(dict.fromkeys(paths))[:MAX_QUEUED]
        ]
        self.recordings = (*earlier, *chosen)
        for gone in known.values():
            gone.discard()
        self._find_shown()

    def begin(self, settings: AnalysisSettings) -> QueueRun:
        """Begin to analyse what has no result with some settings, instead of an earlier run."""
        self.cancel()
        self.run = QueueRun(settings)
        self._keep_since(None)
        return self.run

    def waiting(self) -> list[QueuedRecording]:
        """Return the recordings whose turn has yet to come."""
        if (run := self.run) is None:
            return []
        return [
            each
            for each in self.recordings
            if each.uploaded and each not in run.begun and not each.is_finished(run.settings)
        ]

    def next_in(self, run: QueueRun) -> QueuedRecording | None:
        """Return the next recording; None at the end.

        What came of it before is deleted, unless its upload is no longer here.
        """
        if self.run is not run or not (waiting := self.waiting()):
            return None
        recording = waiting[0]
        run.begun.append(recording)
        if recording.has_upload or recording.result is None:
            recording.discard()
            recording.settings = run.settings
            if self.shown is recording:
                self.shown = None  # until it has its new result
        return recording

    def start(
        self,
        run: QueueRun,
        recording: QueuedRecording,
        job: Job[RenderedRecording],
        queue: JobQueue,
    ) -> asyncio.Task[RenderedRecording]:
        """Queue a recording's job; it is cancelled where run or recording has gone meanwhile.

        What another run does with the recording is left alone.
        """
        if self.run is run or (self.run is None and recording.job is None):
            recording.job = job
        if self.run is not run or recording not in self.recordings:
            job.cancel()
        return queue.submit(job)

    def end(self, run: QueueRun) -> None:
        """End a run, also in its middle; the time for which files are kept counts from now."""
        if self.run is not run:
            return
        self.run = None
        for each in run.begun[-1:]:
            if each.job is not None and each.result is None:
                each.job.cancel()
        self._keep_since(monotonic())
        self._find_shown()

    def _keep_since(self, time: float | None) -> None:
        for each in self.recordings:
            if each.result is not None:
                each.result.kept_since = time

    def cancel(self) -> None:
        """Cancel the analysis; results are kept."""
        if self.run is not None:
            self.end(self.run)

    def show(self, number: object) -> None:
        """Display another result.

        Raises:
            OutputError: Its files were deleted meanwhile.
        """
        chosen = next((each for each in self.recordings if each.number == number), None)
        if chosen is None or chosen.result is None:
            raise OutputError(_(FILES_DELETED))
        if chosen is not self.shown:
            if self.shown is not None and self.shown.result is not None:
                self.shown.result.compact()
            self.shown = chosen

    def finish(self, recording: QueuedRecording, result: RenderedRecording) -> None:
        """Keep the result of a recording, which is displayed where no other one is."""
        recording.result = result
        if self.run is None:
            result.kept_since = monotonic()  # it was cancelled meanwhile
        if self.shown is None:
            self.shown = recording
        else:
            result.compact()

    def _find_shown(self) -> None:
        if self.shown not in self.finished:
            self.shown = next(iter(self.finished), None)

    def clear(self) -> None:
        """Cancel the analysis, and delete what came of all recordings."""
        self.cancel()
        for each in self.recordings:
            each.discard()
        self.recordings, self.shown = (), None

    def compact(self) -> None:
        """Drop what is unfinished, and keep less of what is finished: the page is closed."""
        self.cancel()
        for each in self.recordings:
            each.uploaded = False
            if each.result is None:
                each.discard()
            else:
                each.result.compact()
        finished = tuple(self.finished)
        for each in finished[:-MAX_QUEUED]:
            each.discard()
        self.recordings = finished[-MAX_QUEUED:]
        self._find_shown()
        self.on_page = None

    def forget_expired(self) -> None:
        """Drop the results whose files were deleted, however long the page stays open."""
        last = monotonic() - RESULT_LIFETIME - DELETION_TIME
        for each in self.recordings:
            if each.result is not None and (each.result.kept_since or last) < last:
                each.discard()
        self.recordings = tuple(each for each in self.recordings if each.uploaded or each.result)
        if self.shown is not None and self.shown.result is None:
            self._find_shown()

    def drop_deleted(self) -> bool:
        """Drop the earlier results without files if others have them; return whether any has."""
        with_files = [each for each in self.recordings if each.result and each.result.has_files()]
        if with_files:
            kept = (each for each in self.recordings if each.uploaded or each in with_files)
            self.recordings = tuple(kept)
            self._find_shown()
        return len(with_files) > 0
