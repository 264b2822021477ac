"""Fair shares of the processor: whose task is next, by the time that each visitor has used.

This is start-time fair queueing. There is a virtual time, which passes more slowly the more
visitors there are, and each has one up to which they were served. Whoever is least far is next;
nobody saves up by waiting, or falls back by more than a task by working while nobody else does.
"""

from collections.abc import Collection


class FairShares:
    """The virtual times of all visitors.

    A task may have several names, of which it is enough that one has used much time.

    Attributes:
        now: The virtual time.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._served: dict[str, float] = {}

    def turn(self, names: Collection[str], submitted: float) -> float:
        """Return when it is a task's turn, which may change while it waits.

        Args:
            names: Of the visitor whose task it is.
            submitted: The virtual time at which the task came.
        """
        return max(submitted, *(self._served.get(name, submitted) for name in names))

    def begin(self, names: Collection[str], turn: float, expected: float = 0.0) -> None:
        """Note that a task begins, and how many seconds it probably takes."""
        self.now = max(self.now, turn)
        self._served.update(dict.fromkeys(names, turn + expected))

    def end(
        self, names: Collection[str], seconds: float, visitors: int, expected: float = 0.0
    ) -> None:
        """Note that a task has ended.

        Args:
            names: Of the visitor whose task it was.
            seconds: How long it took.
            visitors: How many there are, this one included.
            expected: As when it began.
        """
        for name in names:
            self._served[name] = self._served.get(name, self.now) + seconds - expected
        self.now += seconds / visitors
        self._served = {name: time for name, time in self._served.items() if time > self.now}
