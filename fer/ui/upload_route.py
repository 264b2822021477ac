"""Upload route, in place of Gradio's: limited in size and rate; interrupted uploads are deleted.

Gradio's own route has no such limits, and leaves incomplete files behind when the connection breaks
or the disk is full.
"""

import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

import anyio
import anyio.to_thread
from gradio_client.utils import (  # type: ignore[import-untyped]
    strip_invalid_filename_characters,
)
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.ui.request_bodies import RequestError, claimed_size
from fer.ui.upload_limits import NO_ROOM, NoRoomError, Upload
from fer.ui.uploads import UploadStore

logger = logging.getLogger(__name__)

MAX_FILES = 10
"""Files in one request; the page sends as many as are dropped at once."""

MAX_CONCURRENT_UPLOADS = 64
"""Uploads that are received at a time, of all visitors together."""

MAX_TRACKED = 200
"""Uploads whose progress is kept; it may be requested after they have ended."""

BLOCK_SIZE = 256 * 1024
"""Bytes that are collected before a thread writes them."""

IDLE = 30.0
"""Seconds without any data after which an upload is refused."""

MIN_RATE = 20_000
"""Minimum average rate in bytes a second, after the first `IDLE` seconds."""

BAD_FORM = N_("The upload can't be read; send it as multipart/form-data with the files as `files`.")
UPLOAD_TOO_SLOW = N_(
    "The upload was too slow; try again with a better connection or a smaller file."
)
TOO_MANY = N_("At most %(most)s files can be uploaded at a time.")
BUSY = N_("Too many files are being uploaded just now; try again in a minute.")


class Form:
    """Parses multipart/form-data and writes its files into the store; other fields are dropped.

    Args:
        boundary: From the Content-Type header.
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
            RequestError: It is not a form, or has too many files or one that is too large.
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
        if self._file is not None:
            upload = self.uploads[-1]
            if upload.size + end - start > self.max_bytes:
                raise _too_large(self.max_bytes)
            self.store.grow(upload, end - start)
            left = memoryview(data)[start:end]
            while left:
                left = left[self._file.write(left) :]

    def _end(self) -> None:
        self.ended = True


class UploadRoute:
    """Receives uploads and reports their progress.

    Args:
        store: Where the files are stored.
        max_bytes: Maximum size of a file.
    """

    def __init__(self, store: UploadStore, max_bytes: int) -> None:
        self.store, self.max_bytes = store, max_bytes
        self.receiving = 0
        self._progress: dict[str, tuple[str, int] | None] = {}
        self._writers = anyio.CapacityLimiter(4)

    async def receive(self, request: Request) -> Response:
        """Respond with the uploads' paths, as Gradio's own route does, or with one sentence."""
        if self.receiving >= MAX_CONCURRENT_UPLOADS:
            return _refusal(503, BUSY)
        self.receiving += 1
        try:
            paths = await self._receive(request)
        except RequestError as error:
            return _refusal(error.status, error.sentence)
        except NoRoomError:
            return _refusal(507, NO_ROOM)
        except OSError as error:
            logger.warning("An upload can't be written: %s", error)
            return _refusal(507, NO_ROOM)
        finally:
            self.receiving -= 1
        return JSONResponse(paths)

    async def _receive(self, request: Request) -> list[str]:
        kind, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
            raise RequestError(400, BAD_FORM)
        self._require_size(claimed_size(request))
        sender = request.client.host if request.client else ""
        form = Form(boundary, self.store, sender, self.max_bytes)
        number = request.query_params.get("upload_id", "")[:64]
        self._track(number)
        try:
            async for block in self._blocks(request):
                await anyio.to_thread.run_sync(form.feed, block, limiter=self._writers)
                if form.uploads:
                    self._progress[number] = (form.uploads[-1].path.name, form.uploads[-1].size)
            if not form.ended or not form.uploads:
                raise RequestError(400, BAD_FORM)
            return self._finish(form)
        finally:
            self._progress[number] = None
            form.close()
            for upload in form.uploads:
                if not upload.complete:
                    self.store.discard(upload)

    def _track(self, number: str) -> None:
        """Start to track an upload's progress; drop that of the oldest."""
        self._progress[number] = ("", 0)
        while len(self._progress) > MAX_TRACKED:
            del self._progress[next(iter(self._progress))]

    def _finish(self, form: Form) -> list[str]:
        for upload in form.uploads:
            self.store.finish(upload)
        return [str(upload.path) for upload in form.uploads]

    def _require_size(self, size: int) -> None:
        if size > MAX_FILES * self.max_bytes:
            raise _too_large(self.max_bytes)

    async def _blocks(self, request: Request) -> AsyncIterator[bytes]:
        """Yield the body in blocks, while it is within the limits of size and rate."""
        begun, total, block = time.monotonic(), 0, bytearray()
        stream = request.stream()
        while True:
            try:
                with anyio.fail_after(IDLE):
                    piece = await anext(stream, None)
            except TimeoutError:
                raise RequestError(408, UPLOAD_TOO_SLOW) from None
            except ClientDisconnect:
                raise RequestError(400, BAD_FORM) from None
            if piece is None:
                break
            total += len(piece)
            self._require_size(total)
            if total < MIN_RATE * (time.monotonic() - begun - IDLE):
                raise RequestError(408, UPLOAD_TOO_SLOW)
            block += piece
            if len(block) >= BLOCK_SIZE:
                yield bytes(block)
                block.clear()
        yield bytes(block)

    async def progress(self, request: Request) -> Response:
        """Respond with server-sent events of an upload's progress."""
        number = request.query_params.get("upload_id", "")[:64]
        for _try in range(30):
            if number in self._progress:
                return StreamingResponse(self._events(number), media_type="text/event-stream")
            await anyio.sleep(0.1)
        return _refusal(404, N_("There is no such upload."))

    async def _events(self, number: str) -> AsyncIterator[str]:
        before = 0
        while progress := self._progress.get(number):
            name, size = progress
            if size > before:
                yield _event({"msg": "update", "orig_name": name, "chunk_size": size - before})
            before = size
            await anyio.sleep(0.2)
        yield _event({"msg": "done"})


def _too_large(max_bytes: int) -> RequestError:
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


def _event(content: dict[str, object]) -> str:
    return f"data: {json.dumps(content)}\n\n"


def _refusal(status: int, sentence: str) -> Response:
    # The rest of the body isn't read.
    return PlainTextResponse(_(sentence), status, headers={"Connection": "close"})
