"""Validation of the classifier's input: face crops, as a caller gives them."""

from collections.abc import Sequence

import numpy as np

from fer.array_types import UInt8Array


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
