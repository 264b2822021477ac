import threading
import time

import pytest

from fer.i18n import current_language, use_language
from fer.recording.threaded_queues import prefetch, run_in_background


def test_prefetch_yields_all_items_in_order():
    with prefetch(range(100), 3) as items:
        assert list(items) == list(range(100))


def test_prefetch_is_bounded():
    fetched = []

    def source():
        for index in range(100):
            fetched.append(index)
            yield index

    with prefetch(source(), 3) as items:
        next(items)
        time.sleep(0.05)
        assert len(fetched) <= 5  # one used, three waiting, one at the door
    assert len(fetched) <= 6


def test_an_error_of_prefetch_is_raised_where_items_are_used():
    def source():
        yield 1
        raise KeyError("no second item")

    with pytest.raises(KeyError), prefetch(source(), 3) as items:
        assert next(items) == 1
        next(items)


def test_all_background_work_is_done_in_order_before_the_block_ends():
    done = []

    def work(item):
        time.sleep(0.001)
        done.append((item, threading.current_thread().name))

    with run_in_background(work, 3) as enqueue:
        for index in range(50):
            enqueue(index)
    assert [item for item, _ in done] == list(range(50))
    assert threading.current_thread().name not in {name for _, name in done}


@pytest.mark.parametrize("count", [1, 50])
def test_an_error_of_background_work_is_raised_here(count):
    def work(item):
        raise KeyError(item)

    with pytest.raises(KeyError), run_in_background(work, 3) as enqueue:
        for index in range(count):
            enqueue(index)


def test_errors_here_end_both_threads():
    before = set(threading.enumerate())
    with (
        pytest.raises(ZeroDivisionError),
        run_in_background(print, 3),
        prefetch(range(10**9), 3) as items,
    ):
        next(items)
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before


def test_both_threads_write_in_the_language_of_the_caller():
    known = []
    with use_language("de"):
        with prefetch((current_language() for _ in range(1)), 1) as items:
            known += items
        with run_in_background(lambda item: known.append(current_language()), 1) as put:
            put(0)
    assert known == ["de", "de"]
