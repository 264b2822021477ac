"""Workers as Ray actors of one core each: on this machine, or on the cluster of RAY_ADDRESS.

The only importer of ray, which is an extra: `pip install -r requirements-ray.txt`.
"""

import logging
import os
from typing import Any

from fer.batch.task_runner import Loader, TaskRunner
from fer.batch.tasks import BatchSettings, Result, Task, WorkerReady, WorkError

MAX_FAILED_STARTS = 3
"""Actors that may end in a row, for each that is wanted, before one of them is ready."""

_CLOSE_TIMEOUT = 5.0
"""Seconds for actors to remove their copies."""


class RayWorker:
    """The actor: the same runner as in a local worker, which is loaded first of all."""

    _runner: TaskRunner

    def __init__(self, settings: BatchSettings, load: Loader) -> None:
        self._settings, self._load = settings, load

    def load(self) -> WorkerReady | WorkError:
        """Load the networks, and return which they are or why they can't be loaded."""
        try:
            self._runner = self._load(self._settings)
        except ValueError as error:
            return WorkError(str(error))
        return self._runner.ready

    def run(self, task: Task) -> Result:
        """Do a task."""
        with self._runner.watchdog.watching():
            return self._runner.run(task)

    def close(self) -> None:
        """Remove what was copied to the actor's node."""
        self._runner.close()


class RayPool:
    """A few actors; one that ends is replaced as soon as the cluster has a core for another.

    Args:
        settings: The batch's settings.
        count: Number of actors; None for one per core of the whole cluster.
        load: Loads the networks in each actor.
    """

    def __init__(
        self, settings: BatchSettings, count: int | None = None, load: Loader = TaskRunner.load
    ) -> None:
        self._settings, self._count, self._load = settings, count, load
        self._started_here = False
        self._failed_starts = 0
        self._loading: dict[Any, Any] = {}  # actors, by the reference to what they load
        self._free: list[Any] = []
        self._at_work: dict[Any, tuple[Any, Task]] = {}  # by the reference to the result

    @property
    def free(self) -> int:
        """Actors that are ready and without a task."""
        return len(self._free)

    @property
    def busy(self) -> int:
        """Actors with a task."""
        return len(self._at_work)

    def start(self) -> WorkerReady:
        """Connect to the cluster, or start one here, and start the actors.

        Raises:
            ValueError: Ray isn't installed or there is no such cluster, the network can't be
                loaded, or the actors end while they load it.
        """
        ray = import_ray()
        if not ray.is_initialized():
            self._connect(ray)
        self._count = self._count or max(1, int(ray.cluster_resources().get("CPU", 1)))
        for _ in range(self._count):
            self._add_actor()
        while True:
            ready = self._receive_ready(self._next_reference())
            if ready is not None:
                return ready

    def _connect(self, ray: Any) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report to its makers
        address = os.environ.get("RAY_ADDRESS")
        # Else it would join a cluster that happens to run here, and refuse to have so many cores.
        here = {"address": "local", "num_cpus": self._count, "include_dashboard": False}
        options = {} if address else here
        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = f"The cluster at RAY_ADDRESS={address}" if address else "Ray here"
            raise ValueError(f"{where} can't be used: {' '.join(str(error).split())}") from error
        self._started_here = True

    def _add_actor(self) -> None:
        ray = import_ray()
        actor = ray.remote(num_cpus=1, max_restarts=0)(RayWorker).remote(self._settings, self._load)
        self._loading[actor.load.remote()] = actor

    def submit(self, task: Task) -> None:
        """Give a task to an actor that is free."""
        actor = self._free.pop(0)
        self._at_work[actor.run.remote(task)] = actor, task

    def wait(self) -> tuple[Task, Result | None] | None:
        """Wait for a task that is done; without a result, its actor has ended or failed.

        Returns:
            The task and its result; None where an actor has become free instead.

        Raises:
            ValueError: Actors end again and again before they are ready.
        """
        ray = import_ray()
        reference = self._next_reference()
        if reference in self._loading:
            self._receive_ready(reference)
            return None
        actor, task = self._at_work.pop(reference)
        try:
            result = ray.get(reference)
        except ray.exceptions.RayError:
            ray.kill(actor)  # it may have failed only
            self._add_actor()
            return task, None
        self._free.append(actor)
        return task, result

    def _next_reference(self) -> Any:
        """Return the reference to the next result that is there."""
        ready, _ = import_ray().wait([*self._at_work, *self._loading], num_returns=1)
        return ready[0]

    def _receive_ready(self, reference: Any) -> WorkerReady | None:
        """Note that an actor has loaded its networks; None if it has ended, and is replaced."""
        ray, actor = import_ray(), self._loading.pop(reference)
        try:
            ready: WorkerReady | WorkError = ray.get(reference)
        except ray.exceptions.RayError as error:
            self._failed_starts += 1
            if self._failed_starts > MAX_FAILED_STARTS * (self._count or 1):
                raise ValueError(
                    "Ray's actors end before they are ready; see `ray status` and its logs."
                ) from error
            self._add_actor()
            return None
        if isinstance(ready, WorkError):
            ray.kill(actor)
            raise ValueError(ready.sentence)
        self._free.append(actor)
        self._failed_starts = 0
        return ready

    def close(self) -> None:
        """End the actors, and the cluster if it was started here."""
        ray = import_ray()
        if self._free:  # what the others have copied goes when an actor starts there again
            closing = [actor.close.remote() for actor in self._free]
            ray.wait(closing, num_returns=len(closing), timeout=_CLOSE_TIMEOUT)
        at_work = (actor for actor, _ in self._at_work.values())
        for actor in [*self._free, *self._loading.values(), *at_work]:
            ray.kill(actor)
        self._free, self._loading, self._at_work = [], {}, {}
        if self._started_here:
            ray.shutdown()


def import_ray() -> Any:
    """Return the library.

    Raises:
        ValueError: It isn't installed.
    """
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise ValueError(
            "--engine ray needs Ray, which is an extra: pip install -r requirements-ray.txt."
        ) from error
    return ray
