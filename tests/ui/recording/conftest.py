"""A recording for the tests beside this file, in a folder for uploads of their own."""

import numpy as np
import pytest

from fer.video import VideoWriter


@pytest.fixture(autouse=True)
def uploads(tmp_path, monkeypatch):
    """Where Gradio keeps uploads and what is made of them."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def clip(uploads):
    """A second of a grey picture."""
    path = uploads / "lesson <1>.mp4"
    with VideoWriter(path, 160, 120) as writer:
        for i in range(10):
            writer.write(np.full((120, 160, 3), 100 + i, np.uint8), i / 10, 0.1)
    return str(path)
