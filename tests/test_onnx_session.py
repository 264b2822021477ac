"""ONNX Runtime's memory, of which a large picture's goes back, and sessions in other processes."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

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


def test_a_pickled_session_is_loaded_again_wherever_that_is(monkeypatch, tmp_path):
    monkeypatch.chdir(MTCNN_FOLDER)
    session = OnnxSession(Path("rnet.onnx"))
    pickled, values = pickle.dumps(session), np.zeros((1, 3, 24, 24), np.float32)
    monkeypatch.chdir(tmp_path)
    for one, other in zip(pickle.loads(pickled).run(values), session.run(values), strict=True):
        np.testing.assert_array_equal(one, other)


def test_onnx_runtime_reports_nothing_to_its_makers(tmp_path):
    """Where it does, it keeps a database of what it has to send in the home folder."""
    script = (
        "from fer.onnx_session import OnnxSession; from fer.vision.mtcnn_networks import *; "
        "OnnxSession(MTCNN_FOLDER / 'pnet.onnx')"
    )
    silent = ("CI", "XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY")  # the first one, too, stops it
    others = {name: value for name, value in os.environ.items() if name not in silent}
    environment = others | {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in str(path)]
