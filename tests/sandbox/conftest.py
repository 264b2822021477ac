"""The server of workers, as the page starts it; all tests of a run share it."""

import pytest

from fer.sandbox import start_fork_server


@pytest.fixture(autouse=True, scope="session")
def server():
    start_fork_server("fer.recording.worker_preload")
