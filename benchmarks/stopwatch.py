"""Timing the stages of a pipeline from outside, by wrapping the objects that do the work."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time


@dataclass(frozen=True)
class Spent:
    """What one frame took.

    Args:
        stages: Seconds that passed, by stage.
        cpu: Seconds of computing, of all threads; hardly changed by what else the machine does.
    """

    stages: dict[str, float]
    cpu: float

    @property
    def seconds(self) -> float:
        """Seconds that passed in all."""
        return sum(self.stages.values())


class Stopwatch:
    """Adds up the seconds spent in each stage; a stage within another counts only as itself."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.seconds: dict[str, float] = {}
        self._within: list[float] = []

    def measure(self, rest: str, function: Callable[[], object]) -> tuple[object, Spent]:
        """Call a function; return its result and the time it took.

        Args:
            rest: What to call the time outside of any stage.
            function: What to call.
        """
        self.seconds = {}
        start = process_time()
        answer = self.run(rest, function, (), {})
        return answer, Spent(self.seconds, process_time() - start)

    def run(self, stage: str, function, arguments: tuple, options: dict):
        """Call `function` and count the time as `stage`'s."""
        self._within.append(0.0)
        start = perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            spent = perf_counter() - start
            inner = self._within.pop()
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent - inner
            if self._within:
                self._within[-1] += spent


class Timed:
    """Stands in for an object: its methods are timed, everything else is the object's own.

    Args:
        inner: The object.
        stopwatch: Where its time is counted.
        stages: What to call the time spent in each method.
        rest: What to call the time spent in any other method.
    """

    def __init__(
        self, inner: object, stopwatch: Stopwatch, stages: dict[str, str], rest: str
    ) -> None:
        """Keep the object, the stopwatch and the names."""
        self._inner, self._stopwatch, self._stages, self._rest = inner, stopwatch, stages, rest

    def __getattr__(self, name: str):
        """Return the object's attribute, timed where it's a method."""
        value = getattr(self._inner, name)
        if not callable(value) or name.startswith("_"):
            return value
        stage = self._stages.get(name, self._rest)
        return lambda *arguments, **options: self._stopwatch.run(stage, value, arguments, options)
