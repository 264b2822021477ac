"""The route of the Model Context Protocol: how many requests run and wait; without its library."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from fer.ui.serving import mcp_route
from fer.ui.serving.mcp_route import MAX_HELD, MAX_OF_SENDER, MAX_REQUESTS, TOOL, McpRoute
from tests.async_runner import run_async

BODY = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'


class Requests:
    """Sends requests to a route whose application works until it is told to stop."""

    def __init__(self):
        self.route, self.run, self.done = McpRoute(self._work), 0, asyncio.Event()
        self.route._tool = TOOL

    async def _work(self, scope, receive, send):
        self.run += 1
        await self.done.wait()
        await send({"type": "http.response.start", "status": 200})

    async def send(self, sender="one", leaves=False, body=BODY):
        """Return the status of the response; None if there is none, as its sender has left."""
        statuses = []
        messages = [{"type": "http.request", "body": body}]

        async def receive():
            if messages:
                return messages.pop()
            if not leaves:
                await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def respond(message):
            statuses.append(message.get("status"))

        headers = [(b"content-type", b"application/json")]
        blocks = SimpleNamespace(mcp_server_obj=object())
        app = SimpleNamespace(get_blocks=lambda: blocks)
        known = {"type": "http", "method": "POST", "path": "/gradio_api/mcp/", "query_string": b""}
        scope = {**known, "headers": headers, "client": (sender, 1), "app": app}
        await self.route(scope, receive, respond)
        return statuses[0] if statuses else None


@pytest.mark.parametrize("sender", ["one", None])
async def test_requests_are_few_in_all_and_of_one_address(sender):
    """Each holds its picture while it waits, and one address alone keeps no other out."""
    most = MAX_OF_SENDER if sender else MAX_HELD
    requests = Requests()
    tasks = [
        asyncio.create_task(requests.send(sender or str(number))) for number in range(most + 5)
    ]
    await asyncio.sleep(0.1)
    refused = [task.result() for task in tasks if task.done()]
    assert refused == [503] * 5 and requests.run == MAX_REQUESTS
    if sender:
        tasks.append(asyncio.create_task(requests.send("another")))
        await asyncio.sleep(0.05)
        assert not tasks[-1].done()
    requests.done.set()
    assert set(await asyncio.gather(*tasks)) == {200, 503}
    assert not requests.route._held and requests.run == len(tasks) - 5


async def test_a_turn_that_does_not_come_in_time_is_refused(monkeypatch):
    monkeypatch.setattr(mcp_route, "MAX_WAIT", 0.05)
    requests = Requests()
    tasks = [asyncio.create_task(requests.send()) for _ in range(MAX_REQUESTS + 1)]
    assert await tasks[-1] == 503
    requests.done.set()
    assert await asyncio.gather(*tasks[:-1]) == [200] * MAX_REQUESTS
    assert await requests.send() == 200


@pytest.mark.parametrize("method", ["x", ["ping"], {"ping": 1}, 7])
def test_what_is_no_method_is_refused(method):
    requests, body = Requests(), json.dumps({"id": 1, "method": method}).encode()
    assert run_async(requests.send(body=body)) == 200 and not requests.run


async def test_nothing_is_run_for_who_has_left():
    requests = Requests()
    assert await requests.send(leaves=True) is None
    assert not requests.run and not requests.route._held
    requests.done.set()
    assert await requests.send() == 200
