"""Rows of the tables from photos."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from supervision import Detections

from fer.batch.input_files import InputFile
from fer.batch.local_copies import UnavailableError, read_bytes
from fer.batch.rows import FaceRows, TimelineRows, file_table
from fer.batch.store import copy_name
from fer.batch.tasks import BatchSettings, TableRows
from fer.batch.transient_errors import UnreachableError, raise_if_mount_lost
from fer.drawing.annotators import FaceAnnotator
from fer.drawing.face_export import describe_rotation
from fer.images import DecodedImage, ImageError, decode_image, encode_jpeg
from fer.output_files import write_file
from fer.pipeline import Pipeline
from fer.timeline.timeline import Timeline
from fer.vision.detections import expression_labels, picture_rotation
from fer.vision.face_sizes import PHOTO_MIN_FACE

LARGE = "The photo takes too much memory to read; save it smaller."

JPEG_QUALITY = 90
"""JPEG quality of copies with boxes, 1 to 95."""

MAX_UNREACHABLE = 3
"""Photos in a row that can't be fetched, after which the others of the task aren't tried."""


def read_photos(
    files: tuple[InputFile, ...],
    pipeline: Pipeline,
    settings: BatchSettings,
    note_progress: Callable[[], None] = lambda: None,
) -> TableRows:
    """Return the rows of some photos; one that can't be read has its reason in `files`.

    What can't be fetched at the moment has no row, and its reason in `unread`.

    Args:
        files: The photos.
        pipeline: Detects and classifies.
        settings: The batch's settings.
        note_progress: Called before each photo.

    Raises:
        fer.output_files.OutputError: A copy with boxes can't be written.
    """
    detector = pipeline.detector.with_min_face(settings.min_face or PHOTO_MIN_FACE)
    reading = _Reading(Pipeline(detector, pipeline.classifier), settings, note_progress)
    rows, unread = _read_all(files, reading)
    faces = reading.faces.table() if settings.view == "person" else None
    return TableRows(file_table(rows), reading.timeline.table(), faces, unread)


def _read_all(
    files: Sequence[InputFile], reading: "_Reading"
) -> tuple[list[tuple[InputFile, dict[str, Any]]], dict[InputFile, str]]:
    """Return what is known of the photos, and why some can't be fetched at the moment."""
    rows: list[tuple[InputFile, dict[str, Any]]] = []
    unread: dict[InputFile, str] = {}
    in_a_row, sentence = 0, ""
    for file in files:
        if in_a_row == MAX_UNREACHABLE:  # each takes long to fail
            unread[file] = sentence
            continue
        try:
            rows.append((file, reading.read(file)))
            in_a_row = 0
        except UnreachableError as error:
            in_a_row, sentence = in_a_row + 1, str(error)
            unread[file] = sentence
    return rows, unread


class _Reading:
    """Collects the rows of one photo after another."""

    def __init__(
        self, pipeline: Pipeline, settings: BatchSettings, note_progress: Callable[[], None]
    ) -> None:
        self._pipeline, self._settings = pipeline, settings
        self._note_progress = note_progress
        self.faces, self.timeline = FaceRows(), TimelineRows()

    def read(self, file: InputFile) -> dict[str, Any]:
        """Read a photo, and return what is known of it.

        Raises:
            UnreachableError: It can't be read at the moment.
        """
        self._note_progress()
        try:
            # All of it first: to a decoder a folder that goes away looks like a damaged photo.
            decoded = decode_image(read_bytes(file, self._note_progress))
            faces = self._pipeline(decoded.pixels)
            return self._add(file, decoded, faces)
        except (ImageError, UnavailableError) as error:
            return {"error": str(error)}
        except OSError as error:
            raise_if_mount_lost(error)
            return {"error": f"The file can't be read: {error.strerror or error}."}
        except MemoryError:
            return {"error": LARGE}

    def _add(self, file: InputFile, decoded: DecodedImage, faces: Detections) -> dict[str, Any]:
        below = self._pipeline.classifier.uncertain_below
        labels = expression_labels(faces, below)
        notices: list[str | None] = [*decoded.notices, describe_rotation(picture_rotation(faces))]
        if self._settings.annotated is not None:  # first: what can't be drawn has no rows
            notices.append(self._write_copy(self._settings.annotated, file, decoded, faces, labels))
        one = Timeline(self._settings.view, small=0, uncertain_below=below)  # as `faces` has them
        one.add(faces, 0.0)
        self.timeline.add(file, one)
        if self._settings.view == "person":
            self.faces.add(file, faces, labels)
        height, width = decoded.pixels.shape[:2]
        return {
            "width": width,
            "height": height,
            "frames": 1,
            "faces": len(faces),
            "notice": " ".join(filter(None, notices)) or None,
        }

    def _write_copy(
        self,
        folder: Path,
        file: InputFile,
        decoded: DecodedImage,
        faces: Detections,
        labels: Sequence[str],
    ) -> str | None:
        """Write a photo with boxes into a folder; return why that isn't possible, or None."""
        shown = labels if self._settings.view == "person" else None
        drawn = FaceAnnotator().annotate(decoded.pixels, faces, shown)
        try:
            content = encode_jpeg(drawn, JPEG_QUALITY)
        except ImageError as error:
            return f"There is no copy with boxes: {error}"
        write_file(folder / f"{copy_name(file.source, file.source_id)}.jpg", content)
        return None
