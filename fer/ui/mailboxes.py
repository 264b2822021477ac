"""Mailboxes: what Gradio's queue has for each session until its page reads it, within bounds.

Gradio's own keep all that is unread. It also drops the mailbox of the session that came first once
there are 2,000 of them, open or not, and its queue stops for good at an event of that session.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from gradio.server_messages import ProcessCompletedMessage, ProcessGeneratingMessage

from fer.i18n import current_language, use_language
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_

MAX_MAILBOXES = 2000
"""Sessions with a mailbox, twice as many as can have an open connection."""

MAX_UNREAD, MAX_TOTAL_UNREAD = 16_000_000, 128_000_000
"""Bytes that one session hasn't read, and all together; a photo's result has about a million."""

_ENVELOPE = 500
"""Bytes that a message takes without its output."""

UNREAD = N_("This page hasn't fetched its earlier results; load it again.")


class Mailbox(asyncio.Queue[Any]):
    """The messages of one session.

    While too much is unread, a result is replaced by an error, and anything else is left out. So
    are all later updates of an event that lacks one: each is a difference from the one before it;
    the result itself, the last thing that a handler yields, is complete.

    An event ends once: whoever cancels one again and again adds nothing.

    Args:
        total: Limits all mailboxes together.
    """

    def __init__(self, total: Callable[[], None]) -> None:
        super().__init__()
        self.unread = 0
        self._limit_total = total
        self._lacking: set[str] = set()
        self._ended: set[str] = set()  # events whose end is unread
        self._language = current_language()  # of the request for which Gradio makes it
        self._beating: asyncio.Task[Any] | None = None

    def put_nowait(self, item: Any) -> None:
        """Add a message, or what takes its place."""
        if isinstance(item, ProcessCompletedMessage):
            self._end(item)
        elif not self._has_room(item) or getattr(item, "event_id", None) in self._lacking:
            self._leave_out(item)
        else:
            super().put_nowait(item)
        self._limit_total()

    def adds_heartbeats(self, task: asyncio.Task[Any]) -> bool:
        """Return whether it is this task that adds the heartbeats, as long as it runs."""
        if self._beating is None or self._beating.done():
            self._beating = task
        return self._beating is task

    def drop_unread(self) -> None:
        """Leave out everything that is unread."""
        for item in [self.get_nowait() for _item in range(self.qsize())]:
            if isinstance(item, ProcessCompletedMessage):
                super().put_nowait(self._error(item))
            else:
                self._leave_out(item)

    def _end(self, item: ProcessCompletedMessage) -> None:
        event = item.event_id or ""
        self._lacking.discard(event)
        if event not in self._ended:
            super().put_nowait(item if self._has_room(item) else self._error(item))

    def _leave_out(self, item: Any) -> None:
        if isinstance(item, ProcessGeneratingMessage):
            self._lacking.add(item.event_id or "")

    def _error(self, message: ProcessCompletedMessage) -> ProcessCompletedMessage:
        """Return the end of an event whose result is lost."""
        with use_language(self._language):
            output = {"error": _(UNREAD)}
        return ProcessCompletedMessage(event_id=message.event_id, output=output, success=False)

    def _has_room(self, item: Any) -> bool:
        return self.unread + _size(item) <= MAX_UNREAD

    def _put(self, item: Any) -> None:
        size = _size(item)
        self.unread += size
        if isinstance(item, ProcessCompletedMessage):
            self._ended.add(item.event_id or "")
        super()._put((item, size))

    def _get(self) -> Any:
        item, size = super()._get()
        self.unread -= size
        if isinstance(item, ProcessCompletedMessage):
            self._ended.discard(item.event_id or "")
        return item


class Mailboxes(dict[str, Mailbox]):
    """All sessions' mailboxes; what is sent to a session without one is dropped.

    Args:
        is_open: Whether a session has an open connection; its mailbox is never dropped.
    """

    def __init__(self, is_open: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_open = is_open

    def __missing__(self, session: str) -> Mailbox:
        """Return a mailbox that nobody reads."""
        return Mailbox(lambda: None)

    def get(self, session: str, default: object = None) -> Any:
        """Return a session's mailbox; of the tasks that add heartbeats to one, end all but one.

        Each stream of results has such a task, which Gradio leaves behind for good when the stream
        is ended while its reader is slow.
        """
        mailbox = super().get(session)
        task = _heartbeat_task()
        if task is not None and (mailbox is None or not mailbox.adds_heartbeats(task)):
            raise asyncio.CancelledError
        return default if mailbox is None else mailbox

    def __setitem__(self, session: str, mailbox: object) -> None:
        """Give a session a new mailbox, whatever Gradio has made for it."""
        if session not in self and len(self) >= MAX_MAILBOXES:
            closed = (other for other in self if not self._is_open(other))
            self.pop(next(closed, next(iter(self))))
        super().__setitem__(session, Mailbox(self._limit))

    def __delitem__(self, session: str) -> None:
        """Drop a mailbox, if it is there: two connections of a session may end."""
        self.pop(session, None)

    def _limit(self) -> None:
        """While all together are too large, let the largest mailboxes give up, each once.

        What is left are errors, of which there are few: they free nothing by giving up again.
        """
        excess = sum(mailbox.unread for mailbox in self.values()) - MAX_TOTAL_UNREAD
        if excess <= 0:
            return
        for mailbox in sorted(self.values(), key=lambda mailbox: -mailbox.unread):
            if excess > 0:
                excess -= mailbox.unread
                mailbox.drop_unread()
                excess += mailbox.unread


def _heartbeat_task() -> asyncio.Task[Any] | None:
    """Return the task that calls, if it is one of Gradio's that add heartbeats."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # in a thread
        return None
    name = getattr(task and task.get_coro(), "__qualname__", "")
    return task if name.endswith("queue_data_helper.<locals>.heartbeat") else None


def _size(message: Any) -> int:
    return _ENVELOPE + _length(getattr(message, "output", None))


def _length(value: Any) -> int:
    """Return the characters of all texts in a value, about."""
    if isinstance(value, dict):
        return sum(map(_length, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_length, value))
    return len(value) if isinstance(value, str | bytes) else 8
