"""Weights in half precision: rounded to it, and stored in it where nothing is lost."""

from collections.abc import Mapping

import torch


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
    configuration states, float32.
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
