"""The network that a training starts with: a new one, or one to fine-tune.

There are four: this project's own or transformers' Swin, both from scratch; a network trained by
`train.py`; and any image classifier of transformers, whose head is replaced unless its classes are
the seven expressions.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import cast

import torch
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.evaluation.calibration import SETTINGS, Calibration
from fer.labels import EXPRESSIONS
from fer.model.hub import LocalModel, ModelError, pull
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.json_files import read_metrics
from fer.model.model_metrics import BaseNetwork
from fer.model.modeling_fer import FerForImageClassification
from fer.model.pretrained import load_from_folder, load_network
from fer.training.architectures import (
    LABEL_CONFIG,
    SGD,
    InitialModel,
    Optimizer,
    channels_last,
    new_cnn,
    new_swin,
)
from fer.training.fine_tuning import (
    check_square_input,
    check_third_party_options,
    declare_grey_faces,
    expression_order,
    find_heads,
    permute_heads,
    reset_heads,
)
from fer.training.option_checks import option_name
from fer.training.options import TrainingOptions

logger = logging.getLogger(__name__)

FINE_TUNING_ADAMW = Optimizer("adamw_torch", None, 5e-5, 0.05)
FINE_TUNING_SGD = replace(SGD, learning_rate=0.01)
"""For trained networks, other ones and this project's own: a tenth of the rate from scratch, so
that they keep their features. At the rate from scratch, the published weights lost 5 points of 72 %
accuracy in four epochs on 320 pictures of FER2013; at a tenth of it, nothing."""

NEW_HEAD = "%s gets a new head: its classes aren't the seven expressions."
PERMUTED_HEAD = "The classes of %s are in another order (%s); its head was permuted by name."


def build_initial_model(options: TrainingOptions) -> InitialModel:
    """Return the network of `options`, a new one or the one to fine-tune.

    Raises:
        ModelError: The network to fine-tune can't be loaded, or can't be trained.
        ValueError: The options are for this project's own network, and it is another one.
    """
    start = load_initial_model(options)
    if not isinstance(start.model, FerForImageClassification):
        check_third_party_options(options)
    elif options.base_model:
        check_shape_options(start.model, options)
    if options.view_size:
        set_view_size(start, options.view_size)
    return start


def load_initial_model(options: TrainingOptions) -> InitialModel:
    """Return the network of `options`, with the view size of its configuration."""
    if options.base_model:
        return load_base_model(pull(options.base_model), options.dropout)
    if options.arch == "vit":
        return new_swin()
    return new_cnn(options.dropout, options.depths, options.widths)


def check_shape_options(model: FerForImageClassification, options: TrainingOptions) -> None:
    """Refuse other depths and widths than those of the network to fine-tune.

    Raises:
        ValueError: There are some.
    """
    shapes = {"depths": model.config.depths, "widths": model.config.hidden_sizes}
    for name, has in shapes.items():
        wanted = getattr(options, name)
        if wanted and list(wanted) != list(has):
            raise ValueError(
                f"{option_name(name)} is {' '.join(map(str, wanted))}, but the base model has "
                f"{' '.join(map(str, has))}; leave it out, or use recipes/fine_tune.yaml."
            )


def set_view_size(start: InitialModel, side: int) -> None:
    """Set the side of the centre crop that this project's network takes, in pixels.

    Raises:
        ValueError: A face is smaller, or the preprocessing is another one.
    """
    processor = start.processor
    if not isinstance(processor, FerImageProcessor):
        raise ValueError("view_size is for this project's own preprocessing; leave it out.")
    if side > processor.size:
        raise ValueError(f"view_size must be up to {processor.size}, but is {side}.")
    processor.crop_size = start.model.config.image_size = side


def load_base_model(pulled: LocalModel, dropout: float) -> InitialModel:
    """Return a trained network to fine-tune.

    Where the classes are the seven expressions, in any order and common spelling, the head is kept
    and its rows are permuted to this project's order; otherwise it is replaced. The image processor
    is kept.

    Args:
        pulled: Folder of the network.
        dropout: Probability of dropping a pooled feature, in this project's own network.

    Raises:
        ModelError: It is no image classifier, lacks weights or a head that can be calibrated, or
            doesn't take square pictures.
    """
    model, processor, report = load_from_folder(pulled)
    names = [str(name) for _, name in sorted((model.config.id2label or {}).items())]
    if names != list(EXPRESSIONS):
        model, processor, report = load_from_folder(
            pulled, **LABEL_CONFIG, ignore_mismatched_sizes=True
        )
    heads, order = find_heads(model), expression_order(names)
    if order is None:
        log_once(logging.INFO, NEW_HEAD, pulled.name)
        reset_heads(heads.values())
    elif order != list(range(len(order))):
        log_once(logging.WARNING, PERMUTED_HEAD, pulled.name, ", ".join(names))
        permute_heads(heads.values(), order)
    check_weights(pulled, report["missing_keys"], heads if order is None else ())
    base = BaseNetwork(pulled.name, pulled.revision)
    if isinstance(model, FerForImageClassification):
        model.config.dropout = model.dropout.p = dropout
        return InitialModel(channels_last(model), processor, FINE_TUNING_SGD, base)
    if not isinstance(processor, FerImageProcessor):
        check_square_input(processor)
        processor = declare_grey_faces(processor)
    return InitialModel(model, processor, FINE_TUNING_ADAMW, base)


@cache
def log_once(level: int, text: str, *values: str) -> None:
    """Log a line; a training loads its base model to check it, and again for each stage."""
    logger.log(level, text, *values)


def store_calibration(model: PreTrainedModel, calibration: Calibration) -> None:
    """Make a trained network return calibrated logits.

    This project's own has the settings in its configuration. Configurations of transformers have no
    place for them, so the heads of other networks are divided by the temperature.
    """
    if isinstance(model, FerForImageClassification):
        for name in SETTINGS:
            setattr(model.config, name, getattr(calibration, name))
        return
    model.config.uncertain_below = calibration.uncertain_below
    divide_heads(model, calibration.temperature)


def load_uncalibrated(folder: Path) -> tuple[PreTrainedModel, BaseImageProcessor]:
    """Return the network in a stage's folder as it was before `store_calibration`."""
    pulled = pull(folder)
    model, processor = load_network(pulled)
    if not isinstance(model, FerForImageClassification):
        divide_heads(model, 1 / cast(float, read_metrics(pulled).calibration["temperature"]))
    return model, processor


@torch.no_grad()
def divide_heads(model: PreTrainedModel, divisor: float) -> None:
    """Divide a network's logits by a number, in its heads."""
    for head in find_heads(model).values():
        for values in head.parameters():  # a weight, and mostly a bias
            values.div_(divisor)


def check_weights(pulled: LocalModel, missing: set[str], new_heads: Iterable[str] = ()) -> None:
    """Refuse a network with missing weights, except those of new heads.

    Raises:
        ModelError: Some are missing.
    """
    new = tuple(f"{head}." for head in new_heads)
    lacking = sorted(name for name in missing if not name.startswith(new))
    if lacking:
        raise ModelError(
            f"{pulled.name} can't be trained on: it lacks the weights {', '.join(lacking[:3])}"
            f"{', ...' if len(lacking) > 3 else ''}."
        )
