"""Workers for tests: the tasks are done in the test's own process, one after the other."""

from collections import deque

from fer.batch.task_runner import TaskRunner


class InlinePool:
    """Does each task when its result is waited for.

    Args:
        runner: Does them.
        losses: Tasks, by their number, over which the "worker" ends.
        stop_after: Tasks after which it raises KeyboardInterrupt.
    """

    def __init__(self, runner: TaskRunner, losses=(), stop_after=None, workers=2) -> None:
        self.runner, self.losses, self.stop_after = runner, set(losses), stop_after
        self.workers, self.tasks, self.at_work = workers, [], deque()

    @property
    def free(self):
        return self.workers - len(self.at_work)

    @property
    def busy(self):
        return len(self.at_work)

    def start(self):
        return self.runner.ready

    def submit(self, task):
        self.at_work.append(task)

    def wait(self):
        task = self.at_work.popleft()
        self.tasks.append(task)
        if len(self.tasks) == self.stop_after:
            raise KeyboardInterrupt
        lost = len(self.tasks) in self.losses
        return task, None if lost else self.runner.run(task)

    def close(self):
        self.runner.close()
