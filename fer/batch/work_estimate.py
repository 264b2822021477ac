"""How much of a batch is done, for its progress and the time left."""

PHOTOS_PER_SECOND = 4
"""Photos that take about as long as a second of video."""


class WorkEstimate:
    """The work of a batch, of which videos tell their length when their turn comes.

    Until then one counts as much as those before it in the mean.

    Args:
        photos: Number of photos.
        videos: Number of videos.
        typical: Seconds of a video before anything is known.
    """

    def __init__(self, photos: int, videos: int, typical: float) -> None:
        self._photos, self._unknown, self._typical = photos, videos, typical
        self._known, self._seconds, self._done = 0, 0.0, 0.0

    def plan_video(self, seconds: float) -> None:
        """Note of how many seconds a video is to be analysed; 0 where it can't be read."""
        self._unknown -= 1
        self._known += 1
        self._seconds += seconds

    def finish(self, photos: int = 0, seconds: float = 0.0) -> None:
        """Count photos and seconds of video as done."""
        self._done += photos + PHOTOS_PER_SECOND * seconds

    @property
    def share(self) -> float:
        """What is done, 0 to 1."""
        mean = self._seconds / max(1, self._known) or self._typical
        work = self._photos + PHOTOS_PER_SECOND * (self._seconds + self._unknown * mean)
        return min(1.0, self._done / work) if work else 1.0
