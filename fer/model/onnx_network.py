"""Inference by ONNX Runtime: a network's int8 file, in the place of its PyTorch module."""

import logging
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel

from fer.model.hub import INT8_ONNX
from fer.model.modeling_fer import FerForImageClassification, FerOutput
from fer.model.weight_storage import network_identity
from fer.onnx_session import OnnxError, OnnxSession

logger = logging.getLogger(__name__)


class OnnxNetwork:
    """An ONNX file in memory, with the call of `FerForImageClassification`."""

    def __init__(self, file: Path) -> None:
        """Load a file.

        Raises:
            OnnxError: ONNX Runtime can't read it.
        """
        self._session = OnnxSession(file)
        self.identity = self._session.metadata

    def __call__(self, pixel_values: torch.Tensor) -> FerOutput:
        """Classify faces, float32 (n, num_channels, h, w)."""
        found = self._session.run(pixel_values.numpy())
        tensors = {
            name: torch.from_numpy(np.asarray(value))  # (n, classes)
            for name, value in zip(self._session.outputs, found, strict=True)
        }
        return FerOutput(**tensors)  # type: ignore[arg-type]  # its first field is a loss, of the same type


def load_int8(folder: Path, model: PreTrainedModel) -> OnnxNetwork | None:
    """Return the int8 network of a folder, None where it has none that is `model`'s.

    Args:
        folder: With the network's files.
        model: The same network in PyTorch.
    """
    file = folder / INT8_ONNX
    if not isinstance(model, FerForImageClassification) or not file.is_file():
        return None
    try:
        network = OnnxNetwork(file)
        if network.identity != network_identity(model):
            raise OnnxError(
                f"{file} is of other weights or another calibration than {folder / 'config.json'}; "
                "make it anew with fer export."
            )
    except OnnxError as error:
        logger.warning("%s The network computes in float32.", error)
        return None
    return network
