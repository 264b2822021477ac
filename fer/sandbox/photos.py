"""Photos out of untrusted files, each decoded by a worker of its own that may open no file."""

import numpy as np

from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.images import MAX_PIXELS, DecodedImage, ImageError, decode_image
from fer.sandbox.channel import Message
from fer.sandbox.limits import Limits
from fer.sandbox.pool import Pool
from fer.sandbox.worker import WorkerError

SECONDS = 12.0
"""Time for one photo; the largest ones take two to five."""

BROKEN = N_("This photo breaks the reader; save it anew as JPEG or PNG.")

_QUEUE_TIMEOUT = 30.0
"""Seconds for which a photo may wait for others."""

_LIMITS = Limits(memory=2_500_000_000, cpu=SECONDS)
"""A photo of `MAX_PIXELS` with transparency takes 1.6 GB for a moment."""


class PhotoReader:
    """Reads photos, each in a process of its own, a few at a time."""

    def __init__(self, workers: int = 2) -> None:
        self._pool = Pool(_decode, _LIMITS, workers)

    def read(self, content: bytes) -> DecodedImage:
        """Decode a file's bytes, as `fer.images.decode_image` does.

        Raises:
            ImageError: The photo can't be read, or not with the time and memory that it may take.
        """
        try:
            message = self._pool.run(content, SECONDS, _QUEUE_TIMEOUT, 3 * MAX_PIXELS)
        except TimeoutError:
            raise ImageError(_("Many photos are being read; try again in a minute.")) from None
        except WorkerError as error:
            if error.late:
                sentence = _("This photo takes too long to read; save it anew as JPEG or PNG.")
            else:
                sentence = _(BROKEN)
            raise ImageError(sentence) from error
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


def _decode(content: bytes) -> Message:
    """Decode a photo in the worker."""
    try:
        decoded = decode_image(content)
    except ImageError as error:
        return Message("refused", {"sentence": str(error)})
    except MemoryError:
        sentence = _("This photo takes too much memory to read; save it smaller.")
        return Message("refused", {"sentence": sentence})
    height, width = decoded.pixels.shape[:2]
    fields = {"height": height, "width": width, "notices": list(decoded.notices)}
    return Message("pixels", fields, memoryview(decoded.pixels.data).cast("B"))
