"""Fine-tuning of third-party networks: their heads, their processors, and unsupported settings."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.labels import EXPRESSIONS, canonical_label
from fer.model.hub import ModelError
from fer.model.modeling_fer import FerForImageClassification
from fer.model.torch_network import pixel_values
from fer.training.option_checks import FER_NETWORK_ONLY, option_name
from fer.training.options import TrainingOptions
from fer.vision.crops import FER2013_FRAMING


def check_third_party_options(options: TrainingOptions) -> None:
    """Refuse options of this project's own network.

    Raises:
        ValueError: There are some.
    """
    if options.push_to_hub:
        raise ValueError("Only this project's own network can be pushed; leave --push-to-hub out.")
    for name in FER_NETWORK_ONLY:
        if getattr(options, name) is not None:
            raise ValueError(
                f"{option_name(name)} is of this project's own network; leave it out, as "
                "recipes/fine_tune.yaml does."
            )


def expression_order(names: Sequence[str]) -> list[int] | None:
    """Return the class index of each expression, in this project's order.

    Args:
        names: The classes of a network, however they are spelled.

    Returns:
        None where they aren't the seven expressions, each once.
    """
    try:
        found = [canonical_label(name) for name in names]
    except ValueError:
        return None
    if sorted(found) != sorted(EXPRESSIONS):
        return None
    return [found.index(name) for name in EXPRESSIONS]


def find_heads(model: PreTrainedModel) -> dict[str, nn.Linear]:
    """Return the linear layers that compute a network's logits, by their names.

    A distilled DeiT has two, whose mean its logits are.

    Raises:
        ModelError: There is none.
    """
    if isinstance(model, FerForImageClassification):
        return {"classifier": model.classifier}
    layers = {name: one for name, one in model.named_modules() if isinstance(one, nn.Linear)}
    heads = {name: one for name, one in layers.items() if one.out_features == len(EXPRESSIONS)}
    if not heads:
        raise ModelError("The base model has no linear layer as its head; choose another one.")
    return heads


def reset_heads(heads: Iterable[nn.Linear]) -> None:
    """Initialise the heads of a network anew."""
    for head in heads:
        nn.init.normal_(head.weight, std=0.02)  # as transformers initialises linear layers
        if head.bias is not None:
            nn.init.zeros_(head.bias)


@torch.no_grad()
def permute_heads(heads: Iterable[nn.Linear], order: Sequence[int]) -> None:
    """Permute the classes, rows of (classes, features), of a network's heads in place."""
    for head in heads:
        for values in head.parameters():  # a weight, and mostly a bias
            values.copy_(values[list(order)])


def check_square_input(processor: BaseImageProcessor) -> None:
    """Refuse a processor whose pictures aren't square, as the views of a training are.

    Raises:
        ModelError: They aren't.
    """
    face = np.zeros((48, 48), np.uint8)
    height, width = pixel_values(processor, [face]).shape[-2:]  # of (1, c, h, w)
    if height != width:
        raise ModelError(
            f"The base model takes pictures of {width} x {height} pixels, but those of a training "
            "are square; choose another one."
        )


def declare_grey_faces(processor: BaseImageProcessor) -> BaseImageProcessor:
    """Mark a processor as one of grey faces, framed as FER2013's are, and return it."""
    # An image processor saves whatever attributes it is given.
    processor.framing = asdict(FER2013_FRAMING)  # type: ignore[attr-defined]
    processor.grey = True  # type: ignore[attr-defined]
    return processor
