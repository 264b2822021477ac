"""Upload route, in place of Gradio's: limited in size and rate; interrupted uploads are deleted.

Gradio's own route has no such limits, and leaves incomplete files behind when the connection breaks
or the disk is full.
"""

import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import anyio
import anyio.to_thread
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.ui.serving.request_checks import RequestError, claimed_size
from fer.ui.serving.transfer_limits import Transfer
from fer.ui.serving.upload_form import BAD_FORM, MAX_FILES, Form, too_large
from fer.ui.serving.upload_limits import NO_ROOM, NoRoomError
from fer.ui.serving.upload_store import UploadStore

logger = logging.getLogger(__name__)

MAX_CONCURRENT_UPLOADS = 128
"""Uploads that are received at a time, of all visitors together; for one more, the slowest yields.

Incomplete ones make no room for others; these have, with 10 files each, a third of the quota's."""

MIN_AGE_FOR_RATE, MIN_AGE_FOR_SIZE = 1.0, 0.2
"""Seconds after which uploads are compared by their rate, and by their size: before, one had little
time to send anything, or none."""

MAX_OVERHEAD = 100_000
"""Bytes of a form that belong to no file, for each file."""

MAX_TRACKED, MIN_NUMBER = 200, 6
"""Uploads whose progress is kept, as it may be requested after they have ended, and least length
of their `upload_id`: a short one could be guessed, and the progress contains file names."""

MAX_WATCHERS = 3
"""Requests for the progress of one upload at a time; its page sends one."""

BLOCK_SIZE = 256 * 1024
"""Bytes that are collected before a thread writes them."""

IDLE_TIMEOUT = 30.0
"""Seconds without any data after which an upload is refused."""

MIN_RATE = 20_000
"""Minimum average rate in bytes per second, after the first `IDLE_TIMEOUT` seconds."""

RATE_PERIOD = 120.0
"""Seconds after which the average begins anew. Else most of a large file, sent at once, would let
its sender hold a place and room on the disk for hours."""

UPLOAD_TOO_SLOW = N_(
    "The upload was too slow; try again with a better connection or a smaller file."
)


