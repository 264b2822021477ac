"""Pages are rendered a few at a time, and not for those who have left."""

import asyncio

from fer.ui import rendering_turns
from fer.ui.rendering_turns import MAX_AT_A_TIME, RenderingTurns
from tests.async_runner import run_async


class Browser:
    """Asks for the page; it may leave."""

    def __init__(self) -> None:
        self.left, self.sent, self.status = asyncio.Event(), [], None

    async def receive(self):
        if not self.left.is_set():
            await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message["type"])
        self.status = message.get("status", self.status)

    def ask(self, turns):
        return asyncio.create_task(turns({"type": "http"}, self.receive, self.send))


def test_no_page_is_rendered_for_who_has_left(monkeypatch):
    async def scenario():
        rendered, ready = [], asyncio.Event()

        async def app(scope, receive, send):
            rendered.append(receive.__self__)
            await ready.wait()
            await send({"type": "http.response.start", "status": 200})

        turns = RenderingTurns(app)
        first, leaving, last = (
            [Browser() for _ in range(count)] for count in (MAX_AT_A_TIME, 50, 2)
        )
        tasks = [browser.ask(turns) for browser in (*first, *leaving, *last)]
        await asyncio.sleep(0.01)
        for browser in leaving:
            browser.left.set()
        await asyncio.wait(tasks[MAX_AT_A_TIME:-2])
        assert rendered == first and turns._known == MAX_AT_A_TIME + 2
        monkeypatch.setattr(rendering_turns, "MAX_WAITING", MAX_AT_A_TIME + 2)
        await (refused := Browser()).ask(turns)
        assert refused.status == 503
        ready.set()
        await asyncio.gather(*tasks)
        assert rendered == first + last
        assert turns._known == 0 and turns._turns._value == MAX_AT_A_TIME

    run_async(scenario())
