"""How weights are stored, kernels and matrices in half precision where nothing is lost, and how a
network is identified.
"""

from collections.abc import Mapping

import torch
from torch import nn

from fer.model.modeling_fer import FerForImageClassification
from fer.model.network_identity import network_identity, weights_checksum


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
    values = model.state_dict().items()
    return weights_checksum({name: value.cpu().numpy() for name, value in values})


def identity_of(model: FerForImageClassification) -> dict[str, str]:
    """Return what identifies a network in its ONNX files."""
    return network_identity(fingerprint(model), model.config.heads)
