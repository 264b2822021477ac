"""What is known of a request's body while it is being received."""

import time
from dataclasses import dataclass, field

import anyio


@dataclass(eq=False)
class Reception:
    """A body, or an upload, that is being received.

    Attributes:
        begun: When it began, in seconds of `time.monotonic`.
        size: Bytes so far.
        scope: Cancels it.
    """

    begun: float = field(default_factory=time.monotonic)
    size: int = 0
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.begun

    def is_slow(self, rate: float, grace: float) -> bool:
        """Return whether it has less than so many bytes a second, after some seconds."""
        return self.size < rate * (self.age - grace)
