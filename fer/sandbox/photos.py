"""Photos out of untrusted files, each decoded by a worker of its own that may open no file."""

import logging
from collections.abc import Callable
from threading import BoundedSemaphore

import numpy as np

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.images import MAX_PIXELS, DecodedImage, ImageError, decode_image
from fer.sandbox.channel import Channel, Message
from fer.sandbox.limits import Limits
from fer.sandbox.worker import Worker, WorkerError

MAX_WORKERS = 2
"""Photos that are read at a time."""

SECONDS = 12.0
"""Time for one photo; the largest ones take two to five."""

BROKEN = N_("This photo breaks the reader; save it anew as JPEG or PNG.")

SLOW = N_("This photo takes too long to read; save it anew as JPEG or PNG.")

BUSY = N_("Many photos are being read; try again in a minute.")

_QUEUE_TIMEOUT = 30.0
"""Seconds for which a photo may wait for others."""

_MAX_FILE_BYTES = 600_000_000
"""Most bytes of a file that the worker takes from the page."""

_LIMITS = Limits(memory=2_500_000_000, cpu=SECONDS)
"""A photo of `MAX_PIXELS` with transparency takes 1.6 GB for a moment."""

logger = logging.getLogger(__name__)


class PhotoReader:
    """Reads photos, a few at a time.

    No worker is kept for the next photo, or one that was taken over by what it read would see what
    others send. It takes 30 ms to start and end one.
    """

    def __init__(self) -> None:
        self._places = BoundedSemaphore(MAX_WORKERS)

    def read(self, content: bytes) -> DecodedImage:
        """Decode a file's bytes, as `fer.images.decode_image` does.

        Raises:
            ImageError: The photo can't be read, or not with the time and memory that it may take.
        """
        if not self._places.acquire(timeout=_QUEUE_TIMEOUT):
            raise ImageError(_(BUSY))
        try:
            message = _decode_in_worker(content)
        finally:
            self._places.release()
        if message.kind == "refused":
            raise ImageError(str(message.fields.get("sentence")))
        try:
            shape = int(message.fields["height"]), int(message.fields["width"]), 3
            if min(shape) < 1:
                raise ValueError(shape)
            pixels = np.frombuffer(message.data, np.uint8).reshape(shape)
            return DecodedImage(pixels, tuple(map(str, message.fields["notices"])))
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise ImageError(_(BROKEN)) from error


def _decode_in_worker(content: bytes) -> Message:
    """Return what a new worker makes of a file's bytes."""
    try:
        worker = Worker(_work, _LIMITS)
    except WorkerError as error:  # it is not the photo's fault
        logger.warning("A photo's worker did not start: %s", error)
        raise ImageError(_(BUSY)) from error
    try:
        worker.send("photo", content)
        return worker.result(SECONDS, 3 * MAX_PIXELS)
    except WorkerError as error:
        raise ImageError(_(SLOW if error.late else BROKEN)) from error
    finally:
        worker.kill()


def _work() -> Callable[[Channel], None]:
    """Return what a worker does; there is nothing to load before it is confined."""
    return _decode


def _decode(channel: Channel) -> None:
    """Decode a photo in the worker."""
    file = channel.receive(most=_MAX_FILE_BYTES)
    if file is None:  # as only where a time to wait is given
        return
    try:
        decoded = decode_image(bytes(file.data))
    except ImageError as error:
        channel.send("refused", sentence=str(error))
    except MemoryError:
        sentence = _("This photo takes too much memory to read; save it smaller.")
        channel.send("refused", sentence=sentence)
    else:
        height, width = decoded.pixels.shape[:2]
        fields = {"height": height, "width": width, "notices": list(decoded.notices)}
        channel.send("pixels", decoded.pixels.data, **fields)
