"""Turns, queues and bounds: no visitor keeps the others waiting, whatever they send."""

import asyncio
import gc
import logging
import secrets
import threading
import time
from collections import Counter
from contextlib import AsyncExitStack

import httpx
import numpy as np
import pytest
from gradio.server_messages import ProcessCompletedMessage

from fer.ui.live.camera_places import MAX_STREAMS
from fer.ui.sender import TIMEOUT
from fer.ui.serving import connections
from fer.ui.serving.transfer_limits import ResponseFlow
from fer.ui.serving.upload_store import page_store
from fer.video import VideoWriter
from tests.async_runner import run_async
from tests.security._live import Visitor, abandon, allowed, client, data_url, jpeg, serve
from tests.security.page import layer_of

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def page(tmp_path_factory):
    """A page that reads 40 frames or photos a second, with two threads."""
    with serve(tmp_path_factory.mktemp("slots"), seconds=0.05) as served:
        yield served


@pytest.fixture
def upload(page):
    path = shared_folder() / "one.jpg"
    path.write_bytes(jpeg())
    return published(path)


def shared_folder():
    folder = page_store().uploads / "shared"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def published(path):
    """Return a file as the page sends it that every visitor may use, as the examples."""
    page_store().publish([path])
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


async def crowd(page, http, stack, count, every):
    """Let visitors stream, all with a connection for results; return when all have begun."""
    visitors = [Visitor(page, http) for _ in range(count)]
    streams = [await stack.enter_async_context(one.streaming(every)) for one in visitors]
    deadline = time.monotonic() + allowed(20)
    while not all(streams):
        assert time.monotonic() < deadline, [len(times) for times in streams]
        await asyncio.sleep(0.05)
    return streams


@pytest.mark.parametrize(("count", "every"), [(6, None), (40, None), (12, 0.1)])
def test_a_newcomers_first_frame_comes_at_once_beside_others_streams(page, count, every):
    async def scenario():
        async with client() as http, AsyncExitStack() as stack:
            if count > MAX_STREAMS:  # silent ones count for some seconds only
                await crowd(page, http, stack, MAX_STREAMS, every)
                await asyncio.sleep(6)
                await crowd(page, http, stack, count - MAX_STREAMS, every)
            else:
                await crowd(page, http, stack, count, every)
            assert await Visitor(page, http).first_frame() < allowed(5)

    run_async(scenario())


def test_of_eight_streams_none_waits_and_all_get_their_share(page):
    async def scenario():
        async with client() as http, AsyncExitStack() as stack:
            begun = time.monotonic()
            streams = await crowd(page, http, stack, 8, 0.1)
            assert time.monotonic() - begun < allowed(5)
            before = [len(times) for times in streams]  # some began earlier
            await asyncio.sleep(4)
            counts = sorted(len(times) - n for times, n in zip(streams, before, strict=True))
            assert counts[0] > counts[-1] / 3 > 2, counts

    run_async(scenario())


def test_requests_whose_senders_left_are_not_run(page, upload):
    """1,500 photos that nobody waits for: at 40 a second they would take 37 s."""

    async def scenario():
        async with client() as http:
            before, gate = page.followed, asyncio.Semaphore(300)
            request = [upload, 20, False, False]

            async def leaving():
                async with gate:
                    return await abandon(page, "read", [*request, secrets.token_hex(16)])

            flood = [asyncio.create_task(leaving()) for _ in range(1500)]
            await asyncio.sleep(1)
            one = Visitor(page, http)
            frame, begun = await one.first_frame(), time.monotonic()
            async with one.present():
                (shown,) = await one.ask("read", [*request, one.token])
            photo = time.monotonic() - begun
            assert "happy" in shown
            assert max(frame, photo) < allowed(5)
            statuses = Counter(await asyncio.gather(*flood))
            await asyncio.sleep(TIMEOUT + 1)
            async with asyncio.timeout(allowed(10)):
                followed = -1
                while page.followed != followed:  # until nothing is left over
                    followed = page.followed
                    await asyncio.sleep(1)
            assert followed - before < 400, statuses
            assert statuses[b"HTTP/1.1 503 Service Unavailable\r\n"] > 1000, statuses

    run_async(scenario())


def test_more_cameras_than_can_be_served_are_refused_in_a_sentence(page):
    async def scenario():
        async with client() as http, AsyncExitStack() as stack:
            await crowd(page, http, stack, MAX_STREAMS, 1.0)
            reading = await Visitor(page, http).read_frame()
            assert "The page is full: 24 cameras" in reading["panel"]

    run_async(scenario())


def test_silent_pages_keep_no_newcomer_out(page, monkeypatch, caplog):
    monkeypatch.setattr(connections, "MAX_OPEN", 5)
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)

    async def scenario():
        async with client() as http, AsyncExitStack() as stack:
            silent = []
            for _ in range(5):
                address = f"{page.url}heartbeat/{secrets.token_hex(5)}"
                silent.append(await stack.enter_async_context(http.stream("GET", address)))
            one = Visitor(page, http)
            async with one.present():
                await asyncio.wait_for(silent[0].aread(), 5)  # ended, and in order
                await one.read_frame()
                for _ in range(5):
                    address = f"{page.url}heartbeat/{secrets.token_hex(5)}"
                    await stack.enter_async_context(http.stream("GET", address))
                assert one.session in page.demo.server_app.state.connections._open

    run_async(scenario())
    logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


