"""Files of an analysed recording besides the annotated video."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer.images import encode_jpeg
from fer.recording.thumbnails import Thumbnail, contact_sheet, make_thumbnails
from fer.timeline.serialization import to_csv, to_json
from fer.timeline.summary import summarise
from fer.timeline.timeline import Timeline

FILE_NAMES = {
    "video": "annotated.mp4",
    "plot": "timeline.png",
    "thumbnails": "moments.jpg",
    "csv": "timeline.csv",
    "json": "timeline.json",
    "report": "report.html",
}
"""Name of each file."""


@dataclass(frozen=True)
class RecordingResult:
    """The results of a recording's analysis.

    Attributes:
        timeline: The expressions over time.
        view: "class" or "person".
        warning: Sentences on what couldn't be read or kept; None if all was.
        duration: The video's duration in seconds.
        lead: Seconds of sound before its first picture, by which the annotated video is later.
        video: The annotated video, MP4.
        plot: The timeline's plot, PNG.
        csv: The table, a row a bin or, in the person view, a row a track and bin.
        json: The timeline's file, for reading it again.
        report: One HTML file that holds everything but the video.
        pictures: Small pictures of the moments, one by one.
        thumbnails: The same on one sheet, JPEG; None where it wasn't wanted.
    """

    timeline: Timeline
    view: str
    warning: str | None
    duration: float
    lead: float
    video: Path
    plot: Path
    csv: Path
    json: Path
    report: Path
    pictures: Sequence[Thumbnail] = ()
    thumbnails: Path | None = None


@dataclass(frozen=True)
class RecordingMetadata:
    """Origin of a timeline.

    Attributes:
        title: The recording's name.
        duration: The video's duration in seconds.
        rate: Analysed frames a second.
        warning: Sentences on what couldn't be read; None if all could.
        model: The network's name.
        accuracy: How often it is right, and on what; None if that isn't known.
        scale: Pixels of the video a pixel of what was analysed; above 1 where it was shrunk.
        lead: Seconds of sound before the first picture, by which the annotated video is later.
    """

    title: str
    duration: float
    rate: float
    warning: str | None
    model: str
    accuracy: str | None
    scale: float
    lead: float


def output_paths(folder: Path, sheet: bool = True) -> dict[str, Path]:
    """Return the files in a folder by kind, without the sheet of thumbnails if it isn't wanted."""
    return {
        kind: folder / name for kind, name in FILE_NAMES.items() if sheet or kind != "thumbnails"
    }


def write_outputs(
    timeline: Timeline, folder: Path, metadata: RecordingMetadata, sheet: bool = True
) -> RecordingResult:
    """Write everything that comes from the timeline and the annotated video in `folder`."""
    from fer.timeline.plot import timeline_plot  # heavy
    from fer.timeline.report import report_html

    paths = output_paths(folder, sheet)
    moments = summarise(timeline, metadata.duration).moments
    previews = make_thumbnails(paths["video"], moments, metadata.duration)
    if sheet:
        paths["thumbnails"].write_bytes(encode_jpeg(contact_sheet(previews)))
    paths["csv"].write_text(to_csv(timeline), encoding="utf-8")
    paths["json"].write_text(to_json(timeline, metadata_entries(metadata)), encoding="utf-8")
    timeline_plot(timeline, moments).savefig(paths["plot"], dpi=110)
    images = [(picture.caption, picture.image) for picture in previews]
    report = report_html(
        *(timeline, metadata.title, images, metadata.warning),
        model=metadata.model,
        accuracy=metadata.accuracy,
        rate=metadata.rate,
        end=metadata.duration,
        scale=metadata.scale,
        lead=metadata.lead,
    )
    paths["report"].write_text(report, encoding="utf-8")
    known = (metadata.warning, metadata.duration, metadata.lead)
    files: dict[str, Any] = {**paths}
    return RecordingResult(timeline, timeline.view, *known, pictures=previews, **files)


def metadata_entries(metadata: RecordingMetadata) -> dict[str, object]:
    """Return the metadata in a timeline's JSON."""
    names = ("title", "model", "rate", "duration", "lead", "warning")
    return {name: getattr(metadata, name) for name in names} | {"shrunk_by": metadata.scale}
