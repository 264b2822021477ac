"""What the smoothers remember of the tracks of one stream."""

from collections.abc import Mapping
from typing import Protocol, TypeVar


class _Observed(Protocol):
    """What is known of a face since a time in seconds."""

    @property
    def time(self) -> float: ...


T = TypeVar("T", bound=_Observed)


def recent(observations: Mapping[int, T], time: float, max_age: float) -> dict[int, T]:
    """Return the observations, by track, that are at most `max_age` seconds old at a time."""
    return {
        track: observation
        for track, observation in observations.items()
        if time - observation.time <= max_age
    }
