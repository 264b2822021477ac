"""Inference by ONNX Runtime: a network's int8 file, if its weights and calibration are the same."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from fer.array_types import Float32Array
from fer.model.hub import INT8_ONNX
from fer.model.network_settings import HeadCombination
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
        identity: What `network_identity` returns of the network.
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


def weights_checksum(values: Mapping[str, NDArray[Any]]) -> str:
    """Return a checksum of weights by name."""
    digest = hashlib.sha256()
    for name, value in sorted(values.items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def stored_fingerprint(file: Path) -> str:
    """Return the checksum of the weights in a file as `ExpressionClassifier.fingerprint` does.

    A network computes in single precision, whatever it was stored in.

    Raises:
        safetensors.SafetensorError: The file is damaged.
        TypeError: NumPy has no such type, as bfloat16.
    """
    return weights_checksum(
        {
            name: value.astype(np.float32) if value.dtype.kind == "f" else value
            for name, value in load_file(file).items()
        }
    )


def network_identity(fingerprint: str, heads: HeadCombination) -> dict[str, str]:
    """Return what identifies a network in its ONNX files: its weights and its calibration."""
    return {"fingerprint": fingerprint, "heads": json.dumps(asdict(heads), sort_keys=True)}
