"""Inference by ONNX Runtime: a network's int8 file, in the place of its PyTorch module."""

import logging
from collections.abc import Mapping
from pathlib import Path

from fer.array_types import Float32Array
from fer.model.hub import INT8_ONNX
from fer.onnx_session import OnnxError, OnnxSession

logger = logging.getLogger(__name__)


class OnnxNetwork:
    """An ONNX file in memory."""

    def __init__(self, file: Path) -> None:
        """Load a file.

        Raises:
            OnnxError: ONNX Runtime can't read it.
        """
        self._session = OnnxSession(file)
        self.identity = self._session.metadata

    def __call__(self, pixel_values: Float32Array) -> dict[str, Float32Array]:
        """Return the logits, (n, classes) each, by name, of faces (n, num_channels, h, w)."""
        found = self._session.run(pixel_values)
        return dict(zip(self._session.outputs, found, strict=True))


def load_int8(folder: Path, identity: Mapping[str, str]) -> OnnxNetwork | None:
    """Return the int8 network of a folder, None where it has none of this identity.

    Args:
        folder: With the network's files.
        identity: What `fer.model.network_identity.network_identity` returns of the network.
    """
    file = folder / INT8_ONNX
    if not file.is_file():
        return None
    try:
        network = OnnxNetwork(file)
        if network.identity != identity:
            raise OnnxError(
                f"{file} is of other weights or another calibration than {folder / 'config.json'}; "
                "make it anew with fer export."
            )
    except OnnxError as error:
        logger.warning("%s The network computes in float32.", error)
        return None
    return network
