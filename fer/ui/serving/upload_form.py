"""The form of an upload: parsed while it arrives, its files written into the store."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

from gradio_client.utils import (  # type: ignore[import-untyped]
    strip_invalid_filename_characters,
)
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.ui.serving.request_checks import RequestError
from fer.ui.serving.upload_limits import Upload
from fer.ui.serving.upload_store import UploadStore

MAX_FILES, MAX_PARTS = 10, 20
"""Files in one request (the page sends as many as are dropped at once), and parts of its form."""

MAX_OTHER_BYTES = 100_000
"""Bytes of a form's parts that are no files; the page sends none."""

BAD_FORM = N_("The upload can't be read; send it as multipart/form-data with the files as `files`.")
TOO_MANY = N_("At most %(most)s files can be uploaded at a time.")


class Form:
    """Parses multipart/form-data and writes its files into the store; other fields are dropped.

    Args:
        boundary: Boundary from the Content-Type header.
        store: Where the files are stored.
        sender: The sender's network address.
        max_bytes: Maximum size of a file.
    """

    def __init__(self, boundary: bytes, store: UploadStore, sender: str, max_bytes: int) -> None:
        self.store, self.sender, self.max_bytes = store, sender, max_bytes
        self.uploads: list[Upload] = []
        self.ended = False
        self._file: BinaryIO | None = None
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._parts = self._other_bytes = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._write,
                "on_part_end": self.close,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Parse bytes of the body; to be run in a thread, as it writes to disk.

        Raises:
            RequestError: It is not a form, or has too many files, one that is too large, or much
                else.
            OSError: The disk or the quota is full.
        """
        try:
            self._parser.write(data)
        except FormParserError:
            raise RequestError(400, BAD_FORM) from None

    def close(self) -> None:
        """Close the current file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin_part(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise RequestError(413, _(TOO_MANY, most=MAX_FILES))

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        _kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if options.get(b"name") != b"files" or b"filename" not in options:
            return
        if len(self.uploads) == MAX_FILES:
            raise RequestError(413, _(TOO_MANY, most=MAX_FILES))
        upload = self.store.begin(file_name(options[b"filename"]), self.sender)
        self.uploads.append(upload)
        self._file = upload.path.open("wb", buffering=0)

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            self._other_bytes += end - start
            if self._other_bytes > MAX_OTHER_BYTES:
                raise RequestError(413, BAD_FORM)
            return
        upload = self.uploads[-1]
        if upload.size + end - start > self.max_bytes:
            raise too_large(self.max_bytes)
        self.store.grow(upload, end - start)
        rest = memoryview(data)[start:end]
        while rest:
            rest = rest[self._file.write(rest) :]

    def _end(self) -> None:
        self.ended = True


def too_large(max_bytes: int) -> RequestError:
    """Return what refuses a file of more bytes."""
    megabytes = max_bytes // 1_000_000
    return RequestError(
        413, _("The upload is too large; a file may have %(most)s MB.", most=megabytes)
    )


def file_name(sent: bytes) -> str:
    """Return an upload's sanitized file name: no folders, and no unusual characters."""
    text = sent.decode("utf-8", "replace")
    plain = PurePosixPath(PureWindowsPath(text).name).name
    printable = "".join(letter for letter in plain if letter.isprintable())
    name = strip_invalid_filename_characters(printable)
    return "file" if name in ("", ".", "..") else name
