"""Inference by ONNX Runtime, without PyTorch: a network's int8 file, if it is of its weights.

`fer.model.torch_network` runs the networks that have none.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub.errors import StrictDataclassError
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from fer.array_types import Float32Array
from fer.model.backend import Backend
from fer.model.face_pixels import FacePixels
from fer.model.hub import INT8_ONNX, LocalModel
from fer.model.json_files import read_config
from fer.model.network_settings import HeadCombination, NetworkSettings
from fer.onnx_session import OnnxError, OnnxSession

MODEL_TYPE, PROCESSOR_TYPE = "fer", "FerImageProcessor"
"""Types of this project's networks, in config.json and preprocessor_config.json."""

UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    SafetensorError,
    StrictDataclassError,
)
"""What is raised for files that transformers won't load either, and reports."""

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


def load_onnx_backend(pulled: LocalModel) -> Backend | None:
    """Return a network of this project that ONNX Runtime serves in int8, None for any other.

    Args:
        pulled: Its folder.

    Raises:
        fer.model.hub.ModelError: config.json can't be read, or asks for too large a network.
    """
    config = read_config(pulled)
    if not isinstance(config, dict) or config.get("model_type") != MODEL_TYPE:
        return None
    if not (pulled.folder / INT8_ONNX).is_file():
        return None
    try:
        return _load_backend(pulled.folder, config)
    except UNREADABLE:
        return None  # loading by transformers reports the error


def _load_backend(folder: Path, config: Mapping[str, Any]) -> Backend | None:
    settings = NetworkSettings.from_config(config)
    labels = {int(index): str(label) for index, label in config["id2label"].items()}
    labels = dict(sorted(labels.items()))
    heads = settings.combine_heads(list(labels.values()))
    processor = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    if processor["image_processor_type"] != PROCESSOR_TYPE:
        return None
    fingerprint = stored_fingerprint(folder / "model.safetensors")
    network = load_int8(folder, network_identity(fingerprint, heads))
    if network is None:
        return None
    return Backend(
        network,
        "int8",
        FacePixels(processor["size"], processor["crop_size"]),
        labels,
        heads,
        processor.get("framing") or {},
        settings.uncertain_below,
        partial(str, fingerprint),  # no lambda, which couldn't be pickled
    )


def load_int8(folder: Path, identity: Mapping[str, str]) -> OnnxNetwork | None:
    """Return the int8 network of a folder, None where it has none of this identity.

    Args:
        folder: Folder with the network's files.
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
