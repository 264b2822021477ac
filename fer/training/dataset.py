"""FER2013 in memory as a torch data set of whole batches."""

from collections.abc import Sequence

import torch
from torch.nn import functional
from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import Int64Array
from fer.data.fer2013 import FerArrays
from fer.data.ferplus import vote_shares
from fer.labels import EXPRESSIONS
from fer.model.torch_network import is_third_party, pixel_values


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
        targets: float32 (n, 7), the targets in place of the labels; None for evaluation.
    """

    def __init__(
        self,
        arrays: FerArrays,
        processor: BaseImageProcessor,
        targets: torch.Tensor | None = None,
    ) -> None:
        """Preprocess what can be preprocessed once.

        Args:
            arrays: The split.
            processor: The preprocessing.
            targets: For training: the target distributions, float32 (n, 7). With this project's
                preprocessing whole faces are kept then, of which `Augmentation` draws views;
                otherwise their middle.
        """
        self.processor = processor
        self.images = arrays.images
        self.pixel_values: torch.Tensor | None = None
        if not is_third_party(processor):
            images = list(arrays.images)
            batch = processor.preprocess(images, do_center_crop=targets is None)
            self.pixel_values = batch.pixel_values
        self.labels = torch.from_numpy(arrays.labels)
        self.ferplus = torch.from_numpy(vote_shares(arrays.votes))
        self.targets = targets

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


def label_shares(labels: Int64Array) -> torch.Tensor:
    """One-hot encode labels, int64 (n,), as float32 (n, 7)."""
    return functional.one_hot(torch.from_numpy(labels), len(EXPRESSIONS)).float()
