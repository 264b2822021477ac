"""The list of a visitor's recordings as HTML, a row for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fer.templates import render
from fer.ui.recording.views import Failure, video_facts
from fer.video import VideoInfo


@dataclass(frozen=True)
class QueueRow:
    """A recording in the list of a visitor's recordings.

    Args:
        number: Which the page sends to have it displayed.
        name: The file's name.
        info: Its properties; None where they aren't known.
        failure: Why it has no result; None if it may still get one.
        state: How far it is; "" where its analysis wasn't started.
        is_finished: Whether it has a result.
        is_shown: Whether the result is displayed.
    """

    number: int
    name: str
    info: VideoInfo | None
    failure: Failure | None
    state: str
    is_finished: bool
    is_shown: bool

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known of the file."""
        return () if self.info is None else video_facts(self.info)


def queue_html(rows: Sequence[QueueRow]) -> Markup:
    """Return the list of a visitor's recordings, with a button for each that is finished."""
    return render("recording_queue.html", rows=rows)
