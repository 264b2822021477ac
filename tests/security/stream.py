"""A camera's stream, frame by frame, as a browser sends it."""

import base64
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx

from tests.security.protocol import API, Dependency, Session, outcome


class Stream:
    """A camera's stream: its newest results come in a thread of its own.

    Args:
        session: Whose camera it is; it runs nothing else meanwhile.
        dependency: The stream's handler.
        frame: The first frame, as the handler's inputs.
    """

    def __init__(self, session: Session, dependency: Dependency, frame: Sequence[Any]) -> None:
        self.session, self.dependency = session, dependency
        self.sent = [time.monotonic()]
        self.received: list[float] = []
        self.error: str | None = None
        self.event = session.join(dependency, frame)
        self.ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, frame: Sequence[Any]) -> bool:
        """Send the next frame; return False when the page has ended the stream."""
        now = time.monotonic()
        body = {"data": list(frame), "fn_index": self.dependency.id}
        body |= {"session_hash": self.session.hash, "event_id": self.event}
        response = self.session.page.post(f"{API}/stream/{self.event}", body)
        if response.is_success:
            self.sent.append(now)
        return response.is_success

    def close(self, seconds: float = 10) -> None:
        """End the stream and wait for its last message."""
        self.session.page.post(f"{API}/stream/{self.event}/close", {})
        self._reader.join(seconds)

    def _read(self) -> None:
        try:
            for message in self.session.messages():
                result = message["msg"] in ("process_streaming", "process_generating")
                if result and message.get("success"):
                    self.received.append(time.monotonic())
                elif not message.get("success", True):
                    self.error = outcome(message, 0).error
        except httpx.HTTPError as error:
            self.error = repr(error)
        finally:
            self.ended.set()


def data_url(picture: bytes, kind: str = "jpeg") -> dict[str, Any]:
    """Return a camera's frame as a page sends it."""
    encoded = base64.b64encode(picture).decode()
    return {"path": None, "url": f"data:image/{kind};base64,{encoded}"}
