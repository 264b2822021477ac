"""Image processor: face crops to the network's `pixel_values`; saved with the weights."""

from typing import Any

import torch
from transformers import BatchFeature
from transformers.image_processing_utils import BaseImageProcessor

from .face_pixels import FacePixels, Picture


class FerImageProcessor(BaseImageProcessor):
    """`FacePixels` as transformers has it.

    Args:
        size: Side in pixels to which faces are resized; see `FacePixels`.
        crop_size: Side in pixels of the centre crop; see `FacePixels`.
        framing: How a face crop is cut around a detector's box to match the training pictures;
            the values of `fer.vision.crops.CropFraming`. Stored here, not applied here.
    """

    model_input_names = ["pixel_values"]  # noqa: RUF012  (the base class declares a list)

    def __init__(
        self,
        size: int = 48,
        crop_size: int = 40,
        framing: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        FacePixels(size, crop_size)  # raises ValueError
        self.size = size
        self.crop_size = crop_size
        self.framing = framing or {}

    def preprocess(
        self,
        images: Picture | list[Picture] | tuple[Picture, ...],
        do_center_crop: bool = True,
        return_tensors: str | None = "pt",
        **kwargs: Any,
    ) -> BatchFeature:
        """Turn face crops into `pixel_values`, float32 (n, 1, crop_size, crop_size).

        Args:
            images: One face crop or several.
            do_center_crop: False gives (n, 1, size, size), for the other crops of augmentation and
                test-time views.
            return_tensors: "pt" or None for a torch tensor, "np" for a NumPy array.
        """
        pictures = images if isinstance(images, list | tuple) else [images]
        pixels = FacePixels(self.size, self.crop_size)(pictures, do_center_crop)
        return BatchFeature({"pixel_values": torch.from_numpy(pixels)}, tensor_type=return_tensors)


def center_crop(pixel_values: torch.Tensor, side: int) -> torch.Tensor:
    """Return the center crop of (n, c, h, w), (n, c, side, side)."""
    top, left = (pixel_values.shape[2] - side) // 2, (pixel_values.shape[3] - side) // 2
    return pixel_values[:, :, top : top + side, left : left + side]
