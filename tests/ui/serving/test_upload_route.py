"""Uploads that are received: who yields where all places are taken."""

import asyncio
import time

import pytest
from starlette.requests import Request

from fer.temp_folder import TempFolder
from fer.ui.serving import upload_route
from fer.ui.serving.upload_route import UploadRoute
from fer.ui.serving.upload_store import UploadStore
from tests.async_runner import run_async

FORM = (
    b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n%b\r\n--x--\r\n'
)


@pytest.fixture
def route(tmp_path, monkeypatch):
    monkeypatch.setattr(upload_route, "MAX_CONCURRENT_UPLOADS", 2)
    return UploadRoute(UploadStore(TempFolder(tmp_path / "fer")), 1_000_000)


def upload(*pieces):
    """Return an upload that never ends after its pieces, or one that comes whole without any."""
    whole = FORM % b"abc"
    left = [{"type": "http.request", "body": body, "more_body": True} for body in pieces] or [
        {"type": "http.request", "body": whole}
    ]

    async def receive():
        return left.pop(0) if left else await asyncio.sleep(100)

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}
    return Request(scope, receive)


@pytest.mark.parametrize(
    ("uploads", "ended"),
    [
        ([(10, 10_000), (10, 300_000)], 0),
        ([(90, 10_000_000), (90, 9_900_000)], 1),  # fast enough while there are places
        ([(0.1, 0), (90, 9_900_000)], 1),  # a new one had no time to send anything
        ([(5, 0), (90, 9_900_000)], 0),
        ([(5, 5_000_000), (300, 99_000_000)], 1),
        ([(0.1, 9_000), (0.5, 0), (90, 5_000_000)], 1),  # a flood of empty ones ends itself
        ([(0.1, 0), (1.5, 0), (90, 5_000_000)], 1),
        ([(0.1, 0), (0.3, 20_000), (0.4, 30_000)], 1),  # what has just come has sent nothing yet
        ([(0.1, 9_000), (0.1, 0)], 1),
    ],
)
async def test_where_all_places_are_taken_the_slowest_upload_yields(
    route, monkeypatch, uploads, ended
):
    monkeypatch.setattr(upload_route, "MAX_CONCURRENT_UPLOADS", len(uploads))
    tasks = [asyncio.create_task(route.receive(upload(b"--x\r\n"))) for _ in uploads]
    await asyncio.sleep(0.05)
    for transfer, (seconds, size) in zip(route._transfers, uploads, strict=True):
        transfer.begun, transfer.size = time.monotonic() - seconds, size
    assert (await route.receive(upload())).status_code == 200
    await asyncio.sleep(0.05)
    assert [number for number, task in enumerate(tasks) if task.done()] == [ended]
    assert (await tasks[ended]).status_code == 408
    for task in tasks:
        task.cancel()


def test_most_of_a_file_sent_at_once_holds_no_place_for_long(route, monkeypatch):
    """It is incomplete, so that nothing else can have its room on the disk."""
    monkeypatch.setattr(upload_route, "IDLE_TIMEOUT", 0.2)
    monkeypatch.setattr(upload_route, "RATE_PERIOD", 0.5)
    sent = iter([(FORM % (b"a" * 900_000))[:-40]])

    async def receive():
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": next(sent, b"a"), "more_body": True}

    async def scenario():
        request = Request(upload().scope, receive)
        return await asyncio.wait_for(route.receive(request), 10)

    assert run_async(scenario()).status_code == 408
    assert not list(route.store.uploads.iterdir())


async def test_what_follows_the_files_is_not_waited_for(route):
    request = upload(FORM % b"abc" + b"x" * upload_route.BLOCK_SIZE)
    response = await asyncio.wait_for(route.receive(request), 10)
    assert response.status_code == 200 and response.headers["connection"] == "close"


def test_few_uploads_are_tracked_and_none_whose_number_could_be_guessed(route):
    for number in range(upload_route.MAX_TRACKED + 9):
        route._track(f"upload {number}")
    route._track("x" * (upload_route.MIN_NUMBER - 1))
    assert len(route._progress) == upload_route.MAX_TRACKED
    assert "upload 9" in route._progress and "upload 8" not in route._progress


async def test_an_upload_is_watched_by_few(route):
    """Each asks several times a second how far it is."""
    route._progress["abcdef"] = ("a.png", 5)

    async def watch(ended):
        request = Request({"type": "http", "headers": [], "query_string": b"upload_id=abcdef"})
        response = await route.progress(request)
        async for event in response.body_iterator:
            if "done" in event:
                ended.append(response)

    ended = []
    tasks = [asyncio.create_task(watch(ended)) for _ in range(upload_route.MAX_WATCHERS + 5)]
    await asyncio.sleep(0.05)
    assert len(ended) == 5 and not tasks[0].done()
    tasks[0].cancel()
    await asyncio.sleep(0.01)
    tasks.append(asyncio.create_task(watch(ended)))
    await asyncio.sleep(0.05)
    assert len(ended) == 5 and not tasks[-1].done()
    route._progress["abcdef"] = None
    await asyncio.gather(*tasks[1:])
    assert not route._watchers
