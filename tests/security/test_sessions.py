"""What is kept of visitors: only they get it, nobody else can push it out, and it goes in time."""

import asyncio
import base64
import secrets
import time

import pytest

from fer.ui import GRADIO_SESSIONS, mailboxes, sessions
from fer.ui.serving import connections
from fer.ui.serving.connections import UNATTENDED_LIMIT
from tests.async_runner import run_async
from tests.security._live import Visitor, abandon, allowed, client, jpeg, serve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "SWEEP_INTERVAL", 0.2)  # from the start: the next one is always due
        with serve(tmp_path_factory.mktemp("sessions")) as served:
            yield served


def table(file: dict) -> str:
    assert "uri" in file, file
    return base64.b64decode(file["uri"].split(",")[1]).decode()


@pytest.mark.long
def test_520_strangers_push_nobody_s_timeline_out(page):
    async def scenario():
        async with client() as http:
            one = Visitor(page, http)
            await one.record()
            for _ in range(13):
                crowd = [Visitor(page, http) for _ in range(40)]
                data = [[each.token, "person"] for each in crowd]
                await asyncio.gather(*map(abandoned_start, [page] * 40, data))
            assert "time,track" in table(await one.save("CSV"))

    async def abandoned_start(page, data):
        await abandon(page, "start", data)

    run_async(scenario())
    assert len(page.demo.state_holder.session_data) <= GRADIO_SESSIONS


async def test_520_strangers_with_open_pages_don_t_either(page):
    async with client() as http:
        one = Visitor(page, http)
        await one.record()
        for _ in range(520):  # without HTTP: what they would come to
            page.demo.state_holder[secrets.token_hex(5)]
        again = Visitor(page, http, one.token)  # the page, loaded again
        chart, *_ = await again.ask("arrive", [again.token])
        assert "fer-done" in chart
        assert "time,track" in table(await again.save("CSV"))


async def test_strangers_never_stop_the_queue(page, monkeypatch):
    """Gradio's own stops for good if a session with events is among the oldest of 2,000."""
    monkeypatch.setattr(mailboxes, "MAX_MAILBOXES", 4)
    async with client() as http:
        old = Visitor(page, http)
        async with old.present():
            for _ in range(5):
                strangers = [Visitor(page, http) for _ in range(4)]
                joining = [one.join("stop", [one.token]) for one in (old, old, *strangers)]
                await asyncio.gather(*joining)
            assert "fer" in str(await old.ask("stop", [old.token]))


async def test_a_copied_session_gives_nothing(page):
    async with client() as http:
        one, thief = Visitor(page, http), Visitor(page, http)
        async with one.present():  # else what comes before may leave it no allowance
            await one.record()
            thief.session = one.session
            assert "no finished timeline" in (await thief.save("CSV"))["error"]
            chart, *_ = await thief.ask("arrive", [thief.token])
            assert "fer-done" not in str(chart)
            (stopped,) = await thief.ask("stop", [thief.token])
            assert "fer-done" not in stopped
            # The name of a session is no token either.
            assert "load it again" in (await thief.save("CSV", token=one.session))["error"]
            assert "time,track" in table(await one.save("CSV"))


TOKENS = [
    "",
    "0" * 31,
    "g" * 32,
    "0" * 65,
    "../" * 11,
    None,
    7,
    ["0" * 32],
    {"a": 1},
    "0" * 32 + "\n",
]


@pytest.mark.parametrize("token", TOKENS, ids=repr)
def test_what_is_no_token_is_refused_everywhere(page, token):
    async def scenario():
        async with client() as http:
            one = Visitor(page, http, "-")
            one.token = token
            return [
                (await one.read_frame())["panel"],
                *await one.ask("start", [token, "person"]),
                *await one.ask("stop", [token]),
                *await one.ask("read", [None, 20, False, False, token]),
                (await one.save("CSV"))["error"],
            ]

    assert all("load it again" in text for text in run_async(scenario()))


def test_a_saved_file_stays_nowhere_in_the_session(page):
    """A photo in full size, saved without any step that would clear it away."""

    async def scenario():
        async with client() as http:
            one = Visitor(page, http)
            sent = {"files": ("large.jpg", jpeg(1200, 900))}
            (path,) = (await http.post(page.url + "upload", files=sent)).json()
            photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
            await one.ask("read", [photo, 20, False, False, one.token])
            before = len(str(page.demo.state_holder[one.session].config_values))
            file = await one.save("picture", "save")
            assert len(file["uri"]) > 500_000
            return len(str(page.demo.state_holder[one.session].config_values)) - before

    assert run_async(scenario()) < 10_000


async def test_no_picture_stays_when_a_visitor_leaves(page):
    async with client() as http:
        one = Visitor(page, http)
        async with one.present():
            await one.record()
            kept = page.demo.state_holder[one.session].config_values
            assert "data:image/jpeg" not in str(kept)
        for _ in range(100):
            await asyncio.sleep(0.1)
            if one.session not in page.demo.state_holder:
                break
        assert one.session not in page.demo.state_holder
        assert "time,track" in table(await one.save("CSV"))  # numbers stay for a while


async def test_what_is_kept_goes_in_time_and_by_itself(page, monkeypatch):
    monkeypatch.setattr(sessions, "GRACE_PERIOD", 1.5)
    monkeypatch.setattr(connections, "FRAME_LIMIT", 0.5)
    async with client() as http:
        open_one, left = Visitor(page, http), Visitor(page, http)
        async with open_one.present():
            await open_one.record()
            async with left.present():
                await left.record()
            await asyncio.sleep(allowed(4))
            assert "error" in await left.save("CSV")
            assert "uri" in await open_one.save("CSV")  # an open page keeps what it has


def test_requests_without_a_page_are_few(page):
    """They make a session each in Gradio, which takes some milliseconds and 120 KB."""

    async def scenario():
        data, gate, begun = (
            [secrets.token_hex(16), "person"],
            asyncio.Semaphore(250),
            time.monotonic(),
        )

        async def leaving():
            async with gate:
                return await abandon(page, "start", data)

        lines = await asyncio.gather(*(leaving() for _ in range(600)))
        return sum(b" 200 " in line for line in lines), time.monotonic() - begun

    passed, seconds = run_async(scenario())
    assert passed <= UNATTENDED_LIMIT[0] + UNATTENDED_LIMIT[1] * (seconds + 1)
