"""MTCNN's three networks in use: by ONNX Runtime on the processor, by PyTorch elsewhere."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer.array_types import Float32Array
from fer.onnx_session import OnnxSession
from fer.torch_device import check_device
from fer.vision.pyramid import PNET_WINDOW

MTCNN_FOLDER = Path(__file__).with_name("mtcnn_onnx")
"""The package's own `pnet.onnx`, `rnet.onnx` and `onet.onnx`, by `fer.vision.mtcnn_export`."""

WEIGHTS_VERSION = "2.5.3"
"""Version of facenet-pytorch, from which the weights are."""

INPUT = "pixels"
"""RGB (n, 3, h, w), (value - 127.5) / 128."""

OUTPUTS = {
    "pnet": ("corrections", "scores"),
    "rnet": ("corrections", "scores"),
    "onet": ("corrections", "landmarks", "scores"),
}
"""Names in the files, in the order in which the networks return them."""

STRIDE = 2
"""Pixels from one window of P-Net to the next."""

BAND_ROWS = 32
"""Rows of windows that P-Net slides over at a time: few enough for the CPU's cache."""

Stage = Callable[[Float32Array], list[Float32Array]]
"""A network in use: takes pixels (n, 3, h, w), n at least 1, and returns its outputs."""


class OnnxSlidingStage:
    """P-Net by ONNX Runtime, band by band: what it computes in between stays in the CPU's cache."""

    def __init__(self, file: Path) -> None:
        """Load a file."""
        self._session = OnnxSession(file)

    def __call__(self, pixels: Float32Array) -> list[Float32Array]:
        """Return the outputs for pixels (n, 3, h, w), the same as at once."""
        height = pixels.shape[2]
        rows = (height - PNET_WINDOW) // STRIDE + 1 + height % 2  # pooling keeps an odd last row
        bands = []
        for first in range(0, rows, BAND_ROWS):
            end = first + BAND_ROWS
            last = height if end >= rows else STRIDE * (end - 1) + PNET_WINDOW
            band = np.ascontiguousarray(pixels[:, :, STRIDE * first : last])
            bands.append(self._session.run(band))
        return [np.concatenate(outputs, axis=2) for outputs in zip(*bands, strict=True)]


def load_stages(device: str = "cpu") -> tuple[Stage, Stage, Stage]:
    """Load P-, R- and O-Net, which come with the package; threads may share them.

    Args:
        device: Where they run, as PyTorch names it; beside "cpu" PyTorch runs them.

    Raises:
        ValueError: The device can't be used here.
    """
    if device != "cpu":
        check_device(device)
        from fer.vision.mtcnn_torch import load_torch_stages  # heavy

        return load_torch_stages(device)
    pnet, rnet, onet = (MTCNN_FOLDER / f"{name}.onnx" for name in OUTPUTS)
    return OnnxSlidingStage(pnet), OnnxSession(rnet).run, OnnxSession(onet).run
