"""What workers inherit: a pipeline that has worked once, and no thread."""

import runpy

import pytest

from fer.model.classifier import ModelError
from fer.recording import warm_up
from fer.recording.worker_tasks import load_pipeline
from fer.sandbox import Limits, Worker, start_fork_server
from fer.vision.detector import FaceDetector
from tests.fakes import fake_pipeline
from tests.sandbox import works


@pytest.fixture(autouse=True, scope="module")
def server():
    start_fork_server("fer.recording.worker_preload")


def test_the_drawn_face_is_found_so_that_every_step_is_warm():
    assert len(FaceDetector().detect(warm_up.draw_face(3))) == 1


def test_a_forked_worker_has_the_pipeline_and_one_thread():
    worker = Worker(works.inherited, Limits(10**9, 30))
    try:
        fields = worker.result(20).fields
    finally:
        worker.kill()
    assert fields == {"pipelines": 1, "threads": 1}


# What other tests have left open is collected at any time.
@pytest.mark.filterwarnings(
    "error", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_on_a_full_disk_warming_up_goes_without_the_video(monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    for name in ("freeze", "collect"):  # which would warn of what other tests left open
        monkeypatch.setattr(warm_up.gc, name, lambda: None)
    pipeline = fake_pipeline([[10, 10, 90, 90]])
    warm_up.warm_up(pipeline)
    assert not caplog.records and not list(tmp_path.iterdir())

    def full(*arguments, **settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(warm_up.tempfile, "TemporaryDirectory", full)
    warm_up.warm_up(pipeline)
    assert "No space left" in caplog.text


def test_the_server_serves_on_without_a_network(tmp_path, monkeypatch):
    """Photos need none."""
    monkeypatch.setenv("FER_PRELOADED_MODEL", str(tmp_path))
    monkeypatch.setattr(warm_up, "use_one_thread", lambda: None)
    with pytest.raises(ModelError):
        load_pipeline(tmp_path)
    runpy.run_module("fer.recording.worker_preload")
