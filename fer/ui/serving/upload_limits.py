"""Limits of uploads: how long each one is kept, and how much there may be of all."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fer.i18n import gettext_noop as N_

MAX_AGE = 3000
"""Seconds for which an upload and its results are kept while its page is open."""

MAX_AGE_AFTER_LEAVING = 780
"""Seconds for which an upload is kept after its page was closed, as it may be reloaded.

Plus `UPLOAD_SWEEP_INTERVAL`, it is less than the quarter of an hour that the page states.
"""

UPLOAD_SWEEP_INTERVAL = 60
"""Seconds from one deletion of expired uploads to the next."""

LEASE, MAX_LEASED = 120, 24
"""Seconds after its last use in which an upload is deleted to make room only after all others, and
for how many uploads of a session that holds; a page has ten recordings, a photo and timelines."""

NO_ROOM = N_("There is no room for uploads just now; try again in a few minutes.")


class NoRoomError(OSError):
    """An upload doesn't fit; the message is fit for visitors."""

    def __init__(self) -> None:
        super().__init__(NO_ROOM)


@dataclass(frozen=True)
class Quota:
    """Limits of the folder's content.

    Args:
        bytes: Bytes of uploads and results.
        files: Number of uploads.
        reserve: Share of the disk that stays free, but at most `max_reserve` bytes.
        max_reserve: Bytes.
    """

    bytes: int = 8_000_000_000
    files: int = 4000
    reserve: float = 0.05
    max_reserve: int = 1_000_000_000

    @property
    def result_bytes(self) -> int:
        """Bytes that results may take, and up to which results and queued recordings count.

        The rest stays for uploads, however long that queue is.
        """
        return self.bytes // 2


@dataclass(eq=False)
class Upload:
    """One uploaded file, complete or still being received.

    Args:
        path: Its file, alone in a folder of a random name.
        sender: The sender's network address; only for sharing the quota.
        received_at: When its reception began or, once complete, ended.
        size: Bytes so far.
        session: The session that used it first.
        used_at: When it was used last.
        closed_at: When its page was closed; None while it is open.
        complete: Whether it has been received completely.
    """

    path: Path
    sender: str
    received_at: float
    size: int = 0
    session: str | None = None
    used_at: float = float("-inf")
    closed_at: float | None = None
    complete: bool = False

    def expired(self, now: float) -> bool:
        """Return whether it is to be deleted."""
        abandoned = self.closed_at is not None and now - self.closed_at > MAX_AGE_AFTER_LEAVING
        return self.complete and (abandoned or now - self.received_at > MAX_AGE)


def removal_order(
    uploads: Iterable[Upload], by_number: bool, now: float
) -> tuple[list[Upload], list[Upload]]:
    """Return uploads in the order in which they make room: those not leased, then those leased.

    The next to go is always the oldest one of the session that holds most, of the sender who does.
    Uploads that no session has used yet are like those of one session.

    Args:
        uploads: All uploads.
        by_number: Whether what is held is a number of files; else it is bytes.
        now: The time.
    """

    def weight(upload: Upload) -> int:
        return 1 if by_number else upload.size

    newest_first = sorted(uploads, key=lambda upload: -upload.received_at)
    by_session = _by_holding(newest_first, lambda upload: upload.session, weight)
    by_sender = _by_holding(by_session, lambda upload: upload.sender, weight)
    leased, order = _leased(newest_first, now), by_sender[::-1]
    free = [upload for upload in order if upload not in leased]
    return free, [upload for upload in order if upload in leased]


def _by_holding(
    uploads: list[Upload], holder: Callable[[Upload], object], weight: Callable[[Upload], int]
) -> list[Upload]:
    """Sort uploads by what their holder has of them up to each, the last to go first."""
    held = Counter[object]()
    ranks = {}
    for upload in uploads:
        held[holder(upload)] += weight(upload)
        ranks[upload] = held[holder(upload)]
    return sorted(uploads, key=ranks.__getitem__)


def _leased(uploads: list[Upload], now: float) -> set[Upload]:
    number = Counter[object]()
    leased = set()
    for upload in uploads:
        number[upload.session] += now - upload.used_at <= LEASE
        if now - upload.used_at <= LEASE and number[upload.session] <= MAX_LEASED:
            leased.add(upload)
    return leased
