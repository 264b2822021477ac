"""Places for cameras: how many are on at a time, and which one yields where all are taken."""

import time
from dataclasses import dataclass

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.ui.fair_scheduler import BusyError

MAX_STREAMS = 24
"""Cameras that are on at a time: with more, each would get less than two frames per second."""

SILENCE_LIMIT, YIELDING_LIMIT = 5.0, 3.0
"""Seconds without a frame after which a camera counts as off, and after which it yields its place
to another one where all are taken."""

FAIR_TIME = 120.0
"""Seconds after which the camera that is on for longest yields, too, and for which none does so
for it afterwards: so all take turns, and are off for equally long."""

CAMERAS_FULL = N_(
    "The page is full: %(most)s cameras are on already, and all take turns. Leave yours on: it "
    "starts by itself when its turn comes. The Photo tab works meanwhile."
)


@dataclass
class _Camera:
    """A camera that is on; times are in seconds of `time.monotonic`."""

    session: str
    since: float
    last: float


class CameraPlaces:
    """The cameras that are on, one of a visitor and of a page; for one event loop's thread."""

    def __init__(self) -> None:
        self._on: dict[str, _Camera] = {}
        self._yielded: dict[str, float] = {}  # token -> when, as it was on for longest

    def __len__(self) -> int:
        """Return how many are on."""
        return len(self._on)

    def take(self, token: str, session: str) -> None:
        """Count a visitor's camera as on.

        Args:
            token: The visitor's.
            session: Gradio's session hash of the page; "" where it isn't known.

        Raises:
            BusyError: It was off, and `MAX_STREAMS` others are on.
        """
        now = time.monotonic()
        self._on = {
            key: camera
            for key, camera in self._on.items()
            if now - camera.last < SILENCE_LIMIT
            and (key == token or not session or camera.session != session)
        }
        if token not in self._on:
            self._make_room(token, now)
        camera = self._on.setdefault(token, _Camera(session, now, now))
        camera.session, camera.last = session, now

    def free(self, token: str) -> None:
        """Count a camera as off."""
        self._on.pop(token, None)

    def _make_room(self, token: str, now: float) -> None:
        if len(self._on) < MAX_STREAMS:
            return
        silent = min(self._on, key=lambda key: self._on[key].last)
        longest = min(self._on, key=lambda key: self._on[key].since)
        self._yielded = {key: at for key, at in self._yielded.items() if now - at < FAIR_TIME}
        if now - self._on[silent].last >= YIELDING_LIMIT:
            del self._on[silent]
        elif now - self._on[longest].since >= FAIR_TIME and token not in self._yielded:
            del self._on[longest]
            self._yielded[longest] = now
        else:
            raise BusyError(_(CAMERAS_FULL, most=MAX_STREAMS))
