"""What is kept of visitors, each under a token that only their own browser knows.

Gradio's sessions hold nothing that lasts: there, newcomers push out who came before, and everybody
who has seen a session's name in an address can ask for what is in it.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field

from fer.ui.connections import Connections, Sender
from fer.ui.live.session import LiveSession
from fer.ui.photo.handlers import PhotoResult
from fer.ui.recording.handlers import RecordingSession

GRACE_PERIOD = 870
"""Seconds after its last use for which a session is kept whose page isn't open any more.

The page says "a quarter of an hour".
"""

SHORT_GRACE_PERIOD = 60
"""The same for a session that holds nothing that one may want back."""

MAX_SESSIONS = 2000
"""Sessions at a time; those that hold nothing make room."""

MAX_BYTES = 256_000_000
"""Memory of all timelines together at which no new one is begun."""

SWEEP_INTERVAL = 20.0
"""Seconds between two searches for sessions whose time is over."""

FULL_SENTENCE = (
    "The page keeps as much for its visitors as it can hold; try again in a quarter of an hour. "
    "The camera works meanwhile, without a timeline."
)

_TOKEN = re.compile(r"[0-9a-f]{32,64}")


class SessionError(ValueError):
    """There is no session to be had; the message may be shown to a visitor."""


@dataclass(eq=False)
class Session:
    """What is kept of one visitor.

    Args:
        page: Gradio's name for the page that is open.
        visitor: Of the Live tab.
        desk: Of the Recording tab.
        reading: Of the Photo tab.
        used: When it was used last, in seconds of `time.monotonic`.
    """

    page: str
    visitor: LiveSession = field(default_factory=LiveSession)
    desk: RecordingSession = field(default_factory=RecordingSession)
    reading: PhotoResult | None = None
    used: float = field(default_factory=time.monotonic)

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing that its visitor may want back."""
        recorder = self.visitor.recorder
        recorded = recorder is not None and len(recorder.timeline) > 0
        return not recorded and self.desk.job is None and self.reading is None

    @property
    def nbytes(self) -> int:
        """Memory of its timeline, about."""
        return 0 if self.visitor.recorder is None else self.visitor.recorder.nbytes

    def leave(self) -> None:
        """Drop pictures and unfinished work: the page is gone, but may come back."""
        self.visitor = self.visitor.without_images()
        if self.desk.job is None or not self.desk.job.finished:
            self.desk.clear()


class Sessions:
    """All visitors' sessions, by their tokens. It belongs on the thread of one event loop."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._connections: Connections | None = None
        self._sweeping: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sessions)

    def of(self, token: str | None, sender: Sender) -> Session:
        """Return the session of a token, a new one where there is none.

        Args:
            token: What the visitor's browser made up.
            sender: Who sends the request.

        Raises:
            SessionError: It is no token, or there are too many sessions.
        """
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise SessionError("This page is out of date; load it again.")
        session = self._sessions.pop(token, None)
        if session is None:
            self._make_room()
            session = Session(sender.session)
        self._sessions[token] = session  # at the end: the first one was used least lately
        session.used = time.monotonic()
        self._connections = sender.connections or self._connections
        self._sweep_later()
        return session

    def arrive(self, token: str | None, sender: Sender) -> Session:
        """Return the session of a page that has just been loaded."""
        session = self.of(token, sender)
        if session.page != sender.session:
            session.leave()
            session.page = sender.session
        return session

    def leave(self, page: str) -> None:
        """Drop what isn't to outlive a page."""
        for token, session in list(self._sessions.items()):
            if session.page == page:
                session.leave()
                if session.is_empty:
                    del self._sessions[token]

    def require_space(self) -> None:
        """Raise SessionError where the timelines take as much memory as they may."""
        if sum(session.nbytes for session in self._sessions.values()) > MAX_BYTES:
            raise SessionError(FULL_SENTENCE)

    def sweep(self) -> None:
        """Drop the sessions whose time is over."""
        now = time.monotonic()
        for token, session in list(self._sessions.items()):
            grace = SHORT_GRACE_PERIOD if session.is_empty else GRACE_PERIOD
            if now - session.used > grace and not self._is_open(session):
                session.desk.clear()
                del self._sessions[token]

    def _is_open(self, session: Session) -> bool:
        """Return whether a session's page is open."""
        return self._connections is not None and self._connections.is_open(session.page)

    def _make_room(self) -> None:
        if len(self._sessions) < MAX_SESSIONS:
            return
        self.sweep()
        for token, session in self._sessions.items():
            if len(self._sessions) >= MAX_SESSIONS and session.is_empty:
                del self._sessions[token]
                return
        if len(self._sessions) >= MAX_SESSIONS:
            raise SessionError(FULL_SENTENCE)

    def _sweep_later(self) -> None:
        """Sweep from time to time for as long as there are sessions."""
        if self._sweeping is None:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(SWEEP_INTERVAL, self._sweep_again)

    def _sweep_again(self) -> None:
        self._sweeping = None
        self.sweep()
        if self._sessions:
            self._sweep_later()
