"""ONNX Runtime's memory: what a large picture took goes back."""

import numpy as np
import pytest

from benchmarks.reporting import STATUS, resident
from fer import onnx_session
from fer.onnx_session import OnnxSession
from fer.vision.mtcnn_networks import MTCNN_FOLDER


@pytest.mark.skipif(not STATUS.exists(), reason="memory is read from /proc")
def test_what_a_large_picture_took_is_returned(monkeypatch):
    session = OnnxSession(MTCNN_FOLDER / "pnet.onnx")
    small = np.zeros((1, 3, 24, 24), np.float32)
    session.run(small)  # whose memory it keeps in any case
    session.run(np.zeros((1, 3, 600, 800), np.float32))
    before = resident("VmRSS")
    session.run(small)
    assert resident("VmRSS") > before - 10  # it is kept for the next one
    monkeypatch.setattr(onnx_session, "SHRINK_INTERVAL", 0.0)
    session.run(small)
    assert resident("VmRSS") < before - 30
