"""Weights made of those of several networks after a training.

Between trainings that began at the same network lie better ones than each of them: Wortsman et al.
(2022), https://arxiv.org/abs/2203.05482.
"""

from collections.abc import Mapping, Sequence

import torch
from transformers import PreTrainedModel

from fer.model.hub import ModelError, pull
from fer.model.loading import from_folder
from fer.training.networks import check_weights

Weights = dict[str, torch.Tensor]


def weights_like(model: PreTrainedModel, names: Sequence[str]) -> list[Weights]:
    """Return the weights of trained networks that are like `model`.

    Args:
        model: What they are to be mixed with.
        names: Folders or Hub ids.

    Raises:
        ModelError: One can't be had, lacks weights, or is of another kind.
    """
    found = []
    for name in names:
        pulled = pull(name)
        other, _, report = from_folder(pulled)
        check_weights(pulled, report["missing_keys"])
        if _kind(other) != _kind(model):
            raise ModelError(
                f"{name} is a network of other layers, classes or views, so there is no mean of "
                "both."
            )
        found.append(other.state_dict())
    return found


def _kind(model: PreTrainedModel) -> tuple:
    """Return what two networks must have in common."""
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    return shapes, model.config.id2label, getattr(model.config, "image_size", None)


def mean_of(all_weights: Sequence[Mapping[str, torch.Tensor]]) -> Weights:
    """Return the mean of networks' weights and of batch norm's statistics, of one shape all."""
    first = all_weights[0]
    return {
        name: torch.stack([weights[name].to(value) for weights in all_weights]).mean(dim=0)
        if value.is_floating_point()
        else value  # batch norm's counter
        for name, value in first.items()
    }
