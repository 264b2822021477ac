"""A batch from its files to its tables: which task comes next, and what becomes of its result."""

import math
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fer.batch.input_files import InputFile
from fer.batch.rows import file_table
from fer.batch.store import BatchStore
from fer.batch.task_runner import ENDED, refuse
from fer.batch.tasks import (
    MAX_PHOTOS,
    MIN_PHOTOS,
    PHOTO_TASKS,
    BatchSettings,
    PhotoTask,
    PlanTask,
    Result,
    Segment,
    SegmentRows,
    SegmentTask,
    TableRows,
    Task,
    VideoPlan,
    WorkerReady,
    WorkError,
    files_of,
)
from fer.batch.transient_errors import UnreachableError
from fer.batch.video_join import TrackJoiner, join_facts
from fer.batch.work_estimate import WorkEstimate

if TYPE_CHECKING:
    import pyarrow as pa

MAX_OUTAGE = 5
"""Tasks in a row of which no file can be fetched, after which the run ends: a network is down."""

MAX_LOSSES = 3
"""Times that a worker may end over a task before its file is taken to be the reason."""


class TaskPool(Protocol):
    """Workers that do tasks; see `fer.batch.local` and `fer.batch.ray`."""

    @property
    def free(self) -> int:
        """Workers without a task."""

    @property
    def busy(self) -> int:
        """Workers with a task."""

    def start(self) -> WorkerReady:
        """Start the workers, and return what the first one that is ready states.

        Raises:
            ValueError: The network can't be loaded, or workers can't be started.
        """

    def submit(self, task: Task) -> None:
        """Give a task to a worker that is free."""

    def wait(self) -> tuple[Task, Result | None] | None:
        """Wait for a task that is done; without a result, its worker has ended.

        None is returned where a worker has become free instead.
        """

    def close(self) -> None:
        """End the workers."""


@dataclass
class _UnfinishedVideo:
    """A video of which some segments aren't analysed yet.

    Attributes:
        plan: Its segments.
        seconds: Mean length of a segment.
        missing: Numbers of the segments that aren't analysed yet.
    """

    plan: VideoPlan
    seconds: float
    missing: set[int] = field(default_factory=set)