class UploadRoute:
    """Receives uploads and reports their progress.

    Args:
        store: Where the files are stored.
        max_bytes: Maximum size of a file.
    """

    def __init__(self, store: UploadStore, max_bytes: int) -> None:
        self.store, self.max_bytes = store, max_bytes
        self._transfers: list[Transfer] = []
        self._progress: dict[str, tuple[str, int] | None] = {}
        self._watchers = Counter[str]()
        self._writers = anyio.CapacityLimiter(4)

    async def receive(self, request: Request) -> Response:
        """Respond with the uploads' paths, as Gradio's own route does, or with one sentence."""
        if len(self._transfers) >= MAX_CONCURRENT_UPLOADS:
            self._end_slowest()
        transfer = Transfer()
        self._transfers.append(transfer)
        try:
            with transfer.scope:
                uploads = await self._receive(request, transfer)
                # Else the server would read on whatever follows the form.
                return JSONResponse(uploads, headers={"Connection": "close"})
        except RequestError as error:
            return _refusal(error.status, error.sentence)
        except NoRoomError:
            return _refusal(507, NO_ROOM)
        except OSError as error:
            logger.warning("An upload can't be written: %s", error)
            return _refusal(507, NO_ROOM)
        finally:
            if transfer in self._transfers:
                self._transfers.remove(transfer)
        return _refusal(408, UPLOAD_TOO_SLOW)  # it was ended for another one

    def _end_slowest(self) -> None:
        """End the slowest upload: to hold all places, one has to be faster in each than others.

        Who sends it isn't asked: behind a proxy, all come from one address.
        """
        slowest = _slowest(self._transfers)
        self._transfers.remove(slowest)
        slowest.scope.cancel()

    async def _receive(self, request: Request, transfer: Transfer) -> list[str]:
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
            async for block in self._blocks(request, transfer):
                await anyio.to_thread.run_sync(form.feed, block, limiter=self._writers)
                if form.uploads and number in self._progress:
                    self._progress[number] = (form.uploads[-1].path.name, form.uploads[-1].size)
                if form.ended:
                    break  # whatever follows
            if not form.ended or not form.uploads:
                raise RequestError(400, BAD_FORM)
            for upload in form.uploads:
                self.store.finish(upload)
            return [str(upload.path) for upload in form.uploads]
        finally:
            if number in self._progress:
                self._progress[number] = None
            form.close()
            for upload in form.uploads:
                if not upload.complete:
                    self.store.discard(upload)

    def _track(self, number: str) -> None:
        """Start to track an upload's progress if it has a number; drop that of the oldest."""
        if len(number) < MIN_NUMBER:
            return
        self._progress[number] = ("", 0)
        while len(self._progress) > MAX_TRACKED:
            del self._progress[next(iter(self._progress))]

    def _require_size(self, size: int) -> None:
        if size > MAX_FILES * (self.max_bytes + MAX_OVERHEAD):
            raise too_large(self.max_bytes)

    async def _blocks(self, request: Request, transfer: Transfer) -> AsyncIterator[bytes]:
        """Yield the body in blocks, while it is within the limits of size and rate."""
        block, received = bytearray(), 0
        stream = request.stream()
        while True:
            try:
                with anyio.fail_after(IDLE_TIMEOUT):
                    piece = await anext(stream, None)
            except TimeoutError:
                raise RequestError(408, UPLOAD_TOO_SLOW) from None
            except ClientDisconnect:
                raise RequestError(400, BAD_FORM) from None
            if piece is None:
                break
            received += len(piece)
            self._require_size(received)
            transfer.size += len(piece)
            if transfer.is_slow(MIN_RATE, IDLE_TIMEOUT):
                raise RequestError(408, UPLOAD_TOO_SLOW)
            if transfer.age > RATE_PERIOD:
                transfer.begin_anew()
            block += piece
            if len(block) >= BLOCK_SIZE:
                yield bytes(block)
                block.clear()
        yield bytes(block)

    async def progress(self, request: Request) -> Response:
        """Respond with server-sent events of an upload's progress."""
        number = request.query_params.get("upload_id", "")[:64]
        for _try in range(10):
            if number in self._progress:
                return StreamingResponse(self._events(number), media_type="text/event-stream")
            await anyio.sleep(0.3)
        return _refusal(404, N_("There is no such upload."))

    async def _events(self, number: str) -> AsyncIterator[str]:
        if self._watchers[number] < MAX_WATCHERS:
            self._watchers[number] += 1
            try:
                async for event in self._updates(number):
                    yield event
            finally:
                self._watchers[number] -= 1
                self._watchers = +self._watchers  # without those at 0
        yield _event({"msg": "done"})

    async def _updates(self, number: str) -> AsyncIterator[str]:
        before = 0
        while progress := self._progress.get(number):
            name, size = progress
            if size > before:
                yield _event({"msg": "update", "orig_name": name, "chunk_size": size - before})
            before = size
            await anyio.sleep(0.2)


def _slowest(transfers: Sequence[Transfer]) -> Transfer:
    """Return the upload that makes way for another one.

    Where most have just begun, as in a flood of requests that send nothing, it is the one of these
    that has sent least in some time; else it has the least average rate of those that are settled.
    """
    settled = [each for each in transfers if each.age >= MIN_AGE_FOR_RATE]
    if 2 * len(settled) < len(transfers):
        new = [each for each in transfers if each not in settled]
        had_time = [each for each in new if each.age >= MIN_AGE_FOR_SIZE]
        return min(had_time or new, key=lambda each: each.size)
    return min(settled, key=lambda each: each.size / each.age)


def _event(content: dict[str, object]) -> str:
    return f"data: {json.dumps(content)}\n\n"


def _refusal(status: int, sentence: str) -> Response:
    # The rest of the body isn't read.
    return PlainTextResponse(_(sentence), status, headers={"Connection": "close"})
