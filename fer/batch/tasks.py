"""Tasks of workers, and their results; both are sent between processes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer.batch.input_files import InputFile
from fer.recording.frame_analyzer import track_max_age
from fer.recording.span import Span
from fer.video import VideoInfo

if TYPE_CHECKING:
    import pyarrow as pa

PHOTO_TASKS = 64
"""Tasks into which photos are divided, within the limits below: enough that all workers have done
theirs at about the same time, and that progress is seen."""

MIN_PHOTOS, MAX_PHOTOS = 10, 100
"""Photos of a task, whose rows are one part of a table; a stop loses at most these."""

SEGMENT_SECONDS = 60
"""Seconds of a video that are one task."""

MIN_OVERLAP = 2
"""Whole seconds before a segment that are analysed once more, so that its tracks are continued."""


@dataclass(frozen=True)
class BatchSettings:
    """How all files of a batch are analysed.

    Attributes:
        view: "person", or "class" for aggregates of five faces or more only.
        rate: Analysed frames of a video per second.
        start: Seconds of each video at which its analysis starts.
        end: Seconds at which it ends; infinite for the video's end.
        min_face: Size of the smallest face, pixels; None for `PHOTO_MIN_FACE` and `VIDEO_MIN_FACE`.
        annotated: Folder of the copies with boxes; None for no copies.
        model: A Hub id or a folder; None is the embedded network.
        device: Where the networks run, as torch names it.
        segment_seconds: Whole seconds of a segment.
    """

    view: str = "person"
    rate: float = 5.0
    start: float = 0.0
    end: float = math.inf
    min_face: int | None = None
    annotated: Path | None = None
    model: str | None = None
    device: str = "cpu"
    segment_seconds: int = SEGMENT_SECONDS

    @property
    def span(self) -> Span:
        """What is analysed of each video."""
        return Span(self.start, self.end)

    @property
    def overlap(self) -> int:
        """Whole seconds before a segment that are analysed once more: all that a track keeps."""
        return max(MIN_OVERLAP, math.ceil(track_max_age(self.rate) + 2 / self.rate))

    def options(self) -> dict[str, object]:
        """Return what the results depend on beside the network, as JSON holds it."""
        names = ("view", "rate", "start", "min_face", "segment_seconds")
        return {
            **{name: value for name, value in asdict(self).items() if name in names},
            "end": None if math.isinf(self.end) else self.end,
            "annotate": self.annotated is not None,
        }


@dataclass(frozen=True)
class PhotoTask:
    """Read some photos; the result is `TableRows`."""

    files: tuple[InputFile, ...]


@dataclass(frozen=True)
class PlanTask:
    """Find out of which segments a video consists; the result is a `VideoPlan` or `TableRows`."""

    file: InputFile


@dataclass(frozen=True)
class Segment:
    """A stretch of a video; all in seconds from where its analysis starts.

    Attributes:
        number: Index, from 0.
        start: Start in seconds, a whole number.
        end: End in seconds; infinite for the last one.
        read_from: Where reading starts.
        next_sample: When the first sample from there on is due.
    """

    number: int
    start: int
    end: float
    read_from: float
    next_sample: float

    @property
    def is_whole(self) -> bool:
        """Whether it is all that is analysed of the video."""
        return self.start == 0 and math.isinf(self.end)


WHOLE_SEGMENT = Segment(0, 0, math.inf, 0.0, 0.0)
"""All that is analysed of a video."""


@dataclass(frozen=True)
class VideoPlan:
    """A video before its frames are analysed.

    Attributes:
        info: What its header states, and its length.
        can_seek: Whether it may be read from its middle on.
        segments: In their order.
        identity: Recognises a replaced file; see `LocalCopies.identity`.
    """

    info: VideoInfo
    can_seek: bool
    segments: Sequence[Segment]
    identity: str


@dataclass(frozen=True)
class SegmentTask:
    """Analyse a segment of a video; the result is `SegmentRows`.

    Attributes:
        file: The video.
        segment: Which part of it.
        info: The video's, as in its `VideoPlan`.
        can_seek: As in its `VideoPlan`.
        identity: As in its `VideoPlan`.
    """

    file: InputFile
    segment: Segment
    info: VideoInfo
    can_seek: bool
    identity: str


@dataclass(frozen=True)
class TableRows:
    """Rows of all tables, of some files that are done; and what isn't done, whatever the task.

    Attributes:
        files: One row per file.
        timeline: One row per second of a video, or per photo.
        faces: One row per face; None in the class view.
        unread: Files that can't be read at the moment, and why: they have no rows.
    """

    files: "pa.Table"
    timeline: "pa.Table"
    faces: "pa.Table | None"
    unread: Mapping[InputFile, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SegmentRows:
    """What is known of a segment.

    Attributes:
        timeline: Rows of `timeline`, as in `TableRows`.
        faces: Rows of `faces`, as in `TableRows`, with tracks as they were numbered here.
        overlap: Rows as in `faces` of the seconds before; None in the class view.
        facts: Whatever else the video's row is made of, as JSON holds it.
    """

    timeline: "pa.Table"
    faces: "pa.Table | None"
    overlap: "pa.Table | None"
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkerReady:
    """A worker has loaded the network, and this is which.

    Attributes:
        name: For display.
        fingerprint: Checksum of its weights.
        precision: "int8" or "float32".
    """

    name: str
    fingerprint: str
    precision: str


@dataclass(frozen=True)
class WorkError:
    """What ends the whole batch: no network, or no room; the sentence is for whoever started it."""

    sentence: str


Task = PhotoTask | PlanTask | SegmentTask
Result = TableRows | VideoPlan | SegmentRows | WorkError


def files_of(task: Task) -> tuple[InputFile, ...]:
    """Return the files that a task is about."""
    return task.files if isinstance(task, PhotoTask) else (task.file,)
