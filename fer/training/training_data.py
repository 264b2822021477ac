"""The pictures of a training: its splits, checked before hours are spent on them, and batches."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional
from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import Float32Array
from fer.data.arrays import FerArrays
from fer.data.fer2013 import load_fer2013
from fer.data.ferplus import vote_shares
from fer.data.holdout import TrainingSplits, training_splits
from fer.data.label_map import LabelMap
from fer.labels import EXPRESSIONS
from fer.model.torch_network import is_third_party, pixel_values
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


class FaceDataset(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Preprocessed faces with both label sets; returns whole batches at once.

    This project's preprocessing is done once, for all faces. That of other networks, which want
    large pictures in three channels, wouldn't fit into memory and is done for each batch.

    Attributes:
        processor: The preprocessing.
        images: uint8 (n, h, w).
        pixel_values: float32 (n, 1, side, side), the processor's size for training, else its crop;
            None for another network's processor.
        labels: int64 (n,), FER2013's own.
        ferplus: float32 (n, 8), the shares of FER+'s votes; all zeros without usable votes.
        targets: float32 (n, 7), the labels one-hot encoded; None for evaluation.
    """

    def __init__(
        self, arrays: FerArrays, processor: BaseImageProcessor, training: bool = False
    ) -> None:
        """Preprocess what can be preprocessed once.

        Args:
            arrays: The split.
            processor: The preprocessing.
            training: Whether it is for training. With this project's preprocessing whole faces are
                kept then, of which `Augmentation` draws views; otherwise their middle.
        """
        self.processor = processor
        self.images = arrays.images
        self.pixel_values: torch.Tensor | None = None
        if not is_third_party(processor):
            images = list(arrays.images)
            batch = processor.preprocess(images, do_center_crop=not training)
            self.pixel_values = batch.pixel_values
        self.labels = torch.from_numpy(arrays.labels)
        self.ferplus = torch.from_numpy(vote_shares(arrays.votes))
        one_hot = functional.one_hot(self.labels, len(EXPRESSIONS)).float()
        self.targets = one_hot if training else None

    def to(self, device: torch.device) -> "FaceDataset":
        """Move pixel_values and labels to a device once, instead of batch by batch."""
        for name in ("pixel_values", "labels", "ferplus", "targets"):
            value = getattr(self, name)
            if value is not None:
                setattr(self, name, value.to(device))
        return self

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Return one face."""
        return {key: value[0] for key, value in self.__getitems__([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, torch.Tensor]:
        """Return a batch; PyTorch's loader calls this instead of `__getitem__` for each face."""
        chosen = torch.as_tensor(indices)
        batch = {
            "pixel_values": self._pixels(chosen),
            "labels": self.labels[chosen],
            "ferplus": self.ferplus[chosen],
        }
        # pixel_values (b, c, h, w), labels (b,), ferplus (b, 8), targets (b, 7)
        return batch if self.targets is None else batch | {"targets": self.targets[chosen]}

    def _pixels(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the chosen faces' pixel_values, (b, c, h, w)."""
        if self.pixel_values is None:
            return pixel_values(self.processor, list(self.images[chosen.numpy()]))
        return self.pixel_values[chosen]


def identity_collator(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the batch as it is; `FaceDataset` has collated it."""
    return batch
