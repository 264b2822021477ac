"""The result of a recording as the page displays it: HTML, marks, files, and stored thumbnails."""

import math
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from fer.i18n import current_language
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.images import encode_jpeg, read_image
from fer.output_files import OutputError, write_file
from fer.recording import RecordingResult
from fer.recording.exports import write_archive
from fer.recording.outputs import write_timeline_files
from fer.recording.thumbnails import Thumbnail
from fer.timeline.summary import Summary, summarise
from fer.ui.event_listeners import page_file
from fer.ui.mark_editor import change_marks
from fer.ui.recording.views import RESULT_LIFETIME, finished_html, result_html

RESULT_FILES = ("video", "video", "plot", "csv", "json", "report", "exports")
"""Fields of `RecordingResult`, one for each output: the video is both played and saved."""

EMPTY_OUTPUTS = ("", *[None] * len(RESULT_FILES))
"""No result and no files."""

FILES_DELETED = N_("The recording's files have been deleted; upload it again.")

MAX_DOCUMENT_BYTES, ROWS = 2_000_000, ("bins", "table", "tracks")
"""Bytes of a timeline's JSON up to which an endpoint returns all of it, and the entries that a
larger one lacks: Gradio goes through a result value by value several times, and nobody else is
served meanwhile."""

_PICTURES, _QUALITY = "pictures", 95
"""Folder of the thumbnails, in that of the result, and their JPEG quality, which is high because
the page's HTML encodes them a second time."""

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


class RenderedRecording:
    """The result of a recording with its HTML, which takes a moment: create it in the job's thread.

    Args:
        recording: Its timeline and files; its thumbnails are saved beside these.

    Attributes:
        kept_since: Start of the time for which its files are kept, in seconds of `time.monotonic`;
            None while the visitor's next recordings are analysed.
    """

    def __init__(self, recording: RecordingResult) -> None:
        """Render it.

        Raises:
            OutputError: A thumbnail can't be written.
        """
        self.recording = recording
        self.kept_since: float | None = None
        self._compacted = False
        self._lock = threading.Lock()  # workers render, the event loop compacts
        self.summary: Summary
        self.result: str
        self._language: str  # of the result
        for path, picture in zip(self._picture_paths(), recording.pictures, strict=True):
            write_file(path, encode_jpeg(picture.image, _QUALITY))
        self.render()

    def state(self) -> str:
        """Return HTML of the state: the summary, and for how long the files are kept."""
        since = self.kept_since
        left = None if since is None else max(0.0, since + RESULT_LIFETIME - time.monotonic())
        return finished_html(self.summary, self.recording.warning, left)

    def mark(self, action: object) -> str:
        """Set, change or remove a mark; return why not, or ""."""
        end = math.ceil(self.recording.metadata.end)
        return change_marks(self.recording.timeline, action, end)

    def render(self, trouble: str = "") -> tuple[str, str]:
        """Return HTML of the state and of the result with its marks as they are now.

        Args:
            trouble: Why a mark was not changed; "" for nothing.
        """
        recording = self.restore()
        summary = self.summary = summarise(recording.timeline, recording.duration)
        result = result_html(recording, summary)
        with self._lock:
            self._language = current_language()
            self.result = "" if self._compacted else result  # it may have been meanwhile
        shown = result_html(recording, summary, trouble) if trouble else result
        return self.state(), shown

    def rewrite(self) -> list[dict[str, Any]]:
        """Write all files that hold marks again; return those that are saved, for the page.

        Raises:
            OutputError: They have been deleted, or can't be written.
        """
        recording = self.restore()
        if not recording.video.exists():
            raise OutputError(_(FILES_DELETED))
        write_timeline_files(recording)
        write_archive(recording, Path(recording.metadata.title))
        return [*map(page_file, file_paths(recording, RESULT_FILES[1:]))]

    def compact(self) -> None:
        """Keep no thumbnails and no HTML in memory while no page shows it.

        Sessions are kept for a quarter of an hour, and both together have a megabyte or more.
        """
        with self._lock:
            if not self._compacted:
                held = [replace(picture, image=_NO_PICTURE) for picture in self.recording.pictures]
                self.recording, self.result = replace(self.recording, pictures=held), ""
                self._compacted = True

    def restore(self) -> RecordingResult:
        """Return the recording with its thumbnails, without any where they were deleted."""
        with self._lock:
            if self._compacted:
                pictures: list[Thumbnail] = []
                with suppress(FileNotFoundError):
                    images = [read_image(path.read_bytes()) for path in self._picture_paths()]
                    known = zip(self.recording.pictures, images, strict=True)
                    pictures = [replace(picture, image=image) for picture, image in known]
                self.recording = replace(self.recording, pictures=pictures)
                self._compacted = False
            return self.recording

    def _picture_paths(self) -> list[Path]:
        folder = self.recording.video.parent / _PICTURES
        return [folder / f"{index}.jpg" for index in range(len(self.recording.pictures))]

    def document(self) -> dict[str, Any]:
        """Return what the timeline's JSON file holds, without `ROWS` where it is large."""
        content = self.recording.json.read_bytes()
        document: dict[str, Any] = orjson.loads(content)
        left_out = ROWS if len(content) > MAX_DOCUMENT_BYTES else ()
        return {name: value for name, value in document.items() if name not in left_out}

    def has_files(self) -> bool:
        """Return whether its files have not been deleted yet."""
        return self.recording.video.exists()

    def outputs(self) -> tuple[Any, ...]:
        """Return HTML of the result and `page_file` of each of `RESULT_FILES`, None without any."""
        result = self.result
        if not result or self._language != current_language():
            _state, result = self.render()
        if not self.has_files():
            return result, *EMPTY_OUTPUTS[1:]
        return result, *map(page_file, file_paths(self.recording, RESULT_FILES))


def file_paths(recording: RecordingResult, names: Sequence[str]) -> list[str]:
    """Return the paths of some fields of a result."""
    return [str(getattr(recording, name)) for name in names]
