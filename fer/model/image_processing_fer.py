"""The one preprocessing: a face crop in, the network's input out; travels beside the weights.

Training, evaluation, page and benchmarks all come through `FerImageProcessor.preprocess`.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from transformers import BatchFeature
from transformers.image_processing_utils import BaseImageProcessor

Picture = Image.Image | np.ndarray
"""A picture: PIL in any mode, or uint8 (h, w) grey or (h, w, 3) RGB."""

SMALLEST_DEVIATION = 1 / 255
"""Grey levels, of 1; keeps a blank picture finite."""


class FerImageProcessor(BaseImageProcessor):
    """Grey, one size, mean 0 and standard deviation 1 within each picture, and its middle.

    Standardising each picture by itself takes brightness and contrast of a room out of the answer.

    Args:
        size: Side in pixels to which a face crop is brought; FER2013's own.
        crop_size: Side in pixels of the middle that the network sees.
        framing: How a face crop is cut around a detector's box so that it lies as in the training
            pictures; the values of `fer.vision.crops.Framing`. Not applied here, only kept here.
    """

    model_input_names = ("pixel_values",)

    def __init__(
        self,
        size: int = 48,
        crop_size: int = 40,
        framing: dict[str, float] | None = None,
        **kwargs,
    ) -> None:
        """Keep the settings; they are saved as preprocessor_config.json."""
        super().__init__(**kwargs)
        self.size = size
        self.crop_size = crop_size
        self.framing = framing or {}

    def preprocess(
        self,
        images: Picture | Sequence[Picture],
        do_center_crop: bool = True,
        return_tensors: str | None = "pt",
        **kwargs,
    ) -> BatchFeature:
        """Turn face crops into `pixel_values`, float32 (n, 1, crop_size, crop_size).

        Args:
            images: One face crop or several.
            do_center_crop: False gives (n, 1, size, size), from which training and test-time views
                choose other parts than the middle.
            return_tensors: "pt" or None for a torch tensor, "np" for a NumPy array.
        """
        pictures = images if isinstance(images, list | tuple) else [images]
        grey = np.stack([self._grey(picture) for picture in pictures])
        pixel_values = standardise(torch.from_numpy(grey))
        if do_center_crop:
            pixel_values = center_crop(pixel_values, self.crop_size)
        return BatchFeature({"pixel_values": pixel_values}, tensor_type=return_tensors)

    def _grey(self, picture: Picture) -> np.ndarray:
        """Return the picture as uint8 (size, size)."""
        grey = as_pil(picture).convert("L")
        if grey.size != (self.size, self.size):
            grey = grey.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return np.asarray(grey)


def as_pil(picture: Picture) -> Image.Image:
    """Return a picture as an 8-bit PIL image.

    Args:
        picture: PIL in any mode, or an array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) of uint8,
            uint16 over its full range, or floats from 0 to 1.

    Raises:
        ValueError: An array of another shape or type, or floats outside that range.
    """
    if isinstance(picture, Image.Image):
        deep = picture.mode == "F" or picture.mode.startswith("I")  # 32-bit or 16-bit grey
        return _from_deep(picture) if deep else picture
    pixels = np.asarray(picture)
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise ValueError(
            "A face crop has the shape (height, width), (height, width, 3) or (height, width, 4), "
            f"not {pixels.shape}; several crops are given as a list."
        )
    return Image.fromarray(_to_uint8(pixels.squeeze(2) if pixels.shape[2:] == (1,) else pixels))


def _from_deep(picture: Image.Image) -> Image.Image:
    """Return 16-bit or float grey as 8 bits; `Image.convert` would clip it to white or black."""
    pixels = np.asarray(picture)
    if picture.mode == "I":  # 32 bits, in which 8 or 16 are in use
        pixels = pixels.astype(np.uint16 if pixels.max(initial=0) > 255 else np.uint8)
    return Image.fromarray(_to_uint8(pixels))


def _to_uint8(pixels: np.ndarray) -> np.ndarray:
    """Return values on the scale 0 to 255."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2:
        return np.rint(pixels / 257).astype(np.uint8)
    if pixels.dtype.kind == "f" and pixels.size and pixels.min() >= 0 and pixels.max() <= 1:
        return np.rint(pixels * 255).astype(np.uint8)
    raise ValueError(
        "A face crop is uint8 from 0 to 255, uint16, or floats from 0 to 1; this one is "
        f"{pixels.dtype}" + (f" from {pixels.min():g} to {pixels.max():g}." if pixels.size else ".")
    )


def center_crop(pixel_values: torch.Tensor, side: int) -> torch.Tensor:
    """Return the middle of (n, c, h, w) as (n, c, side, side)."""
    top, left = (pixel_values.shape[2] - side) // 2, (pixel_values.shape[3] - side) // 2
    return pixel_values[:, :, top : top + side, left : left + side]


def standardise(grey: torch.Tensor) -> torch.Tensor:
    """Map uint8 (n, h, w) to float32 (n, 1, h, w), each picture with mean 0 and deviation 1."""
    pixels = grey.unsqueeze(1).float() / 255
    deviation, mean = torch.std_mean(pixels, dim=(1, 2, 3), correction=0, keepdim=True)
    return (pixels - mean) / deviation.clamp(min=SMALLEST_DEVIATION)
