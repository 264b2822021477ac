"""The network that a training starts from, with its image processor."""

from dataclasses import asdict, dataclass

import torch
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification
from fer.training.arguments import TrainingOptions
from fer.vision.crops import FER2013_FRAMING


@dataclass(frozen=True)
class Start:
    """Where a training starts.

    Attributes:
        model: The network to train.
        processor: Its preprocessing.
        base: What metrics.json says about the network gone on from; None where there is none.
    """

    model: PreTrainedModel
    processor: BaseImageProcessor
    base: dict[str, str | None] | None = None


def build_start(options: TrainingOptions) -> Start:
    """Return the network of `options`, untrained or the one to go on from.

    Raises:
        ModelError: The network to go on from can't be had.
    """
    if options.base_model:
        return start_from(options.base_model, options.dropout)
    return Start(untrained(options.dropout), FerImageProcessor(framing=asdict(FER2013_FRAMING)))


def untrained(dropout: float) -> FerForImageClassification:
    """Return a new network whose configuration knows the names of the labels."""
    names = dict(enumerate(EXPRESSIONS))
    config = FerConfig(
        id2label=names,
        label2id={name: index for index, name in names.items()},
        dropout=dropout,
    )
    return FerForImageClassification(config).to(memory_format=torch.channels_last)


def start_from(source: str, dropout: float) -> Start:
    """Return a trained network of this project to go on from, both heads included.

    Raises:
        ModelError: It can't be had.
    """
    trained = ExpressionClassifier.load(source)
    model = trained.model.to(memory_format=torch.channels_last)
    model.config.dropout = model.dropout.p = dropout
    base = {
        "name": trained.name,
        "revision": trained.revision,
        "command": trained.metrics.get("command"),
        "weights": trained.fingerprint(),
    }
    return Start(model, trained.processor, base)
