"""Inference by ONNX Runtime: a network's int8 file, in the place of its PyTorch module."""

import logging
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.capi import onnxruntime_pybind11_state as errors
from transformers import PreTrainedModel

from fer.model.hub import INT8_ONNX
from fer.model.modeling_fer import FerForImageClassification, FerOutput
from fer.model.weight_storage import network_identity

LOADING_ERRORS = (
    *(errors.Fail, errors.InvalidArgument, errors.InvalidGraph, errors.InvalidProtobuf),
    *(errors.NoModel, errors.NotImplemented, errors.RuntimeException, errors.EPFail, OSError),
)
"""What ONNX Runtime raises for files that it can't run; they have no common class."""

ERRORS_ONLY = 3
"""ONNX Runtime's level of logging."""

logger = logging.getLogger(__name__)


class OnnxError(ValueError):
    """An ONNX file can't be used; the message gives the reason."""


class OnnxNetwork:
    """An ONNX file in memory, with the call of `FerForImageClassification`."""

    def __init__(self, file: Path) -> None:
        """Load a file.

        Raises:
            OnnxError: ONNX Runtime can't read it.
        """
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        # As many threads as PyTorch has: one, the caller's, on the page, whose visitors share the
        # cores, and in workers, which are forked. Others sleep while there is nothing to do.
        options.intra_op_num_threads = torch.get_num_threads()
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                file.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except LOADING_ERRORS as error:
            raise OnnxError(f"{file} can't be read by ONNX Runtime.") from error
        self.identity = dict(self._session.get_modelmeta().custom_metadata_map)
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._input = self._session.get_inputs()[0].name

    def __call__(self, pixel_values: torch.Tensor) -> FerOutput:
        """Classify faces, float32 (n, num_channels, h, w)."""
        found = self._session.run(self._outputs, {self._input: pixel_values.numpy()})
        tensors = {
            name: torch.from_numpy(np.asarray(value))  # (n, classes)
            for name, value in zip(self._outputs, found, strict=True)
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
