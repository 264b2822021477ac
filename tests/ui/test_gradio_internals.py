"""What Gradio keeps of visitors who have left: it goes, in Gradio as it is installed."""

import asyncio
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest

from fer.ui.gradio_internals import (
    POLL_INTERVAL,
    MinimalSessionState,
    closed_sessions,
    forget_cancelled,
    forget_deleted_files,
    forget_session,
    install_minimal_state,
    poll_less_often,
    restart_stopped_queue,
    sweep_sessions,
)
from fer.ui.mailboxes import Mailboxes
from tests.async_runner import run_async
from tests.security.server import free_port

LAUNCH = {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"}


def nobody(session: str) -> bool:
    return False


@pytest.fixture(scope="module")
def demo():
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.Button().click(lambda: "data:image/jpeg", None, gr.HTML(), api_name="read_frame")
        gr.Button().click(partial(asyncio.sleep, 60), None, None, api_name="wait")
    demo.queue()
    return demo


@pytest.fixture(scope="module")
def client(demo):
    _, url, _ = demo.launch(server_port=free_port(), **LAUNCH)
    with httpx.Client(base_url=url, timeout=20) as client:
        yield client
    demo.close()


@pytest.fixture
def session(demo, client):
    """A session whose only event has ended and whose result was fetched."""
    event = ask(client)
    result = client.get(f"/gradio_api/call/read_frame/{event}")
    assert "data:image" in result.text
    yield event
    sweep_sessions(demo, nobody, {event})
    assert kept(demo) == set()


def ask(client, name="read_frame"):
    return client.post(f"/gradio_api/call/{name}", json={"data": []}).json()["event_id"]


def kept(demo):
    """Return the sessions of which Gradio keeps something."""
    queue, holder = demo._queue, demo.state_holder
    places = queue.pending_event_ids_session, queue.pending_messages_per_session
    return {*holder.session_data, *holder.time_last_used, *places[0], *places[1]}


def test_gradios_queue_polls_at_the_interval_that_is_set():
    demo = gr.Blocks(analytics_enabled=False)
    demo.queue()
    assert demo._queue.sleep_when_free == 0.001  # or this may go
    poll_less_often(demo)
    assert demo._queue.sleep_when_free == POLL_INTERVAL


def test_gradio_keeps_every_session_that_ever_was(demo, session):
    """Once this fails, Gradio cleans up by itself, and `fer.ui.gradio_internals` may go."""
    assert session in demo.state_holder.session_data
    assert session in demo._queue.pending_event_ids_session
    assert session in demo._queue.pending_messages_per_session


def test_a_closed_page_leaves_nothing(demo, session):
    forget_session(demo, session)
    assert session not in kept(demo)
    forget_session(demo, session)  # once is enough


def test_a_session_goes_at_the_second_sweep_without_a_connection(demo, session):
    assert sweep_sessions(demo, lambda name: name == session, {session}) == set()
    assert session in kept(demo)
    assert sweep_sessions(demo, nobody, set()) == {session}
    assert session in kept(demo)
    assert sweep_sessions(demo, nobody, {session}) == set()
    assert session not in kept(demo)


def test_a_result_nobody_fetched_goes_too_but_no_event_that_runs(demo, session, client):
    left = ask(client)
    while left in demo._queue.event_ids_to_events:
        client.get("/gradio_api/app_id")
    assert demo._queue.pending_event_ids_session[left] == {left}
    forget_session(demo, left)
    assert left in kept(demo)  # its sender may still connect
    demo._queue.event_ids_to_events[left] = object()
    assert left not in closed_sessions(demo, nobody)
    del demo._queue.event_ids_to_events[left]
    sweep_sessions(demo, nobody, {left})
    assert left not in kept(demo)


def test_a_mailbox_alone_goes_too(demo, session):
    demo._queue.pending_messages_per_session["alone"] = "unread"
    sweep_sessions(demo, nobody, {"alone"})
    assert "alone" not in kept(demo)


@pytest.fixture
def small():
    """A page of many components, of whose sessions Gradio keeps little."""
    with gr.Blocks(analytics_enabled=False) as demo:
        shown = [gr.HTML(str(number)) for number in range(300)]
        gr.Button().click(lambda text: (text, gr.HTML(visible=False)), shown[0], shown[:2])
    demo.queue()
    install_minimal_state(demo.app, nobody)
    return demo


def test_a_session_costs_gradio_next_to_nothing(small):
    """Else whoever invents sessions keeps the event loop busy."""
    begun = time.thread_time()
    for number in range(100):
        small.state_holder[f"session {number}"]
    assert time.thread_time() - begun < 0.2
    assert isinstance(small.app.state_holder["session 1"], MinimalSessionState)
    assert isinstance(small._queue.pending_messages_per_session, Mailboxes)


def test_a_session_still_keeps_what_a_handler_changed_and_no_values(small):
    async def scenario():
        state = small.state_holder["one"]
        await small.process_api(0, ["a picture"], state)
        return state

    first, second = small.fns[0].outputs
    state = run_async(scenario())
    assert not state[second._id].visible and state[first._id].visible
    assert second.visible and "a picture" not in str(state.config_values)


def test_a_queue_that_has_stopped_is_started_again_but_not_that_of_a_closed_page():
    starts = []
    queue = SimpleNamespace(stopped=True, start=lambda: starts.append(1))
    restart_stopped_queue(SimpleNamespace(is_running=False, _queue=queue))
    assert not starts
    restart_stopped_queue(SimpleNamespace(is_running=True, _queue=queue))
    restart_stopped_queue(SimpleNamespace(is_running=True, _queue=queue))
    assert len(starts) == 1 and not queue.stopped


def test_events_that_were_cancelled_are_forgotten_when_they_run_no_more(demo, client):
    """Once the first part fails, Gradio forgets them by itself, and `forget_cancelled` may go."""
    event = ask(client, "wait")
    queue, iterators, resets = demo._queue, demo.app.iterators, demo.app.iterators_to_reset
    task = wait_for(lambda: next(iter(queue._asyncio_tasks), None))
    resets |= {event, "ran"}
    assert forget_cancelled(demo.app, {event}) == set() and resets == {event}
    asyncio.run_coroutine_threadsafe(cancel_twice(task, queue), task.get_loop()).result()
    wait_for(task.done)
    iterators["cancelled"] = None
    assert event in queue.event_ids_to_events and not queue.get_active_worker_count()
    ended = forget_cancelled(demo.app, set())
    assert ended == {event, "cancelled"} and event in queue.event_ids_to_events
    assert forget_cancelled(demo.app, ended) == ended
    assert not queue.event_ids_to_events and not iterators and not resets


@pytest.mark.parametrize("drops", ["cancelled again", "swept"])
async def test_an_iterator_may_be_dropped_while_gradio_closes_it(small, drops):
    class Iterator:
        closing, closed = asyncio.Event(), asyncio.Event()

        async def aclose(self):
            self.closing.set()
            await self.closed.wait()

    small.app.iterators["event"] = iterator = Iterator()
    transport = httpx.ASGITransport(small.app)
    body = {"session_hash": "one", "fn_index": 0, "event_id": "event"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        cancels = [asyncio.create_task(client.post("/gradio_api/cancel", json=body))]
        await iterator.closing.wait()
        if drops == "swept":
            forget_cancelled(small.app, {"event"})
        else:
            cancels.append(asyncio.create_task(client.post("/gradio_api/cancel", json=body)))
            await asyncio.sleep(0.1)
        iterator.closed.set()
        assert {(await cancel).status_code for cancel in cancels} == {200}
    assert not small.app.iterators


async def cancel_twice(task, queue):
    """Cancel an event, and cancel it again when it is about to be forgotten."""
    task.cancel()
    while queue.get_active_worker_count():
        await asyncio.sleep(0)
    task.cancel()


def wait_for(condition):
    while not (found := condition()):
        time.sleep(0.001)
    return found


def test_deleted_files_are_forgotten(demo, tmp_path):
    there, gone = str(Path(__file__)), str(tmp_path / "gone")
    demo.temp_file_sets.append({there, gone})
    forget_deleted_files(demo)
    assert demo.temp_file_sets.pop() == {there}
