"""Messages between the page and a worker: JSON, with raw bytes where there are many.

Nothing that comes from a worker is unpickled, for it may have been taken over by what it reads.
"""

import json
import os
import select
import struct
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

MAX_TEXT = 1_000_000
"""Bytes of a message without its data."""

_SIZES = struct.Struct("=QQ")
"""Bytes of the text and of the data, at the start of each message."""

_MESSAGE_TIMEOUT = 10.0
"""Seconds within which a message has to be complete once it has begun."""


@dataclass(frozen=True)
class Message:
    """What one side has for the other.

    Attributes:
        kind: What it is about.
        fields: Values that JSON can hold.
        data: Raw bytes; empty for most kinds.
    """

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    data: bytearray | memoryview = field(default_factory=bytearray)


class Channel:
    """One end of a connection between two processes.

    Args:
        connection: A pipe that goes both ways.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        os.set_blocking(connection.fileno(), False)

    def send(self, kind: str, data: bytes | bytearray | memoryview = b"", **fields: Any) -> None:
        """Send a message.

        Raises:
            OSError: The other side has gone, or doesn't take it in time.
        """
        end = time.monotonic() + _MESSAGE_TIMEOUT
        content = memoryview(data).cast("B")
        text = json.dumps({"kind": kind, "fields": fields}).encode()
        for part in (memoryview(_SIZES.pack(len(text), len(content)) + text), content):
            while part:
                part = part[self._write(part, end) :]

    def receive(self, timeout: float | None = None, most: int = 0) -> Message | None:
        """Wait for a message.

        Args:
            timeout: Seconds after which None is returned if none begins; None waits for ever.
            most: Bytes of data that are taken.

        Raises:
            EOFError: The other side has gone.
            ValueError: What came is no message, too large, or breaks off.
        """
        if not self._ready(timeout):
            return None
        end = time.monotonic() + _MESSAGE_TIMEOUT
        text_size, data_size = _SIZES.unpack(self._read(_SIZES.size, end))
        if text_size > MAX_TEXT or data_size > most:
            raise ValueError("This message is too large.")
        document = json.loads(self._read(text_size, end))
        try:
            kind, fields = str(document["kind"]), dict(document["fields"])
        except (LookupError, TypeError, ValueError) as error:
            raise ValueError("This is no message.") from error
        return Message(kind, fields, self._read(data_size, end))

    def close(self) -> None:
        """Close this end."""
        self._connection.close()

    def _write(self, part: memoryview, end: float) -> int:
        """Write what goes at once, before a point in time; return how many bytes that were."""
        while True:
            try:
                return os.write(self._connection.fileno(), part)
            except BlockingIOError:
                if not self._ready(max(0.0, end - time.monotonic()), select.POLLOUT):
                    raise TimeoutError("The other side doesn't take this message.") from None

    def _ready(self, timeout: float | None, event: int = select.POLLIN) -> bool:
        """Wait until the connection can be read or written, or has ended."""
        waiting = select.poll()  # `select.select` refuses a page's 1,025th connection and file
        waiting.register(self._connection, event)
        return bool(waiting.poll(None if timeout is None else timeout * 1000))

    def _read(self, size: int, end: float) -> bytearray:
        """Return `size` bytes, read before the time `end`."""
        content = bytearray(size)
        view = memoryview(content)
        while view:
            if not self._ready(max(0.0, end - time.monotonic())):
                raise ValueError("This message breaks off.")
            count = os.readv(self._connection.fileno(), [view])
            if count == 0:
                raise EOFError("The other side has gone.")
            view = view[count:]
        return content
