"""Mailboxes: bounded for a session and in all, and never dropped while the session is open."""

import asyncio
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.routes import App
from gradio.server_messages import (
    EstimationMessage,
    ProcessCompletedMessage,
    ProcessGeneratingMessage,
)

from fer.i18n import use_language
from fer.ui import mailboxes
from fer.ui.mailboxes import UNREAD, Mailboxes


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(mailboxes, "MAX_UNREAD", 10_000)
    monkeypatch.setattr(mailboxes, "MAX_TOTAL_UNREAD", 25_000)
    monkeypatch.setattr(mailboxes, "MAX_MAILBOXES", 4)


def result(event="e", size=4000):
    return ProcessCompletedMessage(event_id=event, output={"data": ["x" * size]}, success=True)


def update(event="e", size=1000):
    return ProcessGeneratingMessage(event_id=event, output={"data": [["x" * size]]}, success=True)


def boxes_of(*sessions, is_open=lambda session: False):
    boxes = Mailboxes(is_open)
    for session in sessions:
        boxes[session] = asyncio.Queue()  # as Gradio does
    return boxes


def read(mailbox):
    return [mailbox.get_nowait() for _ in range(mailbox.qsize())]


def test_what_is_read_comes_whole_and_in_order(small):
    mailbox = boxes_of("one")["one"]
    for _ in range(30):
        messages = [update(), result()]
        for message in messages:
            mailbox.put_nowait(message)
        assert read(mailbox) == messages
    assert mailbox.unread == 0


def test_unread_results_end_as_errors(small):
    mailbox = boxes_of("one")["one"]
    for event in "abcd":
        mailbox.put_nowait(result(event))
    messages = read(mailbox)
    assert [message.event_id for message in messages] == list("abcd")
    assert [message.success for message in messages] == [True, True, False, False]
    assert messages[-1].output == {"error": UNREAD}


def test_an_error_is_in_the_language_of_its_page(small):
    with use_language("de"):
        mailbox = boxes_of("one")["one"]
    mailbox.put_nowait(result(size=20_000))
    assert "Seite" in mailbox.get_nowait().output["error"]


def test_after_an_update_that_was_left_out_only_the_result_comes(small):
    """Each update is a difference from the one before."""
    mailbox = boxes_of("one")["one"]
    for _ in range(50):
        mailbox.put_nowait(update())
    assert mailbox.unread <= 10_000
    assert len(read(mailbox)) == 6
    mailbox.put_nowait(update())
    mailbox.put_nowait(update("another"))
    mailbox.put_nowait(result())
    mailbox.put_nowait(update())  # of another run under the same name
    left = [(message.event_id, message.msg.value) for message in read(mailbox)]
    generating, completed = "process_generating", "process_completed"
    assert left == [("another", generating), ("e", completed), ("e", generating)]


def test_the_largest_mailbox_drops_its_messages(small):
    boxes = boxes_of("one", "full", "three")
    for number, session in enumerate(("full", "full", "one", "three", "three")):
        boxes[session].put_nowait(result(str(number), size=4400))
    boxes["one"].put_nowait(update())
    assert [message.success for message in read(boxes["full"])] == [False, False]
    assert all(message.success for message in read(boxes["three"]) + read(boxes["one"]))


def test_an_event_that_is_cancelled_again_and_again_ends_once(small):
    """Each time, Gradio sends its end."""
    mailbox = boxes_of("one")["one"]
    for _ in range(100):
        mailbox.put_nowait(result(size=0))
    assert len(read(mailbox)) == 1
    mailbox.put_nowait(result(size=0))
    assert len(read(mailbox)) == 1 and mailbox.unread == 0


def test_errors_that_are_too_many_stop_nothing(small):
    """Of a mailbox with errors alone, giving up leaves as many of them."""
    boxes = boxes_of("one", "two")
    for number in range(100):
        boxes["one"].put_nowait(result(f"event {number}"))
        boxes["two"].put_nowait(update(f"event {number}", size=0))
    assert boxes["one"].unread > mailboxes.MAX_TOTAL_UNREAD
    assert {message.success for message in read(boxes["one"])} == {False}
    assert read(boxes["two"]) == []


def test_open_sessions_keep_their_mailboxes(small):
    boxes = boxes_of("open", *"abcdef", is_open=lambda session: session == "open")
    assert list(boxes) == ["open", *"def"]


def test_what_is_sent_to_nobody_is_dropped_and_stops_nothing(small):
    """Gradio's queue stops for good by an error as it tells the others of their places."""
    demo = gr.Blocks(analytics_enabled=False)
    demo.queue()
    demo._queue.pending_messages_per_session = boxes = boxes_of("one")
    event = SimpleNamespace(_id="e", session_hash="gone", alive=True)
    demo._queue.send_message(event, EstimationMessage(queue_size=1))
    assert list(boxes) == ["one"]
    del boxes["gone"]


async def test_for_all_others_they_are_a_dict():
    boxes = boxes_of("one")
    one, again, *gone = boxes.get("one"), boxes.get("one"), boxes.get("gone"), boxes.get("gone", 1)
    assert one is again is boxes.get("one") is boxes["one"] and gone == [None, 1]
    assert await asyncio.to_thread(boxes.get, "gone") is None  # without an event loop


async def test_of_streams_that_are_ended_while_their_reader_is_slow_few_tasks_are_left(monkeypatch):
    """Gradio leaves one for each."""
    monkeypatch.setenv("GRADIO_HEARTBEAT_INTERVAL", "0.4")
    with gr.Blocks(analytics_enabled=False) as demo:
        pass
    demo.is_running = True
    app = App.create_app(demo)
    demo.queue()
    blocked, path, query = asyncio.Event(), "/gradio_api/queue/data", b"session_hash=one"
    known = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}

    async def blocks(message):
        if message["type"] == "http.response.body":
            blocked.set()
            await asyncio.sleep(60)

    async def stays():
        await asyncio.sleep(60)

    async def end_a_stream(boxes):
        boxes["one"].put_nowait(update())
        blocked.clear()
        stream = asyncio.create_task(app(known.copy(), stays, blocks))
        await blocked.wait()
        stream.cancel()
        await asyncio.wait([stream])

    demo._queue.pending_messages_per_session = boxes = boxes_of("one")
    for _ in range(5):
        await end_a_stream(boxes)
    assert len(beating()) == 5
    await asyncio.sleep(0.6)
    assert len(beating()) == 1  # and it serves the next stream
    assert boxes["one"].get_nowait().msg == "heartbeat"
    del boxes["one"]
    await asyncio.sleep(0.6)
    assert not beating()


def beating():
    tasks = asyncio.all_tasks()
    return [task for task in tasks if task.get_coro().__qualname__.endswith("heartbeat")]
