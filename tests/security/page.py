"""A page to attack, on the loopback address and with a pipeline that costs nothing."""

import io
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from fer.ui import build_demo, launch_settings
from fer.ui.serving.upload_store import page_store
from tests.fakes import fake_pipeline, sure
from tests.security.server import free_port

RESULTS = ("process_completed", "process_generating")


@contextmanager
def served(folder: Path) -> Iterator[Any]:
    """Serve the page with its files in a folder; yield Gradio's Blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        pipeline = fake_pipeline([[10, 10, 90, 90]], sure("happy", 0.9))
        demo = build_demo(pipeline)
        demo.launch(
            server_port=free_port(), prevent_thread_lock=True, quiet=True, **launch_settings()
        )
        demo.store, demo.pipeline = page_store(), pipeline
        try:
            yield demo
        finally:
            demo.close()


class Visitor:
    """Speaks the page's protocol; a session of its own unless one is given."""

    def __init__(self, demo, session: str | None = None) -> None:
        self.demo, self.session = demo, session or secrets.token_hex(6)
        self.web = httpx.Client(base_url=demo.local_url, timeout=30)

    def upload(self, content: bytes, name: str = "one.png") -> httpx.Response:
        return self.web.post("gradio_api/upload", files={"files": (name, content)})

    def uploaded(self, content: bytes | None = None, name: str = "one.png") -> str:
        response = self.upload(picture() if content is None else content, name)
        assert response.status_code == 200, response.text
        (path,) = response.json()
        return path

    def number(self, name: str) -> int:
        return next(key for key, fn in self.demo.fns.items() if fn.api_name == name)

    def join(self, name: str, data: list, **more: Any) -> httpx.Response:
        body = {"data": data, "fn_index": self.number(name), "session_hash": self.session, **more}
        return self.web.post("gradio_api/queue/join", json=body)

    def read_frame(self, frame: object) -> httpx.Response:
        """Send a camera's frame."""
        data = {"frame": frame, "token": secrets.token_hex(16), "view": "person"}
        camera = component(self.demo, "live-camera")
        body = {"data": data, "component_id": camera, "fn_name": "read_frame"}
        body |= {"session_hash": self.session}
        return self.web.post("gradio_api/component_server", json=body)

    def ask(self, name: str, data: list) -> dict:
        """Run a handler and return its first result."""
        assert self.join(name, data).status_code == 200
        with self.web.stream(
            "GET", "gradio_api/queue/data", params={"session_hash": self.session}
        ) as events:
            for line in events.iter_lines():
                message = json.loads(line[len("data:") :]) if line.startswith("data:") else {}
                if message.get("msg") in RESULTS:
                    return message
        raise AssertionError("no answer")


def layer_of(demo: Any, kind: type) -> Any:
    """The page's middleware of a kind."""
    layer = demo.app.middleware_stack
    while not isinstance(layer, kind):
        layer = layer.app
    return layer


def component(demo: Any, elem_id: str) -> int:
    """The number of a component."""
    return next(key for key, block in demo.blocks.items() if block.elem_id == elem_id)


def picture(side: int = 120, value: int | None = None) -> bytes:
    """A PNG's bytes."""
    file = io.BytesIO()
    shade = secrets.randbelow(256) if value is None else value
    Image.fromarray(np.full((side, side, 3), shade, np.uint8)).save(file, "PNG")
    return file.getvalue()


def file(path: object, **more: Any) -> dict:
    """A file as Gradio's page sends it."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def files_in(folder: Path) -> set[Path]:
    """All files in a folder but the locks."""
    found = {Path(root, name) for root, _, names in os.walk(folder) for name in names}
    return {path for path in found if path.name != ".lock"}
