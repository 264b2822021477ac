"""Workers as Ray actors of one core each: on this machine, or on the cluster of RAY_ADDRESS.

The only importer of ray, which is an extra: `pip install -r requirements-ray.txt`.
"""

import logging
from typing import Any

from fer.batch.task_runner import Loader, TaskRunner
from fer.batch.tasks import BatchSettings, Result, Task, WorkerReady, WorkError

MAX_FAILED_STARTS = 3
"""Actors that may end in a row, for each that is wanted, before one of them is ready."""


class RayWorker:
    """The actor: the same runner as in a local worker."""

    def __init__(self, settings: BatchSettings, load: Loader) -> None:
        self._settings, self._load = settings, load
        self._runner: TaskRunner | None = None

    def load(self) -> WorkerReady | WorkError:
        """Load the networks, and return which they are or why they can't be loaded."""
        try:
            self._runner = self._load(self._settings)
        except ValueError as error:
            return WorkError(str(error))
        return self._runner.ready

    def run(self, task: Task) -> Result:
        """Do a task.

        Raises:
            RuntimeError: The networks aren't loaded.
        """
        if self._runner is None:
            raise RuntimeError("The networks aren't loaded.")
        return self._runner.run(task)


class RayPool:
    """A few actors; one that ends is replaced.

    Args:
        settings: Of the batch.
        count: How many; None for a core each of the whole cluster.
        load: Loads the networks in each.
    """

    def __init__(
        self, settings: BatchSettings, count: int | None = None, load: Loader = TaskRunner.load
    ) -> None:
        self._settings, self._count, self._load = settings, count, load
        self._started_here = False
        self._free: list[Any] = []
        self._at_work: dict[Any, tuple[Any, Task]] = {}  # by the reference to the result

    @property
    def free(self) -> int:
        """Actors without a task."""
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
        count = self._count or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._free = [self._new_actor() for _ in range(count)]
        for _ in range(MAX_FAILED_STARTS * count):
            actor = self._free[0]
            try:
                ready = ray.get(actor.load.remote())
            except ray.exceptions.RayActorError:
                self._free = [*self._free[1:], self._new_actor()]
                continue
            if isinstance(ready, WorkError):
                raise ValueError(ready.sentence)
            for other in self._free[1:]:
                other.load.remote()
            return WorkerReady(ready.name, ready.fingerprint, ready.precision)
        raise ValueError("Ray's actors end before they are ready; see `ray status` and its logs.")

    def _connect(self, ray: Any) -> None:
        import os

        address = os.environ.get("RAY_ADDRESS")
        options = {} if address else {"num_cpus": self._count, "include_dashboard": False}
        try:
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = f"the cluster at RAY_ADDRESS={address}" if address else "Ray here"
            raise ValueError(f"{where} can't be used: {' '.join(str(error).split())}") from error
        self._started_here = True

    def _new_actor(self) -> Any:
        ray = import_ray()
        return ray.remote(num_cpus=1, max_restarts=0)(RayWorker).remote(self._settings, self._load)

    def submit(self, task: Task) -> None:
        """Give a task to an actor that is free."""
        actor = self._free.pop(0)
        self._at_work[actor.run.remote(task)] = actor, task

    def wait(self) -> tuple[Task, Result | None]:
        """Wait for a task that is done; without a result, its actor has ended or failed."""
        ray = import_ray()
        ready, _ = ray.wait(list(self._at_work), num_returns=1)
        actor, task = self._at_work.pop(ready[0])
        try:
            result = ray.get(ready[0])
        except ray.exceptions.RayError:
            actor = self._new_actor()
            actor.load.remote()
            result = None
        self._free.append(actor)
        return task, result

    def close(self) -> None:
        """End the actors, and the cluster if it was started here."""
        ray = import_ray()
        for actor in [*self._free, *(actor for actor, _ in self._at_work.values())]:
            ray.kill(actor)
        self._free, self._at_work = [], {}
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