def with_large_result(page, events):
    """Return the address of the results of a session with an event's result of 12 MB."""
    output = {"data": ["x" * 12_000_000]}
    boxes = page.demo._queue.pending_messages_per_session
    boxes["slow"] = None
    boxes["slow"].put_nowait(ProcessCompletedMessage(event_id="a", output=output, success=True))
    page.demo._queue.pending_event_ids_session["slow"] = set(events)
    return page.url + "queue/data?session_hash=slow"


def test_a_result_that_is_not_read_ends_where_all_are_too_much(page, monkeypatch):
    monkeypatch.setattr(layer_of(page.demo, ResponseFlow)._unsent, "most", 1_000_000)

    async def scenario():
        address = with_large_result(page, {"a"})
        async with client() as http, http.stream("GET", address) as unread:
            await asyncio.sleep(0.5)
            with pytest.raises(httpx.RemoteProtocolError):
                await unread.aread()

    run_async(scenario())


@pytest.mark.parametrize("events", [{"a"}, {"a", "b"}])
def test_a_stream_that_yields_in_the_middle_of_a_result_leaves_no_traceback(page, caplog, events):

    async def scenario():
        known = page.demo.server_app.state.connections
        address = with_large_result(page, events)
        async with client() as http, http.stream("GET", address) as unread:
            await asyncio.sleep(0.5)
            (stream,) = known._open["slow"].connections
            stream.get_loop().call_soon_threadsafe(stream.cancel)
            await asyncio.sleep(0.5)
            assert stream.done() and "slow" not in known._open
            assert len(await unread.aread()) < 12_000_000  # and the response has an end
        await asyncio.sleep(0.1)
        gc.collect()
        await asyncio.sleep(0.1)

    run_async(scenario())
    assert not [record.message for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("of_one_page", [False, True])
def test_many_streams_of_one_visitor_get_one_visitors_share(page, monkeypatch, of_one_page):
    """Whether these are a camera's in many pages, or one page sends far more than a camera does."""
    read, frames = page.pipeline.process_frame, []

    def slow(*arguments):
        """Take so long that, on a busy machine too, the streams wait for this and nothing else."""
        frames.append(time.sleep(0.15))
        return read(*arguments)

    async def scenario():
        async with client() as http, AsyncExitStack() as stack:
            token = "ab" * 16
            greedy = [Visitor(page, http, token) for _ in range(12)]
            if of_one_page:
                greedy = greedy[:1] * 12
                greedy[0].frames = [data_url(jpeg(1280, 720, quality=q)) for q in (89, 90)]  # 1 MB
            for one in greedy:
                await stack.enter_async_context(one.streaming(0.1))
            (honest,) = await crowd(page, http, stack, 1, 0.1)
            honest.clear()
            frames.clear()
            while len(honest) < 10:
                await asyncio.sleep(0.01)
            assert len(frames) < 10 * 6  # 10 * 13 if each stream had a turn

    monkeypatch.setattr(page.pipeline, "process_frame", slow)
    run_async(scenario())


def test_a_newer_photo_takes_the_place_of_one_that_waits(page, upload, monkeypatch):
    all_sent, classify = threading.Event(), page.pipeline.classifier.classify
    classifier = page.pipeline.classifier
    monkeypatch.setattr(classifier, "classify", lambda crops: all_sent.wait(60) and classify(crops))

    async def scenario():
        async with client() as http, AsyncExitStack() as stack:
            before = page.followed
            others = [Visitor(page, http) for _ in range(12)]
            one = Visitor(page, http)
            for each in (*others, one):
                await stack.enter_async_context(each.present())
            request = [upload, 20, False, False]
            await asyncio.gather(*(each.join("read", [*request, each.token]) for each in others))
            for _ in range(5):
                await one.join("read", [*request, one.token])
            all_sent.set()
            await asyncio.sleep(allowed(2))
            assert page.followed - before == 12 + 1

    run_async(scenario())


@pytest.fixture
def film(page):
    path = shared_folder() / "film.mp4"
    with VideoWriter(path, 160, 120) as writer:
        for i in range(60):
            writer.write(FILM, i / 10, 0.1)
    return published(path)


FILM = np.full((120, 160, 3), 90, np.uint8)


def test_recordings_are_bounded_in_all_and_by_visitor(page, film, monkeypatch):
    async def scenario():
        async with client() as http:
            request = [[film], "person", 15, "", ""]
            visitors = [Visitor(page, http) for _ in range(70)]
            results = [asyncio.create_task(first_state(one, request)) for one in visitors]
            states = await asyncio.gather(*results)
            refused = [state for state in states if "60 recordings are waiting already" in state]
            assert len(refused) == 10
            assert "begins by itself" in "".join(states)

    async def first_state(one, request):
        async with one.present():
            assert (await one.join("start_1", [*request, one.token])).is_success
            messages = []
            async for message in one.messages():
                if message["msg"] in ("process_generating", "process_completed"):
                    messages.append(str(message["output"]["data"]))
                if len(messages) == 2 or message["msg"] == "process_completed":
                    await asyncio.sleep(1.5)
                    return "".join(messages)

    run_async(scenario())


def test_no_thread_and_no_work_is_left_when_visitors_have_left(page):
    async def scenario():
        async with client() as http, AsyncExitStack() as stack:
            await crowd(page, http, stack, 12, 0.1)
            within = threading.active_count()
        before = page.followed
        await asyncio.sleep(12)  # idle threads of anyio end after ten seconds
        async with client() as http:
            await Visitor(page, http).first_frame()
        assert page.followed - before <= 14
        assert threading.active_count() <= within

    run_async(scenario())
