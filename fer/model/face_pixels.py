"""Face crops to the network's `pixel_values`, as arrays; travels with the weights.

Training, evaluation, page and benchmarks all use `FacePixels`. It needs neither PyTorch nor
transformers, for programs that run the network's ONNX file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = Image.Image | NDArray[Any]
"""A picture: PIL in any mode, or uint8 (h, w) grey or (h, w, 3) RGB."""

MIN_BRIGHTEST = 16
"""Floats reach this if they are on the scale 0 to 255; a maximum from 1 to this is ambiguous."""

MIN_DEVIATION = 1 / 255
"""Least standard deviation, of grey levels from 0 to 1, so that a blank picture stays finite."""


@dataclass(frozen=True)
class FacePixels:
    """Grey, resized, standardised picture by picture, and center-cropped.

    Standardising each picture by itself makes the result independent of brightness and contrast.

    Args:
        size: Side in pixels to which a face crop is resized; 48 as in FER2013.
        crop_size: Side in pixels of the center crop that the network gets.
    """

    size: int = 48
    crop_size: int = 40

    def __post_init__(self) -> None:
        """Check both; they may come from anybody's preprocessor_config.json."""
        whole = isinstance(self.size, int) and isinstance(self.crop_size, int)
        if not whole or not 1 <= self.crop_size <= self.size:
            raise ValueError(
                "size must be a whole number of pixels, and crop_size one from 1 to size, but they "
                f"are {self.size} and {self.crop_size}."
            )

    def __call__(
        self, crops: Sequence[Picture], do_center_crop: bool = True
    ) -> NDArray[np.float32]:
        """Turn face crops into float32 (n, 1, crop_size, crop_size).

        Args:
            crops: n face crops, at least one.
            do_center_crop: False gives (n, 1, size, size), for the other crops of augmentation and
                test-time views.
        """
        if not crops:
            raise ValueError("There is no face crop; give at least one.")
        grey = np.stack([self._grey(crop) for crop in crops])  # (n, size, size)
        pixels = standardise(grey)  # (n, 1, size, size)
        if not do_center_crop:
            return pixels
        first = (self.size - self.crop_size) // 2
        last = first + self.crop_size
        return np.ascontiguousarray(pixels[:, :, first:last, first:last])

    def _grey(self, picture: Picture) -> NDArray[np.uint8]:
        """Return the picture as uint8 (size, size)."""
        grey = as_pil(picture).convert("L")
        if grey.size != (self.size, self.size):
            grey = grey.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return np.asarray(grey, np.uint8)


def as_pil(picture: Picture) -> Image.Image:
    """Return a picture as an 8-bit PIL image.

    Args:
        picture: PIL in any mode, or an array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) of uint8,
            uint16, or floats from 0 to 1 or from 0 to 255.

    Raises:
        ValueError: An array of another shape or type, or floats outside these ranges.
    """
    if isinstance(picture, Image.Image):
        deep = picture.mode == "F" or picture.mode.startswith("I")  # 32-bit or 16-bit grey
        return _from_deep(picture) if deep else picture
    if not hasattr(picture, "__array__"):
        raise ValueError(
            f"A face crop is a PIL image or an array, not {type(picture).__name__}; several crops "
            "are given as a list."
        )
    pixels = np.asarray(picture)
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim not in (2, 3) or channels not in (1, 3, 4) or not pixels.size:
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


def _to_uint8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return values on the scale 0 to 255."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    low, high = pixels.min(), pixels.max()
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2:
        bits = max(8, int(high).bit_length())  # 12 for a camera of 12 bits
        return np.asarray(np.rint(pixels * (255 / ((1 << bits) - 1))), np.uint8)
    if pixels.dtype.kind == "f" and low >= 0 and (high <= 1 or MIN_BRIGHTEST <= high <= 255):
        return np.asarray(np.rint(pixels * (255 if high <= 1 else 1)), np.uint8)
    raise ValueError(
        "A face crop is uint8 from 0 to 255, uint16, or floats from 0 to 1 or 255; this one is "
        f"{pixels.dtype} from {low:g} to {high:g}."
    )


def standardise(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Map uint8 (n, h, w) to float32 (n, 1, h, w), each picture with mean 0 and deviation 1."""
    pixels = grey[:, None].astype(np.float32) / np.float32(255)  # (n, 1, h, w)
    # Both float64 (n, 1, 1, 1), exact to the last digit of single precision.
    mean = pixels.mean(axis=(1, 2, 3), dtype=np.float64, keepdims=True)
    deviation = pixels.std(axis=(1, 2, 3), dtype=np.float64, keepdims=True)
    scale = np.maximum(deviation.astype(np.float32), np.float32(MIN_DEVIATION))
    standardised: NDArray[np.float32] = (pixels - mean.astype(np.float32)) / scale
    return standardised
