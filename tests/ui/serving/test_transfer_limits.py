"""Transfers: large bodies come in pieces, and those that nobody reads are ended."""

import asyncio

import pytest
from starlette.responses import Response, StreamingResponse

from fer.ui.serving.transfer_limits import PIECE, ResponseFlow

SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": [], "asgi": {}}


async def nothing():
    await asyncio.sleep(100)


class Reader:
    """Reads a response, or stops after some messages until it is told to read on."""

    def __init__(self, stops_after=None):
        self.sent, self.stops_after, self.reads_on = [], stops_after, asyncio.Event()

    async def send(self, message):
        if len(self.sent) == self.stops_after:
            await self.reads_on.wait()
        self.sent.append(message)

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.sent)


async def streamed():
    yield b"a" * 10
    yield b"b" * (3 * PIECE)


@pytest.mark.parametrize(
    ("app", "sizes"),
    [
        (Response(b"a" * PIECE), [PIECE]),
        (Response(b"a" * (2 * PIECE + 1)), [PIECE, PIECE, 1]),
        (StreamingResponse(streamed()), [10, PIECE, PIECE, PIECE, 0]),
    ],
)
async def test_a_body_comes_whole_and_in_pieces(app, sizes):
    reader, responses = Reader(), ResponseFlow(app)
    await responses(SCOPE, nothing, reader.send)
    start, *bodies = reader.sent
    assert start["type"] == "http.response.start"
    assert [len(message["body"]) for message in bodies] == sizes
    more = [message.get("more_body", False) for message in bodies]
    assert more == [True] * (len(sizes) - 1) + [False]
    assert responses._unsent._total == 0


async def test_what_is_not_read_is_ended_where_it_is_too_much_and_others_get_theirs():
    responses = ResponseFlow(Response(b"a" * (10 * PIECE)))
    responses._unsent.most = 35 * PIECE
    slow, silent = Reader(stops_after=3), [Reader(stops_after=2) for _ in range(8)]
    tasks = [asyncio.create_task(responses(SCOPE, nothing, each.send)) for each in silent]
    await asyncio.sleep(0.01)
    tasks += [asyncio.create_task(responses(SCOPE, nothing, slow.send))]
    await asyncio.sleep(0.01)
    assert sum(not task.done() for task in tasks) == 3
    assert responses._unsent._total <= responses._unsent.most
    slow.reads_on.set()
    await asyncio.wait_for(tasks[-1], 5)
    assert len(slow.body) == 10 * PIECE
    for task in tasks:
        task.cancel()
