"""Preprocessing: face crops to `pixel_values`, with any network's own image processor."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import UInt8Array
from fer.model.image_processing_fer import FerImageProcessor


def pixel_values(processor: BaseImageProcessor, crops: Sequence[UInt8Array]) -> torch.Tensor:
    """Return the network's input, float32 (n, channels, h, w).

    Args:
        processor: The network's own. Where it isn't this project's it gets RGB, and that without
            colour if its attribute `grey` marks a network trained on grey pictures only.
        crops: n faces, each RGB uint8 (h, w, 3) or grey uint8 (h, w).
    """
    pictures = list(crops)
    if is_third_party(processor):
        grey = getattr(processor, "grey", False)
        pictures = [as_rgb(picture, grey) for picture in pictures]
    values: torch.Tensor = processor(images=pictures, return_tensors="pt")["pixel_values"]
    return values


def is_third_party(processor: BaseImageProcessor) -> bool:
    """Return whether it is one of transformers' own image processors."""
    own = isinstance(processor, FerImageProcessor)
    return isinstance(processor, BaseImageProcessor) and not own


def as_rgb(picture: UInt8Array, grey: bool) -> UInt8Array:
    """Return a picture, uint8 (h, w) or (h, w, 3), as RGB; without its colour if `grey`."""
    if picture.ndim == 3 and not grey:
        return picture
    plane = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.repeat(plane[:, :, None], 3, axis=2)
