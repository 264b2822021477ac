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


def as_crops(crops: UInt8Array | Sequence[UInt8Array]) -> list[UInt8Array]:
    """Return one face crop, a batch or a sequence of crops as a list.

    Args:
        crops: One crop, uint8 (h, w) or (h, w, 3); a batch, uint8 (n, h, w, 3); or a sequence of
            crops of any sizes.

    Raises:
        ValueError: It is none of these; a batch of grey crops must be a list, because its shape
            could be that of one picture.
    """
    if isinstance(crops, np.ndarray) and crops.shape != (0,):
        if crops.ndim != 4 and not _is_crop(crops):
            raise ValueError(
                "An array of face crops is one crop, (h, w) or (h, w, 3), or a batch, "
                f"(n, h, w, 3), of uint8, not {crops.dtype} {crops.shape}; give others as a list."
            )
        crops = list(crops) if crops.ndim == 4 else [crops]
    elif isinstance(crops, str | bytes) or not isinstance(crops, Sequence | np.ndarray):
        raise ValueError(
            f"Face crops are given as one array or a list of arrays, not as {type(crops).__name__}."
        )
    for index, crop in enumerate(crops):
        if not _is_crop(crop):
            array = isinstance(crop, np.ndarray)
            found = f"{crop.dtype} {crop.shape}" if array else type(crop).__name__
            raise ValueError(
                f"Face crop {index} must be a uint8 array (h, w) or (h, w, 3) with at least one "
                f"pixel, not {found}."
            )
    return list(crops)


def _is_crop(picture: object) -> bool:
    """Return whether it is uint8 (h, w) or (h, w, 3), not empty."""
    return (
        isinstance(picture, np.ndarray)
        and picture.dtype == np.uint8
        and picture.size > 0
        and (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3))
    )


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