class BatchRun:
    """Reads the files of a batch that aren't in its tables yet.

    Args:
        files: Files of this shard.
        settings: How they are read.
        store: Where the tables are.

    Attributes:
        total: Files of the shard.
        done: How many of these are in the tables.
        unread: Files that can't be read at the moment, and why.
    """

    def __init__(
        self,
        files: Sequence[InputFile],
        settings: BatchSettings,
        store: BatchStore,
    ) -> None:
        self._settings, self._store = settings, store
        self._report: Callable[[float], object] = lambda share: None
        known = store.done()
        self._remaining = [file for file in files if file.source_id not in known]
        self.total, self.done = len(files), len(files) - len(self._remaining)
        videos = sum(file.is_video for file in self._remaining)
        photos = len(self._remaining) - videos
        self._estimate = WorkEstimate(photos, videos, settings.segment_seconds)
        self._share = 0.0
        self._losses: Counter[Task] = Counter()
        self.unread: dict[InputFile, str] = {}
        self._outage = 0
        self._videos: dict[InputFile, _UnfinishedVideo] = {}

    @property
    def remaining(self) -> int:
        """Files that aren't in the tables."""
        return self.total - self.done

    @property
    def most_tasks(self) -> int:
        """Most tasks that there may be at a time; a video may become any number of segments."""
        tasks = list(self._first_tasks())
        splits = any(isinstance(task, PlanTask) for task in tasks)
        return sys.maxsize if splits and self._settings.annotated is None else len(tasks)

    def run(self, pool: TaskPool, report: Callable[[float], object] = lambda share: None) -> None:
        """Do all that is left.

        Args:
            pool: Does it.
            report: Receives the share of the work that is done, 0 to 1, which never falls.

        Raises:
            UnreachableError: Some files can't be read at the moment; the others are done, unless
                none could be had for a while.
            ValueError: Nothing more can be read or written.
        """
        self._report = report
        waiting = deque(self._first_tasks())
        while waiting or pool.busy:
            while waiting and pool.free:
                pool.submit(waiting.popleft())
            done = pool.wait()
            if done is None:
                continue
            task, result = done
            following = self._try_again(task) if result is None else self._keep(task, result)
            waiting.extendleft(reversed(list(following)))
            if isinstance(result, TableRows) and result.unread:
                waiting = deque(task for task in waiting if self._is_reachable(task))
        if self.remaining:
            raise UnreachableError(self._describe_unread())
        self._store.clear()

    def _is_reachable(self, task: Task) -> bool:
        """Return whether a task's files may be reachable, so that it is worth an attempt."""
        return self._outage < MAX_OUTAGE and self.unread.keys().isdisjoint(files_of(task))

    def _describe_unread(self) -> str:
        file, sentence = next(iter(self.unread.items()))
        others = "" if self.remaining == 1 else f", as are {self.remaining - 1:,} more"
        return (
            f"{file.source} is left for later{others}: {sentence} Run the same command "
            f"again to continue; {self.done:,} of {self.total:,} files are done."
        )

    def _first_tasks(self) -> Iterator[Task]:
        """Yield what is known to be left: videos first, as they take longest."""
        yield from (PlanTask(file) for file in self._remaining if file.is_video)
        photos = [file for file in self._remaining if not file.is_video]
        count = min(max(math.ceil(len(photos) / PHOTO_TASKS), MIN_PHOTOS), MAX_PHOTOS)
        for begin in range(0, len(photos), count):
            yield PhotoTask(tuple(photos[begin : begin + count]))

    def _try_again(self, task: Task) -> Iterable[Task]:
        """Return a task whose worker ended, its photos one by one from the second time on."""
        self._losses[task] += 1
        if isinstance(task, PhotoTask) and len(task.files) > 1 and self._losses[task] > 1:
            return [PhotoTask((file,)) for file in task.files]
        if self._losses[task] < MAX_LOSSES:
            return [task]
        return self._keep(task, refuse(task, ENDED, self._settings))

    def _keep(self, task: Task, result: Result) -> Iterable[Task]:
        """Write a result, and return the tasks that follow from it."""
        if isinstance(result, WorkError):
            raise ValueError(result.sentence)
        if isinstance(task, SegmentTask) and isinstance(result, SegmentRows):
            self._store.write_segment(task, result)
            self._outage = 0
            self._finish_segment(task.file, task.segment)
        elif isinstance(task, PlanTask) and isinstance(result, VideoPlan):
            return self._begin_video(task.file, result)
        elif isinstance(result, TableRows):
            self._keep_rows(files_of(task), result)
        return ()

    def _keep_rows(self, files: Sequence[InputFile], rows: TableRows) -> None:
        """Write the rows of some files, except of those that can't be read at the moment."""
        read = [file for file in files if file not in rows.unread]
        # Of files, as many tasks may be about the same one.
        is_new = not rows.unread.keys() <= self.unread.keys()
        self._outage = 0 if read else self._outage + is_new
        self.unread |= rows.unread
        if read:
            self._store.write(read, rows)
            self.done += len(read)
            if read[0].is_video:  # which can't be read
                self._estimate.plan_video(0)
            else:
                self._estimate.finish(photos=len(read))
            self._report_share()

    def _report_share(self) -> None:
        """Report what is done; a longer video than those before it leaves the share as it is."""
        self._share = max(self._share, self._estimate.share)
        self._report(self._share)

    def _begin_video(self, file: InputFile, plan: VideoPlan) -> Iterable[Task]:
        """Return the segments of a video that aren't there yet."""
        self._outage = 0
        self._store.drop_other_segments(file, plan.identity)
        tasks = [
            SegmentTask(file, segment, plan.info, plan.can_seek, plan.identity)
            for segment in plan.segments
        ]
        missing = [task for task in tasks if not self._store.has_segment(task)]
        length = self._settings.span.length(plan.info.duration)
        seconds = (length or self._settings.segment_seconds) / len(plan.segments)
        numbers = {task.segment.number for task in missing}
        self._videos[file] = _UnfinishedVideo(plan, seconds, numbers)
        self._estimate.plan_video(seconds * len(missing))
        self._report_share()
        if not missing:
            self._finish_video(file)
        return missing

    def _finish_segment(self, file: InputFile, segment: Segment) -> None:
        video = self._videos[file]
        video.missing.discard(segment.number)
        self._estimate.finish(seconds=video.seconds)
        self._report_share()
        if not video.missing:
            self._finish_video(file)

    def _finish_video(self, file: InputFile) -> None:
        """Join the segments of a video and write its rows."""
        plan = self._videos.pop(file).plan

        def read(segment: Segment) -> SegmentRows:
            return self._store.read_segment(file, plan.identity, segment)

        facts, joiner = [], TrackJoiner()
        person = self._settings.view == "person"

        def timeline() -> "Iterator[pa.Table]":
            for segment in plan.segments:
                rows = read(segment)
                facts.append((segment, rows.facts))
                yield rows.timeline

        def faces() -> "Iterator[pa.Table]":
            for segment in plan.segments:
                rows = read(segment)
                if rows.faces is not None and rows.overlap is not None:
                    yield joiner.add(rows.faces, rows.overlap)

        self._store.write_video(
            file,
            lambda: self._file_row(file, plan, join_facts(facts), joiner.count if person else None),
            timeline(),
            faces() if person else None,
        )
        self.done += 1

    def _file_row(
        self, file: InputFile, plan: VideoPlan, facts: dict[str, Any], tracks: int | None
    ) -> "pa.Table":
        """Return the row of a video in `files`."""
        known = {
            "width": plan.info.width,
            "height": plan.info.height,
            "duration": plan.info.duration,
            "start": self._settings.start,
            "tracks": tracks,
            **facts,
        }
        return file_table([(file, known)])
