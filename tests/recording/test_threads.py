import threading
import time

import pytest

from fer.recording.threads import ahead, behind


def test_ahead_gives_all_items_in_order():
    with ahead(range(100), 3) as items:
        assert list(items) == list(range(100))


def test_ahead_fetches_no_more_than_it_may():
    fetched = []

    def source():
        for index in range(100):
            fetched.append(index)
            yield index

    with ahead(source(), 3) as items:
        next(items)
        time.sleep(0.05)
        assert len(fetched) <= 5  # one used, three waiting, one at the door
    assert len(fetched) <= 6


def test_an_error_ahead_rises_where_items_are_used():
    def source():
        yield 1
        raise KeyError("no second item")

    with pytest.raises(KeyError), ahead(source(), 3) as items:
        assert next(items) == 1
        next(items)


def test_behind_does_all_work_in_order_before_the_block_is_left():
    done = []

    def work(item):
        time.sleep(0.001)
        done.append((item, threading.current_thread().name))

    with behind(work, 3) as hand_over:
        for index in range(50):
            hand_over(index)
    assert [item for item, _ in done] == list(range(50))
    assert threading.current_thread().name not in {name for _, name in done}


@pytest.mark.parametrize("count", [1, 50])
def test_an_error_behind_rises_here(count):
    def work(item):
        raise KeyError(item)

    with pytest.raises(KeyError), behind(work, 3) as hand_over:
        for index in range(count):
            hand_over(index)


def test_errors_here_end_both_threads():
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), behind(print, 3), ahead(range(10**9), 3) as items:
        next(items)
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before
