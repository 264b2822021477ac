"""The pictures of a training: its splits, checked before hours are spent on them."""

import logging
from dataclasses import replace

import numpy as np

from fer.array_types import Float32Array
from fer.data.arrays import FerArrays
from fer.data.fer2013 import load_fer2013
from fer.data.holdout import TrainingSplits, training_splits
from fer.data.label_map import LabelMap
from fer.labels import EXPRESSIONS
from fer.training.options import TrainingOptions

logger = logging.getLogger(__name__)


def load_data(options: TrainingOptions) -> TrainingSplits:
    """Return the training and the validation split.

    Raises:
        ValueError: One of them is missing, an expression has no training picture, or the FER+ head
            has no votes to be trained on.
    """
    splits = load_fer2013(options.dataset, options.ferplus, LabelMap.parse(options.map))
    data = training_splits(splits, options.dataset, options.validation)
    train = draw_subset(data.train, options.max_train_samples, options.seed)
    check_expressions(data.train, options.dataset)
    check_votes(train.votes, options)
    return replace(data, train=train)


def check_expressions(train: FerArrays, dataset: str) -> None:
    """Refuse training pictures that lack an expression, which the network would never name.

    Raises:
        ValueError: One has no picture.
    """
    present = set(train.labels.tolist())
    if absent := [name for index, name in enumerate(EXPRESSIONS) if index not in present]:
        raise ValueError(
            f"{dataset} has no training picture of {', '.join(absent)}, and a network of all seven "
            "expressions needs some of each; complete the copy, or name the labels with --map."
        )


def check_votes(votes: Float32Array, options: TrainingOptions) -> None:
    """Log if there are no votes, (n, 10), to train the FER+ head on.

    Raises:
        ValueError: An untrained FER+ head would have a share in the combined output.
    """
    if votes.any():
        return
    if options.ferplus_share and not options.base_model:
        raise ValueError(
            f"{options.dataset} has no votes of FER+ to train the second head on; leave "
            "--ferplus-share out, or add them (--ferplus)."
        )
    logger.warning("%s has no votes of FER+; only FER2013's labels are used.", options.dataset)


def draw_subset(arrays: FerArrays, max_samples: int | None, seed: int) -> FerArrays:
    """Return `max_samples` random pictures, as some editions are sorted by label; None is all."""
    if max_samples is None or max_samples >= len(arrays):
        return arrays
    return arrays.subset(np.random.default_rng(seed).permutation(len(arrays))[:max_samples])
