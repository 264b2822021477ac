"""The job queue: a few jobs at a time, in fair shares, cancelled without leaving a file."""

import asyncio
import threading
import time
from dataclasses import replace

import pytest

from fer.ui.job_queue import MAX_SHORT, Job, JobQueue, QueueFullError, QueuePlaces
from fer.ui.recording.handlers import work_length
from fer.video import VideoInfo


def job(folder, work=lambda job: "done", visitor="", length=0.0):
    folder.mkdir()
    (folder / "file").touch()
    return Job(folder, work, visitor, length)


def until_cancelled(job):
    while not job.is_cancelled():
        threading.Event().wait(0.005)
    raise ValueError("cancelled")


async def begun(*jobs):
    async with asyncio.timeout(10):
        while not all(job.started for job in jobs):
            await asyncio.sleep(0.005)


async def test_a_job_gives_its_result_and_keeps_its_files(tmp_path):
    work = job(tmp_path / "one")
    assert await JobQueue(1).submit(work) == "done"
    assert work.finished and (tmp_path / "one" / "file").exists()
    work.discard()
    assert not (tmp_path / "one").exists()


async def test_an_error_rises_and_leaves_no_file(tmp_path):
    def broken(job):
        raise ValueError("no video")

    with pytest.raises(ValueError, match="no video"):
        await JobQueue(1).submit(job(tmp_path / "one", broken))
    assert not (tmp_path / "one").exists()


async def test_queued_jobs_report_how_many_come_first(tmp_path):
    queue = JobQueue(2)
    jobs = [job(tmp_path / str(i), until_cancelled) for i in range(4)]
    tasks = [queue.submit(work) for work in jobs]
    await begun(*jobs[:2])
    assert [queue.jobs_before(work) for work in jobs] == [0, 0, 1, 2]
    assert not jobs[2].started
    jobs[1].cancel()
    await begun(jobs[2])
    assert [queue.jobs_before(work) for work in jobs] == [0, 0, 0, 1]
    for work in jobs:
        work.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(error) for error in results} == {ValueError}
    assert list(tmp_path.iterdir()) == []


async def test_a_job_cancelled_in_the_queue_never_begins(tmp_path):
    queue = JobQueue(1)
    first, second, third = (job(tmp_path / str(i), until_cancelled) for i in range(3))
    tasks = [queue.submit(work) for work in (first, second, third)]
    await begun(first)
    tasks[1].cancel()
    await asyncio.sleep(0.05)
    assert not second.started and not second.folder.exists()
    assert queue.jobs_before(third) == 1
    first.cancel(), third.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_job_cancelled_at_the_last_moment_leaves_no_file(tmp_path):
    def finishes_anyway(job):
        job.discard()
        return "done"

    await JobQueue(1).submit(job(tmp_path / "one", finishes_anyway))
    assert not (tmp_path / "one").exists()


async def order_of(tmp_path, queue, jobs):
    """Return in which order jobs are done; all but the first ones wait while those run."""
    ran, gate = [], threading.Event()

    def work(done):
        gate.wait(10)
        time.sleep(min(0.1, done.length))
        ran.append(done.folder.name)

    tasks = [
        queue.submit(job(tmp_path / name, work, name.split()[0], length)) for name, length in jobs
    ]
    gate.set()
    await asyncio.gather(*tasks)
    return ran


async def test_a_visitors_many_recordings_come_after_the_first_of_others(tmp_path):
    jobs = [*((f"flood {number}", 0.1) for number in range(4)), ("a 1", 0.1), ("b 1", 0.1)]
    assert (await order_of(tmp_path, JobQueue(1), jobs))[:3] == ["flood 0", "a 1", "b 1"]


async def test_short_recordings_come_before_long_ones(tmp_path):
    jobs = ("a first", 7200.0), ("b long", 7200.0), ("c short", 100.0), ("d long", 3600.0)
    ran = await order_of(tmp_path, JobQueue(1), jobs)
    assert ran == ["a first", "c short", "d long", "b long"]


def test_a_recording_of_many_and_large_frames_counts_as_a_longer_one():
    ordinary = VideoInfo(1280, 720, 100.0, 30.0, False)
    assert work_length(ordinary, 100) == 100
    dense = replace(ordinary, width=4096, height=4096, frame_rate=1000.0)
    assert work_length(dense, 100) > MAX_SHORT
    assert work_length(replace(ordinary, width=3840, height=2160, frame_rate=60), 100) == 800


async def test_one_worker_is_kept_for_short_recordings(tmp_path):
    queue = JobQueue(2)
    long = [job(tmp_path / name, until_cancelled, name, MAX_SHORT + 1) for name in ("a", "b", "c")]
    tasks = [queue.submit(each) for each in long]
    await begun(long[0])
    assert await queue.submit(job(tmp_path / "d", visitor="d", length=MAX_SHORT)) == "done"
    assert [each.started for each in long] == [True, False, False]
    for each in long:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_a_program_has_one_recording_at_a_time():
    places = QueuePlaces(3)
    with places.place("one"), places.place("other"):
        with pytest.raises(QueueFullError, match="isn't done yet"), places.place("one"):
            pass
        with places.place("third"), pytest.raises(QueueFullError, match="3 recordings are waiting"):
            places.place("fourth").__enter__()
    with places.place("one"):
        pass
