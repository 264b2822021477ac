"""Networks to train from scratch, each with its image processor and its optimizer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import torch
from torch import nn
from transformers import PreTrainedModel, SwinConfig, SwinForImageClassification
from transformers.image_processing_utils import BaseImageProcessor

from fer.labels import EXPRESSIONS
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.model_metrics import BaseNetwork
from fer.model.modeling_fer import FerForImageClassification
from fer.training.option_checks import option_name
from fer.vision.crops import FER2013_FRAMING

ID2LABEL = dict(enumerate(EXPRESSIONS))
LABEL_CONFIG: dict[str, Any] = {
    "id2label": ID2LABEL,
    "label2id": {name: index for index, name in ID2LABEL.items()},
}
"""Keywords of any configuration of transformers."""

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Optimizer:
    """An optimizer by its name in transformers, with the defaults of its settings."""

    name: str
    arguments: str | None
    learning_rate: float
    weight_decay: float


SGD = Optimizer("sgd", "momentum=0.9,nesterov=true", 0.1, 5e-4)
"""Optimizer of the convolutional network: the settings of wide residual networks on small pictures
(Zagoruyko and Komodakis 2016, https://arxiv.org/abs/1605.07146)."""

ADAMW = Optimizer("adamw_torch", None, 5e-4, 0.05)
"""Optimizer of transformers from scratch, which SGD hardly trains."""


@dataclass(frozen=True)
class InitialModel:
    """Where a training starts.

    Attributes:
        model: The network to train.
        processor: Its preprocessing.
        optimizer: Its optimizer.
        base: The network that is fine-tuned; None where there is none.
    """

    model: PreTrainedModel
    processor: BaseImageProcessor
    optimizer: Optimizer
    base: BaseNetwork | None = None


def new_cnn(
    dropout: float, depths: Sequence[int] | None = None, widths: Sequence[int] | None = None
) -> InitialModel:
    """Return this project's own network with random weights.

    Args:
        dropout: Probability of dropping a pooled feature.
        depths: Residual blocks of each stage; None takes the configuration's default.
        widths: Channels of each stage; None takes the configuration's default.

    Raises:
        ValueError: There are more or fewer stages.
    """
    config = FerConfig(**LABEL_CONFIG, dropout=dropout)
    stages = len(config.depths)
    for name, numbers in (("depths", depths), ("widths", widths)):
        if numbers and len(numbers) != stages:
            raise ValueError(
                f"{option_name(name)} takes {stages} numbers, one per stage, not {len(numbers)}."
            )
    config.depths = list(depths or config.depths)
    config.hidden_sizes = list(widths or config.hidden_sizes)
    model = FerForImageClassification(config)
    processor = FerImageProcessor(framing=asdict(FER2013_FRAMING))
    return InitialModel(channels_last(model), processor, SGD)


def channels_last(model: Network) -> Network:
    """Convert the kernels of a network to the layout in which convolutions are fastest."""
    model.to(memory_format=torch.channels_last)
    return model


def new_swin() -> InitialModel:
    """Return a compact vision transformer of transformers, a Swin (Liu et al. 2021,
    https://arxiv.org/abs/2103.14030): 2.6 million parameters.

    It takes all 48 pixels, grey, as 12 x 12 patches. Attention within windows, which are merged
    from stage to stage, and the bias by relative position give it the locality that a plain ViT
    has to learn, for which 28,709 labelled faces are too few.
    """
    config = SwinConfig(
        **LABEL_CONFIG, image_size=48, num_channels=1, patch_size=4, embed_dim=64,
        depths=[2, 4, 2], num_heads=[2, 4, 8], window_size=3,
    )  # fmt: skip
    processor = FerImageProcessor(crop_size=48, framing=asdict(FER2013_FRAMING))
    return InitialModel(SwinForImageClassification(config), processor, ADAMW)
