"""How weights are stored, kernels and matrices in half precision where nothing is lost, and how a
network is identified.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

import torch
from torch import nn

from fer.model.modeling_fer import FerForImageClassification


def round_to_half(values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return weights whose kernels and matrices have values that half precision can hold."""
    return {
        name: value.half().to(value.dtype) if is_matrix(value) else value
        for name, value in values.items()
    }


def compress_weights(values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return weights as they are stored in a file, in half of its size where they are
    `round_to_half`.

    What half precision can't hold stays as it is. `from_pretrained` makes of both what the
    configuration says, float32.
    """
    return {
        name: short
        if is_matrix(value) and torch.equal((short := value.half()).to(value.dtype), value)
        else value
        for name, value in values.items()
    }


def is_matrix(value: torch.Tensor) -> bool:
    """Return whether it is a kernel or matrix of floats; norms and biases are small anyway."""
    return value.ndim > 1 and value.is_floating_point()


def fingerprint(model: nn.Module) -> str:
    """Return a checksum of a network's weights, the same wherever they were loaded from."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def network_identity(model: FerForImageClassification) -> dict[str, str]:
    """Return what identifies a network in its ONNX files: its weights and its calibration."""
    heads = json.dumps(asdict(model.config.heads), sort_keys=True)
    return {"fingerprint": fingerprint(model), "heads": heads}
