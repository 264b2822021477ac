"""Fair scheduling of visitors' tasks."""

import asyncio
import threading
import time

import pytest

from fer.ui import fair_scheduler, sender
from fer.ui.fair_scheduler import BusyError, FairScheduler, FairShares, Superseded
from fer.ui.sender import Abandoned, Sender


class Known(Sender):
    """A sender who is connected as the test says."""

    def __init__(self, here: bool = True, page: str = "") -> None:
        super().__init__(None)
        self.here, self.session_hash = here, page

    def is_connected(self) -> bool:
        return self.here


class Gate:
    """Work that ends when the test says so; it notes whose ran."""

    def __init__(self) -> None:
        self.open, self.ran = threading.Event(), []

    def work(self, name):
        def run():
            self.ran.append(name)
            self.open.wait(10)
            return name

        return run


async def begin(line, gate, *names, here=True, page="", **options):
    tasks = [
        asyncio.create_task(line.run(name, Known(here, page), gate.work(name), **options))
        for name in names
    ]
    await asyncio.sleep(0.05)
    return tasks


async def test_visitors_are_served_in_their_order_and_one_task_at_a_time():
    line, gate = FairScheduler(2, "test"), Gate()
    tasks = await begin(line, gate, "a", "a", "b", "c")
    assert gate.ran == ["a", "b"]
    gate.open.set()
    assert await asyncio.gather(*tasks) == ["a", "a", "b", "c"]
    assert sorted(gate.ran[2:]) == ["a", "c"]


async def test_a_visitor_s_newer_work_takes_the_place_of_older_or_is_refused():
    line, gate = FairScheduler(1, "test"), Gate()
    running, older = await begin(line, gate, "a", "b")
    (newer,) = await begin(line, gate, "b")
    (refused,) = await begin(line, gate, "b", replace=False)
    with pytest.raises(Superseded):
        await older
    with pytest.raises(BusyError, match="previous request"):
        await refused
    gate.open.set()
    assert await asyncio.gather(running, newer) == ["a", "b"] and gate.ran == ["a", "b"]


async def test_connected_senders_come_first_and_displace_disconnected_ones():
    line, gate = FairScheduler(1, "test", max_waiting=3), Gate()
    (running,) = await begin(line, gate, "running")
    absent = await begin(line, gate, "x", "y", "z", here=False)
    here = await begin(line, gate, "one", "two")
    for gone in absent[:2]:
        with pytest.raises(Abandoned):
            await gone
    (third,) = await begin(line, gate, "three")
    (refused,) = await begin(line, gate, "four")
    with pytest.raises(BusyError, match="too many visitors"):
        await refused
    gate.open.set()
    await asyncio.gather(running, *here, third)
    assert gate.ran == ["running", "one", "two", "three"]


async def test_a_page_has_one_turn_however_many_visitors_it_names():
    line, gate = FairScheduler(2, "test"), Gate()
    heavy = await begin(line, gate, "a", "b", "c", page="one")
    other = await begin(line, gate, "d")
    assert gate.ran == ["a", "d"]
    gate.open.set()
    await asyncio.gather(*heavy, *other)


async def test_who_has_used_less_time_comes_first():
    line = FairScheduler(1, "test")
    ran = []

    def work(name, seconds):
        return lambda: ran.append(name) or time.sleep(seconds)

    async def heavy(page):
        for number in range(3):
            await line.run(f"{page}{number}", Known(page=page), work(page, 0.05))

    pages = [asyncio.create_task(heavy(f"heavy {number}")) for number in range(5)]
    await asyncio.sleep(0.12)  # the third of them runs
    await line.run("newcomer", Known(), work("newcomer", 0))
    await asyncio.gather(*pages)
    assert ran.index("newcomer") <= 6 and ran[:5] == [f"heavy {number}" for number in range(5)]


def test_newcomers_do_not_starve_who_has_worked_for_long():
    shares = FairShares()
    shares.begin(["old"], 0.0)
    shares.end(["old"], 100.0, 1)
    assert shares.turn_time(["old"], shares.now) == shares.now
    shares.begin(["old"], shares.now)
    shares.end(["old"], 100.0, 10)
    waiting = shares.turn_time(["old"], shares.now)
    served = 0
    while shares.turn_time([f"new {served}"], shares.now) < waiting:
        shares.begin([f"new {served}"], shares.now)
        shares.end([f"new {served}"], 10.0, 10)
        served += 1
    assert served == 90


async def test_where_too_many_wait_a_page_with_several_tasks_yields():
    line, gate = FairScheduler(1, "test", max_waiting=3), Gate()
    (running,) = await begin(line, gate, "running")
    crowd = await begin(line, gate, "a", "b", "c", page="one")
    (honest,) = await begin(line, gate, "honest")
    assert [task.done() for task in crowd] == [False, False, True]
    with pytest.raises(BusyError, match="too many visitors"):
        await crowd[2]
    gate.open.set()
    await asyncio.gather(running, honest, *crowd[:2])


async def test_work_of_senders_who_left_is_not_run(monkeypatch):
    monkeypatch.setattr(sender, "TIMEOUT", 0.1)
    line, gate = FairScheduler(1, "test"), Gate()
    (running,) = await begin(line, gate, "a")
    absent = await begin(line, gate, "b", here=False)
    with pytest.raises(Abandoned):
        await absent[0]
    gate.open.set()
    await running
    assert gate.ran == ["a"]


async def test_waiting_ends_after_a_while_and_with_the_handler(monkeypatch):
    monkeypatch.setattr(fair_scheduler, "MAX_WAIT", 0.2)
    line, gate = FairScheduler(1, "test"), Gate()
    stuck, waiting = await begin(line, gate, "a", "b")
    for task in (stuck, waiting):
        with pytest.raises(BusyError, match="try again"):
            await task
    (cancelled,) = await begin(line, gate, "c")
    cancelled.cancel()
    await asyncio.wait([cancelled])
    gate.open.set()
    await asyncio.sleep(0.1)
    assert gate.ran == ["a"]
    assert await line.run("d", Known(), lambda: "served") == "served"
