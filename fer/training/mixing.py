"""Weights made of others after a training: of several networks, or of a network's two heads.

Between trainings that began at the same network lie better ones than each of them: Wortsman et al.
(2022), https://arxiv.org/abs/2203.05482.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from fer.labels import FERPLUS_COLUMNS
from fer.model.classifier import from_folder
from fer.model.hub import ModelError, pull

Weights = dict[str, torch.Tensor]


def weights_like(model: nn.Module, names: Sequence[str]) -> list[Weights]:
    """Return the weights of trained networks that have the shape of `model`.

    Args:
        model: What they are to be mixed with.
        names: Folders or Hub ids.

    Raises:
        ModelError: One can't be had, or is of another shape.
    """
    shapes = _shapes(model.state_dict())
    found = []
    for name in names:
        other = from_folder(pull(name))[0].state_dict()
        if _shapes(other) != shapes:
            raise ModelError(f"{name} is a network of another shape, so there is no mean of both.")
        found.append(other)
    return found


def _shapes(values: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in values.items()}


def mean_of(all_weights: Sequence[Mapping[str, torch.Tensor]]) -> Weights:
    """Return the mean of networks' weights and of batch norm's statistics, of one shape all."""
    first = all_weights[0]
    return {
        name: torch.stack([weights[name].to(value) for weights in all_weights]).mean(dim=0)
        if value.is_floating_point()
        else value  # batch norm's counter
        for name, value in first.items()
    }


@torch.no_grad()
def mix_heads(values: Mapping[str, torch.Tensor], share: float) -> None:
    """Let the second head have a say in the first one's answer.

    Both are matrices on the same features, so a mean of their logits is a matrix, too, and costs
    nothing when a face is read. Contempt is left out.

    Args:
        values: Weights of this project's own network, changed in place.
        share: Of the second head, 0 to below 1.
    """
    for part in ("weight", "bias"):
        other = values[f"ferplus.{part}"][list(FERPLUS_COLUMNS)]
        values[f"classifier.{part}"].lerp_(other, share)
