"""MTCNN as ONNX: the files of the package, held against facenet-pytorch's own networks."""

from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from facenet_pytorch import ONet, PNet, RNet
from onnx import numpy_helper

from fer.vision.mtcnn_export import ONET_BITS, round_weights, write_mtcnn
from fer.vision.mtcnn_networks import MTCNN_FOLDER, WEIGHTS_VERSION


@pytest.mark.parametrize(
    ("name", "network", "tolerance", "shapes"),
    [
        # Heights and widths with which pooling ends in the middle of a window, and without.
        ("pnet", PNet, 1e-5, [(1, 3, 12, 12), (1, 3, 47, 64), (2, 3, 96, 61)]),
        ("rnet", RNet, 1e-5, [(1, 3, 24, 24), (17, 3, 24, 24)]),
        ("onet", ONet, 2e-3, [(1, 3, 48, 48), (5, 3, 48, 48)]),
    ],
)
def test_files_return_what_facenet_pytorch_returns(name, network, tolerance, shapes):
    session = onnxruntime.InferenceSession(MTCNN_FOLDER / f"{name}.onnx")
    for shape in shapes:
        pixels = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
        with torch.inference_mode():
            expected = network()(torch.from_numpy(pixels))
        for ours, theirs in zip(session.run(None, {"pixels": pixels}), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=tolerance)


def test_the_last_network_is_the_librarys_with_rounded_weights():
    session = onnxruntime.InferenceSession(MTCNN_FOLDER / "onet.onnx")
    pixels = np.random.default_rng(0).uniform(-1, 1, (5, 3, 48, 48)).astype(np.float32)
    network, rounded = ONet(), round_weights(ONet(), ONET_BITS)
    with torch.inference_mode():
        expected = rounded(torch.from_numpy(pixels))
    for ours, theirs in zip(session.run(None, {"pixels": pixels}), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    for weights, exact in zip(rounded.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(weights, exact, rtol=2.0**-ONET_BITS, atol=0)


def weights(file):
    initializers = onnx.load(file).graph.initializer
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in initializers}


def test_the_export_writes_the_weights_of_the_package(tmp_path):
    files = write_mtcnn(tmp_path)
    assert [file.name for file in files] == ["pnet.onnx", "rnet.onnx", "onet.onnx"]
    for file in files:
        fresh, packaged = weights(file), weights(MTCNN_FOLDER / file.name)
        assert fresh.keys() == packaged.keys()
        for name, values in fresh.items():
            np.testing.assert_allclose(values, packaged[name], err_msg=name)


def test_the_version_of_the_weights_is_that_of_the_library():
    assert version("facenet-pytorch") == WEIGHTS_VERSION
