"""Short tasks, each in a worker of its own."""

import pytest

from fer.sandbox import Limits, Pool, WorkerError, worker
from tests.sandbox import works

LIMITS = Limits(memory=500_000_000, cpu=100)


@pytest.fixture
def pool():
    return Pool(works.task, LIMITS, workers=1)


def run(pool, content, timeout=20.0):
    return pool.run(content, timeout, 0.1, max_bytes=10_000_000)


def test_no_worker_sees_two_tasks(pool):
    numbers = [run(pool, b"abc").fields["pid"] for _ in range(4)]
    assert len(set(numbers)) == 4


def test_where_no_worker_starts_the_task_is_not_to_blame(pool, monkeypatch):
    def refuse():
        raise OSError("Too many open files")

    monkeypatch.setattr(worker._context, "Pipe", refuse)
    with pytest.raises(TimeoutError):
        run(pool, b"abc")


def test_large_data_comes_back_whole(pool):
    content = bytes(range(256)) * 20_000
    assert bytes(run(pool, content).data) == content[::-1]


@pytest.mark.parametrize(("content", "late"), [(b"crash", False), (b"hang", True)])
def test_a_task_that_fails_costs_the_others_nothing(pool, content, late):
    with pytest.raises(WorkerError) as error:
        run(pool, content, 0.5)
    assert error.value.late == late
    assert bytes(run(pool, b"abc").data) == b"cba"


def test_more_data_than_is_taken_is_an_error(pool):
    with pytest.raises(WorkerError):
        pool.run(b"abc", 20, 0.1, max_bytes=2)


def test_who_waits_too_long_is_told(pool):
    with pool._places, pytest.raises(TimeoutError):
        run(pool, b"abc")
    assert run(pool, b"abc").kind == "result"
