"""A camera's stream, frame by frame, as a browser sends it."""

import base64
import threading
import time
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import httpx

from tests.security.protocol import API, FINAL, Dependency, Outcome, Session, outcome


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
        self._finals: dict[str, dict[str, Any]] = {}
        self._news = threading.Condition()
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

    def run(self, dependency: Dependency, data: Sequence[Any], seconds: float = 60) -> Outcome:
        """Run another handler of the same session while the stream goes on.

        Raises:
            TimeoutError: It isn't done after so many seconds, or the session's events have ended.
        """
        start = time.monotonic()
        event = self.session.join(dependency, data)
        with self._news:
            self._news.wait_for(lambda: event in self._finals or self.ended.is_set(), seconds)
        if event not in self._finals:
            raise TimeoutError(f"{dependency.targets} is not done after {seconds:g} s.")
        return outcome(self._finals[event], time.monotonic() - start)

    def first_result(self, seconds: float) -> float | None:
        """Return the seconds from the first frame to the first result; None if none came."""
        with self._news:
            self._news.wait_for(lambda: self.received or self.ended.is_set(), seconds)
        return self.received[0] - self.sent[0] if self.received else None

    def close(self, seconds: float = 10) -> None:
        """End the stream and wait for its last message."""
        self.session.page.post(f"{API}/stream/{self.event}/close", {})
        self._reader.join(seconds)

    def _read(self) -> None:
        try:
            for message in self.session.messages():
                with self._news:
                    self._note(message)
                    self._news.notify_all()
        except httpx.HTTPError as error:
            self.error = repr(error)
        finally:
            with self._news:
                self.ended.set()
                self._news.notify_all()

    def _note(self, message: dict[str, Any]) -> None:
        event = message.get("event_id") or self.event
        result = message["msg"] in ("process_streaming", "process_generating")
        if result and event == self.event and message.get("success"):
            self.received.append(time.monotonic())
        elif message["msg"] in FINAL and event != self.event:
            self._finals[event] = message
        elif not message.get("success", True) and not self._is_plain_end(message):
            self.error = outcome(message, 0).error

    def _is_plain_end(self, message: dict[str, Any]) -> bool:
        """Return whether a stream's last message is that of one which the page ended in time."""
        return message["msg"] == "process_completed" and "error" not in message.get("output", {})


def ages(sent: Sequence[float], received: Sequence[float]) -> list[float]:
    """Return how old each result's frame is, in seconds.

    The page takes the newest frame when it is free, or else the next one that comes.

    >>> ages([0.0, 1.0, 2.0, 3.0], [2.5, 2.75, 3.5])
    [2.5, 0.75, 0.5]
    """
    old, taken, free = [], -1, float("-inf")
    for time_of_result in received:
        taken = max(bisect_right(sent, free) - 1, taken + 1)
        if taken >= len(sent):
            break
        old.append(time_of_result - sent[taken])
        free = time_of_result
    return old


def data_url(picture: bytes, kind: str = "jpeg") -> dict[str, Any]:
    """Return a camera's frame as a page sends it."""
    encoded = base64.b64encode(picture).decode()
    return {"path": None, "url": f"data:image/{kind};base64,{encoded}"}
