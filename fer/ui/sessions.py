"""Visitors' sessions, each under a secret token of the visitor's browser.

Gradio's own sessions aren't used for this: new ones evict old ones, and whoever has seen a
session's hash in an address can request its content.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.ui.live.session import LiveSession
from fer.ui.live.timeline_recorder import MEMORY_FULL
from fer.ui.photo.handlers import PhotoResult
from fer.ui.recording.session import RecordingSession
from fer.ui.sender import Sender
from fer.ui.serving.connections import Connections
from fer.ui.serving.request_checks import OUTDATED

GRACE_PERIOD = 870
"""Seconds after its last use for which a session is kept once its page is closed.

The page states "a quarter of an hour".
"""

SHORT_GRACE_PERIOD = 60
"""Seconds after its last use for which an empty session is kept once its page is closed."""

MAX_SESSIONS = 2000
"""Sessions at a time; empty ones are dropped first, then brief ones whose page is closed."""

MAX_BRIEF_SECONDS = 60
"""Longest timeline, in seconds, of a brief session, which has no recording either."""

MAX_PER_PAGE = 3
"""Sessions that one open page may begin; it has one token."""

MAX_TOTAL_BYTES = 256_000_000
"""Memory of all timelines together above which no new one is started, finished ones of closed pages
are dropped, and the largest one ends that has more than an equal share. Twice as much is never
reached."""

SWEEP_INTERVAL = 20.0
"""Seconds from one search for expired sessions to the next."""

SESSIONS_FULL = N_(
    "The page's memory for sessions is full; try again in a quarter of an hour. The camera works "
    "meanwhile, without a timeline."
)

_TOKEN = re.compile(r"[0-9a-f]{32,64}")


class SessionError(ValueError):
    """No session is available; the message is fit for visitors."""


@dataclass(eq=False)
class Session:
    """The state of one visitor.

    Args:
        session_hash: Gradio's, of the open page.
        live: State of the Live tab.
        recording: State of the Recording tab.
        photo: The last result of the Photo tab.
        used: When it was used last, in seconds of `time.monotonic`.
        has_images: Whether a frame may have left images since they were dropped last.
    """

    session_hash: str
    live: LiveSession = field(default_factory=LiveSession)
    recording: RecordingSession = field(default_factory=RecordingSession)
    photo: PhotoResult | None = None
    used: float = field(default_factory=time.monotonic)
    has_images: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it holds no timeline, recording or photo that its visitor may want back."""
        recorder = self.live.recorder
        recorded = recorder is not None and len(recorder.timeline) > 0
        return not recorded and self.recording.is_empty and self.photo is None

    @property
    def nbytes(self) -> int:
        """Approximate memory of its timeline."""
        return 0 if self.live.recorder is None else self.live.recorder.nbytes

    @property
    def is_brief(self) -> bool:
        """Whether it holds only what is soon made again: a photo's result or a short timeline."""
        recorder = self.live.recorder
        seconds = 0 if recorder is None else len(recorder.timeline)
        return self.recording.is_empty and seconds <= MAX_BRIEF_SECONDS

    def close_page(self) -> None:
        """Drop images and unfinished work: the page is closed, but may be reloaded."""
        self.drop_images()
        self.recording.compact()

    def drop_images(self) -> None:
        """Drop what the camera's frames have left."""
        self.live, self.has_images = self.live.without_images(), False


