"""What each stage of `fer run` takes, for `benchmarks.scale`: in one process, with one thread."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from benchmarks.stopwatch import Stopwatch
from fer.batch import photo_rows, task_runner
from fer.batch.batch_run import BatchRun
from fer.batch.input_files import InputFile, Shard
from fer.batch.rows import FaceRows, TimelineRows
from fer.batch.store import BatchStore
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings, Result, Task, WorkerReady
from fer.model.classifier import ExpressionClassifier
from fer.recording.span import Span
from fer.vision.detector import FaceDetector

DECODE, DETECT, CLASSIFY, WRITE = "decode", "detect", "classify", "tables"
REST = "track, smooth, measure"

STAGES: tuple[tuple[object, str, str], ...] = (
    (photo_rows, "read_bytes", DECODE),
    (photo_rows, "decode_image", DECODE),
    (task_runner, "plan_video", DECODE),
    (FaceDetector, "detect", DETECT),
    (FaceDetector, "detect_any_rotation", DETECT),
    (FaceDetector, "redetect", DETECT),
    (ExpressionClassifier, "classify", CLASSIFY),
    (FaceRows, "add", WRITE),
    (FaceRows, "table", WRITE),
    (TimelineRows, "add", WRITE),
    (TimelineRows, "table", WRITE),
    (BatchStore, "_write", WRITE),
    (BatchStore, "write_segment", WRITE),
)
"""Functions, by where they are looked up, and what the time in each counts as."""


def measure_stages(
    files: Sequence[InputFile], out: Path, runner: TaskRunner, settings: BatchSettings
) -> dict[str, float]:
    """Return the seconds of each stage, of all files together."""
    stopwatch, store = Stopwatch(), BatchStore(out, Shard())
    with store.locked(), _timed(stopwatch):
        batch = BatchRun(files, settings, store)
        stopwatch.measure(REST, lambda: batch.run(_InProcess(runner)))
    return {
        name: stopwatch.seconds.get(name, 0.0) for name in (DECODE, DETECT, CLASSIFY, WRITE, REST)
    }


@contextmanager
def _timed(stopwatch: Stopwatch) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, stage in STAGES:
            function = _timed_function(stopwatch, stage, getattr(owner, name))
            stack.enter_context(patch.object(owner, name, function))
        frames = Span.frames
        stack.enter_context(
            patch.object(Span, "frames", lambda *given: _timed_items(stopwatch, frames(*given)))
        )
        yield


def _timed_function(
    stopwatch: Stopwatch, stage: str, function: Callable[..., object]
) -> Callable[..., object]:
    return lambda *given, **named: stopwatch.run(stage, function, given, named)


def _timed_items(stopwatch: Stopwatch, items: Iterator[object]) -> Iterator[object]:
    """Yield what an iterator does; the time in it counts as decoding."""
    end = object()
    while (item := stopwatch.run(DECODE, next, (items, end), {})) is not end:
        yield item


class _InProcess:
    """A worker in this process, which does its task when it is waited for."""

    def __init__(self, runner: TaskRunner) -> None:
        self._runner, self._tasks = runner, deque[Task]()

    @property
    def free(self) -> int:
        """Whether it has no task."""
        return 1 - self.busy

    @property
    def busy(self) -> int:
        """Whether it has one."""
        return len(self._tasks)

    def start(self) -> WorkerReady:
        """Return which network it uses."""
        return self._runner.ready

    def submit(self, task: Task) -> None:
        """Take a task."""
        self._tasks.append(task)

    def wait(self) -> tuple[Task, Result]:
        """Do it."""
        task = self._tasks.popleft()
        return task, self._runner.run(task)

    def close(self) -> None:
        """Remove what was copied."""
        self._runner.close()
