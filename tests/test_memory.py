"""A long stream: memory doesn't grow, and no file is left behind."""

import gc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reporting import STATUS, resident
from benchmarks.scenes import Actor, acted
from fer.pipeline import Pipeline, StreamState
from fer.ui.live.handlers import LiveHandlers
from fer.ui.sessions import Sessions
from tests.async_runner import run_async
from tests.fakes import FakeClassifier, fake_pipeline, sure
from tests.ui.live_helpers import payload

needs_linux = pytest.mark.skipif(not STATUS.exists(), reason="memory is read from /proc")


def grown(step, frames, warm_up):
    """Megabytes that `step(index)` adds to the process after its first `warm_up` calls."""
    for index in range(frames):
        if index == warm_up:
            gc.collect()
            before = resident("VmRSS")
        step(index)
    gc.collect()
    return resident("VmRSS") - before


@pytest.mark.long
@pytest.mark.slow
@needs_linux
def test_following_for_ten_minutes_keeps_nothing():
    from fer.vision.detector import FaceDetector

    pipeline = Pipeline(FaceDetector(), FakeClassifier(sure("sad")))
    actors = [Actor(1, (65, 90), 120, 8), Actor(2, (180, 95), 115, 6, start=0.5, end=1.3)]
    views = list(islice(acted("two come and go", (240, 180), actors).play(), 60))
    state, numbers = StreamState(), set()

    def step(index):
        faces = pipeline.process_frame(views[index % 60].image, index / 2, state)
        numbers.update(faces.tracker_id.tolist())

    # Ten minutes at two frames a second; the second face comes and goes 20 times.
    assert grown(step, frames=1200, warm_up=120) < 20
    assert len(numbers) > 15


@pytest.mark.slow
@needs_linux
def test_live_for_long_keeps_nothing_and_writes_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    frame = np.full((120, 160, 3), 128, np.uint8)
    payloads = [payload(frame + index) for index in range(7)]

    async def scenario():
        handlers = LiveHandlers(fake_pipeline([[50, 30, 100, 90]]), Sessions())
        for index in range(800):
            if index == 100:
                gc.collect()
                before = resident("VmRSS")
            query = {"frame": payloads[index % 7], "token": "0" * 32, "view": "person"}
            await handlers.read_frame(query)
        gc.collect()
        return resident("VmRSS") - before

    assert run_async(scenario()) < 20
    assert list(Path(tmp_path).iterdir()) == []
