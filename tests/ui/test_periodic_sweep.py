"""What is done regularly while the page runs."""

import threading
import time
from types import SimpleNamespace

import gradio as gr
import httpx
from starlette.middleware import Middleware

from fer.temp_folder import TempFolder
from fer.ui.periodic_sweep import Sweep, cleanup_lifespan
from fer.ui.serving.connections import Connections
from fer.ui.serving.upload_store import UploadStore
from tests.security.server import free_port
from tests.ui.test_gradio_internals import LAUNCH


def test_connections_know_whose_events_wait_or_run(tmp_path):
    """So a page that has one doesn't yield its place."""
    go_on = threading.Event()
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.Button().click(lambda: go_on.wait(10) and None, None, None, api_name="wait")
    lifespan = cleanup_lifespan(UploadStore(TempFolder(tmp_path / "fer")))
    settings = {"middleware": [Middleware(Connections)], "lifespan": lifespan}
    app, url, _ = demo.launch(server_port=free_port(), **LAUNCH, app_kwargs=settings)
    with httpx.Client(base_url=url, timeout=20) as client:
        working = app.state.connections.working
        events = {
            client.post("/gradio_api/call/wait", json={"data": []}).json()["event_id"]
            for _ in range(2)  # one runs, one waits
        }
        assert working() == events
        go_on.set()
        while working():
            time.sleep(0.001)
    demo.close()


async def test_a_step_of_the_sweep_that_fails_is_logged_and_keeps_no_other_from_being_done(
    tmp_path, caplog
):
    demo = gr.Blocks(analytics_enabled=False)
    demo.queue()
    store, sweeps = UploadStore(TempFolder(tmp_path / "fer")), []

    def fail():
        sweeps.append(1)
        raise OSError("no such disk")

    store.delete_expired, demo.app.state.connections = (
        fail,
        SimpleNamespace(is_open=lambda session: False),
    )
    demo._queue.pending_messages_per_session["left"] = "unread"
    sweep = Sweep(store, demo.app)
    await sweep.run()
    assert "left" in demo._queue.pending_messages_per_session
    await sweep.run()
    assert len(sweeps) == 2 and "left" not in demo._queue.pending_messages_per_session
    assert [record.exc_info[1].args for record in caplog.records] == [("no such disk",)] * 2
