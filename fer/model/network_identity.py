"""What identifies a network: its weights and its calibration."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from fer.model.network_settings import HeadCombination


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
