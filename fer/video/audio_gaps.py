"""Detection of leaps in the time stamps of a sound, at which it has to end."""

from fer.i18n import gettext as _
from fer.video.container import MAX_GAP


class GapDetector:
    """Notices where the times of a sound leap.

    Args:
        pictures: Seconds at which the first picture is presented.
        max_backward_step: Seconds by which a time may go back on the same clock.
    """

    def __init__(self, pictures: float, max_backward_step: float) -> None:
        self._max_backward_step = max_backward_step
        self._last: float | None = None
        self._end = pictures

    @property
    def end(self) -> float:
        """Seconds at which the sound so far ends."""
        return self._end

    def check(self, start: float, length: float) -> str | None:
        """Return a sentence if the sound has to end before the next packet or frame, else None.

        Args:
            start: Of the next one, in seconds.
            length: Of the next one, in seconds.
        """
        far = start - self._end > MAX_GAP
        end = _format_minutes(self._end)
        if self._last is None and far:
            return _("The sound starts more than a minute after the pictures and is left out.")
        if far:
            return _(
                "The sound stops for more than a minute after %(time)s; what comes later is left "
                "out.",
                time=end,
            )
        if self._last is not None and start < self._last - self._max_backward_step:
            return _(
                "The sound's times go back after %(time)s; what comes later is left out.", time=end
            )
        if self._last is None or start > self._last:
            self._last, self._end = start, start + length
        return None


def _format_minutes(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"