class Sessions:
    """All visitors' sessions by token; for use in one event loop's thread."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._connections: Connections | None = None
        self._sweeping: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self._sessions)

    def get_or_create(self, token: str | None, sender: Sender) -> Session:
        """Return the session of a token, a new one where there is none.

        Args:
            token: The token that the visitor's browser generated.
            sender: The sender of the request.

        Raises:
            SessionError: The token is malformed, or there are too many sessions, in all or of this
                page.
        """
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise SessionError(_(OUTDATED))
        session = self._sessions.pop(token, None)
        if session is None:
            self._require_few(sender.session_hash)
            self._make_room()
            session = Session(sender.session_hash)
        self._sessions[token] = session  # at the end: the first one is the least recently used
        session.used, session.has_images = time.monotonic(), True
        self._connections = sender.connections or self._connections
        self._sweep_later()
        return session

    def open_page(self, token: str | None, sender: Sender) -> Session:
        """Return the session of a page that has just been loaded."""
        session = self.get_or_create(token, sender)
        if session.session_hash != sender.session_hash:  # else the same page, in another language
            session.close_page()
            session.session_hash = sender.session_hash
            if session.live.recorder is not None:
                session.live.recorder.reloaded = True
        return session

    def close_page(self, page: str) -> None:
        """Drop what must not outlive a page."""
        for token, session in list(self._sessions.items()):
            if session.session_hash == page:
                session.close_page()
                if session.is_empty and not session.live.is_recording:
                    del self._sessions[token]

    def require_space(self) -> None:
        """Raise SessionError where the timelines exceed `MAX_TOTAL_BYTES`."""
        if self._excess() > 0:
            raise SessionError(_(SESSIONS_FULL))

    def sweep(self) -> None:
        """Drop what has expired, and what else has to go as all timelines take too much memory."""
        now = time.monotonic()
        for token, session in list(self._sessions.items()):
            session.recording.forget_expired()
            grace = SHORT_GRACE_PERIOD if session.is_empty else GRACE_PERIOD
            unused = 0.0 if self._is_open(session) else now - session.used
            if unused > grace:
                session.recording.clear()
                del self._sessions[token]
            elif unused > SWEEP_INTERVAL and session.has_images:
                session.drop_images()  # a frame came after its page was closed
        self._drop_closed()
        if self._excess() > 0:
            self._end_largest()

    def _excess(self) -> int:
        """Return how many bytes more than `MAX_TOTAL_BYTES` all timelines take; perhaps under 0."""
        return sum(session.nbytes for session in self._sessions.values()) - MAX_TOTAL_BYTES

    def _drop_closed(self) -> None:
        """Drop finished timelines of closed pages, as many as needed, the least recent first."""
        excess = self._excess()
        for session in self._sessions.values():
            if excess > 0 and not session.live.is_recording and not self._is_open(session):
                excess -= session.nbytes
                session.live.recorder = None

    def _end_largest(self) -> None:
        """Let the largest timeline that grows end, if it has more than an equal share; it is kept.

        Finished ones free nothing by it: without the share all others would end, however small.
        """
        recorders = [known for each in self._sessions.values() if (known := each.live.recorder)]
        growing = [known for known in recorders if known.running and not known.end_reason]
        largest = max(growing, key=lambda recorder: recorder.nbytes, default=None)
        if largest is not None and largest.nbytes > MAX_TOTAL_BYTES / len(recorders):
            largest.end_reason = MEMORY_FULL

    def _is_open(self, session: Session) -> bool:
        """Return whether a session's page is open."""
        return self._connections is not None and self._connections.is_open(session.session_hash)

    def _require_few(self, page: str) -> None:
        begun = [session for session in self._sessions.values() if session.session_hash == page]
        if page and len(begun) >= MAX_PER_PAGE:
            raise SessionError(_(OUTDATED))

    def _make_room(self) -> None:
        """Drop a session if there are too many: an empty one, else one whose page is closed."""
        if len(self._sessions) < MAX_SESSIONS:
            return
        empty = (token for token, session in self._sessions.items() if session.is_empty)
        brief = (
            token
            for token, session in self._sessions.items()
            if session.is_brief and not self._is_open(session)
        )
        dropped = next(empty, None) or next(brief, None)  # the least recently used
        if dropped is None:
            raise SessionError(_(SESSIONS_FULL))
        del self._sessions[dropped]

    def _sweep_later(self) -> None:
        """Sweep from time to time for as long as there are sessions."""
        if self._sweeping is None:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(SWEEP_INTERVAL, self._sweep_again)

    def _sweep_again(self) -> None:
        self._sweeping = None
        try:
            self.sweep()
        finally:  # else an error, which asyncio logs, would end the sweeps for good
            if self._sessions:
                self._sweep_later()
