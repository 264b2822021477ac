"""Files of an analysed recording besides the annotated video."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fer.i18n import SOURCE, use_language
from fer.images import encode_jpeg
from fer.output_files import (
    OutputError,
    describe,
    is_write_error,
    new_file,
    output_folder,
    write_file,
)
from fer.recording.thumbnails import Thumbnail, contact_sheet, make_thumbnails, match_pictures
from fer.temp_folder import LOCK, folder_lock, remove_unlocked
from fer.timeline.methods import TimelineMetadata, methods_paragraph
from fer.timeline.moments import find_moments
from fer.timeline.serialization import to_csv, to_json
from fer.timeline.timeline import Timeline
from fer.video import VideoError

FILE_NAMES = {
    "video": "annotated.mp4",
    "plot": "timeline.png",
    "thumbnails": "moments.jpg",
    "csv": "timeline.csv",
    "json": "timeline.json",
    "report": "report.html",
}
"""Name of each file."""

_WORK_PREFIX = ".work-"
"""Prefix of the folder in which files are made, inside the one that they are moved into."""

FRAMES_NAME = "frames.bin"
"""Name of the rows of `fer.recording.frame_table`, where they are kept."""


class ResultsError(VideoError):
    """The results can't be written, whatever the video."""


@dataclass(frozen=True)
class RecordingResult:
    """The results of a recording's analysis.

    Attributes:
        timeline: The expressions over time.
        metadata: Where they come from.
        video: The annotated video, MP4.
        plot: The timeline's plot, PNG.
        csv: The table, one row per bin or, in the person view, one row per track and bin.
        json: The timeline's file, for reading it again.
        report: One HTML file that holds everything but the video.
        pictures: Small pictures of the moments, one by one.
        thumbnails: Small pictures of the moments on one sheet, JPEG; None where it wasn't wanted.
        frames: Rows of `fer.recording.frame_table`; None where they weren't kept.
        exports: Files for other programs, ZIP; None where they weren't wanted.
    """

    timeline: Timeline
    metadata: TimelineMetadata
    video: Path
    plot: Path
    csv: Path
    json: Path
    report: Path
    pictures: Sequence[Thumbnail] = ()
    thumbnails: Path | None = None
    frames: Path | None = None
    exports: Path | None = None

    @property
    def view(self) -> str:
        """ "class" or "person"."""
        return self.timeline.view

    @property
    def warning(self) -> str | None:
        """Sentences on what couldn't be read or kept; None if all was."""
        return self.metadata.warning

    @property
    def duration(self) -> float:
        """The video's duration in seconds."""
        return self.metadata.duration

    @property
    def video_offset(self) -> float:
        """Seconds of sound before its first picture, by which the annotated video is later."""
        return self.metadata.video_offset


def output_paths(folder: Path, sheet: bool = True) -> dict[str, Path]:
    """Return the files in a folder by kind, without the sheet of thumbnails if it isn't wanted."""
    return {
        kind: folder / name for kind, name in FILE_NAMES.items() if sheet or kind != "thumbnails"
    }


def write_outputs(
    timeline: Timeline, folder: Path, metadata: TimelineMetadata, sheet: bool = True
) -> RecordingResult:
    """Write everything that comes from the timeline and the annotated video in `folder`."""
    paths = output_paths(folder, sheet)
    previews = make_thumbnails(paths["video"], find_moments(timeline), metadata.duration)
    if sheet:
        paths["thumbnails"].write_bytes(encode_jpeg(contact_sheet(previews)))
    recording = RecordingResult(timeline, metadata, pictures=previews, **paths)
    write_timeline_files(recording)
    return recording


def write_timeline_files(recording: RecordingResult) -> None:
    """Write table, timeline, plot and report of a recording, again where they are there.

    Each is written whole or not at all.
    """
    from fer.timeline.plot import timeline_plot  # heavy
    from fer.timeline.report import report_html

    timeline, metadata = recording.timeline, recording.metadata
    moments = find_moments(timeline)
    write_file(recording.csv, to_csv(timeline))
    with use_language(SOURCE):
        write_file(recording.json, to_json(timeline, metadata_entries(timeline, metadata)))
    with new_file(recording.plot) as unfinished:
        timeline_plot(timeline, moments, metadata.end).savefig(unfinished, dpi=110)
    pictures = [picture[1:] for picture in match_pictures(moments, recording.pictures)]
    write_file(recording.report, report_html(timeline, metadata, pictures))


def metadata_entries(timeline: Timeline, metadata: TimelineMetadata) -> dict[str, object]:
    """Return the metadata in a timeline's JSON."""
    names = ("title", "rate", "start", "duration", "video_offset", "sound_end", "warning")
    return {
        **{name: getattr(metadata, name) for name in names},
        "model": metadata.network.name,
        "fingerprint": metadata.network.fingerprint,
        "downscale_factor": metadata.scale,
        "methods": methods_paragraph(timeline, metadata),
    }


@contextmanager
def atomic_outputs(folder: Path) -> Iterator[Path]:
    """Give a place for files that come into a folder when they are all there.

    After an error they are deleted, as is the folder if it was made here; files of an earlier
    analysis stay. What a killed process left is removed.
    """
    try:
        with output_folder(folder):
            remove_unlocked(folder.glob(f"{_WORK_PREFIX}*"))
            with (
                TemporaryDirectory(prefix=_WORK_PREFIX, dir=folder) as made,
                folder_lock(Path(made)),
            ):
                yield Path(made)
                for file in list(Path(made).iterdir()):
                    if file.name != LOCK:
                        file.replace(folder / file.name)
    except OutputError as error:
        raise ResultsError(str(error)) from error
    except OSError as error:
        if not is_write_error(error):
            raise
        raise ResultsError(f"The results can't be written: {describe(error)}") from error
